//! What a farm that runs says of itself to other commands on this machine: `.farmgate/running.json`,
//! which is there while it runs. It holds no secret, and is its owner's alone all the same.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::problem::{Failure, Problem};
use crate::secrets::private::{self, Others};

/// Its name in the folder beside the farm file.
pub(crate) const FILE: &str = "running.json";

/// The version of the format.
const VERSION: u32 = 1;

/// No such file is longer.
const MAX_BYTES: u64 = 1 << 20;

/// A farm that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Running {
    version: u32,
    /// The farm's name.
    pub(crate) farm: String,
    /// Where the gate serves: `https://127.0.0.1:8443`. It answers plain HTTP at the same port.
    pub(crate) url: String,
    /// The certificate of the authority that signed the gate's.
    pub(crate) ca: PathBuf,
    /// The address of metrics and readiness.
    pub(crate) admin: String,
    /// The process that runs the gate.
    pub(crate) pid: u32,
    /// The servers that were started.
    pub(crate) servers: Vec<Server>,
}

/// A server of a farm that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// Its name.
    pub(crate) name: String,
    /// The path at which clients find it.
    pub(crate) route: String,
    /// Where its own process, or the bridge before it, listens, past the gate.
    pub(crate) addresses: Vec<String>,
}

/// The file of a farm that runs, which goes when this is dropped.
pub(super) struct Told {
    path: PathBuf,
    pid: u32,
}

// === impl Running ===

impl Running {
    /// What this process runs.
    pub(super) fn new(
        farm: &str,
        url: String,
        ca: PathBuf,
        admin: String,
        servers: Vec<Server>,
    ) -> Self {
        let pid = std::process::id();
        Self { version: VERSION, farm: farm.to_owned(), url, ca, admin, pid, servers }
    }

    /// Reads it from the folder beside the farm file; none if nothing runs there. What a process left
    /// that was killed is nothing that runs.
    ///
    /// # Errors
    /// If it can't be read, is open to others, or is no such file.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(FILE);
        let Some(text) = private::read(&path, Others::Nothing, MAX_BYTES)? else {
            return Ok(None);
        };
        let wrong = |message: String| {
            Failure::input(vec![Problem::Plain {
                code: "bad-running",
                file: Some(path.to_string_lossy().into_owned()),
                message,
                help: Some("remove it, and run the farm again with `farmgate up`".to_owned()),
            }])
        };
        let running: Self =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if running.version != VERSION {
            return Err(wrong(format!("version {} is not known", running.version)));
        }
        Ok(Some(running).filter(Self::is_alive))
    }

    /// Whether there is such a process.
    fn is_alive(&self) -> bool {
        let id = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        // Another user's process answers that it is there, and that one may not ask.
        id.is_some_and(|id| {
            !matches!(rustix::process::test_kill_process(id), Err(rustix::io::Errno::SRCH))
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// If it can't be written.
    pub(super) fn tell(&self, folder: &Path) -> Result<Told, Failure> {
        let path = folder.join(FILE);
        // A tree of texts and numbers can always be written.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        private::write(&path, &format!("{text}\n"))?;
        Ok(Told { path, pid: self.pid })
    }
}

// === impl Told ===

impl Drop for Told {
    fn drop(&mut self) {
        // Another farmgate may run the farm by now, and say so under the same name.
        let read = private::read(&self.path, Others::Nothing, MAX_BYTES).ok().flatten();
        let running = read.and_then(|text| serde_json::from_str::<Running>(&text).ok());
        if running.is_some_and(|running| running.pid == self.pid) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn running() -> Running {
        let server = Server {
            name: "python".to_owned(),
            route: "/python/mcp".to_owned(),
            addresses: vec!["127.0.0.1:3001".to_owned()],
        };
        let url = "https://127.0.0.1:8443".to_owned();
        Running::new("tools", url, "/ca.pem".into(), "127.0.0.1:9464".to_owned(), vec![server])
    }

    fn read(folder: &Path) -> Option<Running> {
        Running::read(folder).map_err(|_| ()).expect("it can be read")
    }

    #[test]
    fn what_runs_is_said_to_its_owner_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), None);
        let told = running().tell(folder.path()).map_err(|_| ()).expect("it is written");
        let file = folder.path().join(FILE);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(folder.path()), Some(running()));
        drop(told);
        assert!(!file.exists());
    }

    #[test]
    fn what_a_dead_process_left_is_nothing_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let mut dead = std::process::Command::new("true").spawn().unwrap();
        let mut left = running();
        left.pid = dead.id();
        dead.wait().unwrap();
        let told = left.tell(folder.path()).map_err(|_| ()).expect("it is written");
        assert_eq!(read(folder.path()), None);
        // And what somebody else says stays.
        let other = running().tell(folder.path()).map_err(|_| ()).expect("it is written");
        drop(told);
        assert_eq!(read(folder.path()), Some(running()));
        drop(other);
    }

    #[test]
    fn what_others_could_have_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _told = running().tell(folder.path()).map_err(|_| ()).expect("it is written");
        let file = folder.path().join(FILE);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o646)).unwrap();
        assert!(Running::read(folder.path()).is_err());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, "{}").unwrap();
        assert!(Running::read(folder.path()).is_err());
    }
}
