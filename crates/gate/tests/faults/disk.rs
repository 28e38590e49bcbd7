//! The disk is full: what is not written down is not let through, or it is, as the farm chose.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use farmgate_farm::gate::{AuditFile, OnFailure};

use crate::support::backend::Backend;
use crate::support::farm::{Farm, Setup};
use crate::support::wait_until;

/// A file system of 16 MiB.
struct Small(PathBuf);

// === impl Small ===

impl Small {
    /// None where nobody may mount.
    fn mount(at: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(at);
        let done = mount.stdout(Stdio::null()).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let _full = std::fs::write(self.0.join("ballast"), vec![0; 17 << 20]);
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: the gate may have its file open.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn farm(backend: &Backend, disk: &Path, fail: OnFailure) -> Farm {
    let path = disk.join("audit.jsonl");
    let setup = Setup::of(&[("echo", backend)]).with(|config| {
        config.audit.file = Some(AuditFile { path, rotate_bytes: 64 << 20, keep_days: 7 });
        config.audit.fail = fail;
    });
    setup.start()
}

/// A small disk in a folder of its own, or a word of why the test says nothing here.
fn disk() -> Option<(tempfile::TempDir, Small)> {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Small::mount(folder.path()) else {
        println!("skipped: nobody may mount a file system here");
        return None;
    };
    Some((folder, disk))
}

#[test]
fn with_a_full_disk_a_gate_that_fails_closed_lets_nothing_through() {
    let Some((_folder, disk)) = disk() else { return };
    let backend = Backend::echo();
    let farm = farm(&backend, &disk.0, OnFailure::Closed);
    assert!(farm.is_well());
    disk.fill();
    wait_until("requests are refused", || farm.ask(&farm.call(1, "x")).status == 503);
    let before = backend.count();
    for id in 0..50 {
        assert_eq!(farm.ask(&farm.call(id, "x")).status, 503);
    }
    assert_eq!(backend.count(), before, "let through, and not written down");
    disk.make_room();
    wait_until("requests are served again", || farm.is_well());
    let served = backend.count();
    farm.stop();
    let lines = lines(&disk.0);
    // All that got through is written down, each line whole.
    let allowed = lines.iter().filter(|line| line["decision"] == "allowed").count();
    assert_eq!(allowed, served, "{lines:#?}");
}

#[test]
fn with_a_full_disk_a_gate_that_fails_open_goes_on_and_says_what_it_lost() {
    let Some((_folder, disk)) = disk() else { return };
    let backend = Backend::echo();
    let farm = farm(&backend, &disk.0, OnFailure::Open);
    disk.fill();
    // More than the rest of the last page holds.
    for id in 0..3000 {
        assert!(farm.ask(&farm.call(id, "x")).echoes(id, "x"));
    }
    disk.make_room();
    wait_until("it is written again", || {
        assert!(farm.is_well());
        // The last one may be on its way.
        let text = std::fs::read(disk.0.join("audit.jsonl")).unwrap();
        text.iter().filter(|byte| **byte == b'\n').count() > 100
    });
    farm.stop();
    assert!(lines(&disk.0).iter().all(serde_json::Value::is_object));
}

/// The lines of the audit on a disk, each of which must be whole.
fn lines(disk: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(disk.join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
