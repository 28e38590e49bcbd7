//! Durations and rates.

use std::fmt;

use crate::diagnostic::quoted;
use crate::record::{Bad, Word};

/// A duration of whole seconds, written with one unit: `30s`, `5m`, `1h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(u64);

impl Duration {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// So many minutes.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self(minutes * 60)
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(hours: u64) -> Self {
        Self(hours * 3600)
    }

    /// So many days.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self(days * 86_400)
    }

    /// In seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// In days, rounded down.
    #[must_use]
    pub const fn as_days(self) -> u64 {
        self.0 / 86_400
    }
}

impl Word for Duration {
    const WHAT: &'static str = "a duration";
    const PATTERN: Option<&'static str> = Some("^[1-9][0-9]{0,7}(s|m|h|d)$");
    const EXAMPLES: &'static [&'static str] = &["30s", "5m", "1h", "7d"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            "" if !number.is_empty() => {
                return Err(Bad::new(
                    "bad-duration",
                    format!("{} has no unit", quoted(text)),
                    format!("write `{text}s`, `{text}m`, `{text}h` or `{text}d`"),
                ));
            }
            _ => 0,
        };
        let number: Option<u64> =
            number.parse().ok().filter(|n| *n > 0 && *n < 100_000_000 && !number.starts_with('0'));
        match number {
            Some(number) if factor > 0 => Ok(Self(number * factor)),
            _ => Err(Bad::new(
                "bad-duration",
                format!("{} is not a duration", quoted(text)),
                "write it as `30s`, `5m`, `1h` or `7d`",
            )),
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
        let unit = units.iter().find(|(size, _)| self.0 >= *size && self.0.is_multiple_of(*size));
        match unit {
            Some((size, unit)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}s", self.0),
        }
    }
}

/// So many in a time: `2000 per 5m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In what time.
    pub per: Duration,
}

impl Word for Rate {
    const WHAT: &'static str = "a rate";
    const PATTERN: Option<&'static str> = Some("^[1-9][0-9]* per [1-9][0-9]*(s|m|h|d)$");
    const EXAMPLES: &'static [&'static str] = &["2000 per 5m"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let bad = || {
            let title = format!("{} is not a rate", quoted(text));
            Bad::new("bad-rate", title, "write it as `2000 per 5m`")
        };
        let (count, per) = text.split_once(" per ").ok_or_else(bad)?;
        let digits = !count.starts_with('0') && count.chars().all(|c| c.is_ascii_digit());
        let count = count.parse().ok().filter(|count| *count > 0 && digits).ok_or_else(bad)?;
        Ok(Self { count, per: Duration::parse(per).map_err(|_| bad())? })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {}", self.count, self.per)
    }
}
