//! The module that a folder holds: what its files declare, by name.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::block::{self, Block, Inner, Lines, Written};
use super::hcl;
use crate::import::Input;

/// How many bytes one file may have.
const LARGEST: usize = 4 * 1024 * 1024;

/// A module as it is written.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) variables: HashMap<String, Block>,
    pub(super) locals: HashMap<String, Written>,
    /// By `aws_lb.b` or `data.aws_lb.b`.
    pub(super) resources: HashMap<String, Block>,
    pub(super) outputs: HashMap<String, Block>,
    pub(super) calls: HashMap<String, Block>,
}

/// All that was read, not evaluated.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Modules by folder; the root's is empty.
    pub(super) folders: HashMap<String, Folder>,
    /// Values for variables of the root module.
    pub(super) values: HashMap<String, Written>,
    /// Where `terraform init` put the modules, by the names of their calls: `vpc.subnets`.
    pub(super) modules: HashMap<String, String>,
    /// Texts for `file` and `templatefile`, by path.
    pub(super) texts: HashMap<String, String>,
    /// What couldn't be read, with the reason.
    pub(super) unread: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "Modules", default)]
    modules: Vec<ManifestModule>,
}

#[derive(Deserialize)]
struct ManifestModule {
    #[serde(rename = "Key", default)]
    key: String,
    #[serde(rename = "Dir", default)]
    folder: String,
}

/// Where Terraform writes which modules it fetched.
const MANIFEST: &str = ".terraform/modules/modules.json";

