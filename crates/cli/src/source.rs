//! Reads the folder of a Terraform source: what the importer evaluates, and the texts that such a
//! source may read.
//!
//! Bounded, and symbolic links are not followed. Of `.terraform` only the modules are read that
//! `terraform init` fetched. Outside of the folder only modules are read that the source calls by a
//! path (`../modules/vpc`), and none above the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use farmgate_aws::import::{Input, modules_outside};

use crate::input::{File, unreadable};
use crate::problem::{Failure, Problem};

/// How many files are read.
const MOST_FILES: usize = 20_000;
/// How many entries of folders are looked at.
const MOST_ENTRIES: usize = 200_000;
/// How many bytes are read together.
const MOST_BYTES: u64 = 128 * 1024 * 1024;
/// How large a file of Terraform's language may be.
const LARGEST: u64 = 4 * 1024 * 1024;
/// How large a text may be that `file` or `templatefile` reads.
const LARGEST_TEXT: u64 = 256 * 1024;
/// How deep folders may be.
const DEEPEST: usize = 24;
/// How often modules outside may call others outside.
const MOST_ROUNDS: usize = 16;
/// How far above the folder modules are looked for where no repository says how far it goes.
const HIGHEST: usize = 4;

/// What `file` and `templatefile` may read, by how its name ends.
const TEXTS: [&str; 10] =
    [".json", ".tpl", ".tftpl", ".tmpl", ".yaml", ".yml", ".txt", ".sh", ".conf", ".cfg"];
/// Folders in which no source is.
const PASSED_OVER: [&str; 3] = ["node_modules", "vendor", "target"];

/// Reads what there is of a source; names are paths in the folder, with `/`.
///
/// # Errors
/// If the folder or a file in it can't be read, or there is more than is read.
pub fn read(folder: &Path) -> Result<Vec<File>, Failure> {
    let shown = folder.to_string_lossy().into_owned();
    if !folder.is_dir() {
        return Err(Failure::environment(vec![Problem::Plain {
            code: "cannot-read",
            file: Some(shown),
            message: "there is no such folder".to_owned(),
            help: Some("--source names the folder in which `terraform plan` runs".to_owned()),
        }]));
    }
    let mut reader = Reader::default();
    reader.folder(folder, "", 0).map_err(|problem| Failure::environment(vec![problem]))?;
    reader.outside(folder);
    Ok(reader.files)
}

#[derive(Default)]
struct Reader {
    files: Vec<File>,
    entries: usize,
    bytes: u64,
}

impl Reader {
    fn folder(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), Problem> {
        let listing =
            fs::read_dir(path).map_err(|error| unreadable(&path.to_string_lossy(), &error))?;
        let mut entries: Vec<(String, PathBuf)> = Vec::new();
        for entry in listing.flatten() {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(too_much(path));
            }
            let Ok(own) = entry.file_name().into_string() else { continue };
            entries.push((own, entry.path()));
        }
        entries.sort();
        for (own, path) in entries {
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            let name = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
            if about.is_dir() && depth < DEEPEST && is_looked_into(&name, &own) {
                self.folder(&path, &name, depth + 1)?;
            } else if about.is_file() && is_read(&own, about.len()) {
                self.file(&path, name)?;
            }
        }
        Ok(())
    }

    /// The modules beside the folder that what was read calls.
    ///
    /// What can't be read there is left out: then the module isn't there, and settles nothing.
    fn outside(&mut self, root: &Path) {
        let leads_out = |file: &File| {
            let language = file.name.ends_with(".tf") || file.name.ends_with(".tf.json");
            language && file.bytes.windows(4).any(|four| four == b"\"../")
        };
        if !self.files.iter().any(leads_out) {
            return;
        }
        let Ok(real) = root.canonicalize() else { return };
        let highest = highest(&real);
        let mut seen = BTreeSet::new();
        for _ in 0..MOST_ROUNDS {
            let inputs: Vec<Input<'_>> = self
                .files
                .iter()
                .map(|file| Input { name: &file.name, bytes: &file.bytes })
                .collect();
            let called = modules_outside(&inputs);
            let new: Vec<String> =
                called.into_iter().filter(|name| seen.insert(name.clone())).collect();
            if new.is_empty() {
                break;
            }
            for name in new {
                let ups = name.split('/').take_while(|part| *part == "..").count();
                let below = name.split('/').skip(ups).collect::<PathBuf>();
                let Some(base) =
                    real.ancestors().nth(ups).filter(|base| base.starts_with(&highest))
                else {
                    continue;
                };
                let path = base.join(&below);
                if is_module(base, &below) && self.folder(&path, &name, 0).is_err() {
                    return;
                }
            }
        }
    }

    fn file(&mut self, path: &Path, name: String) -> Result<(), Problem> {
        let bytes = fs::read(path).map_err(|error| unreadable(&path.to_string_lossy(), &error))?;
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.files.len() >= MOST_FILES || self.bytes > MOST_BYTES {
            return Err(too_much(path));
        }
        self.files.push(File { name, bytes });
        Ok(())
    }
}

