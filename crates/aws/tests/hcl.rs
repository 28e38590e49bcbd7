//! The HCL writer: exact texts, and `terraform fmt` over generated files.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use farmgate_aws::emit::hcl::{
    Block, Body, Expr, File, For, List, Object, Template, call, conditional, indexed, jsonencode,
    list, object, raw, template,
};

#[path = "hcl/real.rs"]
mod real;

/// The text of a `locals` block with one attribute `x`, less what is around it.
fn written(value: impl Into<Expr>) -> String {
    let text = File::new().block(Block::locals().attr("x", value)).to_string();
    let inside = text.strip_prefix("locals {\n").and_then(|text| text.strip_suffix("\n}\n"));
    let lines = inside.expect("a block").lines();
    lines.map(|line| line.strip_prefix("  ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_resource_as_an_expert_writes_it() {
    let service = Block::resource("aws_ecs_service", "server")
        .attr("name", raw("each.key"))
        .attr("cluster", raw("aws_ecs_cluster.this.id"))
        .attr("desired_count", 2_u32)
        .blank()
        .comment("Callers are told apart by the gate.\nNothing else is.")
        .attr("enable_execute_command", false)
        .depends_on(["aws_iam_role_policy.execution", "aws_lb_listener.https"])
        .lifecycle(Body::new().attr("ignore_changes", [raw("desired_count")]))
        .block(
            Block::new("network_configuration")
                .attr("subnets", raw("aws_subnet.private[*].id"))
                .attr("security_groups", [raw("aws_security_group.server[each.key].id")]),
        )
        .comment("Blue and green.")
        .block(Block::new("deployment_controller").attr("type", "ECS"))
        .for_each(raw("var.servers"));
    let file = File::new()
        .comment("Made by farmgate.")
        .blank()
        .comment("The services.")
        .block(service)
        .block(Block::data("aws_caller_identity", "this"));
    assert_eq!(
        file.to_string(),
        r#"# Made by farmgate.

# The services.
resource "aws_ecs_service" "server" {
  for_each = var.servers

  name          = each.key
  cluster       = aws_ecs_cluster.this.id
  desired_count = 2

  # Callers are told apart by the gate.
  # Nothing else is.
  enable_execute_command = false

  network_configuration {
    subnets         = aws_subnet.private[*].id
    security_groups = [aws_security_group.server[each.key].id]
  }

  # Blue and green.
  deployment_controller {
    type = "ECS"
  }

  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_iam_role_policy.execution, aws_lb_listener.https]
}

data "aws_caller_identity" "this" {}
"#
    );
}

#[test]
fn runs_of_attributes_are_aligned_as_terraform_does() {
    let block = Block::new("x")
        .attr("a", 1)
        .attr("bbbb", 2)
        .comment("breaks the run")
        .attr("cc", 3)
        .attr("d", object().attr("e", 4).tall())
        .attr("fff", 5)
        .attr("g", 6);
    assert_eq!(
        File::new().block(block).to_string(),
        r#"x {
  a    = 1
  bbbb = 2
  # breaks the run
  cc = 3
  d = {
    e = 4
  }
  fff = 5
  g   = 6
}
"#
    );
}

#[test]
fn a_policy_is_an_object_of_lines() {
    let statement = object()
        .attr("Sid", "Images")
        .attr("Effect", "Allow")
        .attr("Action", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])
        .attr("Resource", template("arn:aws:ecr:*:*:repository/${var.name}"))
        .attr("Condition", object().attr("Bool", object().attr("aws:SecureTransport", "true")));
    let policy = object().attr("Version", "2012-10-17").attr("Statement", [statement]);
    assert_eq!(
        written(jsonencode(policy)),
        r#"x = jsonencode({
  Version = "2012-10-17"
  Statement = [{
    Sid      = "Images"
    Effect   = "Allow"
    Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    Resource = "arn:aws:ecr:*:*:repository/${var.name}"
    Condition = {
      Bool = { "aws:SecureTransport" = "true" }
    }
  }]
})"#
    );
}

