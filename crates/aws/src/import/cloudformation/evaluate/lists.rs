//! Functions that make lists, and take values out of them.

use ipnet::Ipv4Net;

use super::super::item::Item;
use super::super::value::{Evaluated, What};
use super::super::world::World;

/// How many blocks `Fn::Cidr` gives at most, as CloudFormation bounds it.
const MOST_BLOCKS: usize = 256;

/// How many availability zones are told apart. No region has more.
const MOST_ZONES: usize = 6;

/// The names of availability zones that no source says: `zone 1 of eu-west-1`.
const ZONES: &str = "zone ";

impl World<'_> {
    /// `Fn::Select`
    pub(super) fn select(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let Some([index, list]) = of.list() else {
            return self.misused(stack, "Fn::Select", of, "an index and a list");
        };
        let index = self.evaluate(stack, index, depth + 1);
        let list = self.evaluate(stack, list, depth + 1);
        for value in [&index, &list] {
            if let Some(reason) = value.reason() {
                return Evaluated::unknown(reason.clone());
            }
        }
        let Some(at) = index.as_text().and_then(|text| text.parse::<usize>().ok()) else {
            return self.misused(stack, "Fn::Select", of, "a whole number as index");
        };
        match list.items().get(at) {
            Some(found) => found.clone().depending_on(&index).depending_on(&list),
            None if list.symbol.is_some() => {
                Evaluated::unknown("is a part of what only its deployment gives")
            }
            None => Evaluated::unknown(format!("is item {at} of a list that has fewer")),
        }
    }

    /// `Fn::FindInMap`, with a default if one is given.
    pub(super) fn find_in_map(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let Some([map, first, second, rest @ ..]) = of.list() else {
            return self.misused(stack, "Fn::FindInMap", of, "a mapping and two keys");
        };
        let default = || {
            let default = rest.first()?.get("DefaultValue")?;
            Some(self.evaluate(stack, default, depth + 1))
        };
        let mut names = Vec::new();
        for item in [map, first, second] {
            let value = self.evaluate(stack, item, depth + 1);
            // A stand-in is no key.
            if let Some(symbol) = &value.symbol {
                return self.any_of_map(stack, &names, second, depth, &symbol.reason);
            }
            match value.as_text() {
                Some(text) => names.push(text),
                None => {
                    let reason = value.reason().map_or("is not known", |reason| reason);
                    return self.any_of_map(stack, &names, second, depth, reason);
                }
            }
        }
        let found = self.template(stack).and_then(|template| {
            let mut here = &template.mappings;
            for name in &names {
                here = here.get(name)?;
            }
            Some(self.evaluate(stack, here, depth + 1))
        });
        found.or_else(default).unwrap_or_else(|| {
            Evaluated::unknown(format!("is `{}`, which no mapping has", names.join(".")))
        })
    }

    /// What a mapping gives whatever its first key is, if it is the same for all.
    fn any_of_map(
        &self,
        stack: usize,
        names: &[String],
        second: &Item,
        depth: usize,
        reason: &str,
    ) -> Evaluated {
        let second = self.evaluate(stack, second, depth + 1);
        let same = || {
            let [map] = names else { return None };
            let second = second.as_text().filter(|_| second.symbol.is_none())?;
            let all = self.template(stack)?.mappings.get(map)?.entries().iter();
            let mut values = all.map(|entry| {
                let value = entry.item.get(&second)?;
                self.evaluate(stack, value, depth + 1).as_text()
            });
            let first = values.next()??;
            values.all(|other| other.as_ref() == Some(&first)).then_some(first)
        };
        match same() {
            Some(text) => Evaluated::text(text),
            None => Evaluated::unknown(reason),
        }
    }

    /// `Fn::GetAZs`: which zones a region has for an account, no template says; but they differ.
    pub(super) fn zones(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let region = self.evaluate(stack, of, depth + 1);
        if let Some(reason) = region.reason() {
            return Evaluated::unknown(reason.clone());
        }
        let own = self.environment(stack);
        let region = region.as_text().filter(|text| !text.is_empty());
        let region = region.unwrap_or_else(|| own.region().to_owned());
        let reason = "depends on the zones of the region, which no source says";
        let zone = |number: usize| {
            Evaluated::symbol(format!("{ZONES}{} of {region}", number + 1), reason, true)
        };
        let mut all = Evaluated::list((0..MOST_ZONES).map(zone).collect());
        all.symbol = zone(0).symbol;
        all
    }

    /// `Fn::Cidr`: blocks of IPv4; how they are cut out of an IPv6 block depends on the block.
    pub(super) fn cidr(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let Some([block, count, rest @ ..]) = of.list() else {
            return self.misused(stack, "Fn::Cidr", of, "a block, a count and a number of bits");
        };
        let values: Vec<Evaluated> = [Some(block), Some(count), rest.first()]
            .into_iter()
            .flatten()
            .map(|item| self.evaluate(stack, item, depth + 1))
            .collect();
        if let Some(reason) = values.iter().find_map(Evaluated::reason) {
            return Evaluated::unknown(reason.clone());
        }
        let text = |at: usize| values.get(at).and_then(Evaluated::as_text);
        let block = text(0).and_then(|text| text.parse::<Ipv4Net>().ok());
        let count = text(1).and_then(|text| text.parse::<usize>().ok());
        // Without a number of bits CloudFormation takes 8, but says so nowhere.
        let bits = text(2).and_then(|text| text.parse::<u8>().ok());
        let (Some(block), Some(count), Some(bits)) = (block, count, bits) else {
            return Evaluated::unknown("is cut out of a block that is not known");
        };
        let subnets = 32_u8.checked_sub(bits).and_then(|length| block.subnets(length).ok());
        let Some(subnets) = subnets else {
            return Evaluated::unknown("is cut out of a block that is too small");
        };
        let all = subnets.take(count.min(MOST_BLOCKS)).map(|net| Evaluated::text(net.to_string()));
        Evaluated::list(all.collect())
    }

    /// `Fn::Length`
    pub(super) fn length(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let list = self.evaluate(stack, of, depth + 1);
        match (&list.what, &list.symbol) {
            (What::List(items), None) => What::Number(items.len().into()).into(),
            (What::Unknown(reason), _) => Evaluated::unknown(reason.clone()),
            _ => Evaluated::unknown("is the length of what is not known"),
        }
    }
}
