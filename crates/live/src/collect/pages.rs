//! Answers that come in pages, joined as the `aws` command joins them.

use serde_json::{Map, Value};

use super::api::Pages;

/// Where the next page begins; none after the last.
pub(super) fn next(pages: &Pages, page: &Value) -> Option<Value> {
    if let Some(more) = &pages.more
        && at(page, more) != Some(&Value::Bool(true))
    {
        return None;
    }
    let next = at(page, &pages.give)?;
    let there = next.as_str().is_some_and(|text| !text.is_empty());
    there.then(|| next.clone())
}

/// Adds a page to those that came before; of the first, what is kept.
pub(super) fn join(pages: &Pages, joined: Option<Value>, mut page: Value) -> Value {
    let first = joined.is_none();
    let mut joined = joined.unwrap_or_else(|| Value::Object(Map::new()));
    for path in &pages.lists {
        let Some(mut items) = take(&mut page, path) else { continue };
        match at_mut(&mut joined, path) {
            Some(Value::Array(list)) => {
                if let Value::Array(items) = &mut items {
                    list.append(items);
                }
            }
            _ => put(&mut joined, path, items),
        }
    }
    if first {
        for path in &pages.first {
            if let Some(value) = take(&mut page, path) {
                put(&mut joined, path, value);
            }
        }
    }
    joined
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

fn at_mut<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, |value, name| value.get_mut(name))
}

fn take(value: &mut Value, path: &str) -> Option<Value> {
    at_mut(value, path).map(Value::take)
}

fn put(value: &mut Value, path: &str, new: Value) {
    match path.split_once('.') {
        Some((name, rest)) => {
            let inner = value
                .as_object_mut()
                .map(|object| object.entry(name).or_insert_with(|| Value::Object(Map::new())));
            if let Some(inner) = inner {
                put(inner, rest, new);
            }
        }
        None => {
            if let Some(object) = value.as_object_mut() {
                object.insert(path.to_owned(), new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn joined(pages: &Pages, all: &[Value]) -> Value {
        let join = |joined, page: &Value| Some(join(pages, joined, page.clone()));
        all.iter().fold(None, join).unwrap_or_default()
    }

    #[test]
    fn lists_of_pages_are_one_list() {
        let pages = Pages {
            give: "L.NextMarker".to_owned(),
            take: "Marker".to_owned(),
            lists: vec!["L.Items".to_owned()],
            more: Some("L.IsTruncated".to_owned()),
            first: vec!["Name".to_owned()],
        };
        let first =
            json!({ "Name": "n", "L": { "Items": [1], "NextMarker": "m", "IsTruncated": true } });
        let last =
            json!({ "Name": "o", "L": { "Items": [2], "NextMarker": "m", "IsTruncated": false } });
        assert_eq!(next(&pages, &first), Some(json!("m")));
        assert_eq!(next(&pages, &last), None);
        let expected = json!({ "L": { "Items": [1, 2] }, "Name": "n" });
        assert_eq!(joined(&pages, &[first, last]), expected);
        assert_eq!(
            joined(&pages, &[json!({ "L": { "Items": [] } })]),
            json!({ "L": { "Items": [] } })
        );
    }
}