/// Reads files, each by what its name says that it is.
pub(super) fn read(inputs: &[Input<'_>]) -> Files {
    let mut files = Files::default();
    let mut sorted: Vec<&Input<'_>> = inputs.iter().collect();
    // Values of a later file win, in the order that Terraform documents; overrides come last.
    sorted.sort_by_key(|input| (rank(input.name), input.name));
    for input in sorted {
        let name = normal(input.name).unwrap_or_else(|| input.name.to_owned());
        if input.bytes.len() > LARGEST {
            files.unread.push((name, "is larger than 4 MB".to_owned()));
            continue;
        }
        let Ok(text) = std::str::from_utf8(input.bytes) else {
            if kind(&name) != Kind::Text {
                files.unread.push((name, "is no UTF-8 text".to_owned()));
            }
            continue;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Err(reason) = files.add(&name, text) {
            files.unread.push((name, reason));
        }
    }
    files
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Hcl,
    Json,
    Values,
    JsonValues,
    Manifest,
    Text,
}

fn kind(name: &str) -> Kind {
    let (folder, file) = parted(name);
    let own = folder.is_empty();
    let values = |end: &str| {
        own && (file == format!("terraform{end}") || file.ends_with(&format!(".auto{end}")))
    };
    match file {
        _ if name == MANIFEST => Kind::Manifest,
        _ if file.ends_with(".tf") => Kind::Hcl,
        _ if file.ends_with(".tf.json") => Kind::Json,
        _ if values(".tfvars") => Kind::Values,
        _ if values(".tfvars.json") => Kind::JsonValues,
        _ => Kind::Text,
    }
}

/// `terraform.tfvars`, then `terraform.tfvars.json`, then `*.auto.tfvars*` by name; and overrides
/// after what they override.
fn rank(name: &str) -> u8 {
    let (_, file) = parted(name);
    match file {
        "terraform.tfvars" => 1,
        "terraform.tfvars.json" => 2,
        _ if file.contains(".auto.tfvars") => 3,
        _ if is_override(file) => 4,
        _ => 0,
    }
}

fn is_override(file: &str) -> bool {
    let stem = file.strip_suffix(".tf").or_else(|| file.strip_suffix(".tf.json"));
    stem.is_some_and(|stem| stem == "override" || stem.ends_with("_override"))
}

/// The folder and the name of a file.
fn parted(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

impl Files {
    fn add(&mut self, name: &str, text: &str) -> Result<(), String> {
        let (folder, file) = parted(name);
        match kind(name) {
            Kind::Hcl => {
                let block = block::of_body(hcl::body(text)?, &Lines::new(name, text));
                self.declare(folder, block, is_override(file));
            }
            Kind::Json => {
                let block = block::of_json(&json(text)?, name);
                self.declare(folder, block, is_override(file));
            }
            Kind::Values => {
                let block = block::of_body(hcl::body(text)?, &Lines::new(name, text));
                self.values.extend(block.attributes);
            }
            Kind::JsonValues => {
                // The same as a `locals` block whose texts are literal.
                let wrapped =
                    serde_json::json!({ "variable": { "values": { "default": json(text)? } } });
                let block = block::of_json(&wrapped, name);
                let all = block.blocks.first().and_then(|inner| inner.block.expression("default"));
                let object = all.and_then(|all| all.as_object());
                for (key, value) in object.into_iter().flatten() {
                    let key = key.as_expr().and_then(|key| key.as_str());
                    if let Some(key) = key {
                        let expression = std::rc::Rc::new(value.expr().clone());
                        self.values.insert(key.to_owned(), Written { expression, place: None });
                    }
                }
            }
            Kind::Manifest => {
                let manifest: Manifest =
                    serde_json::from_str(text).map_err(|error| error.to_string())?;
                for module in manifest.modules {
                    if let Some(folder) = normal(&module.folder) {
                        self.modules.insert(module.key, folder);
                    }
                }
                self.texts.insert(name.to_owned(), text.to_owned());
            }
            Kind::Text => {
                self.texts.insert(name.to_owned(), text.to_owned());
            }
        }
        if matches!(kind(name), Kind::Hcl | Kind::Json) {
            self.texts.insert(name.to_owned(), text.to_owned());
        }
        Ok(())
    }

    fn declare(&mut self, folder: &str, file: Block, over: bool) {
        let folder = self.folders.entry(folder.to_owned()).or_default();
        for Inner { name, labels, block } in file.blocks {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let (all, key) = match (name.as_str(), labels.as_slice()) {
                ("locals", []) => {
                    folder.locals.extend(block.attributes);
                    continue;
                }
                ("variable", [name]) => (&mut folder.variables, (*name).to_owned()),
                ("output", [name]) => (&mut folder.outputs, (*name).to_owned()),
                ("module", [name]) => (&mut folder.calls, (*name).to_owned()),
                ("resource", [kind, name]) => (&mut folder.resources, format!("{kind}.{name}")),
                ("data", [kind, name]) => (&mut folder.resources, format!("data.{kind}.{name}")),
                _ => continue,
            };
            match all.get_mut(&key) {
                Some(known) if over => known.overlaid(block),
                Some(_) => {}
                None => {
                    all.insert(key, block);
                }
            }
        }
    }

    /// The folders of local modules that are outside of the root module's folder and weren't given.
    pub(super) fn outside(&self) -> BTreeSet<String> {
        let calls = self.folders.iter().flat_map(|(name, folder)| {
            folder.calls.values().filter_map(|call| local(name, call).flatten())
        });
        calls
            .filter(|called| called.starts_with("..") && !self.folders.contains_key(called))
            .collect()
    }

    /// The places where something is declared, for those who look for a folder's source at all.
    pub(super) fn root(&self) -> Option<&Folder> {
        self.folders.get("")
    }
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("can't be parsed: {error}"))
}

/// How far above the root module's folder a module may be.
const HIGHEST: usize = 8;

/// A path without `.`, and with `..` at its beginning only: modules are often beside the folder of the
/// root module. `None` if it is absolute, or leads further up than is looked.
pub(super) fn normal(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_none_or(|last| *last == "..") => parts.push(part),
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let above = parts.iter().filter(|part| **part == "..").count();
    (above <= HIGHEST).then(|| parts.join("/"))
}

/// Where a called module is: by its path, if it is a local one; elsewhere `modules` says.
pub(super) fn local(folder: &str, call: &Block) -> Option<Option<String>> {
    let source = call.expression("source").and_then(|source| source.as_str())?;
    let is_local = source.starts_with("./") || source.starts_with("../");
    let here = if folder.is_empty() { "." } else { folder };
    is_local.then(|| normal(&format!("{here}/{source}")))
}
