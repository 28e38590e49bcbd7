//! What the module costs while nobody uses it, by list prices: what is on by the hour. What goes by
//! use, as data, requests and logs, is named without a figure.

use std::fmt::Write as _;

use farmgate_farm::farm::Scheme;

use super::table;
use crate::design::{Design, Task};
use crate::emit::balancers;

/// Hours of a month, as AWS reckons.
const HOURS: u64 = 730;

/// Prices an hour in millionths of a dollar (list prices of us-east-1).
mod price {
    /// An interface endpoint in a zone.
    pub(super) const ENDPOINT: u64 = 10_000;
    /// A NAT gateway.
    pub(super) const NAT: u64 = 45_000;
    /// A public IPv4 address.
    pub(super) const ADDRESS: u64 = 5_000;
    /// An application load balancer, without capacity units.
    pub(super) const BALANCER: u64 = 22_500;
    /// A vCPU of Fargate, x86 and ARM.
    pub(super) const CPU: [u64; 2] = [40_480, 32_380];
    /// A GB of memory of Fargate, x86 and ARM.
    pub(super) const MEMORY: [u64; 2] = [4_445, 3_560];
}

/// Dollars a month for a web ACL, and for each rule of it.
const ACL: (u64, u64) = (5, 1);

/// A line of the bill: what, and thousandths of a dollar a month.
type Line = (String, u64);

pub(super) fn text(design: &Design) -> String {
    let lines = lines(design);
    let total: u64 = lines.iter().map(|(_, cost)| cost).sum();
    let rows = lines.into_iter().chain([("together".to_owned(), total)]);
    let rows: Vec<Vec<String>> = rows.map(|(what, cost)| vec![what, dollars(cost)]).collect();
    let mut text = format!(
        "By list prices of us-east-1, for a month of {HOURS} hours, with as many tasks as there are at\n\
         least. Other regions differ. Requests, data, logs and metrics come on top.\n\n{}",
        table(&["what", "$ a month"], &rows)
    );
    let databases: Vec<String> = design
        .farm
        .databases
        .iter()
        .map(|(name, it)| {
            let standby = if it.multi_az { ", twice" } else { "" };
            format!("`databases.{name}` ({}{standby}, {} GiB)", it.instance, it.storage.get())
        })
        .collect();
    if !databases.is_empty() {
        let _ = write!(text, "\nNot in the table: {}.\n", databases.join(", "));
    }
    text
}

/// Thousandths of a dollar as dollars and cents.
fn dollars(thousandths: u64) -> String {
    let cents = (thousandths + 5) / 10;
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Thousandths of a dollar a month for so many things at a price an hour.
fn month(count: u64, price: u64) -> u64 {
    (count * price * HOURS + 500) / 1000
}

fn lines(design: &Design) -> Vec<Line> {
    let number = |list: usize| u64::try_from(list).unwrap_or_default();
    let zones = number(design.private.len());
    let interfaces = number(design.endpoints.values().filter(|it| !it.gateway).count());
    let nat = number(design.nat.len());
    let internal = number(balancers::of(design).len());
    let public = match design.farm.ingress.scheme {
        Scheme::InternetFacing => number(design.public.len()),
        Scheme::Internal => 0,
    };
    let mut lines = vec![
        (format!("tasks: {}", tasks_in_words(design)), tasks(design)),
        (format!("load balancers: {}", internal + 1), month(internal + 1, price::BALANCER)),
        (
            format!("interface endpoints: {interfaces} in {zones} zones"),
            month(interfaces * zones, price::ENDPOINT),
        ),
        (format!("NAT gateways: {nat}"), month(nat, price::NAT)),
        (format!("public IPv4 addresses: {}", nat + public), month(nat + public, price::ADDRESS)),
    ];
    if let Some(waf) = &design.farm.ingress.waf {
        let rules =
            waf.managed.len() + usize::from(waf.rate.is_some()) + usize::from(waf.geo.is_some());
        let cost = ACL.0 + ACL.1 * number(rules);
        lines.push((format!("web ACL with {rules} rules"), cost * 1000));
    }
    let zones = internal + 1;
    // A private zone for Cloud Map, and one for each load balancer of a service: 0.50 each.
    lines.push((format!("private hosted zones: {zones}"), zones * 500));
    lines.retain(|(_, cost)| *cost > 0);
    lines
}

fn tasks_in_words(design: &Design) -> String {
    let count: u64 = design.tasks.iter().map(|task| task.min).sum();
    let cpu: u64 = design.tasks.iter().map(|task| task.min * task.cpu).sum();
    let memory: u64 = design.tasks.iter().map(|task| task.min * task.memory).sum();
    format!("{count} with {} vCPU and {} GB", of_1024(cpu), of_1024(memory))
}

/// A number of 1024ths, with at most two digits behind the point.
fn of_1024(number: u64) -> String {
    let hundredths = number * 100 / 1024;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn tasks(design: &Design) -> u64 {
    let cost = |task: &Task| {
        let arm = task.architecture == "ARM64";
        let of = |prices: [u64; 2]| if arm { prices[1] } else { prices[0] };
        task.min * (task.cpu * of(price::CPU) + task.memory * of(price::MEMORY))
    };
    let hourly: u64 = design.tasks.iter().map(cost).sum();
    (hourly / 1024 * HOURS + 500) / 1000
}
