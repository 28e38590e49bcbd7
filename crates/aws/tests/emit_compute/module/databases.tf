# Databases. Only those connect to them that say so in the farm file, and only with TLS.

locals {
  databases = {
    memories = {
      version             = "16"
      instance_class      = "db.t4g.micro"
      storage             = 20
      kms_key             = "arn:aws:kms:eu-west-1:123456789012:key/1b2c3d4e-5f60-7182-93a4-b5c6d7e8f90a"
      database            = "memories"
      port                = 5432
      multi_az            = true
      backup_days         = 7
      deletion_protection = true
      insights            = false
    }
  }
}

resource "aws_db_subnet_group" "farm" {
  name        = "everything-databases"
  description = "Private subnets of everything"
  subnet_ids  = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_db_parameter_group" "postgres" {
  for_each = toset([for database in local.databases : database.version])

  name        = "everything-postgres${each.key}"
  family      = "postgres${each.key}"
  description = "Databases of everything: TLS or nothing"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "database" {
  for_each = local.databases

  identifier                 = "everything-${each.key}"
  engine                     = "postgres"
  engine_version             = each.value.version
  auto_minor_version_upgrade = true
  instance_class             = each.value.instance_class
  db_name                    = each.value.database
  port                       = each.value.port
  parameter_group_name       = aws_db_parameter_group.postgres[each.value.version].name

  # RDS makes the password, keeps it in Secrets Manager and rotates it every seven days.
  # Terraform never sees it.
  username                            = "postgres"
  manage_master_user_password         = true
  iam_database_authentication_enabled = true

  db_subnet_group_name   = aws_db_subnet_group.farm.name
  vpc_security_group_ids = [aws_security_group.database[each.key].id]
  publicly_accessible    = false
  multi_az               = each.value.multi_az
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  storage_type      = "gp3"
  allocated_storage = each.value.storage
  storage_encrypted = true
  kms_key_id        = each.value.kms_key

  backup_retention_period = each.value.backup_days
  copy_tags_to_snapshot   = true
  deletion_protection     = each.value.deletion_protection
  # Taken when the database is deleted. Delete or rename it before that happens again.
  skip_final_snapshot       = false
  final_snapshot_identifier = "everything-${each.key}-final"

  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  performance_insights_enabled    = each.value.insights
  performance_insights_kms_key_id = each.value.insights ? each.value.kms_key : null

  depends_on = [aws_cloudwatch_log_group.database]
}
