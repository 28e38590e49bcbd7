# Repositories of images. Push the images before the rest is applied:
# terraform apply -target=aws_ecr_repository.farm

resource "aws_ecr_repository" "farm" {
  for_each = toset(["api", "cache", "farmgate", "files", "python", "search"])

  name                 = each.key
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

# ECR doesn't know which images run: as many are kept as there may be until the farm takes on a
# new one.
resource "aws_ecr_lifecycle_policy" "farm" {
  for_each = aws_ecr_repository.farm

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep 20 images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
      action       = { type = "expire" }
    }]
  })
}
