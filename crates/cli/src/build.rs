//! `farmgate build`: from a farm file to a Terraform module.

pub mod folder;
pub mod terraform;

use std::collections::BTreeMap;
use std::path::PathBuf;

use farmgate_audit::compare::{self, Comparison};
use farmgate_aws::design::Design;
use farmgate_aws::emit;
use farmgate_aws::model::Model;

use crate::args::{Build, BuildTo, Color, FailOn};
use crate::check::check_farm;
use crate::exit::{Exit, exit_code};
use crate::farm::FarmFile;
use crate::input::{self, File};
use crate::output;
use crate::problem::Failure;
use crate::render::{self, View};

/// Builds.
///
/// # Errors
/// If the farm is wrong or lacks what a module needs, or if the folder can't be written.
pub fn run(args: &Build, color: Color) -> Result<Exit, Failure> {
    let farm = FarmFile::open(&args.farm, args.env.as_deref())?;
    let (farm, design, model, report) = check_farm(farm)?;
    let missing = emit::complete::missing(&design);
    if !missing.is_empty() {
        return Err(Failure::input(farm.problems(&missing)));
    }
    // Findings stop nobody here: `check` shows them.
    if exit_code(&report, FailOn::Never) != Exit::Fine {
        let view = View { width: output::width(), verbose: false, time: None };
        output::text(&render::report(&report, &view), color)?;
        return Ok(Exit::Findings);
    }
    let files = match args.to {
        BuildTo::Terraform => emit::terraform::module(&design),
    };
    let mut said = String::new();
    if args.validate {
        let comparison = validate(&farm, &design, &model, &files)?;
        said = render::comparison(&comparison, output::width());
        if !comparison.is_equal() {
            output::text(&said, color)?;
            return Ok(Exit::Findings);
        }
    }
    let written = folder::write(&args.out, &files, args.force)?;
    said.push_str(&render::built(&written, &report, &args.out));
    output::text(&said, color)?;
    Ok(Exit::Fine)
}

/// Plans the module and compares what the plan allows with what the farm says.
fn validate(
    farm: &FarmFile,
    design: &Design,
    model: &Model,
    files: &BTreeMap<String, String>,
) -> Result<Comparison, Failure> {
    let plugins = std::env::var_os(terraform::PLUGINS).map(PathBuf::from);
    let plan = terraform::plan(files, plugins.as_deref())?;
    let plan = File { name: "the plan".to_owned(), bytes: plan };
    let mut planned = input::model(vec![plan]).map_err(Failure::environment)?;
    // A plan knows nothing of what exists already; the farm file says it, for both.
    let mut names = emit::names::names(design);
    farm.add_given(design, &mut names, &mut planned);
    Ok(compare::compare(model, &planned, &names))
}
