//! Times as SigV4 writes them: `20261122T080000Z`, in UTC, to the second.
//!
//! Nothing here knows what time it is.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::Offset;

use crate::fault::Fault;

/// A time, as it is signed and as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// `YYYYMMDDTHHMMSSZ`: always ASCII.
    text: [u8; 16],
    /// Seconds since 1970.
    pub(crate) seconds: i64,
}

// === impl Time ===

impl Time {
    /// Reads the basic format of ISO 8601 that SigV4 uses.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let text: [u8; 16] = text.as_bytes().try_into().map_err(|_| Fault::Time)?;
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            digits.iter().try_fold(0_i16, |sum, digit| {
                digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0'))
            })
        };
        let small = |from| number(from, from + 2).and_then(|two| i8::try_from(two).ok());
        let marks = (text.get(8), text.get(15)) == (Some(&b'T'), Some(&b'Z'));
        let read = || {
            let (hour, minute, second) = (small(9)?, small(11)?, small(13)?);
            let time =
                DateTime::new(number(0, 4)?, small(4)?, small(6)?, hour, minute, second, 0).ok()?;
            Some(Offset::UTC.to_timestamp(time).ok()?.as_second())
        };
        let seconds = read().filter(|_| marks).ok_or(Fault::Time)?;
        Ok(Self { text, seconds })
    }

    /// Reads a `Date` header: of RFC 9110, section 5.6.7, in its preferred form; with `-0000` in the
    /// place of `GMT`, as botocore writes it; or in SigV4's own format, which AWS takes there too.
    pub(crate) fn read_date(text: &str) -> Result<Self, Fault> {
        if let Ok(time) = Self::read(text) {
            return Ok(time);
        }
        let utc = [" GMT", " -0000"].iter().any(|zone| text.ends_with(zone));
        let time = DateTimeParser::new().parse_timestamp(text).ok().filter(|_| utc);
        time.ok_or(Fault::Time).and_then(Self::of)
    }

    fn of(time: Timestamp) -> Result<Self, Fault> {
        let civil = Offset::UTC.to_datetime(time);
        let (date, time) = (civil.date(), civil.time());
        let text = format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        );
        Self::read(&text)
    }

    /// As it is signed.
    pub(crate) fn text(&self) -> &str {
        // INVARIANT: digits, `T` and `Z`.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The day: `YYYYMMDD`.
    pub(crate) fn date(&self) -> &str {
        self.text().get(..8).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn times_are_read_to_the_second() {
        let time = Time::read("20261122T080910Z").unwrap();
        assert_eq!((time.seconds, time.date()), (1_795_334_950, "20261122"));
        assert_eq!(Time::read("19700101T000000Z").unwrap().seconds, 0);
        for same in
            ["Sun, 22 Nov 2026 08:09:10 GMT", "Sun, 22 Nov 2026 08:09:10 -0000", "20261122T080910Z"]
        {
            assert_eq!(Time::read_date(same).unwrap(), time, "{same}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-22T08:09:10Z",
            "20261122T080910",
            "20261122T080910z",
            "20261122t080910Z",
            "20261122T080910Z ",
            "20261322T080910Z",
            "20261132T080910Z",
            "20260229T080910Z",
            "20261122T240000Z",
            "20261122T080960Z",
            "+0261122T080910Z",
            "20261122T08\u{e9}910Z",
        ] {
            assert_eq!(Time::read(text), Err(Fault::Time), "{text}");
        }
        for text in
            ["yesterday", "Sun, 22 Nov 2026 08:09:10 +0100", "Sun, 32 Nov 2026 08:09:10 GMT"]
        {
            assert_eq!(Time::read_date(text), Err(Fault::Time), "{text}");
        }
    }
}
