//! `iam.tf`: the roles of tasks, and what they may do.
//!
//! Each task has two roles of its own: one with which ECS starts it, and one with which its
//! containers run. Nobody else has them.

use super::hcl::{Block, Expr, File, List, Object, Template, object, raw};
use super::names::{self, ROLE_NAME, Role};
use super::tasks::Of;
use super::{containers, policies, tasks};
use crate::design::{Design, Grant, Party, Task};

pub(super) fn file(design: &Design) -> File {
    let file = File::new()
        .comment(
            "Two roles for each task: with one ECS starts it (pulls its image, writes its log, reads \
             its\nsecrets), with the other its containers run.",
        )
        .blank()
        .block(trust(design));
    let file = match design.task(&Party::Gate) {
        Some(gate) => of_one(design, file, gate),
        None => file,
    };
    let file = of_one(design, file, &design.probe);
    let file = of_each(design, file, "server", &tasks::servers(design));
    of_each(design, file, "service", &tasks::services(design))
}

/// Who may take on the roles.
fn trust(design: &Design) -> Block {
    let ours = object().attr("aws:SourceArn", design.arns().of("ecs", "*"));
    let condition = policies::for_account(design).attr("ArnLike", ours);
    let statement = object()
        .attr("Effect", "Allow")
        .attr("Principal", object().attr("Service", "ecs-tasks.amazonaws.com"))
        .attr("Action", "sts:AssumeRole")
        .attr("Condition", condition);
    Block::locals()
        .comment("ECS alone takes on these roles, and only for tasks of this account.")
        .attr("tasks_trust", policies::document([statement]))
}

fn statements(grants: &[Grant]) -> List {
    List::new().items(grants.iter().map(statement)).tall()
}

fn statement(grant: &Grant) -> Object {
    let resources: Vec<Expr> = grant.resources.iter().map(|resource| named(resource)).collect();
    object()
        .attr("Sid", &grant.sid)
        .attr("Effect", "Allow")
        .attr("Action", one_or_all(grant.actions.iter().map(Expr::from).collect()))
        .attr("Resource", one_or_all(resources))
}

/// A resource: as it is written, or the secret that RDS makes for a database.
fn named(resource: &str) -> Expr {
    let database = resource.strip_prefix(Grant::DATABASE);
    match database.and_then(|name| farmgate_farm::record::Word::parse(name).ok()) {
        Some(database) => containers::managed_secret(&database),
        None => resource.into(),
    }
}

fn one_or_all(mut items: Vec<Expr>) -> Expr {
    match (items.len(), items.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            items.push(last);
            items.into()
        }
        (_, None) => items.into(),
    }
}

// === The gate's and the probe's ===

fn of_one(design: &Design, mut file: File, task: &Task) -> File {
    let of = Of::One(task);
    let own = of.label();
    for role in ROLES {
        let label = format!("{own}_{}", role.word());
        let name = names::physical_within(design, &[own, role.word()], ROLE_NAME);
        if role == Role::Task {
            file = file.comment(about_task_role(&[task]));
        }
        file.push(
            Block::resource("aws_iam_role", &label)
                .attr("name", name)
                .attr("description", description(design, role) + "the " + own)
                .attr("assume_role_policy", raw("local.tasks_trust")),
        );
        let grants = grants(task, role);
        if !grants.is_empty() {
            file.push(
                Block::resource("aws_iam_role_policy", &label)
                    .attr("name", role.word())
                    .attr(
                        "role",
                        of.resource("aws_iam_role", &format!("_{}", role.word())).dot("id"),
                    )
                    .attr("policy", policies::of(statements(grants))),
            );
        }
    }
    file
}

fn grants(task: &Task, role: Role) -> &[Grant] {
    match role {
        Role::Execution => &task.execution,
        Role::Task => &task.role,
    }
}

/// What a role is for; whose it is comes behind.
fn description(design: &Design, role: Role) -> String {
    let does = match role {
        Role::Execution => "starts tasks of",
        Role::Task => "runs in tasks of",
    };
    format!("{}: {does} ", design.farm.farm)
}

/// What is said above the role with which containers run.
fn about_task_role(tasks: &[&Task]) -> &'static str {
    if tasks.iter().all(|task| task.role.is_empty()) {
        "With this role containers may do nothing at AWS: the farm file permits nothing."
    } else {
        "With these roles containers may do at AWS what the farm file permits them, and nothing else."
    }
}

// === Servers' and services' ===

fn of_each(design: &Design, mut file: File, label: &'static str, tasks: &[&Task]) -> File {
    if tasks.is_empty() {
        return file;
    }
    if !fit(design, label, tasks) {
        file.push(role_names(design, label, tasks));
    }
    for role in ROLES {
        let word = role.word();
        let address = format!("{label}_{word}");
        let with: Vec<&Task> =
            tasks.iter().copied().filter(|task| !grants(task, role).is_empty()).collect();
        if !with.is_empty() {
            let entries =
                with.iter().map(|task| (task.name.as_str(), statements(grants(task, role))));
            let policies = object().attrs(entries).tall();
            file.push(Block::locals().attr(format!("{address}_policies"), policies));
        }
        if role == Role::Task {
            file = file.comment(about_task_role(tasks));
        }
        file.push(role_block(design, label, role, tasks));
        if !with.is_empty() {
            file.push(
                Block::resource("aws_iam_role_policy", &address)
                    .for_each(raw(format!("local.{address}_policies")))
                    .attr("name", word)
                    .attr("role", raw(format!("aws_iam_role.{address}[each.key].id")))
                    .attr("policy", policies::of(raw("each.value"))),
            );
        }
    }
    file
}

/// The roles of all of them.
fn role_block(design: &Design, label: &str, role: Role, tasks: &[&Task]) -> Block {
    let word = role.word();
    let name: Expr = if fit(design, label, tasks) {
        Template::new()
            .text(names::physical(design, &[label, ""]))
            .value(raw("each.key"))
            .text(format!("-{word}"))
            .into()
    } else {
        raw(format!("local.{label}_role_names[each.key].{word}"))
    };
    let description = Template::new().text(description(design, role)).value(raw("each.key"));
    Block::resource("aws_iam_role", format!("{label}_{word}"))
        .for_each(raw(format!("local.{label}s")))
        .attr("name", name)
        .attr("description", description)
        .attr("assume_role_policy", raw("local.tasks_trust"))
}

const ROLES: [Role; 2] = [Role::Execution, Role::Task];

/// Whether all names are as short as IAM wants them.
fn fit(design: &Design, label: &str, tasks: &[&Task]) -> bool {
    tasks.iter().all(|task| {
        let names = ROLES.map(|role| names::physical(design, &[label, &task.name, role.word()]));
        names.iter().all(|name| name.len() <= ROLE_NAME)
    })
}

/// The names, where one would be too long. A name is the same, whichever way it is written.
fn role_names(design: &Design, label: &str, tasks: &[&Task]) -> Block {
    let entries = tasks.iter().map(|task| {
        let names = ROLES.map(|role| {
            let words = [label, task.name.as_str(), role.word()];
            (role.word(), names::physical_within(design, &words, ROLE_NAME))
        });
        (task.name.as_str(), object().attrs(names))
    });
    Block::locals()
        .comment(
            "A role's name has at most 64 characters. One that would be longer is cut, and ends with \
             a number\nmade of all of it.",
        )
        .attr(format!("{label}_role_names"), object().attrs(entries).tall())
}
