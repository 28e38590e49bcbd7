//! Names that are needed once, and tags.

use super::Scope;
use crate::diagnostic::{Diagnostic, quoted};

/// The names of the gate, of its groups and hosts, and of containers that the farm puts beside a
/// server: nothing else has them.
const RESERVED: [&str; 6] = ["gate", "ingress", "endpoints", "bridge", "bridge-install", "volumes"];

/// A resource has at most 50 tags, of which some are the farm's own.
const MOST_TAGS: usize = 40;

/// The longest value of a tag, in characters.
const LONGEST_TAG: usize = 256;

/// A name that is needed once, in DNS and in what AWS's resources are called.
pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    for (key, names) in [
        ("servers", scope.farm.servers.keys().collect::<Vec<_>>()),
        ("services", scope.farm.services.keys().collect()),
        ("databases", scope.farm.databases.keys().collect()),
    ] {
        for name in names {
            let path = [key, name.as_str()];
            if RESERVED.contains(&name.as_str()) {
                let title = format!("{} is a name of the farm's own", quoted(name.as_str()));
                let problem = Diagnostic::error("reserved-name", title).at(&scope.key(&path), "");
                problems.push(problem.help("choose another"));
            }
            let before = ["servers", "services"].into_iter().take_while(|before| *before != key);
            for other in before {
                if scope.node(&[other, name.as_str()]).is_some() {
                    let title = format!("{} is a name of two things", quoted(name.as_str()));
                    let problem = Diagnostic::error("same-name", title)
                        .at(&scope.key(&path), "")
                        .context(&scope.key(&[other, name.as_str()]), "the first one");
                    problems.push(problem.help("choose another name for one of them"));
                }
            }
        }
    }
}

/// Tags that are AWS's or the farm's own.
pub(super) fn tags(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let tags = &scope.farm.tags;
    if tags.len() > MOST_TAGS {
        let title =
            format!("there are {} tags, and AWS takes {MOST_TAGS} besides the farm's", tags.len());
        let problem = Diagnostic::error("too-many", title).at(&scope.key(&["tags"]), "");
        problems.push(problem.help("remove some"));
        return;
    }
    for key in ["Farm", "Stage"] {
        if let Some((tag, _)) = scope.node(&["tags", key]) {
            let title = format!("the tag {} is added anyway", quoted(key));
            let problem = Diagnostic::error("reserved-name", title).at(&tag.mark(), "");
            problems.push(problem.help("remove it"));
        }
    }
    for (key, value) in tags {
        let text = value.as_str();
        let fits = |c: char| c.is_alphanumeric() || " _.:/=+@-".contains(c);
        let title = if text.chars().count() > LONGEST_TAG {
            format!("the value of {} has more than {LONGEST_TAG} characters", quoted(key.as_str()))
        } else if let Some(wrong) = text.chars().find(|c| !fits(*c)) {
            format!("the value of {} holds {}", quoted(key.as_str()), quoted(&wrong.to_string()))
        } else {
            continue;
        };
        let at = scope.value(&["tags", key.as_str()]);
        let problem = Diagnostic::error("bad-tag", title).at(&at, "");
        problems.push(problem.help("values have letters, digits, spaces and `_.:/=+-@`"));
    }
}
