# The farm mcp-farm. Made by farmgate of its farm file: change that file and build again, as what is
# changed here is gone with the next build.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The state is kept here, in terraform.tfstate, until you say where else: add a file with
  # `terraform { backend "s3" { ... } }`. No secret's value gets into it.
}

provider "aws" {
  region = "us-west-2"

  # With credentials of another account nothing is planned or changed.
  allowed_account_ids = ["123456789012"]

  default_tags {
    tags = {
      Farm  = "mcp-farm"
      Stage = "prod"
      Team  = "agents"
    }
  }
}
