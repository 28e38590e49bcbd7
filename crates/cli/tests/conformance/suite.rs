//! The suite, as npm has it: found, and run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compare::Results;

/// The folder that `.ci/conformance-tools.sh` fills.
const VARIABLE: &str = "FARMGATE_NODE_TOOLS";

/// Node, the suite and servers of others.
pub(crate) struct Tools {
    folder: PathBuf,
}

/// What is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// All that revision 2025-11-25 requires.
    Older,
    /// All that revision 2026-07-28 requires.
    Newer,
    /// What the suite's latest release asks by itself.
    Latest,
}

// === impl Era ===

impl Era {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Older => "2025-11-25",
            Self::Newer => "2026-07-28",
            Self::Latest => "latest",
        }
    }
}

// === impl Tools ===

impl Tools {
    /// None, and said so, if there are none.
    pub(crate) fn find() -> Option<Self> {
        let folder = std::env::var_os(VARIABLE).map(PathBuf::from);
        let tools = folder.map(|folder| Self { folder });
        let tools = tools.filter(|tools| tools.program("node").is_file());
        if tools.is_none() {
            println!("skipped: {VARIABLE} names no folder made by .ci/conformance-tools.sh");
        }
        tools
    }

    /// A program that npm installed.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("node_modules/.bin").join(name)
    }

    /// The Python with the official SDK; none, and said so, if it isn't there.
    pub(crate) fn python(&self) -> Option<PathBuf> {
        let python = self.folder.join("python/bin/python");
        if !python.is_file() {
            println!("skipped: {} is not there", python.display());
            return None;
        }
        Some(python)
    }

    /// A path in which programs find this Node before another.
    pub(crate) fn path(&self) -> String {
        let own = self.folder.join("node_modules/.bin");
        let rest = std::env::var("PATH").unwrap_or_default();
        format!("{}:{rest}", own.display())
    }

    /// Runs the suite against a server. Its exit code says whether all checks pass, which isn't asked
    /// here.
    pub(crate) fn run(&self, url: &str, era: Era, name: &str) -> Results {
        let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance").join(name);
        let _ = std::fs::remove_dir_all(&results);
        let mut command = Command::new(self.program("node"));
        match era {
            Era::Latest => {
                command.arg(self.suite("@modelcontextprotocol/conformance"));
                command.args(["server", "--url", url]);
            }
            Era::Older | Era::Newer => {
                command.arg(self.suite("conformance-next"));
                command.args(["server", "--url", url, "--requirements", era.name()]);
            }
        }
        let output = command
            .arg("-o")
            .arg(&results)
            .env("PATH", self.path())
            .stdin(Stdio::null())
            .output()
            .expect("node starts");
        assert!(
            results.is_dir(),
            "the suite wrote nothing; it said\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Results::read(&results)
    }

    fn suite(&self, package: &str) -> PathBuf {
        self.folder.join("node_modules").join(package).join("dist/index.js")
    }
}
