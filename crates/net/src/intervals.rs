//! Sorted, disjoint, non-adjacent inclusive intervals: the one-dimensional sets that all others are made of.
//!
//! Being canonical, two of them are equal as values exactly if they are equal as sets. It doesn't
//! know what its points mean: addresses and services give them their meaning.

use std::collections::BTreeMap;

/// What an interval is made of: the integers of one width.
pub(crate) trait Point: Copy + Ord {
    /// The lowest point.
    const FIRST: Self;
    /// The highest point.
    const LAST: Self;
    /// The point above, unless it is the highest.
    fn next(self) -> Option<Self>;
    /// The point below, unless it is the lowest.
    fn previous(self) -> Option<Self>;
}

macro_rules! points {
    ($($integer:ty),*) => {$(
        impl Point for $integer {
            const FIRST: Self = Self::MIN;
            const LAST: Self = Self::MAX;
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    )*};
}

points!(u32, u128);

/// A set of points as inclusive intervals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Intervals<T> {
    // INVARIANT: low <= high in each, sorted, and at least one point lies between neighbours.
    spans: Vec<(T, T)>,
}

impl<T> Default for Intervals<T> {
    fn default() -> Self {
        Self { spans: Vec::new() }
    }
}

impl<T: Point> Intervals<T> {
    /// All points.
    pub(crate) fn full() -> Self {
        Self::span(T::FIRST, T::LAST)
    }

    /// The points from `low` to `high`; none if `low` is above `high`.
    pub(crate) fn span(low: T, high: T) -> Self {
        let spans = if low <= high { vec![(low, high)] } else { Vec::new() };
        Self { spans }
    }

    /// The union of intervals in any order.
    pub(crate) fn from_spans(mut spans: Vec<(T, T)>) -> Self {
        spans.retain(|(low, high)| low <= high);
        spans.sort_unstable();
        let mut union = Self::default();
        for (low, high) in spans {
            union.push(low, high);
        }
        union
    }

    /// Adds an interval that starts no earlier than the last one does.
    pub(crate) fn push(&mut self, low: T, high: T) {
        match self.spans.last_mut() {
            // The last one reaches up to `low`, or ends right below it.
            Some(last) if last.1.next().is_none_or(|above| low <= above) => {
                last.1 = last.1.max(high);
            }
            _ => self.spans.push((low, high)),
        }
    }

    /// The intervals, lowest first.
    pub(crate) fn spans(&self) -> &[(T, T)] {
        &self.spans
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(crate) fn first(&self) -> Option<T> {
        self.spans.first().map(|span| span.0)
    }

    pub(crate) fn contains(&self, point: T) -> bool {
        from(&self.spans, point).first().is_some_and(|span| span.0 <= point)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        let mut union = Self::default();
        let (mut left, mut right) = (self.spans.iter().peekable(), other.spans.iter().peekable());
        loop {
            let next = match (left.peek(), right.peek()) {
                (Some(one), Some(two)) if one <= two => left.next(),
                (_, Some(_)) => right.next(),
                (_, None) => left.next(),
            };
            let Some(&(low, high)) = next else {
                return union;
            };
            union.push(low, high);
        }
    }

    pub(crate) fn intersect(&self, other: &Self) -> Self {
        let mut both = Self::default();
        let mut rest = other.spans.as_slice();
        for &(low, high) in &self.spans {
            rest = from(rest, low);
            for &(other_low, other_high) in rest.iter().take_while(|span| span.0 <= high) {
                both.push(low.max(other_low), high.min(other_high));
            }
        }
        both
    }

    pub(crate) fn subtract(&self, other: &Self) -> Self {
        let mut left = Self::default();
        let mut rest = other.spans.as_slice();
        for &(low, high) in &self.spans {
            rest = from(rest, low);
            let mut start = Some(low);
            for &(cut_low, cut_high) in rest.iter().take_while(|span| span.0 <= high) {
                if let (Some(start), Some(end)) = (start, cut_low.previous())
                    && start <= end
                {
                    left.push(start, end);
                }
                start = cut_high.next();
            }
            if let Some(start) = start.filter(|start| *start <= high) {
                left.push(start, high);
            }
        }
        left
    }

    pub(crate) fn is_subset(&self, of: &Self) -> bool {
        let mut rest = of.spans.as_slice();
        self.spans.iter().all(|&(low, high)| {
            rest = from(rest, low);
            rest.first().is_some_and(|outer| outer.0 <= low && high <= outer.1)
        })
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let mut rest = other.spans.as_slice();
        self.spans.iter().any(|&(low, high)| {
            rest = from(rest, low);
            rest.first().is_some_and(|span| span.0 <= high)
        })
    }
}

/// The intervals that do not end below `point`.
fn from<T: Point>(spans: &[(T, T)], point: T) -> &[(T, T)] {
    // Looking at the first two before searching keeps a merge of two long sets linear, while a
    // short set against a long one takes a search for each of its intervals.
    match spans {
        [first, ..] if first.1 >= point => spans,
        [_, second, ..] if second.1 >= point => spans.get(1..).unwrap_or_default(),
        _ => {
            let below = spans.partition_point(|span| span.1 < point);
            spans.get(below..).unwrap_or_default()
        }
    }
}

/// How many of the sets that were added, and not taken away again, hold each point.
#[derive(Debug, Clone)]
pub(crate) struct Depth<T> {
    /// By how much the number differs from that of the point below; never zero.
    changes: BTreeMap<T, i32>,
}

impl<T> Default for Depth<T> {
    fn default() -> Self {
        Self { changes: BTreeMap::new() }
    }
}

impl<T: Point> Depth<T> {
    pub(crate) fn add(&mut self, set: &Intervals<T>) {
        self.change(set, 1);
    }

    /// Takes a set away that was added before.
    pub(crate) fn remove(&mut self, set: &Intervals<T>) {
        self.change(set, -1);
    }

    fn change(&mut self, set: &Intervals<T>, by: i32) {
        for &(low, high) in set.spans() {
            self.step(low, by);
            if let Some(above) = high.next() {
                self.step(above, -by);
            }
        }
    }

    fn step(&mut self, at: T, by: i32) {
        let change = self.changes.entry(at).or_default();
        *change += by;
        if *change == 0 {
            self.changes.remove(&at);
        }
    }

    /// The points that at least `depth` (one or more) of the sets hold.
    pub(crate) fn at_least(&self, depth: i32) -> Intervals<T> {
        let mut set = Intervals::default();
        let mut now = 0;
        let mut start = None;
        for (&at, &change) in &self.changes {
            now += change;
            if now >= depth {
                start = start.or(Some(at));
            } else if let (Some(low), Some(high)) = (start.take(), at.previous()) {
                set.push(low, high);
            }
        }
        if let Some(low) = start {
            set.push(low, T::LAST);
        }
        set
    }
}
