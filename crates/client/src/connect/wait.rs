//! How long to wait before the same is tried again. Pure.

use std::time::{Duration, SystemTime};

/// What `Retry-After` says: seconds, or a date (RFC 9110, 10.2.3). `None` if it can't be read.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let then = date(value)?;
    Some(then.duration_since(now).unwrap_or_default())
}

/// What `Date` says (RFC 9110, 5.6.7, the one form that is sent).
pub(crate) fn date(value: &str) -> Option<SystemTime> {
    let stamp = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    let seconds = u64::try_from(stamp.as_second()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// By how many seconds our clock is ahead of another's; negative if it is behind.
pub(crate) fn ahead(ours: SystemTime, theirs: SystemTime) -> i64 {
    let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
    match ours.duration_since(theirs) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

/// The pause before the attempt with this number: longer each time, up to `most`.
pub(crate) fn pause(attempt: u32, most: Duration) -> Duration {
    Duration::from_millis(100).saturating_mul(1 << attempt.min(10)).min(most)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = date("Sun, 22 Nov 2026 12:00:00 GMT").unwrap();
        let after = |value: &str| retry_after(value, now);
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("Sun, 22 Nov 2026 12:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(after("Sun, 22 Nov 2026 11:00:00 GMT"), Some(Duration::ZERO));
        for unreadable in ["", "-1", "soon", "1.5", "99999999999999999999"] {
            assert_eq!(after(unreadable), None, "{unreadable}");
        }
    }

    #[test]
    fn clocks_are_compared() {
        let noon = date("Sun, 22 Nov 2026 12:00:00 GMT").unwrap();
        assert_eq!(ahead(noon + Duration::from_secs(400), noon), 400);
        assert_eq!(ahead(noon, noon + Duration::from_secs(400)), -400);
    }

    #[test]
    fn pauses_grow_and_have_an_end() {
        let most = Duration::from_secs(2);
        assert_eq!(pause(0, most), Duration::from_millis(100));
        assert_eq!(pause(3, most), Duration::from_millis(800));
        assert_eq!(pause(u32::MAX, most), most);
    }
}
