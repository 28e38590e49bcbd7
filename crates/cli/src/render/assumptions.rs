//! The table of assumptions: each is numbered once, and cited behind what rests on it. If not
//! everything is shown, they are only counted: most of a plan's joins are assumptions.

use std::collections::BTreeMap;

use super::page::{Cell, Page};
use super::style::{DIM, PLAIN};
use super::words::Words;

/// The assumptions cited so far, in the order of their numbers.
pub(crate) struct Assumptions<'a> {
    cited: bool,
    /// Whether plans are what it was taken from.
    of_plans: bool,
    list: Vec<&'a str>,
    numbers: BTreeMap<&'a str, usize>,
}

impl<'a> Assumptions<'a> {
    /// With `cited`, each is numbered, cited and listed; else they are counted.
    pub(crate) fn new(cited: bool) -> Self {
        Self { cited, of_plans: true, list: Vec::new(), numbers: BTreeMap::new() }
    }

    /// Those of a report whose sources are of these kinds.
    pub(crate) fn of(cited: bool, mut kinds: impl Iterator<Item = &'a str>) -> Self {
        Self { of_plans: kinds.any(|kind| kind.starts_with("terraform")), ..Self::new(cited) }
    }

    /// The citation of these: `[1][3]`, runs of three and more as `[4-7]`.
    pub(crate) fn cite(&mut self, assumes: &'a [String]) -> String {
        let mut numbers: Vec<usize> = assumes.iter().map(|text| self.number(text)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if !self.cited {
            return String::new();
        }
        let same_run = |a: &usize, b: &usize| a + 1 == *b;
        let mut cited = String::new();
        for run in numbers.chunk_by(same_run) {
            match run {
                [first, _, .., last] => cited.push_str(&format!("[{first}-{last}]")),
                few => few.iter().for_each(|n| cited.push_str(&format!("[{n}]"))),
            }
        }
        cited
    }

    fn number(&mut self, text: &'a str) -> usize {
        *self.numbers.entry(text).or_insert_with(|| {
            self.list.push(text);
            self.list.len()
        })
    }

    /// The table of what was cited, or how much it is.
    pub(crate) fn table(&self, page: &mut Page) {
        if self.list.is_empty() {
            return;
        }
        page.blank();
        // A template and what `aws` prints name values: of them only what they don't show is taken.
        let (one, more, what) = match self.of_plans {
            true => ("join", "joins", "since a plan names references and not values"),
            false => ("thing", "things", "since no source says it"),
        };
        if !self.cited {
            let text = match self.list.len() {
                1 => format!("1 {one}, {what}; --verbose shows it"),
                many => format!("{many} {more}, {what}; --verbose lists them"),
            };
            page.tagged(DIM, "assumed", &Words::new().and(PLAIN, &text));
            return;
        }
        let digits = self.list.len().to_string().len();
        let column = digits + 4;
        page.row(&[], 0, 0, &Words::plain(&format!("assumed, {what}:")));
        for (at, text) in self.list.iter().enumerate() {
            let number = format!("[{}]", at + 1);
            let cell = Cell { column: 0, style: DIM, text: &format!("{number:>0$}", digits + 2) };
            page.row(&[cell], column, column, &Words::plain(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_are_numbered_in_order_and_runs_are_short() {
        let list =
            |texts: &[&str]| -> Vec<String> { texts.iter().map(|&t| t.to_owned()).collect() };
        let (first, second, third) = (list(&["a", "b"]), list(&["d", "c", "b"]), list(&["e", "a"]));
        let all = list(&["a", "b", "c", "d", "x"]);
        let mut assumptions = Assumptions::new(true);
        assert_eq!(assumptions.cite(&[]), "");
        assert_eq!(assumptions.cite(&first), "[1][2]");
        assert_eq!(assumptions.cite(&second), "[2-4]");
        assert_eq!(assumptions.cite(&third), "[1][5]");
        assert_eq!(assumptions.cite(&all), "[1-4][6]");
    }
}
