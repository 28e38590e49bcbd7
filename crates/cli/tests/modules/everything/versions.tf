# A module that uses what a farm uses, to learn what an emulation of AWS makes of each resource.
# No farm of anybody's: many settings are there only to be applied once.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { farm = var.name }
  }
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "name" {
  type    = string
  default = "everything"
}

variable "zone_name" {
  type        = string
  description = "The public zone in Route 53; it is made here, a farm would find it"
  default     = "example.com"
}

variable "other_zone" {
  type        = string
  description = "A public zone that is there already: of example.org"
  default     = "Z0123456789ABCDEFGHIJ"
}

variable "database" {
  type        = bool
  description = "Whether to make a database, which takes longer than all else together"
  default     = false
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

data "aws_availability_zones" "this" {
  state = "available"
}

locals {
  account = data.aws_caller_identity.this.account_id
  zones   = { for n, zone in slice(data.aws_availability_zones.this.names, 0, 2) : zone => n }
}

output "url" {
  value = "https://${aws_route53_record.alias.fqdn}/mcp"
}
