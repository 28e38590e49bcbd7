//! Numbers as Terraform has them, exactly: fractions of whole numbers. What doesn't fit has no value
//! here, and the expression that needs it stays unknown.

use std::cmp::Ordering;
use std::fmt;

/// A fraction in its lowest terms; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Number {
    top: i128,
    bottom: i128,
}

/// How many decimal places are read and written.
const MOST_PLACES: u32 = 15;

impl Number {
    /// A whole number.
    pub(super) fn whole(value: i128) -> Self {
        Self { top: value, bottom: 1 }
    }

    /// The length of something.
    pub(super) fn count(value: usize) -> Self {
        Self::whole(i128::try_from(value).unwrap_or(i128::MAX))
    }

    fn of(top: i128, bottom: i128) -> Option<Self> {
        if bottom == 0 {
            return None;
        }
        let shared = i128::try_from(shared(top.unsigned_abs(), bottom.unsigned_abs())).ok()?;
        let (top, bottom) = (top.checked_div(shared)?, bottom.checked_div(shared)?);
        if bottom < 0 {
            return Some(Self { top: top.checked_neg()?, bottom: bottom.checked_neg()? });
        }
        Some(Self { top, bottom })
    }

    /// `12`, `-0.5`, `1e3`: as HCL and JSON write numbers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (digits, power) = match text.split_once(['e', 'E']) {
            Some((digits, power)) => (digits, power.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        let digit = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if unsigned.is_empty() || !digit(unsigned) || !digit(part) || part.len() > 30 {
            return None;
        }
        let top: i128 = format!("{whole}{part}").parse().ok()?;
        let power = power.checked_sub(i32::try_from(part.len()).ok()?)?;
        let scale = 10_i128.checked_pow(power.unsigned_abs())?;
        if power < 0 { Self::of(top, scale) } else { Self::of(top.checked_mul(scale)?, 1) }
    }

    /// The whole number that it is, if it is one.
    pub(super) fn as_whole(self) -> Option<i128> {
        (self.bottom == 1).then_some(self.top)
    }

    /// The index or length that it is, if it is one.
    pub(super) fn as_index(self) -> Option<usize> {
        usize::try_from(self.as_whole()?).ok()
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        let top = self.top.checked_mul(other.bottom)?;
        let top = top.checked_add(other.top.checked_mul(self.bottom)?)?;
        Self::of(top, self.bottom.checked_mul(other.bottom)?)
    }

    pub(super) fn negated(self) -> Option<Self> {
        Some(Self { top: self.top.checked_neg()?, bottom: self.bottom })
    }

    pub(super) fn subtract(self, other: Self) -> Option<Self> {
        self.add(other.negated()?)
    }

    pub(super) fn multiply(self, other: Self) -> Option<Self> {
        Self::of(self.top.checked_mul(other.top)?, self.bottom.checked_mul(other.bottom)?)
    }

    pub(super) fn divide(self, other: Self) -> Option<Self> {
        Self::of(self.top.checked_mul(other.bottom)?, self.bottom.checked_mul(other.top)?)
    }

    /// What is left of a division whose quotient is cut off towards zero, as in HCL.
    pub(super) fn remainder(self, other: Self) -> Option<Self> {
        let quotient = self.divide(other)?;
        let cut = Self::whole(quotient.top.checked_div(quotient.bottom)?);
        self.subtract(other.multiply(cut)?)
    }

    pub(super) fn floor(self) -> Option<Self> {
        Some(Self::whole(self.top.checked_div_euclid(self.bottom)?))
    }

    pub(super) fn ceiling(self) -> Option<Self> {
        self.negated()?.floor()?.negated()
    }

    pub(super) fn absolute(self) -> Option<Self> {
        Some(Self { top: self.top.checked_abs()?, bottom: self.bottom })
    }

    pub(super) fn sign(self) -> i128 {
        self.top.signum()
    }

    /// How it is written, if it has few decimal places; a third has no such form.
    pub(super) fn text(self) -> Option<String> {
        if self.bottom == 1 {
            return Some(self.top.to_string());
        }
        let scale = 10_i128.checked_pow(MOST_PLACES)?;
        let scaled = self.multiply(Self::whole(scale))?.as_whole()?;
        let (whole, part) = (
            scaled.unsigned_abs() / scale.unsigned_abs(),
            scaled.unsigned_abs() % scale.unsigned_abs(),
        );
        let sign = if scaled < 0 { "-" } else { "" };
        let part = format!("{part:0width$}", width = usize::try_from(MOST_PLACES).ok()?);
        Some(format!("{sign}{whole}.{}", part.trim_end_matches('0')))
    }

    /// As JSON, if JSON's numbers here can hold it.
    pub(super) fn json(self) -> Option<serde_json::Number> {
        match self.as_whole() {
            Some(whole) => i64::try_from(whole).ok().map(serde_json::Number::from),
            None => serde_json::from_str(&self.text()?).ok(),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.top.checked_mul(other.bottom), other.top.checked_mul(self.bottom)) {
            (Some(one), Some(two)) => one.cmp(&two),
            // Beyond what fits, whole parts decide; only numbers of 30 digits get here.
            _ => (self.top / self.bottom).cmp(&(other.top / other.bottom)),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(&text),
            None => write!(f, "{}/{}", self.top, self.bottom),
        }
    }
}

/// The greatest common divisor; 1 for zeros.
fn shared(mut one: u128, mut two: u128) -> u128 {
    while two != 0 {
        (one, two) = (two, one % two);
    }
    one.max(1)
}
