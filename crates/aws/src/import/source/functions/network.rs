//! Arithmetic of CIDR blocks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::super::eval::no_use;
use super::super::number::Number;
use super::super::value::Value;

pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("cidrsubnet", [block, bits, number]) => with(block, |net| {
            let bits = bits.number().and_then(Number::as_index);
            let number = number.number().and_then(Number::as_whole);
            match (bits, number) {
                (Some(bits), Some(number)) => subnet(net, bits, number),
                _ => None,
            }
        }),
        ("cidrsubnets", [block, sizes @ ..]) => subnets(block, sizes),
        ("cidrhost", [block, number]) => with(block, |net| host(net, number.number()?.as_whole()?)),
        ("cidrnetmask", [block]) => with(block, |net| match net {
            IpNet::V4(net) => Some(net.netmask().to_string()),
            IpNet::V6(_) => None,
        }),
        _ => return None,
    })
}

fn with(block: &Value, make: impl FnOnce(IpNet) -> Option<String>) -> Value {
    let Some(text) = block.as_text() else {
        return no_use(block, "a CIDR block");
    };
    match text.parse::<IpNet>().ok().and_then(|net| make(net.trunc())) {
        Some(made) => Value::text(made),
        None => Value::failed("has no such address"),
    }
}

fn bits_of(net: IpNet) -> u128 {
    match net.network() {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(net: IpNet, bits: u128) -> Option<IpAddr> {
    Some(match net {
        IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(bits).ok()?)),
        IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from(bits)),
    })
}

/// The block of this number among those that are `bits` longer.
fn subnet(net: IpNet, bits: usize, number: i128) -> Option<String> {
    let longer = u8::try_from(bits).ok()?;
    let length = net.prefix_len().checked_add(longer)?;
    let below = net.max_prefix_len().checked_sub(length)?;
    let number = u128::try_from(number).ok()?;
    let fits = u32::from(longer) >= 128 || number < 1_u128.checked_shl(u32::from(longer))?;
    let offset = if number == 0 { 0 } else { number.checked_shl(u32::from(below))? };
    let start = fits.then(|| bits_of(net).checked_add(offset))??;
    Some(format!("{}/{length}", address(net, start)?))
}

/// Blocks one after the other, each aligned to its own size.
fn subnets(block: &Value, sizes: &[Value]) -> Value {
    let Some(net) = block.as_text().and_then(|text| text.parse::<IpNet>().ok()) else {
        return no_use(block, "a CIDR block");
    };
    let net = net.trunc();
    let mut next = bits_of(net);
    let mut made = Vec::new();
    for size in sizes {
        let one = || {
            let longer = u8::try_from(size.number()?.as_index()?).ok()?;
            let length = net.prefix_len().checked_add(longer)?;
            let span = 1_u128.checked_shl(u32::from(net.max_prefix_len().checked_sub(length)?))?;
            let start = next.checked_add(span - 1)? / span * span;
            let place = address(net, start)?;
            net.contains(&place).then_some((format!("{place}/{length}"), start.checked_add(span)?))
        };
        let Some((text, after)) = one() else {
            return Value::failed("has no room for its parts");
        };
        made.push(Value::text(text));
        next = after;
    }
    Value::list(made)
}

/// The address of this number; a negative one counts from the end.
fn host(net: IpNet, number: i128) -> Option<String> {
    let free = u32::from(net.max_prefix_len() - net.prefix_len());
    let size = 1_u128.checked_shl(free);
    let offset = match u128::try_from(number) {
        Ok(number) => number,
        Err(_) => size?.checked_sub(number.unsigned_abs())?,
    };
    if size.is_some_and(|size| offset >= size) {
        return None;
    }
    address(net, bits_of(net).checked_add(offset)?).map(|address| address.to_string())
}
