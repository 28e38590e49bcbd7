//! Edge cases and texts of address sets.

use ipnet::IpNet;

use super::AddrSet;

fn set(prefixes: &str) -> AddrSet {
    let prefixes = prefixes.split_whitespace();
    prefixes.map(|prefix| prefix.parse::<IpNet>().unwrap()).collect()
}

fn range(low: &str, high: &str) -> Option<AddrSet> {
    AddrSet::range(low.parse().unwrap(), high.parse().unwrap())
}

fn witness(prefixes: &str) -> String {
    set(prefixes).witness().unwrap().to_string()
}

#[test]
fn two_halves_are_the_whole() {
    assert_eq!(set("0.0.0.0/1 128.0.0.0/1"), AddrSet::v4());
    assert_eq!(set("128.0.0.0/1 0.0.0.0/1"), set("0.0.0.0/0"));
    assert_eq!(set("::/1 8000::/1"), AddrSet::v6());
    assert_eq!(AddrSet::v4().union(&AddrSet::v6()), AddrSet::all());
}

#[test]
fn the_highest_addresses_are_in_and_have_no_neighbour() {
    let last = set("255.255.255.255/32");
    assert_eq!(AddrSet::v4().subtract(&last).union(&last), AddrSet::v4());
    assert_eq!(AddrSet::v4().subtract(&AddrSet::v4()), AddrSet::empty());
    assert_eq!(last.prefixes().len(), 1);
    let last = set("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
    assert_eq!(AddrSet::v6().subtract(&last).union(&last), AddrSet::v6());
    assert_eq!(AddrSet::v6().subtract(&last).prefixes().len(), 128);
    assert!(!AddrSet::v4().contains("::".parse().unwrap()));
}

#[test]
fn host_bits_are_ignored() {
    assert_eq!(set("10.0.3.77/16"), set("10.0.0.0/16"));
}

#[test]
fn a_range_has_one_family_and_one_order() {
    assert_eq!(range("10.0.0.0", "10.0.0.255"), Some(set("10.0.0.0/24")));
    assert_eq!(range("10.0.0.1", "10.0.0.0"), None);
    assert_eq!(range("10.0.0.0", "::1"), None);
}

#[test]
fn all_addresses_are_counted() {
    assert_eq!(AddrSet::all().count(), (1 << 32, u128::MAX));
    assert_eq!(set("10.0.0.0/24 2001:db8::/64").count(), (256, 1 << 64));
}

#[test]
fn a_range_is_covered_by_the_fewest_prefixes() {
    let prefixes = range("10.0.0.1", "10.0.0.6").unwrap().to_string();
    assert_eq!(prefixes, "10.0.0.1/32, 10.0.0.2/31, 10.0.0.4/31, 10.0.0.6/32");
}

#[test]
fn the_internet_is_public_addresses_and_those_of_documents() {
    let internet = AddrSet::internet();
    for public in ["1.1.1.1", "192.0.0.9", "192.0.2.1", "198.51.100.1", "203.0.113.1", "2600::1"] {
        assert!(internet.contains(public.parse().unwrap()), "{public}");
    }
    let special = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 \
        192.0.0.0/29 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3 ::/3 2001:db8::/32 3fff::/20 \
        fc00::/7 fe80::/10 ff00::/8";
    assert!(!internet.overlaps(&set(special)));
}

#[test]
fn texts() {
    assert_eq!(AddrSet::empty().to_string(), "nothing");
    assert_eq!(AddrSet::all().to_string(), "anything");
    assert_eq!(AddrSet::v4().to_string(), "0.0.0.0/0");
    assert_eq!(AddrSet::v6().to_string(), "::/0");
    assert_eq!(AddrSet::internet().to_string(), "the internet");
    assert_eq!(AddrSet::internet().only_v4().to_string(), "the internet (IPv4)");
    let both = set("2001:db8::/32 10.0.0.0/17 10.0.128.0/17");
    assert_eq!(both.to_string(), "10.0.0.0/16, 2001:db8::/32");
}

#[test]
fn long_sets_are_cut_short() {
    let of = |count: u8| {
        let hosts = (0..count).map(|host| format!("10.0.0.{}/32 ", 2 * host));
        set(&hosts.collect::<String>()).to_string()
    };
    assert_eq!(
        of(6),
        "10.0.0.0/32, 10.0.0.2/32, 10.0.0.4/32, 10.0.0.6/32, 10.0.0.8/32, 10.0.0.10/32"
    );
    assert_eq!(of(7), "10.0.0.0/32, 10.0.0.2/32, 10.0.0.4/32, 10.0.0.6/32, 10.0.0.8/32 and 2 more");
}

#[test]
fn witnesses_look_like_examples() {
    assert_eq!(witness("0.0.0.0/0 ::/0"), "198.51.100.7");
    assert_eq!(witness("203.0.113.0/24 10.0.0.0/8"), "203.0.113.7");
    assert_eq!(witness("::/0"), "2001:db8::7");
    assert_eq!(witness("10.0.4.0/22"), "10.0.4.7");
    assert_eq!(witness("10.0.4.12/32"), "10.0.4.12");
    assert_eq!(witness("0.0.0.0/8 10.0.0.0/16"), "10.0.0.7");
    assert_eq!(witness("127.0.0.1/32"), "127.0.0.1");
    assert_eq!(witness("2600:1f18::/36"), "2600:1f18::7");
    let internet = AddrSet::internet();
    assert_eq!(internet.witness().unwrap().to_string(), "198.51.100.7");
    assert_eq!(AddrSet::empty().witness(), None);
}
