//! What STS answers, read strictly: XML of one shape, and nothing that only looks like it.
//!
//! (CVE-2020-16250: a gateway of this kind let the client choose headers and the action, and found an
//! ARN anywhere in what came back. Here the request is ours, and so must the answer be.)

use quick_xml::Reader;
use quick_xml::events::Event;

use super::super::callers;

/// The namespace of what STS says of a caller.
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// Elements within one another.
const DEEPEST: usize = 8;
/// Elements, texts and all else.
const MOST: usize = 256;

/// What STS says of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is right: the ARN of whose key signed.
    Caller(String),
    /// It is wrong, or over, or its key is.
    Wrong,
}

/// The texts of an answer, each with the elements in which it stands.
type Texts = Vec<(Vec<String>, String)>;

/// The caller in an answer to `GetCallerIdentity`: none if it is any other document.
pub(super) fn caller(body: &[u8]) -> Option<String> {
    let texts = texts(body, Some(NAMESPACE))?;
    let result = ["GetCallerIdentityResponse", "GetCallerIdentityResult"];
    let only = |name: &str| {
        let mut found =
            texts.iter().filter(|(path, _)| path.last().is_some_and(|it| it.as_str() == name));
        match (found.next(), found.next()) {
            (Some((path, text)), None) if path.iter().eq(result.iter().chain([&name])) => {
                Some(text.as_str())
            }
            _ => None,
        }
    };
    let (arn, account) = (only("Arn")?, only("Account")?);
    (callers::is_caller(arn) && callers::account(arn) == Some(account)).then(|| arn.to_owned())
}

/// What an answer that refuses says; none if it isn't about the request, or can't be read.
pub(super) fn refusal(body: &[u8]) -> Option<Answer> {
    /// Parts of codes that say that it may go well another time (AWS has dozens of such codes).
    const NOT_NOW: [&str; 7] = [
        "Throttl",
        "LimitExceeded",
        "TooManyRequests",
        "SlowDown",
        "Unavailable",
        "Internal",
        "Timeout",
    ];
    // Whoever is refused gets in by nothing that it says, so the namespace doesn't matter.
    let texts = texts(body, None)?;
    let error = ["ErrorResponse", "Error", "Code"];
    let (_, code) = texts.iter().find(|(path, _)| path.iter().eq(error))?;
    (!NOT_NOW.iter().any(|part| code.contains(part))).then_some(Answer::Wrong)
}

/// Reads a document of elements and texts, all of one namespace: this one, or any. Entities,
/// processing instructions and the like aren't in one.
fn texts(body: &[u8], namespace: Option<&str>) -> Option<Texts> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    reader.config_mut().trim_text(true);
    let (mut path, mut texts, mut roots) = (Vec::<String>::new(), Texts::new(), 0);
    for _ in 0..MOST {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                roots += usize::from(path.is_empty());
                let spaces = element.attributes().map(|it| it.map(|it| (it.key.0 == "xmlns", it)));
                let spaces = spaces.collect::<Result<Vec<_>, _>>().ok()?;
                let right = match spaces.as_slice() {
                    [] => !path.is_empty(),
                    [(true, space)] => {
                        path.is_empty() && namespace.is_none_or(|wanted| space.value == wanted)
                    }
                    _ => false,
                };
                let name = element.name().0.to_owned();
                if !right || roots > 1 || path.len() == DEEPEST {
                    return None;
                }
                path.push(name);
            }
            // The reader itself sees that it is the right one.
            Event::End(_) => drop(path.pop()?),
            Event::Text(text) => {
                let text = text.trim().to_owned();
                if path.is_empty() && !text.is_empty() {
                    return None;
                }
                if !text.is_empty() {
                    texts.push((path.clone(), text));
                }
            }
            Event::Decl(_) if path.is_empty() && roots == 0 => {}
            Event::Eof => return (path.is_empty() && roots == 1).then_some(texts),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests;