#[test]
fn lists_and_objects_break_when_they_are_long_or_told_to() {
    assert_eq!(written(list::<Expr>([])), "x = []");
    assert_eq!(written(object().tall()), "x = {}");
    assert_eq!(written(["a", "b"]), r#"x = ["a", "b"]"#);
    assert_eq!(written(list(["a"]).tall()), "x = [\n  \"a\",\n]");
    assert_eq!(written(object().attr("a", 1).attr("b", 2)), "x = { a = 1, b = 2 }");
    assert_eq!(written([object().attr("a", 1)]), "x = [{ a = 1 }]");
    assert_eq!(
        written([object().attr("a", 1), object().attr("b", 2)]),
        "x = [\n  { a = 1 },\n  { b = 2 },\n]"
    );
    assert_eq!(
        written(List::new().comment("Of the office.").item("192.0.2.0/24").item("198.51.100.0/24")),
        "x = [\n  # Of the office.\n  \"192.0.2.0/24\",\n  \"198.51.100.0/24\",\n]"
    );
    let four = ["a", "bb", "c", "d"].map(|key| (key, true));
    assert_eq!(
        written(object().attrs(four)),
        "x = {\n  a  = true\n  bb = true\n  c  = true\n  d  = true\n}"
    );
    let long: Vec<String> = (0..9).map(|n| format!("a-name-of-a-server-{n}")).collect();
    let text = written(long);
    assert_eq!(text.lines().count(), 11);
    assert_eq!(text.lines().nth(1), Some("  \"a-name-of-a-server-0\","));
}

#[test]
fn the_longest_line_is_of_a_hundred_columns() {
    // `  x = ["` and `"]` are ten columns.
    assert_eq!(written(["a".repeat(90)]).lines().count(), 1);
    assert_eq!(written(["a".repeat(91)]).lines().count(), 3);
    assert_eq!(written("a".repeat(200)).lines().count(), 1);
}

#[test]
fn calls_hold_their_last_argument() {
    let tags = object().attr("Name", template("${var.name}-alb"));
    assert_eq!(
        written(call("merge", [raw("var.tags"), tags.clone().into()])),
        r#"x = merge(var.tags, { Name = "${var.name}-alb" })"#
    );
    assert_eq!(
        written(call("merge", [raw("var.tags"), tags.clone().tall().into()])),
        "x = merge(var.tags, {\n  Name = \"${var.name}-alb\"\n})"
    );
    assert_eq!(
        written(call("merge", [Expr::from(tags.tall()), raw("var.tags")])),
        "x = merge(\n  {\n    Name = \"${var.name}-alb\"\n  },\n  var.tags\n)"
    );
    let kind = object().attr("image", raw("string")).attr("port", raw("optional(number, 8000)"));
    assert_eq!(
        written(call("map", [call("object", [kind.tall()])])),
        "x = map(object({\n  image = string\n  port  = optional(number, 8000)\n}))"
    );
    assert_eq!(written(call("timestamp", Vec::<Expr>::new())), "x = timestamp()");
}

#[test]
fn for_and_conditional_expressions() {
    let ids = For::list("s", raw("aws_subnet.this"), raw("s.id"));
    assert_eq!(
        written(ids.only_if(raw("s.public"))),
        "x = [for s in aws_subnet.this : s.id if s.public]"
    );
    let by_zone = For::object("k, v", raw("var.zones"), raw("v"), raw("k"));
    assert_eq!(written(by_zone.grouped()), "x = { for k, v in var.zones : v => k... }");
    let tall = For::object("k, v", raw("var.a"), raw("k"), object().attr("b", raw("v")).tall());
    assert_eq!(
        written(tall.only_if(raw("v > 0"))),
        "x = {\n  for k, v in var.a : k => {\n    b = v\n  } if v > 0\n}"
    );
    assert_eq!(written(conditional(raw("var.a"), "b", Expr::Null)), r#"x = var.a ? "b" : null"#);
    assert_eq!(
        written(conditional(raw("var.a"), list(["b"]).tall(), list::<Expr>([]))),
        "x = (\n  var.a\n  ? [\n    \"b\",\n  ]\n  : []\n)"
    );
    let choice = raw("var.a").then_else(raw("b"), raw("c"));
    assert_eq!(written(choice.clone().dot("id")), "x = (var.a ? b : c).id");
    assert_eq!(
        written(Expr::from(Template::new().value(choice)).index(0)),
        "x = (var.a ? b : c)[0]"
    );
}

#[test]
fn any_text_stays_that_text() {
    let string = |text: &str| Expr::from(text).to_string();
    assert_eq!(string(r#"a "b" \c"#), r#""a \"b\" \\c""#);
    assert_eq!(string("a\nb\tc\r"), r#""a\nb\tc\r""#);
    assert_eq!(string("${a} %{b} $c %d $"), r#""$${a} %%{b} $c %d $""#);
    assert_eq!(string("$${a}"), r#""$$${a}""#);
    assert_eq!(string("\u{0}\u{202e}\u{feff}\u{e0001}é"), r#""\u0000\u202e\ufeff\U000e0001é""#);
    let cost = Template::new().text("100").text("$").value(raw("var.a")).text("{ ${b}");
    assert_eq!(Expr::from(cost).to_string(), r#""100\u0024${var.a}{ $${b}""#);
    assert_eq!(Expr::from(Template::new()).to_string(), r#""""#);
    assert_eq!(Expr::from(Template::new().value(raw("var.a"))).to_string(), "var.a");
}

#[test]
fn keys_are_quoted_where_they_must_be() {
    let keys = |names: &[&str]| {
        let entries = names.iter().map(|name| (*name, 1));
        Expr::from(object().attrs(entries)).to_string()
    };
    assert_eq!(keys(&["a-b", "_c9"]), "{ a-b = 1, _c9 = 1 }");
    assert_eq!(keys(&["for", "null", ""]), r#"{ "for" = 1, "null" = 1, "" = 1 }"#);
    assert_eq!(keys(&["9", "a.b", "aws:x"]), r#"{ "9" = 1, "a.b" = 1, "aws:x" = 1 }"#);
    assert_eq!(keys(&["${a}", "a\"b", "é語"]), r#"{ "$${a}" = 1, "a\"b" = 1, "é\u8a9e" = 1 }"#);
    assert_eq!(Expr::from(Object::new().computed(raw("var.a"), 1)).to_string(), "{ (var.a) = 1 }");
    let group = indexed("aws_security_group.server", "pyth\"on${");
    assert_eq!(group.dot("id").to_string(), r#"aws_security_group.server["pyth\"on$${"].id"#);
}

#[test]
fn comments_cannot_be_left() {
    let file = File::new().comment("a\r\nresource {}\n\n\u{2028}b\u{0}").attr("x", 1);
    assert_eq!(file.to_string(), "# a\n# resource {}\n#\n#  b\nx = 1\n");
}

#[test]
fn blocks_of_blocks() {
    let content = Body::new().attr("from_port", raw("ingress.value.port"));
    let file = File::new().block(
        Block::resource("aws_security_group", "this")
            .block(Block::dynamic("ingress", raw("var.rules"), content))
            .block(Block::new("timeouts"))
            .blank()
            .blank(),
    );
    assert_eq!(
        file.to_string(),
        r#"resource "aws_security_group" "this" {
  dynamic "ingress" {
    for_each = var.rules

    content {
      from_port = ingress.value.port
    }
  }

  timeouts {}
}
"#
    );
    assert_eq!(File::new().to_string(), "");
}
