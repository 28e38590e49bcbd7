//! Importers: the JSON that other tools write about AWS resources, read into one [`Model`].
//!
//! Pure: bytes in, model out. Each input tells by itself what it is. What is not a source that
//! this version reads is refused with one sentence and what to do about it; nothing panics,
//! whatever the bytes are. Files are opened elsewhere.

mod cloudformation;
mod describe;
mod detect;
mod source;
mod terraform;

use detect::Found;
use farmgate_farm::diagnostic::{Diagnostic, bounded};

use crate::model::{Model, SourceKind};

/// One source: a name to print and its content.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the caller calls it: a file name, or `-`.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// What an import may take besides its inputs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings<'a> {
    /// The Terraform source of the plans and states among the inputs: the files of the root module's
    /// folder and below, each named by its path in it (`modules/vpc/main.tf`, `terraform.tfvars`,
    /// `.terraform/modules/modules.json`), and modules beside it ([`modules_outside`]). It gives places, and what a plan leaves open is taken from
    /// it where it is exact. Empty: there is none.
    pub source: &'a [Input<'a>],
}

/// Why an input could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input}: {message}")]
pub struct ImportError {
    /// The name of the input.
    pub input: String,
    /// A stable code in kebab-case.
    pub code: &'static str,
    /// One sentence: what it is. Lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Every problem with its place in the input, where it is a text that people write.
    pub diagnostics: Vec<Diagnostic>,
}

/// The reason of an [`ImportError`], before it is known which input it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: &'static str,
    message: String,
    help: Option<String>,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: bounded(message.into()), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn of(self, input: &str) -> ImportError {
        ImportError {
            input: input.to_owned(),
            code: self.code,
            message: self.message,
            help: self.help,
            diagnostics: Vec::new(),
        }
    }
}

/// Reads several sources into one model.
///
/// Sources complete each other: what a plan does not know yet is taken from a state that does.
///
/// # Errors
/// One error for every input that cannot be read.
pub fn import(inputs: &[Input<'_>]) -> Result<Model, Vec<ImportError>> {
    import_with(inputs, &Settings::default())
}

/// The folders of modules that a Terraform source calls by a path that leads out of the root module's
/// folder (`../modules/vpc`), as far as they aren't among the files: they belong to
/// [`Settings::source`] too, under these names.
#[must_use]
pub fn modules_outside(source: &[Input<'_>]) -> std::collections::BTreeSet<String> {
    source::Source::read(source).outside()
}

/// Reads several sources into one model, with Terraform's source beside them.
///
/// # Errors
/// One error for every input that cannot be read, and one if the source holds no Terraform.
pub fn import_with(
    inputs: &[Input<'_>],
    settings: &Settings<'_>,
) -> Result<Model, Vec<ImportError>> {
    read(inputs, settings).map(Sources::model)
}

/// Sources that were read, and borrow nothing of their inputs: these can be let go before a model is
/// made, which takes the most memory.
#[derive(Debug)]
pub struct Sources {
    parsed: Vec<terraform::Parsed>,
    source: Option<source::Source>,
}

impl Sources {
    /// One model of all of them.
    #[must_use]
    pub fn model(self) -> Model {
        let mut model = terraform::build(self.parsed, self.source.as_ref());
        model.warnings.extend(self.source.iter().flat_map(source::Source::warnings));
        model
    }
}

/// Reads several sources, with Terraform's source beside them.
///
/// # Errors
/// One error for every input that cannot be read, and one if the source holds no Terraform.
pub fn read(inputs: &[Input<'_>], settings: &Settings<'_>) -> Result<Sources, Vec<ImportError>> {
    let recoded: Vec<Option<Vec<u8>>> =
        inputs.iter().map(|input| detect::recoded(input.bytes)).collect();
    let mut errors = Vec::new();
    let mut sources = Vec::new();
    let (mut templates, mut manifests, mut described) = (Vec::new(), Vec::new(), Vec::new());
    for (input, recoded) in inputs.iter().zip(&recoded) {
        let input = Input { name: input.name, bytes: recoded.as_deref().unwrap_or(input.bytes) };
        let read = detect::read(input.bytes).and_then(|found| match found {
            Found::Plan(members) => terraform::plan(input.name, &members).map(Some),
            Found::ShownState(members) => terraform::shown_state(input.name, &members).map(Some),
            Found::StateFile(members) => terraform::state_file(input.name, &members).map(Some),
            Found::Template(text) => {
                templates.push(cloudformation::Template { name: input.name, text });
                Ok(None)
            }
            Found::Manifest(members) => {
                manifests.push(cloudformation::Manifest { name: input.name, members });
                Ok(None)
            }
            Found::Described(parts) => {
                let (name, whole) = (input.name, detect::text(input.bytes));
                described.extend(parts.into_iter().map(|detect::Part { text, members }| {
                    describe::Document { name, whole, text, members }
                }));
                Ok(None)
            }
        });
        match read {
            Ok(source) => sources.extend(source),
            Err(refusal) => errors.push(refusal.of(input.name)),
        }
    }
    // Stacks name each other's exports, and what is said of one thing stands in several files: all
    // of a kind are read together.
    match cloudformation::read(&templates, &manifests) {
        Ok(stacks) => sources.extend(stacks),
        Err(found) => errors.extend(found),
    }
    match describe::read(&described) {
        Ok(seen) => sources.extend(seen),
        Err(found) => errors.extend(found),
    }
    if inputs.is_empty() {
        errors.push(
            Refusal::new("no-input", "no source is given")
                .help("name a Terraform plan or state in JSON")
                .of("-"),
        );
    }
    let source = (!settings.source.is_empty()).then(|| source::Source::read(settings.source));
    if source.as_ref().is_some_and(|source| !source.has_root()) {
        errors.push(
            Refusal::new("no-terraform-source", "the folder of the source holds no Terraform")
                .help("name the folder in which `terraform plan` runs")
                .of("--source"),
        );
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Sources { parsed: sources, source })
}

/// What CloudFormation calls a type of the Terraform provider: `AWS::EC2::VPC` of `aws_vpc`.
#[must_use]
pub fn template_type(kind: &str) -> Option<String> {
    cloudformation::type_of(kind)
}

/// How much of a line is looked at to count its characters. A document on one line is no text that
/// people read: there a column is told in bytes.
const LONGEST_LINE: usize = 4096;

/// The column of a byte of a line, from 1.
fn column(line: &str) -> u32 {
    let before = if line.len() > LONGEST_LINE { line.len() } else { line.chars().count() };
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

/// Tells what an input is, without reading all of it into a model.
///
/// # Errors
/// The same as [`import`] gives for what is not a source; `input` is empty.
pub fn detect(bytes: &[u8]) -> Result<SourceKind, ImportError> {
    let recoded = detect::recoded(bytes);
    let bytes = recoded.as_deref().unwrap_or(bytes);
    detect::read(bytes).map(|found| found.kind()).map_err(|refusal| refusal.of(""))
}

/// Whether an input that [`detect`] refused was a source all the same: of a version that isn't read,
/// incomplete by its own word, in another form, or broken behind the beginning of one. Who passes
/// over it among others proves things of the rest as if that were all.
#[must_use]
pub fn is_broken_source(bytes: &[u8], refused: &ImportError) -> bool {
    match refused.code {
        "plan-errored" | "format-version" | "state-version" | "aws-output" | "plan-log"
        | "utf-16" | "binary-plan" => true,
        "truncated-json" | "not-json" | "nested-too-deep" => {
            let recoded = detect::recoded(bytes);
            detect::begins_a_source(recoded.as_deref().unwrap_or(bytes))
        }
        _ => false,
    }
}
