//! XML as AWS answers it: elements and texts. Attributes and namespaces are passed over, and what AWS
//! doesn't write (document types, entities of one's own) is refused.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// Elements within one another.
const DEEPEST: usize = 64;
/// Elements of one answer.
const MOST: usize = 2_000_000;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    /// The text right in it.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

// === impl Element ===

impl Element {
    /// Reads a document; none if it is no such.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
        let mut open: Vec<Element> = Vec::new();
        let mut root = None;
        let mut count = 0;
        loop {
            let event = reader.read_event().ok()?;
            match event {
                Event::Start(start) => {
                    count += 1;
                    if root.is_some() || open.len() == DEEPEST || count > MOST {
                        return None;
                    }
                    open.push(Element::named(start.local_name().as_ref()));
                }
                Event::Empty(start) => {
                    count += 1;
                    if root.is_some() || count > MOST {
                        return None;
                    }
                    close(&mut open, &mut root, Element::named(start.local_name().as_ref()));
                }
                Event::End(_) => {
                    let element = open.pop()?;
                    close(&mut open, &mut root, element);
                }
                Event::Text(text) => add(&mut open, &text)?,
                Event::CData(text) => add(&mut open, &text)?,
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().ok()?;
                    match character {
                        Some(character) => open.last_mut()?.text.push(character),
                        None => open.last_mut()?.text.push_str(resolve_xml_entity(&reference)?),
                    }
                }
                Event::Decl(_) | Event::Comment(_) => {}
                Event::Eof => return if open.is_empty() { root } else { None },
                Event::DocType(_) | Event::PI(_) => return None,
            }
        }
    }

    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element down this path.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<&str> {
        let found = path.iter().try_fold(self, |element, name| element.child(name))?;
        Some(found.text.as_str())
    }
}

/// Puts an element that has ended where it belongs.
fn close(open: &mut [Element], root: &mut Option<Element>, element: Element) {
    match open.last_mut() {
        Some(parent) => {
            // What stands between elements is only there to be looked at.
            parent.text.clear();
            parent.children.push(element);
        }
        None => *root = Some(element),
    }
}

/// Text outside of elements is white space, or the document is none.
fn add(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        // Elements hold text or elements.
        Some(element) if element.children.is_empty() => element.text.push_str(text),
        Some(_) => {}
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn elements_hold_texts_or_elements() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <A xmlns="urn:x"><b/><c> x &amp; &#x79;<![CDATA[<z>]]></c>
            <d><e>1</e> <e>2</e></d></A>"#;
        let root = Element::read(text.as_bytes()).unwrap();
        assert_eq!((root.name.as_str(), root.children.len()), ("A", 3));
        assert_eq!(root.text_at(&["c"]), Some(" x & y<z>"));
        assert_eq!(root.child("d").unwrap().children.len(), 2);
        assert_eq!(root.text_at(&["d"]), Some(""));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>"#;
        for text in ["", "<a>", "<a></b>", "<a/><b/>", "x<a/>", "<a>&b;</a>", &deep, bomb] {
            assert_eq!(Element::read(text.as_bytes()), None, "{text}");
        }
    }
}
