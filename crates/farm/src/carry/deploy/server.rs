//! One server of a deploy-config.json, with what the file says for all of them.

use serde_json::{Map, Value};

use super::super::draft::{Health, Scale, Server};
use super::super::variables;
use super::super::{Notes, key};
use crate::record::Word as _;
use crate::word::RequestPath;

/// What Fargate offers: CPU units, the least and the greatest memory, and the step between.
const SIZES: [(u64, u64, u64, u64); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

/// The target of the CPU's use where the file lets tasks be added and names none.
const CPU_TARGET: u64 = 70;

/// A server as the farm has it, without its name.
pub(super) fn server(
    root: &Map<String, Value>,
    path: &str,
    given: &str,
    value: &Value,
    notes: &mut Notes,
) -> Option<Server> {
    let Value::Object(fields) = value else {
        notes.left(path, "this describes no server");
        return None;
    };
    let mut server = Server { path: path.to_owned(), ..Server::default() };
    for (name, value) in fields {
        let place = key(path, name);
        match (name.as_str(), value) {
            ("config", Value::Object(config)) => fill(&mut server, &place, config, notes),
            ("enabled", Value::Bool(enabled)) => server.disabled = !*enabled,
            ("description", Value::String(text)) => {
                server.about.push(text.chars().filter(|c| !c.is_control()).collect());
            }
            ("type", Value::String(kind)) if kind == "fargate" => {}
            ("type", _) => {
                notes.left(path, "it doesn't run on Fargate");
                return None;
            }
            ("stack_name", _) => {
                notes.left(&place, "resources are called after the farm and the server");
            }
            _ => notes.left(&place, "a farm file has no place for this"),
        }
    }
    notes.todo(path, "the file says neither image nor route: see `image` and `route`");
    if let Some(all) = root.get("environment_variables").and_then(|it| it.get(given)) {
        let place = key("environment_variables", given);
        match all {
            Value::Object(all) => {
                let read = variables::read(&place, all, notes);
                variables::put(&mut server, read, false, notes);
            }
            _ => notes.left(&place, "this is no object"),
        }
    }
    targets(&mut server, root, notes);
    health(&mut server, root);
    Some(server)
}

/// What the server's own `config` says.
fn fill(server: &mut Server, path: &str, config: &Map<String, Value>, notes: &mut Notes) {
    let mut size = (None, None);
    let mut scale = (None, None);
    for (name, value) in config {
        let place = key(path, name);
        let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        match (name.as_str(), number) {
            ("cpu", Some(number)) => size.0 = Some(number),
            ("memory", Some(number)) => size.1 = Some(number),
            ("port", Some(number)) if (1..=65_535).contains(&number) => server.port = Some(number),
            ("desired_count", Some(number)) => server.desired = Some(number),
            ("min_capacity", Some(number)) => scale.0 = Some(number),
            ("max_capacity", Some(number)) => scale.1 = Some(number),
            _ => notes.left(&place, "a farm file has no place for this"),
        }
    }
    if let (Some(cpu), Some(memory)) = size {
        server.size = offered(cpu, memory);
        match server.size {
            Some((c, m)) if (c, m) != (cpu, memory) => notes.changed(
                &key(path, "cpu"),
                format!("{c} and {m} MiB: Fargate doesn't offer {cpu} and {memory} MiB"),
            ),
            Some(_) => {}
            None => notes.left(&key(path, "cpu"), "Fargate has no task that large"),
        }
    } else if size != (None, None) {
        notes.left(&key(path, "cpu"), "CPU and memory belong together");
    }
    if scale != (None, None) {
        let min = scale.0.unwrap_or(1);
        let max = scale.1.unwrap_or(min).max(min).max(1);
        if scale.1.is_some_and(|written| written < max) {
            notes
                .changed(&key(path, "max_capacity"), format!("{max}: it is less than the minimum"));
        }
        server.scale = Some(Scale { min, max, ..Scale::default() });
        if server.desired.is_some_and(|desired| desired < min || desired > max) {
            notes.left(&key(path, "desired_count"), "it isn't between minimum and maximum");
            server.desired = None;
        }
    }
}

/// The smallest size that Fargate offers and that is large enough.
fn offered(cpu: u64, memory: u64) -> Option<(u64, u64)> {
    SIZES.iter().filter(|(c, _, most, _)| *c >= cpu && *most >= memory).find_map(
        |(c, least, most, step)| {
            let memory = memory.max(*least).checked_next_multiple_of(*step)?;
            Some((*c, memory.min(*most)))
        },
    )
}

/// The targets and cooldowns that the file has for all servers.
fn targets(server: &mut Server, root: &Map<String, Value>, notes: &mut Notes) {
    let Some(scale) = server.scale.as_mut().filter(|scale| scale.max > scale.min) else {
        return;
    };
    let number =
        |name: &str| root.get("auto_scaling").and_then(|all| all.get(name)).and_then(Value::as_u64);
    let percent = |name: &str| number(name).filter(|it| (1..=100).contains(it));
    scale.cpu = percent("cpu_target");
    scale.memory = percent("memory_target");
    scale.cooldown_in = number("scale_in_cooldown").filter(|it| *it > 0);
    scale.cooldown_out = number("scale_out_cooldown").filter(|it| *it > 0);
    if scale.cpu.is_none() && scale.memory.is_none() {
        scale.cpu = Some(CPU_TARGET);
        let text = format!("nothing says when a task is added: at {CPU_TARGET} % of the CPU");
        notes.changed(&key(&key(&server.path, "config"), "max_capacity"), text);
    }
}

/// The health check that the file has for all servers.
fn health(server: &mut Server, root: &Map<String, Value>) {
    let Some(check) = root.get("monitoring").and_then(|it| it.get("health_check")) else {
        return;
    };
    let number = |name: &str| check.get(name).and_then(Value::as_u64);
    let path = check.get("path").and_then(Value::as_str);
    let interval = number("interval").filter(|it| (5..=300).contains(it));
    let below = |timeout: &u64| *timeout < interval.unwrap_or(30);
    server.health = Some(Health {
        path: path.filter(|path| RequestPath::parse(path).is_ok()).map(str::to_owned),
        interval,
        timeout: number("timeout").filter(|it| (2..=120).contains(it)).filter(below),
        unhealthy: number("retries").filter(|it| (2..=10).contains(it)),
    });
    server.grace = number("start_period").filter(|it| (1..=300).contains(it));
}

/// Tells what the file has for all servers and no server could take.
pub(super) fn shared(root: &Map<String, Value>, notes: &mut Notes) {
    let known = |name: &str, of: &[(&str, std::ops::RangeInclusive<u64>)], value: &Value| {
        of.iter().any(|(known, range)| {
            *known == name && value.as_u64().is_some_and(|number| range.contains(&number))
        })
    };
    let check = root.get("monitoring").and_then(|it| it.get("health_check"));
    if let Some(Value::Object(check)) = check {
        let of = [
            ("interval", 5..=300),
            ("timeout", 2..=120),
            ("retries", 2..=10),
            ("start_period", 1..=300),
        ];
        for (name, value) in check {
            let path = key("monitoring.health_check", name);
            if name == "path" {
                let text = "each server's `health.path` is this; whether each answers there, the \
                            file can't say";
                notes.todo(&path, text);
            } else if !known(name, &of, value) {
                notes.left(&path, "a farm file has no place for this");
            }
        }
    }
    if let Some(Value::Object(scaling)) = root.get("auto_scaling") {
        let of = [
            ("cpu_target", 1..=100),
            ("memory_target", 1..=100),
            ("scale_in_cooldown", 1..=86_400),
            ("scale_out_cooldown", 1..=86_400),
        ];
        for (name, value) in scaling {
            if !known(name, &of, value) {
                notes.left(&key("auto_scaling", name), "a farm file has no place for this");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_fargate_offers() {
        let cases = [
            ((2048, 4096), Some((2048, 4096))),
            ((256, 4096), Some((512, 4096))),
            ((1000, 2000), Some((1024, 2048))),
            ((256, 700), Some((256, 1024))),
            ((1, 1), Some((256, 512))),
            ((8192, 17_000), Some((8192, 20_480))),
            ((99_999, 1), None),
        ];
        for ((cpu, memory), expected) in cases {
            assert_eq!(offered(cpu, memory), expected, "{cpu} {memory}");
        }
    }
}
