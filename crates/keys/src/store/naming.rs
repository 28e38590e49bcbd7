//! What stores of keys have in common: a name is one principal, so its keys have one group; and a
//! key is found by its id or by its name.

use std::collections::BTreeSet;

use super::{MAX_NAME, NewKey, Unchanged};

/// A key that has an id, an owner and a group.
pub(crate) trait Named {
    fn id(&self) -> &str;
    fn name(&self) -> &str;
    fn group(&self) -> Option<&str>;
}

/// Whether a text can be a name of a key or a group: what rules can say, without their wildcards.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(fits)
}

/// Whether a new key can be among these.
pub(crate) fn check_new<K: Named>(keys: &[K], new: &NewKey, now: i64) -> Result<(), Unchanged> {
    for name in new.name.iter().chain(&new.group) {
        if !is_name(name) {
            return Err(Unchanged::Name(name.clone()));
        }
    }
    if new.expires.is_some_and(|expires| expires <= now) {
        return Err(Unchanged::Past);
    }
    let Some(name) = &new.name else { return Ok(()) };
    if keys.iter().any(|key| key.id() == name) {
        return Err(Unchanged::Taken(name.clone()));
    }
    match keys.iter().find(|key| key.name() == name) {
        Some(known) if known.group() != new.group.as_deref() => Err(Unchanged::OtherGroup {
            name: name.clone(),
            group: known.group().map(str::to_owned),
        }),
        Some(_) => Err(Unchanged::Taken(name.clone())),
        None => Ok(()),
    }
}

/// The key of an id, or the newest of a name: the others of the name are on their way out.
pub(crate) fn newest<'a, K: Named>(keys: &'a [K], which: &str) -> Result<&'a K, Unchanged> {
    let of_id = keys.iter().find(|key| key.id() == which);
    let of_name = || keys.iter().rfind(|key| key.name() == which);
    of_id.or_else(of_name).ok_or_else(|| Unchanged::Nobody(which.to_owned()))
}

/// The ids of the keys to revoke: that of an id or a name; with `all`, all of a name.
pub(crate) fn chosen<K: Named>(
    keys: &[K],
    which: &str,
    all: bool,
) -> Result<BTreeSet<String>, Unchanged> {
    let of_name: Vec<&K> = keys.iter().filter(|key| key.name() == which).collect();
    if !all && keys.iter().any(|key| key.id() == which) {
        return Ok([which.to_owned()].into());
    }
    if !all && of_name.len() > 1 {
        return Err(Unchanged::Several { name: which.to_owned(), count: of_name.len() });
    }
    let ids: BTreeSet<String> = of_name.iter().map(|key| key.id().to_owned()).collect();
    if ids.is_empty() { Err(Unchanged::Nobody(which.to_owned())) } else { Ok(ids) }
}
