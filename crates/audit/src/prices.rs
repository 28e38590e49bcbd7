//! What endpoints and NAT gateways cost, by region: list prices with their date, or a file of one's own.
//!
//! Source: <https://aws.amazon.com/privatelink/pricing/> and <https://aws.amazon.com/vpc/pricing/>, first
//! petabyte, without tax. A region that is not listed has no price, and nothing is reckoned for it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Hours of a month, as AWS reckons.
pub const HOURS: u64 = 730;

/// Prices of one region, in millionths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// An interface endpoint in one zone, an hour.
    pub endpoint_hour: u64,
    /// A GB through an interface endpoint.
    pub endpoint_gb: u64,
    /// A GB through a NAT gateway.
    pub nat_gb: u64,
}

/// Prices by region, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// Whose prices they are, and of which day: `AWS's list prices of 2026-11-01`.
    pub source: String,
    regions: BTreeMap<String, Price>,
}

/// The day on which the prices below were read.
const DATE: &str = "2026-11-01";

/// Regions, with an endpoint's hour, and the GB of an endpoint and of NAT.
const LISTED: [(&str, [u64; 3]); 5] = [
    ("us-east-1", [10_000, 10_000, 45_000]),
    ("us-east-2", [10_000, 10_000, 45_000]),
    ("us-west-2", [10_000, 10_000, 45_000]),
    ("eu-west-1", [11_000, 10_000, 48_000]),
    ("eu-central-1", [12_000, 10_000, 52_000]),
];

impl Default for Prices {
    fn default() -> Self {
        let price = |(region, [endpoint_hour, endpoint_gb, nat_gb]): (&str, [u64; 3])| {
            (region.to_owned(), Price { endpoint_hour, endpoint_gb, nat_gb })
        };
        Self {
            source: format!("AWS's list prices of {DATE}"),
            regions: LISTED.into_iter().map(price).collect(),
        }
    }
}

/// A file of prices.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Whose they are, and of which day.
    source: String,
    regions: BTreeMap<String, Region>,
}

/// Dollars, as numbers in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Region {
    endpoint_hour: serde_json::Number,
    endpoint_gb: serde_json::Number,
    nat_gb: serde_json::Number,
}

impl Prices {
    /// The prices of a file in JSON. They stand for all prices: what it doesn't name has none.
    ///
    /// # Errors
    /// One sentence, if it is no such file.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let mut regions = BTreeMap::new();
        for (name, region) in file.regions {
            let dollars = |what: &str, number: &serde_json::Number| {
                millionths(&number.to_string())
                    .ok_or_else(|| format!("`{what}` of {name} is no price in dollars: {number}"))
            };
            let price = Price {
                endpoint_hour: dollars("endpoint_hour", &region.endpoint_hour)?,
                endpoint_gb: dollars("endpoint_gb", &region.endpoint_gb)?,
                nat_gb: dollars("nat_gb", &region.nat_gb)?,
            };
            regions.insert(name, price);
        }
        Ok(Self { source: file.source, regions })
    }

    /// The prices of a region.
    #[must_use]
    pub fn of(&self, region: &str) -> Option<Price> {
        self.regions.get(region).copied()
    }
}

/// A decimal number in millionths; below a million, and with at most six digits after the point.
fn millionths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() > 6 || part.len() > 6 {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    Some(whole * 1_000_000 + part)
}

impl Price {
    /// What so many endpoints cost a month in one zone each, in millionths of a dollar.
    #[must_use]
    pub fn month(&self, in_zones: u64) -> u64 {
        in_zones.saturating_mul(HOURS).saturating_mul(self.endpoint_hour)
    }

    /// From how many GB a month these endpoints are cheaper than NAT; `None`: never.
    #[must_use]
    pub fn break_even(&self, in_zones: u64) -> Option<u64> {
        let saved = self.nat_gb.checked_sub(self.endpoint_gb).filter(|saved| *saved > 0)?;
        Some((self.month(in_zones).saturating_add(saved / 2)) / saved)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn four_endpoints_in_two_zones() {
        let price = Prices::default().of("us-east-1").unwrap();
        assert_eq!(price.month(8), 58_400_000);
        assert_eq!(price.break_even(8), Some(1669));
        assert_eq!(price.break_even(4), Some(834));
        assert_eq!(Price { nat_gb: 10_000, ..price }.break_even(4), None);
        assert!(Prices::default().of("mars-north-1").is_none());
    }

    #[test]
    fn a_file_replaces_them() {
        let file = br#"{ "source": "our contract of 2026-10-01", "regions": {
            "eu-west-1": { "endpoint_hour": 0.0075, "endpoint_gb": 0, "nat_gb": 1.5 } } }"#;
        let prices = Prices::read(file).unwrap();
        let price = Price { endpoint_hour: 7500, endpoint_gb: 0, nat_gb: 1_500_000 };
        assert_eq!(prices.of("eu-west-1"), Some(price));
        assert!(prices.of("us-east-1").is_none());
        for wrong in ["-1", "1e-7", "0.0000001", "\"0.01\"", "null", "99999999"] {
            let file = format!(
                r#"{{ "source": "x", "regions": {{ "eu-west-1":
                {{ "endpoint_hour": {wrong}, "endpoint_gb": 0, "nat_gb": 0 }} }} }}"#
            );
            assert!(Prices::read(file.as_bytes()).is_err(), "{wrong}");
        }
        assert!(Prices::read(b"{}").is_err());
    }
}
