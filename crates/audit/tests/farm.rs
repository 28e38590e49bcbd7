//! Farms that are checked: what is proved of them, and what is found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Report, Verdict};
use farmgate_aws::design::Design;
use farmgate_aws::lower;

fn report(source: &str) -> Report {
    let ids: Vec<&str> = farmgate_audit::rules::catalogue().map(|rule| rule.id).collect();
    let farm = farmgate_farm::farm::read(source, &ids);
    let farm = farm.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let design = Design::of(&farm);
    let line = |at: usize| ("farm.yaml".to_owned(), source[..at].matches('\n').count() + 1);
    let model = lower::model(&design, &line);
    let options = Options { expectations: vec![farm.expect.clone()] };
    check(&model, &options).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn show() {
    let Ok(path) = std::env::var("FARM") else { return };
    let report = report(&std::fs::read_to_string(path).unwrap());
    for s in &report.statements {
        println!("{:?} {} | {}", s.verdict, s.id, s.text);
        for a in &s.assumes { println!("    assumes {a}"); }
        for a in &s.missing { println!("    missing {a}"); }
        if s.verdict != Verdict::Proved || std::env::var("V").is_ok() {
            for b in &s.because { println!("    {} {} {}", b.code, b.origin, b.text); }
        }
    }
    for f in &report.findings {
        println!("{:?} {} {:?}\n   {}\n   {}\n   {}", f.severity, f.rule, f.origins, f.title, f.why, f.fix.text);
        for t in &f.fix.tried { println!("     tried {t:?}"); }
    }
    println!("{:?}", report.totals);
}

#[test]
fn dump() {
    let (Ok(path), Ok(out)) = (std::env::var("FARM"), std::env::var("OUT")) else { return };
    let source = std::fs::read_to_string(path).unwrap();
    let ids: Vec<&str> = farmgate_audit::rules::catalogue().map(|rule| rule.id).collect();
    let farm = farmgate_farm::farm::read(&source, &ids).unwrap();
    let design = Design::of(&farm);
    let out = std::path::PathBuf::from(out);
    let plan = out.join("plan.json");
    if !plan.exists() {
        for (name, text) in farmgate_aws::emit::terraform::module(&design) {
            std::fs::write(out.join(name), text).unwrap();
        }
        return;
    }
    let line = |at: usize| ("farm.yaml".to_owned(), source[..at].matches('\n').count() + 1);
    let left = lower::model(&design, &line);
    let bytes = std::fs::read(plan).unwrap();
    let mut right = farmgate_aws::import::import(&[farmgate_aws::import::Input { name: "plan.json", bytes: &bytes }]).unwrap();
    let mut names = farmgate_aws::emit::names::names(&design);
    lower::add_given(&design, &line, &mut names, &mut right);
    let comparison = farmgate_audit::compare::compare(&left, &right, &names);
    for d in &comparison.differences { println!("DIFF {d}"); }
    for d in &comparison.open { println!("OPEN {d}"); }
    println!("{:?}", check(&right, &Options::default()).unwrap().totals);
}

#[test]
fn timed() {
    let Ok(path) = std::env::var("TIMED_") else { return };
    let source = std::fs::read_to_string(path).unwrap();
    let start = std::time::Instant::now();
    let farm = farmgate_farm::farm::read(&source, &[]).unwrap();
    println!("read {:?}", start.elapsed());
    let design = Design::of(&farm);
    println!("design {:?}", start.elapsed());
    let line = |at: usize| ("farm.yaml".to_owned(), source[..at].matches('\n').count() + 1);
    let model = lower::model(&design, &line);
    println!("model {:?}", start.elapsed());
    let lowered = farmgate_aws::network::Lowered::new(&model);
    println!("lowered {:?}", start.elapsed());
    let report = check(&model, &Options::default()).unwrap();
    println!("check {:?} {:?}", start.elapsed(), report.totals);
    let _ = lowered;
}
