//! Farm files: which inputs are some, and what they come to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use farmgate_audit::report::Reaches;
use farmgate_audit::rules;
use farmgate_aws::design::Design;
use farmgate_aws::lower;
use farmgate_aws::model::{Key, Model};
use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::farm::Farm;
use farmgate_farm::layers::{self, Layer, Problems, Sources};

use crate::input::{self, File};
use crate::problem::{Failure, Problem};

/// A farm file that was read, with its overlay.
#[derive(Debug)]
pub struct FarmFile {
    /// The file, and the overlay over it.
    files: Vec<File>,
    /// The farm.
    pub farm: Farm,
}

/// Whether an input is meant as a farm file: YAML that is no CloudFormation template.
#[must_use]
pub fn is_farm(file: &File) -> bool {
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        return false;
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[']) {
        return false;
    }
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    let template = has("AWSTemplateFormatVersion:") || has("Resources:");
    let name = Path::new(&file.name).extension().and_then(|e| e.to_str());
    !template && (matches!(name, Some("yaml" | "yml")) || has("farm:"))
}

/// Where the overlay `env` of a farm file is: `farm.prod.yaml` beside `farm.yaml`.
fn overlay(path: &Path, env: &str) -> PathBuf {
    let extension = path.extension().map_or_else(|| "yaml".into(), std::ffi::OsStr::to_os_string);
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(env);
    name.push(".");
    name.push(extension);
    path.with_file_name(name)
}

impl FarmFile {
    /// Reads a farm file of this path, and its overlay.
    ///
    /// # Errors
    /// If a file can't be read, or the farm is wrong.
    pub fn open(path: &Path, env: Option<&str>) -> Result<Self, Failure> {
        let file = input::sources(&[path])?;
        Self::of(file, env)
    }

    /// Makes a farm of a file that was read.
    ///
    /// # Errors
    /// If the overlay can't be read, or the farm is wrong.
    pub fn of(mut files: Vec<File>, env: Option<&str>) -> Result<Self, Failure> {
        if let (Some(env), Some(first)) = (env, files.first()) {
            let wrong = |message: &str| {
                Failure::input(vec![Problem::Plain {
                    code: "bad-overlay",
                    file: None,
                    message: message.to_owned(),
                    help: Some("`--env prod` merges farm.prod.yaml over farm.yaml".to_owned()),
                }])
            };
            if env.is_empty() || env.contains(['/', '\\']) {
                return Err(wrong("an overlay is named by one word"));
            }
            if first.name == "-" {
                return Err(wrong("the standard input has no overlay beside it"));
            }
            let path = overlay(Path::new(&first.name), env);
            let over = input::file(&path).map_err(|p| Failure::environment(vec![p]))?;
            files.push(over);
        }
        let mut problems = Vec::new();
        let mut texts = Vec::new();
        for file in &files {
            match file.text() {
                Ok(text) => texts.push(Layer { name: &file.name, text }),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(Failure::input(problems));
        }
        let ids: Vec<&str> = rules::catalogue().map(|rule| rule.id).collect();
        match layers::read(&texts, &ids) {
            Ok(farm) => Ok(Self { files, farm }),
            Err(problems) => Err(refused(&problems)),
        }
    }

    /// Its layers as text.
    fn layers(&self) -> Vec<Layer<'_>> {
        self.files
            .iter()
            .filter_map(|file| Some(Layer { name: &file.name, text: file.text().ok()? }))
            .collect()
    }

    /// Diagnostics of the farm as they are printed.
    #[must_use]
    pub fn problems(&self, found: &[Diagnostic]) -> Vec<Problem> {
        render(&self.layers(), found)
    }

    /// What it comes to on AWS.
    #[must_use]
    pub fn design(&self) -> Design {
        Design::of(&self.farm)
    }

    /// The model of its design, with the lines of the file as origins.
    #[must_use]
    pub fn model(&self, design: &Design) -> Model {
        let sources = Sources::new(&self.layers());
        lower::model(design, &|at| place(&sources, at))
    }

    /// Adds to a model of the farm's plan what exists already, as the farm file describes it.
    pub fn add_given(&self, design: &Design, names: &mut BTreeMap<Key, Key>, planned: &mut Model) {
        let sources = Sources::new(&self.layers());
        lower::add_given(design, &|at| place(&sources, at), names, planned);
    }

    /// The farm as one file.
    ///
    /// # Errors
    /// If its layers can't be merged, which was found on reading.
    pub fn merged(&self) -> Result<String, Failure> {
        let layers = self.layers();
        layers::print(&layers).map_err(|problems| refused(&problems))
    }
}

/// The file and the line of a byte.
fn place(sources: &Sources, at: usize) -> (String, usize) {
    let (name, line, _) = sources.location(&(at..at)).unwrap_or(("", 0, 0));
    (input::shown(name).to_owned(), line)
}

fn refused(problems: &Problems) -> Failure {
    let render = |problem| Problem::Rendered(problems.sources.render(problem, true));
    Failure::input(problems.list.iter().map(render).collect())
}

fn render(layers: &[Layer<'_>], found: &[Diagnostic]) -> Vec<Problem> {
    let sources = Sources::new(layers);
    found.iter().map(|problem| Problem::Rendered(sources.render(problem, true))).collect()
}

/// Who reaches whom, for the report.
#[must_use]
pub fn reaches(design: &Design) -> Vec<Reaches> {
    let row = |row: farmgate_aws::design::Row| Reaches {
        from: row.from,
        to: row.to,
        ports: row.ports,
        why: row.why,
    };
    design.who_reaches_whom().into_iter().map(row).collect()
}
