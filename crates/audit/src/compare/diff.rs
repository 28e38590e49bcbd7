//! What every comparison of settings is made of: items by their names, entries of lists, values.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Note, SetVal, Tags, Val};

use super::names::{Names, Side, is_address};
use super::value::{Value, told, told_set};
use super::{Comparison, Difference};

/// What it means that an item is in one model only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// The models differ.
    Differs,
    /// It is only mentioned there, so nothing is known of it.
    Open,
    /// Nothing: it is there whether a model shows it or not.
    Nothing,
}

/// An item that models hold by its key.
pub(super) trait Item {
    /// What it is, in words.
    const KIND: &'static str;

    /// Compares all of its settings.
    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self);

    /// What it means if the other model does not have it.
    fn alone(&self) -> Alone {
        Alone::Differs
    }

    /// Whether it goes by the same key in every model, since nobody who manages it is a source.
    fn stands_for_itself(&self) -> bool {
        false
    }
}

/// An entry of a list.
pub(super) trait Entry {
    /// Whether the two are the same entry, whatever else it says.
    fn same(left: &Self, right: &Self, names: &Names<'_>) -> bool;

    /// Whether two entries for which there is no same one are meant to be one all the same.
    fn alike(_left: &Self, _right: &Self, _names: &Names<'_>) -> bool {
        false
    }

    /// Whether it is not known which entry it is.
    fn is_loose(&self) -> bool {
        false
    }

    /// The entry in words.
    fn words(&self) -> String;

    /// Compares the rest of it.
    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self);
}

/// Collects what differs.
pub(super) struct Diff<'a> {
    pub(super) names: &'a Names<'a>,
    subject: Option<(Key, Key)>,
    /// The parts of the subject that are being compared.
    path: Vec<String>,
    found: Comparison,
}

impl<'a> Diff<'a> {
    pub(super) fn new(names: &'a Names<'a>) -> Self {
        Self { names, subject: None, path: Vec::new(), found: Comparison::default() }
    }

    pub(super) fn finish(self) -> Comparison {
        self.found
    }

    pub(super) fn push(&mut self, differs: bool, difference: Difference) {
        let list = if differs { &mut self.found.differences } else { &mut self.found.open };
        list.push(difference);
    }

    fn tell(&mut self, differs: bool, setting: &str, left: String, right: String) {
        let mut words = vec!["setting".to_owned()];
        let mut found = Difference {
            what: String::new(),
            left,
            right,
            left_keys: Vec::new(),
            right_keys: Vec::new(),
        };
        if let Some((own, other)) = &self.subject {
            words.push(own.to_string());
            found.left_keys.push(own.clone());
            found.right_keys.push(other.clone());
        }
        words.extend(self.path.iter().cloned());
        words.push(setting.to_owned());
        words.retain(|word| !word.is_empty());
        found.what = words.join(" ");
        self.push(differs, found);
    }

    /// The setting differs.
    pub(super) fn differs(&mut self, setting: &str, left: String, right: String) {
        self.tell(true, setting, left, right);
    }

    /// One side does not know the setting.
    pub(super) fn open(&mut self, setting: &str, left: String, right: String) {
        self.tell(false, setting, left, right);
    }

    /// Compares a part of the subject.
    pub(super) fn within(&mut self, part: String, compare: impl FnOnce(&mut Self)) {
        self.path.push(part);
        compare(self);
        self.path.pop();
    }

    /// Compares all items of one kind.
    pub(super) fn items<T: Item>(&mut self, left: &BTreeMap<Key, T>, right: &BTreeMap<Key, T>) {
        let mut met: BTreeSet<&Key> = BTreeSet::new();
        for (key, item) in left {
            let own = || right.get_key_value(key).filter(|_| item.stands_for_itself());
            let name = self.names.partner(key);
            let partner = name.and_then(|name| right.get_key_value(name)).or_else(own);
            match partner {
                Some((other, found)) if met.insert(other) => {
                    self.subject = Some((key.clone(), other.clone()));
                    T::compare(self, item, found);
                    self.subject = None;
                }
                Some((other, _)) => {
                    let why = format!("missing ({other} stands for another)");
                    self.alone(item, Side::Left, key, why);
                }
                None => match name {
                    // It exists already, and no source of the right model shows it.
                    Some(id) if !is_address(id) && item.alone() != Alone::Nothing => {
                        let why = format!("not in the sources ({id})");
                        self.only(false, &format!("{} {key}", T::KIND), Side::Left, key, why);
                    }
                    Some(name) => {
                        let why = format!("missing (there is no {name})");
                        self.alone(item, Side::Left, key, why);
                    }
                    None => {
                        let why = "missing (it has no name there)".to_owned();
                        self.alone(item, Side::Left, key, why);
                    }
                },
            }
        }
        for (key, item) in right.iter().filter(|(key, _)| !met.contains(key)) {
            self.alone(item, Side::Right, key, "missing".to_owned());
        }
    }

