//! A file of lines that is put aside when it is large or its day is over, and the older ones that
//! are deleted when nobody wants them any longer.
//!
//! The file is always new, for its owner alone (0600), and locked. What is found in its place was
//! another process' and is put aside first. Older files are named by the time of their end,
//! `audit.log.20261122T081500.123Z`, and only what is named so is ever deleted.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farmgate_farm::gate::AuditFile;

use super::AuditError;
use super::sink::Sink;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A clock that is set by more than this was wrong, or is.
const STEP: Duration = Duration::from_secs(3600);
/// How many files may end in one millisecond.
const SAME_TIME: u32 = 100;
/// What follows the name of a file that is being made.
const NEW: &str = ".new";

/// The file, open for writing.
pub(super) struct RotatedFile {
    path: PathBuf,
    rotate_bytes: u64,
    keep: Duration,
    file: File,
    /// Bytes of whole lines. What lies beyond is what was left of a write that failed.
    length: u64,
    /// The day on which it was begun, counted from 1970 in UTC.
    day: u64,
    clock: Clock,
}

/// Notices when the wall clock is set, since it says what is old enough to be deleted.
struct Clock {
    wall: SystemTime,
    at: Instant,
    /// Not to be believed before.
    wait: Option<Instant>,
}

// === impl RotatedFile ===

impl RotatedFile {
    /// Makes the file; what lies in its place is put aside.
    ///
    /// # Errors
    /// If that is not possible, or another process writes it.
    pub(super) fn open(settings: &AuditFile) -> Result<Self, AuditError> {
        let path = &settings.path;
        let failed = |error| AuditError::File(path.clone(), error);
        // A symbolic link is put aside as such; it is not followed.
        if let Ok(old) = fs::symlink_metadata(path) {
            if !old.is_file() && !old.is_symlink() {
                return Err(failed(io::ErrorKind::AlreadyExists.into()));
            }
            if old.is_file() && is_locked(path) {
                return Err(AuditError::Taken(path.clone()));
            }
            let ended = old.modified().unwrap_or_else(|_| SystemTime::now());
            put_aside(path, ended).map_err(failed)?;
        }
        let now = SystemTime::now();
        let mut file = Self {
            path: path.clone(),
            rotate_bytes: settings.rotate_bytes.max(1),
            keep: DAY * settings.keep_days,
            file: create(path).map_err(failed)?,
            length: 0,
            day: day(now),
            clock: Clock { wall: now, at: Instant::now(), wait: None },
        };
        file.delete_old(now);
        Ok(file)
    }

    /// Puts the file aside and begins another. If anything fails, it stays as it was.
    fn rotate(&mut self, now: SystemTime) -> io::Result<()> {
        self.file.sync_data()?;
        let mut new = self.path.clone().into_os_string();
        new.push(NEW);
        let new = PathBuf::from(new);
        // One of a process that ended in the middle of this.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = create(&new)?;
        let aside = match put_aside(&self.path, now) {
            Ok(aside) => Some(aside),
            // Someone took it away: there is nothing to put aside.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let _ = fs::remove_file(&new);
                return Err(error);
            }
        };
        if let Err(error) = fs::rename(&new, &self.path) {
            let _ = fs::remove_file(&new);
            if let Some(aside) = aside {
                let _ = fs::rename(aside, &self.path);
            }
            return Err(error);
        }
        self.file = file;
        self.length = 0;
        Ok(())
    }

    /// Deletes files that ended more than the days to keep ago. None of them matters enough to fail.
    fn delete_old(&mut self, now: SystemTime) {
        if !self.clock.is_believed(now, Instant::now()) {
            return;
        }
        let Some(oldest) =
            now.duration_since(UNIX_EPOCH).unwrap_or_default().checked_sub(self.keep)
        else {
            return;
        };
        let Some(name) = self.path.file_name() else { return };
        let folder = folder(&self.path);
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let ended = ended(name.as_encoded_bytes(), entry.file_name().as_encoded_bytes());
            if ended.is_some_and(|ended| ended < oldest)
                && entry.file_type().is_ok_and(|kind| kind.is_file())
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl Sink for RotatedFile {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all_at(lines, self.length) {
            // What was written of a line is cut off, so that no reader stumbles over it. If even
            // that fails, it is written over when the same lines come again.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += lines.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn turn(&mut self, now: SystemTime) -> io::Result<bool> {
        let today = day(now);
        // A file without lines can stand for another day.
        let over = today != self.day && self.length > 0;
        if !over && self.length < self.rotate_bytes {
            return Ok(false);
        }
        self.rotate(now)?;
        self.day = today;
        self.delete_old(now);
        Ok(true)
    }
}

// === impl Clock ===

impl Clock {
    /// Whether the wall clock went on as time did. If not, it is not believed for a day: a wrong one
    /// would make every file old at once, and what was right before can't be told.
    fn is_believed(&mut self, now: SystemTime, at: Instant) -> bool {
        let expected = self.wall + at.duration_since(self.at);
        let off = now.duration_since(expected).unwrap_or_else(|error| error.duration());
        (self.wall, self.at) = (now, at);
        if off > STEP {
            self.wait = Some(at + DAY);
        }
        self.wait.is_none_or(|wait| at >= wait)
    }
}

// === files ===

/// A new file, for its owner alone, locked as long as it is open.
fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    match file.try_lock() {
        // Not every file system has locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Whether a gate that runs writes this file.
fn is_locked(path: &Path) -> bool {
    let lock = File::open(path).map(|file| file.try_lock());
    matches!(lock, Ok(Err(TryLockError::WouldBlock)))
}

/// Renames a file after its end. Nothing is overwritten: a hard link can't, and is made first.
fn put_aside(path: &Path, ended: SystemTime) -> io::Result<PathBuf> {
    let mut error = io::Error::from(io::ErrorKind::AlreadyExists);
    for later in 0..SAME_TIME {
        let aside = name_of_old(path, ended + Duration::from_millis(u64::from(later)));
        match fs::hard_link(path, &aside) {
            Ok(()) => {
                fs::remove_file(path)?;
                return Ok(aside);
            }
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => error = taken,
            Err(refused) if refused.kind() == io::ErrorKind::NotFound => return Err(refused),
            // A file system without hard links.
            Err(_) if !aside.try_exists()? => {
                fs::rename(path, &aside)?;
                return Ok(aside);
            }
            Err(refused) => error = refused,
        }
    }
    Err(error)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// `audit.log` that ended then: `audit.log.20261122T081500.123Z`.
fn name_of_old(path: &Path, ended: SystemTime) -> PathBuf {
    let since = ended.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let text = time.strftime("%Y%m%dT%H%M%S");
    let mut name = OsString::from(path);
    name.push(format!(".{text}.{:03}Z", since.subsec_millis()));
    name.into()
}

/// When the older file with this name ended, if it is one of `file`.
fn ended(file: &[u8], name: &[u8]) -> Option<Duration> {
    let stamp = name.strip_prefix(file)?.strip_prefix(b".")?;
    let (seconds, millis) = stamp.strip_suffix(b"Z")?.split_at_checked(15)?;
    let millis = millis.strip_prefix(b".")?;
    if millis.len() != 3 || !millis.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(seconds).ok()?;
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?;
    // A reader may be lenient; a name must not be.
    if time.strftime("%Y%m%dT%H%M%S").to_string() != text {
        return None;
    }
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(Duration::from_secs(u64::try_from(time.as_second()).ok()?))
}

/// The day of a time, counted from 1970 in UTC.
fn day(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY.as_secs()
}

#[cfg(test)]
mod tests;
