//! Files: rotation, retention, and what is found where a file should be.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn settings(folder: &tempfile::TempDir, rotate_bytes: u64, keep_days: u32) -> AuditFile {
    AuditFile { path: folder.path().join("audit.log"), rotate_bytes, keep_days }
}

fn names(folder: &tempfile::TempDir) -> BTreeSet<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_file_is_new_and_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, 100, 7);
    let mut file = RotatedFile::open(&settings).unwrap();
    file.append(b"one\n").unwrap();
    file.append(b"two\n").unwrap();
    file.sync().unwrap();
    assert_eq!(fs::read(&settings.path).unwrap(), b"one\ntwo\n");
    let mode = fs::metadata(&settings.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(RotatedFile::open(&settings), Err(AuditError::Taken(_))));
    drop(file);
    // What the last process left is put aside, whole.
    let _next = RotatedFile::open(&settings).unwrap();
    assert_eq!(fs::read(&settings.path).unwrap(), b"");
    let names = names(&folder);
    let old = names.iter().find(|name| name.starts_with("audit.log.")).unwrap();
    assert_eq!(fs::read(folder.path().join(old)).unwrap(), b"one\ntwo\n");
}

#[test]
fn a_file_is_put_aside_by_size_and_by_day() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, 8, 7);
    let mut file = RotatedFile::open(&settings).unwrap();
    let today = SystemTime::now();
    assert!(!file.turn(today).unwrap());
    file.append(b"1234567\n").unwrap();
    assert!(file.turn(today).unwrap());
    // The same time again, and nothing is overwritten.
    file.append(b"abcdefg\n").unwrap();
    assert!(file.turn(today).unwrap());
    assert_eq!(names(&folder).len(), 3);
    assert!(!file.turn(today + DAY).unwrap(), "an empty file stands for another day");
    file.append(b"x\n").unwrap();
    assert!(file.turn(today + DAY).unwrap());
    file.append(b"y\n").unwrap();
    assert!(!file.turn(today + DAY).unwrap());
    assert_eq!(fs::read(&settings.path).unwrap(), b"y\n");
    let mode = fs::metadata(&settings.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn only_old_files_of_ours_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, 8, 7);
    let mut file = RotatedFile::open(&settings).unwrap();
    let old = "audit.log.20200101T000000.000Z";
    let kept = [
        "audit.log.20200101T000000.000Z.gz",
        "audit.log.20200101T000000Z",
        "audit.log.20201301T000000.000Z",
        "audit.log.2020",
        "audit.logs.20200101T000000.000Z",
        "other.log.20200101T000000.000Z",
        "audit.log.29990101T000000.000Z",
    ];
    for name in kept.iter().chain(&[old]) {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    let folder_like_one = folder.path().join("audit.log.20200102T000000.000Z");
    fs::create_dir(&folder_like_one).unwrap();
    let link_like_one = folder.path().join("audit.log.20200103T000000.000Z");
    symlink(folder.path().join("other.log.20200101T000000.000Z"), &link_like_one).unwrap();
    file.delete_old(SystemTime::now());
    let names = names(&folder);
    assert!(!names.contains(old));
    for name in kept {
        assert!(names.contains(name), "{name}");
    }
    assert!(folder_like_one.is_dir() && link_like_one.is_symlink());
}

/// A clock that is stepped: nothing is old all at once.
#[test]
fn a_clock_that_jumps_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = RotatedFile::open(&settings(&folder, 8, 7)).unwrap();
    file.append(b"1234567\n").unwrap();
    file.turn(SystemTime::now()).unwrap();
    let before = names(&folder);
    file.delete_old(SystemTime::now() + 400 * DAY);
    assert_eq!(names(&folder), before);

    let start = Instant::now();
    let mut clock = Clock { wall: at(1_000_000), at: start, wait: None };
    assert!(clock.is_believed(at(1_000_000 + 60), start + Duration::from_secs(60)));
    let year = 365 * 24 * 3600;
    assert!(!clock.is_believed(at(1_000_000 + year), start + Duration::from_secs(120)));
    // After a day at which it goes on evenly, it is taken for right.
    assert!(!clock.is_believed(at(1_000_060 + year), start + Duration::from_secs(180)));
    let day = DAY.as_secs();
    let later = start + DAY + Duration::from_secs(180);
    assert!(clock.is_believed(at(1_000_060 + year + day), later));
    assert!(!clock.is_believed(at(500_000), later + Duration::from_secs(60)), "and back");
}

#[test]
fn what_lies_in_the_way_is_not_followed_and_not_harmed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, 100, 7);
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, &settings.path).unwrap();
    let mut file = RotatedFile::open(&settings).unwrap();
    file.append(b"line\n").unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert!(!settings.path.is_symlink());
    drop(file);
    fs::remove_file(&settings.path).unwrap();
    fs::create_dir(&settings.path).unwrap();
    assert!(matches!(RotatedFile::open(&settings), Err(AuditError::File(..))));
    let nowhere = AuditFile { path: folder.path().join("no/such/folder/audit.log"), ..settings };
    assert!(matches!(RotatedFile::open(&nowhere), Err(AuditError::File(..))));
}

#[test]
fn a_rotation_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, 4, 7);
    let mut file = RotatedFile::open(&settings).unwrap();
    file.append(b"one\n").unwrap();
    // The name that the next file has first is a folder with something in it.
    let blocked = folder.path().join("audit.log.new");
    fs::create_dir_all(blocked.join("x")).unwrap();
    assert!(file.turn(SystemTime::now()).is_err());
    file.append(b"two\n").unwrap();
    assert_eq!(fs::read(&settings.path).unwrap(), b"one\ntwo\n");
    fs::remove_dir_all(&blocked).unwrap();
    assert!(file.turn(SystemTime::now()).unwrap());
    // One whose file was taken away begins anew.
    file.append(b"six\n").unwrap();
    fs::remove_file(&settings.path).unwrap();
    assert!(file.turn(SystemTime::now()).unwrap());
    file.append(b"ten\n").unwrap();
    assert_eq!(fs::read(&settings.path).unwrap(), b"ten\n");
}

#[test]
fn names_tell_when_files_ended() {
    let path = Path::new("x/audit.log");
    let name = name_of_old(path, UNIX_EPOCH + Duration::from_millis(1_795_334_405_007));
    assert_eq!(name, Path::new("x/audit.log.20261122T080005.007Z"));
    let file_name = name.file_name().unwrap().as_encoded_bytes();
    assert_eq!(ended(b"audit.log", file_name), Some(Duration::from_secs(1_795_334_405)));
    assert_eq!(ended(b"audit.log", b"audit.log.20261122T080005.07Z"), None);
    assert_eq!(ended(b"audit.log", b"audit.log.20261122T086105.007Z"), None);
    assert_eq!(ended(b"audit.log", b"audit.log"), None);
}