    fn alone<T: Item>(&mut self, item: &T, side: Side, key: &Key, missing: String) {
        let differs = match item.alone() {
            Alone::Nothing => return,
            Alone::Open => false,
            Alone::Differs => true,
        };
        self.only(differs, &format!("{} {key}", T::KIND), side, key, missing);
    }

    /// Something is on one side only.
    pub(super) fn only(
        &mut self,
        differs: bool,
        what: &str,
        side: Side,
        key: &Key,
        missing: String,
    ) {
        let present = "present".to_owned();
        let (left, right) = match side {
            Side::Left => (present, missing),
            Side::Right => (missing, present),
        };
        let keys = |of: Side| if of == side { vec![key.clone()] } else { Vec::new() };
        let (left_keys, right_keys) = (keys(Side::Left), keys(Side::Right));
        self.push(
            differs,
            Difference { what: what.to_owned(), left, right, left_keys, right_keys },
        );
    }

    /// Compares lists in which order says nothing. `open` says of each side why its list may hold
    /// more than it shows.
    pub(super) fn entries<T: Entry>(
        &mut self,
        kind: &str,
        (left, right): (&[T], &[T]),
        open: (Option<&Note>, Option<&Note>),
    ) {
        let names = self.names;
        let mut rest: Vec<&T> = right.iter().collect();
        let mut lone: Vec<&T> = left.iter().collect();
        for matches in [T::same, T::alike] {
            lone.retain(|own| match rest.iter().position(|other| matches(own, other, names)) {
                Some(at) => {
                    let other = rest.remove(at);
                    self.within(format!("{kind} {}", own.words()), |d| T::compare(d, own, other));
                    false
                }
                None => true,
            });
        }
        let loose = |list: &[&T]| list.iter().any(|entry| entry.is_loose());
        let (loose_left, loose_right) = (loose(&lone), loose(&rest));
        for entry in lone {
            let unsure = entry.is_loose() || loose_right || open.1.is_some();
            let setting = format!("{kind} {}", entry.words());
            self.tell(!unsure, &setting, "present".to_owned(), "missing".to_owned());
        }
        for entry in rest {
            let unsure = entry.is_loose() || loose_left || open.0.is_some();
            let setting = format!("{kind} {}", entry.words());
            self.tell(!unsure, &setting, "missing".to_owned(), "present".to_owned());
        }
        self.may_be_more(kind, open);
    }

    /// Tells that a list may hold more than it shows.
    pub(super) fn may_be_more(&mut self, kind: &str, open: (Option<&Note>, Option<&Note>)) {
        let words = |note: Option<&Note>| match note {
            Some(note) => format!("perhaps more ({note})"),
            None => "as listed".to_owned(),
        };
        if open.0.is_some() || open.1.is_some() {
            self.open(&format!("{kind} list"), words(open.0), words(open.1));
        }
    }

    /// Compares values that both sides say.
    pub(super) fn plain<T: Value>(&mut self, setting: &str, left: &T, right: &T) {
        if left.named(Side::Left, self.names) != right.named(Side::Right, self.names) {
            self.differs(setting, left.words(), right.words());
        }
    }

    /// Compares lists as sets.
    pub(super) fn unordered<T: Value + Ord>(&mut self, setting: &str, left: &[T], right: &[T]) {
        let named = |side, list: &[T]| -> BTreeSet<T> {
            list.iter().map(|value| value.named(side, self.names)).collect()
        };
        if named(Side::Left, left) != named(Side::Right, right) {
            self.differs(setting, left.to_vec().words(), right.to_vec().words());
        }
    }