/// The highest folder in which modules are looked for: the repository's, else a few above.
fn highest(folder: &Path) -> PathBuf {
    let repository = folder.ancestors().find(|above| above.join(".git").exists());
    let above = || folder.ancestors().take(HIGHEST + 1).last();
    repository.or_else(above).unwrap_or(folder).to_path_buf()
}

/// Whether a folder is there without a symbolic link on the way, and holds Terraform itself.
fn is_module(base: &Path, below: &Path) -> bool {
    let mut path = base.to_path_buf();
    for part in below {
        path.push(part);
        if !fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir()) {
            return false;
        }
    }
    let entries = fs::read_dir(&path).into_iter().flatten().take(MOST_ENTRIES).flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|name| name.ends_with(".tf") || name.ends_with(".tf.json"))
}

/// Whether a folder may hold source: those that begin with a dot don't, but for fetched modules.
fn is_looked_into(name: &str, own: &str) -> bool {
    let fetched = name == ".terraform" || name.starts_with(".terraform/modules");
    let inside = name.starts_with(".terraform/") && !fetched;
    (fetched || !own.starts_with('.')) && !inside && !PASSED_OVER.contains(&own)
}

fn is_read(own: &str, size: u64) -> bool {
    let ends = |ends: &[&str]| ends.iter().any(|end| own.ends_with(end));
    let language = ends(&[".tf", ".tf.json", ".tfvars", ".tfvars.json"]) || own == "modules.json";
    (language && size <= LARGEST) || (ends(&TEXTS) && !own.starts_with('.') && size <= LARGEST_TEXT)
}

fn too_much(path: &Path) -> Problem {
    Problem::Plain {
        code: "source-too-large",
        file: Some(path.to_string_lossy().into_owned()),
        message: "the folder of the source holds more than is read".to_owned(),
        help: Some("name the folder of one root module".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_looked_into, is_read};

    #[test]
    fn what_is_read_of_a_folder() {
        assert!(is_looked_into("modules", "modules"));
        assert!(is_looked_into(".terraform", ".terraform"));
        assert!(is_looked_into(".terraform/modules/vpc", "vpc"));
        assert!(!is_looked_into(".terraform/providers", "providers"));
        assert!(!is_looked_into(".git", ".git"));
        assert!(is_read("main.tf", 1000));
        assert!(is_read("task.json.tpl", 1000));
        assert!(!is_read("terraform.tfstate", 1000));
        assert!(!is_read("key.pem", 1000));
        assert!(!is_read("plan.json", 10_000_000));
    }

    fn write(root: &std::path::Path, name: &str, text: &str) {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    fn names(root: &std::path::Path, folder: &str) -> Vec<String> {
        let files = super::read(&root.join(folder)).ok().expect("a source");
        let mut names: Vec<String> = files.into_iter().map(|file| file.name).collect();
        names.sort();
        names
    }

    #[test]
    fn modules_beside_the_folder_are_read_and_nothing_else() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path();
        let call = |to: &str| format!("module \"m\" {{\n  source = \"{to}\"\n}}\n");
        write(root, "repository/.git/config", "");
        write(root, "repository/live/prod/main.tf", &call("../../modules/net"));
        write(root, "repository/modules/net/main.tf", &call("../base"));
        write(root, "repository/modules/net/task.json.tpl", "[]");
        write(root, "repository/modules/net/terraform.tfstate", "{}");
        write(root, "repository/modules/base/main.tf", &call("../../../other"));
        write(root, "repository/modules/unused/main.tf", "");
        write(root, "repository/live/prod/more.tf", &call("../../secrets").replace("m\"", "s\""));
        write(root, "repository/secrets/values.json", "{}");
        write(root, "other/main.tf", "");
        assert_eq!(
            names(root, "repository/live/prod"),
            [
                "../../modules/base/main.tf",
                "../../modules/net/main.tf",
                "../../modules/net/task.json.tpl",
                "main.tf",
                "more.tf",
            ],
            "what isn't called, isn't a module, or is outside of the repository is not read"
        );
    }
}
