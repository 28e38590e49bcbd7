//! Which of several sets it takes to cover another: the names behind "redundant" and "shadowed".

/// A choice out of `by` that together takes all of `what` away, and of which none can be left out.
///
/// One alone if one suffices (the first such), else rather earlier ones than later ones; `None` if
/// even all of them leave something. `cut` takes away from what is left what one of them covers.
/// There may be smaller choices: to find the smallest of all is NP-hard (set cover).
pub(crate) fn minimal_cover<T: Clone + PartialEq, K: Copy>(
    what: &T,
    by: &[K],
    cut: impl Fn(&T, K) -> T,
    is_empty: impl Fn(&T) -> bool,
) -> Option<Vec<K>> {
    if is_empty(what) {
        return Some(Vec::new());
    }
    if let Some(&one) = by.iter().find(|&&one| is_empty(&cut(what, one))) {
        return Some(vec![one]);
    }
    let mut chosen = Vec::new();
    let mut left = what.clone();
    for &one in by {
        let less = cut(&left, one);
        if less != left {
            // What is left without this one and those after it.
            chosen.push((one, left));
            left = less;
        }
    }
    if !is_empty(&left) {
        return None;
    }
    let mut needed: Vec<K> = Vec::new();
    while let Some((one, without)) = chosen.pop() {
        let left = needed.iter().fold(without, |left, &later| cut(&left, later));
        if !is_empty(&left) {
            needed.push(one);
        }
    }
    needed.reverse();
    Some(needed)
}