    /// Compares tags.
    pub(super) fn tags(&mut self, left: &Tags, right: &Tags) {
        let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        for name in names {
            let (own, other) = (left.get(name).cloned(), right.get(name).cloned());
            self.plain(&format!("tag {name}"), &own, &other);
        }
    }

    /// Compares values that a source may leave out; `default` is what AWS documents for that.
    pub(super) fn written<T: Value>(
        &mut self,
        setting: &str,
        left: &Option<T>,
        right: &Option<T>,
        default: Option<&T>,
    ) {
        let said = |side, value: &Option<T>| {
            value.as_ref().or(default).map(|value| value.named(side, self.names))
        };
        if said(Side::Left, left) != said(Side::Right, right) {
            self.differs(setting, left.words(), right.words());
        }
    }

    /// Compares facts that come into being with the resource: not to know them is no difference.
    pub(super) fn late<T: Value>(&mut self, setting: &str, left: &Option<T>, right: &Option<T>) {
        if let (Some(left), Some(right)) = (left, right) {
            self.plain(setting, left, right);
        }
    }

    /// Compares values of which one side may know little.
    pub(super) fn val<T: Value>(&mut self, setting: &str, left: &Val<T>, right: &Val<T>) {
        let names = self.names;
        let same = |a: &T, b: &T| a.named(Side::Left, names) == b.named(Side::Right, names);
        self.val_by(setting, (left, right), &same, &Value::words);
    }

    /// The same, where a source may leave the value out.
    pub(super) fn val_or<T: Value>(
        &mut self,
        setting: &str,
        left: &Val<Option<T>>,
        right: &Val<Option<T>>,
        default: &T,
    ) {
        let names = self.names;
        let same = |a: &Option<T>, b: &Option<T>| {
            let a = a.as_ref().unwrap_or(default).named(Side::Left, names);
            a == b.as_ref().unwrap_or(default).named(Side::Right, names)
        };
        self.val_by(setting, (left, right), &same, &Value::words);
    }

    /// The same, by another notion of equality.
    pub(super) fn val_by<T>(
        &mut self,
        setting: &str,
        (left, right): (&Val<T>, &Val<T>),
        same: &dyn Fn(&T, &T) -> bool,
        words: &dyn Fn(&T) -> String,
    ) {
        let may_agree = match (candidates(left), candidates(right)) {
            (Some(ours), Some(theirs)) => ours.iter().any(|a| theirs.iter().any(|b| same(a, b))),
            _ => true,
        };
        if may_agree && left.get().is_some() && right.get().is_some() {
            return;
        }
        self.tell(!may_agree, setting, told(left, words), told(right, words));
    }

    /// Compares sets of which one side may know little.
    pub(super) fn set<T: Value + Ord>(
        &mut self,
        setting: &str,
        left: &SetVal<T>,
        right: &SetVal<T>,
    ) {
        let names = self.names;
        let named = |side, members: &BTreeSet<T>| -> BTreeSet<T> {
            members.iter().map(|member| member.named(side, names)).collect()
        };
        let (sure_left, sure_right) =
            (named(Side::Left, &left.sure), named(Side::Right, &right.sure));
        let (maybe_left, maybe_right) =
            (named(Side::Left, &left.maybe), named(Side::Right, &right.maybe));
        let within = |sure: &BTreeSet<T>, other: &BTreeSet<T>, maybe: &BTreeSet<T>, open: bool| {
            open || sure.iter().all(|member| other.contains(member) || maybe.contains(member))
        };
        let may_agree = within(&sure_right, &sure_left, &maybe_left, left.open)
            && within(&sure_left, &sure_right, &maybe_right, right.open);
        if may_agree && left.is_settled() && right.is_settled() {
            return;
        }
        self.tell(!may_agree, setting, told_set(left), told_set(right));
    }
}

/// All that a value may be; `None`: anything.
fn candidates<T>(value: &Val<T>) -> Option<Vec<&T>> {
    match value {
        Val::Known(value) | Val::Assumed(value, _) => Some(vec![value]),
        Val::OneOf(values, _) => Some(values.iter().collect()),
        Val::Unknown(_) => None,
    }
}
