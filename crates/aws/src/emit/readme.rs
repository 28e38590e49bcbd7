//! `README.md`: the module, for whoever applies it and whoever takes it over.

mod before;
mod cost;
mod gateway;
mod picture;
mod quotas;

use std::fmt::Write as _;

use crate::design::{Design, Party};

pub(super) fn text(design: &Design) -> String {
    let farm = design.farm.farm.as_str();
    let gateway =
        gateway::text(design).map(|text| format!("## The API Gateway before it\n\n{text}"));
    let parts = [
        format!("# {farm}\n\n{}", about(design)),
        format!("## The network\n\n```\n{}```\n", picture::text(design)),
        format!("## Who reaches whom\n\n{}", flows(design)),
        format!("## Before the first apply\n\n{}", before::text(design)),
        format!("## Apply\n\n{}", apply(design)),
        format!("## What it costs to leave on\n\n{}", cost::text(design)),
        format!("## Quotas\n\n{}", quotas::text(design)),
    ];
    let (before, after) = parts.split_at(4);
    before.iter().chain(&gateway).chain(after).cloned().collect::<Vec<_>>().join("\n")
}

/// A table of Markdown: columns that are padded, so that it reads as text too.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cell.replace('|', "\\|")).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count());
        let head = head.get(column).map_or(0, |it| it.chars().count());
        cells.chain([head, 3]).max().unwrap_or(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(&head);
    text.push_str(&line(&rule));
    rows.iter().for_each(|row| text.push_str(&line(row)));
    text
}

fn about(design: &Design) -> String {
    let count = |of: fn(&Party) -> bool| design.tasks.iter().filter(|task| of(&task.party)).count();
    let servers = count(|party| matches!(party, Party::Server(_)));
    format!(
        "A farm of {} in {}, behind <https://{}>, on AWS ECS Fargate.\n\n{ABOUT}",
        numbered(servers, "MCP server", "MCP servers"),
        design.farm.region,
        design.farm.ingress.domain.name,
    )
}

const ABOUT: &str = "\
farmgate made this module of the farm file, and proved of it what that file says. Change the farm
file and build again: farmgate refuses to write over files that were changed by hand.

- Clients reach the load balancer, and nothing else. It ends TLS and forwards the servers' paths to
  the gate.
- The gate authenticates and authorizes every call, and it alone reaches the servers.
- All tasks are in private subnets and have no public address. Every hop from clients to servers is
  TLS.
- A security group admits what the farm file says, by group, and nothing else in either direction.
- The task `probe` runs when somebody starts it, and tries from inside the network what nobody should
  let it do. `farmgate probe --from-task` prints the command.
";

fn numbered(count: usize, one: &str, several: &str) -> String {
    match count {
        1 => format!("one {one}"),
        count => format!("{count} {several}"),
    }
}

fn flows(design: &Design) -> String {
    let rows: Vec<Vec<String>> = design
        .who_reaches_whom()
        .into_iter()
        .map(|row| vec![row.from, row.to, row.ports, row.why])
        .collect();
    format!(
        "Over TCP, as security groups admit it; what isn't in this table is refused.\n\n{}",
        table(&["from", "to", "ports", "why"], &rows)
    )
}

const APPLY: &str = "\
```sh
terraform init
terraform plan -out=farm.tfplan
terraform apply farm.tfplan
```

Nothing has to be filled in. To prove what a plan allows before it is applied:

```sh
terraform show -json farm.tfplan > plan.json && farmgate check plan.json
```

Terraform keeps its state in this folder until a file of yours says
`terraform { backend \"s3\" { ... } }`. No secret's value is in it.
";

fn apply(design: &Design) -> String {
    let mut text = APPLY.to_owned();
    if design.farm.ingress.domain.zone.is_none() {
        let domain = &design.farm.ingress.domain.name;
        let _ = write!(
            text,
            "\nThen make the record of the farm's name, where your DNS is: a CNAME of `{domain}` to\n\
             the load balancer, which `terraform output load_balancer` names.\n"
        );
    }
    text.push_str("\nTo take it away again:\n\n");
    for (number, step) in (1..).zip(removal(design)) {
        let _ = writeln!(text, "{number}. {step}");
    }
    text.push_str("\nWhat you made before the first apply stays: secrets and images are yours.");
    if !design.farm.databases.is_empty() {
        text.push_str(" So do the databases' last snapshots.");
    }
    text.push('\n');
    text
}

/// How to take the farm away.
fn removal(design: &Design) -> Vec<String> {
    let farm = &design.farm;
    let ingress = farm.ingress.deletion_protection.then(|| "`ingress`".to_owned());
    let databases = farm.databases.iter().filter(|(_, it)| it.deletion_protection);
    let databases = databases.map(|(name, _)| format!("`databases.{name}`"));
    let guarded: Vec<String> = ingress.into_iter().chain(databases).collect();
    let mut steps = Vec::new();
    if !guarded.is_empty() {
        let guarded = guarded.join(", ");
        steps.push(format!("Write `deletion_protection: false` under {guarded}; build and apply."));
    }
    if farm.ingress.access_logs.enabled {
        let bucket = super::access_logs::bucket(design);
        steps.push(format!("Empty the bucket `{bucket}`, all versions."));
    }
    steps.push("`terraform destroy`".to_owned());
    steps
}
