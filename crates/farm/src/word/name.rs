//! Names: of farms, servers, hosts, environment variables, and patterns of principals.

use crate::diagnostic::quoted;
use crate::record::{Bad, Word};

/// Declares a text newtype.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// A text of the program's own, known to be right.
            #[allow(dead_code, reason = "not every word has a default")]
            pub(crate) fn of(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

pub(super) use text;

text! {
    /// The name of a farm, a server, a service or a database: the label of a DNS name, and part of
    /// the names of AWS resources, of which the shortest hold 32 characters.
    Name
}

/// Longest [`Name`].
const LONGEST_NAME: usize = 30;

impl Word for Name {
    const WHAT: &'static str = "a name";
    const PATTERN: Option<&'static str> = Some("^[a-z]([a-z0-9]|-(?=[a-z0-9])){0,29}$");
    const EXAMPLES: &'static [&'static str] = &["python", "nova-act"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let good = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(fits)
            && !text.ends_with('-')
            && !text.contains("--")
            && text.len() <= LONGEST_NAME;
        if good {
            return Ok(Self(text.to_owned()));
        }
        let mut near: String = text
            .to_ascii_lowercase()
            .chars()
            .map(|c| if fits(c) { c } else { '-' })
            .skip_while(|c| !c.is_ascii_lowercase())
            .take(LONGEST_NAME)
            .collect();
        while near.contains("--") {
            near = near.replace("--", "-");
        }
        let near = near.trim_end_matches('-');
        let help = match near {
            "" => "names have lowercase letters, digits and single hyphens".to_owned(),
            near => format!(
                "names have at most {LONGEST_NAME} lowercase letters, digits and single hyphens: \
                 `{near}`"
            ),
        };
        Err(Bad::new("bad-name", format!("{} is not a name", quoted(text)), help))
    }
}

text! {
    /// The key of a tag.
    Label
}

impl Word for Label {
    const WHAT: &'static str = "a tag's key";
    const PATTERN: Option<&'static str> = Some("^[A-Za-z0-9 _.:/=+@-]{1,128}$");
    const EXAMPLES: &'static [&'static str] = &["Team"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let fits = |c: char| c.is_ascii_alphanumeric() || " _.:/=+@-".contains(c);
        if !text.is_empty() && text.len() <= 128 && text.chars().all(fits) {
            if text.to_ascii_lowercase().starts_with("aws:") {
                let title = format!("{} is a key of AWS's own", quoted(text));
                return Err(Bad::new("bad-tag", title, "choose another key"));
            }
            return Ok(Self(text.to_owned()));
        }
        Err(Bad::new(
            "bad-tag",
            format!("{} is not a tag's key", quoted(text)),
            "keys have at most 128 letters, digits, spaces and `_.:/=+-@`",
        ))
    }
}

text! {
    /// An environment variable's name.
    VariableName
}

impl Word for VariableName {
    const WHAT: &'static str = "an environment variable's name";
    const PATTERN: Option<&'static str> = Some("^[A-Za-z_][A-Za-z0-9_]*$");
    const EXAMPLES: &'static [&'static str] = &["NOVA_ACT_API_KEY"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let good = text.chars().all(fits)
            && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.len() <= 255;
        if !good {
            return Err(Bad::new(
                "bad-variable",
                format!("{} is not an environment variable's name", quoted(text)),
                "write it with letters, digits and underscores",
            ));
        }
        if text.starts_with("FARMGATE_") {
            let title = format!("{} is a variable of farmgate's own", quoted(text));
            return Err(Bad::new("bad-variable", title, "choose another name"));
        }
        Ok(Self(text.to_owned()))
    }
}

text! {
    /// A DNS name of at least two labels, in lower case.
    HostName
}

impl Word for HostName {
    const WHAT: &'static str = "a host name";
    const PATTERN: Option<&'static str> =
        Some("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
    const EXAMPLES: &'static [&'static str] = &["farm.example.com"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let label = |label: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            (1..=63).contains(&label.len())
                && label.chars().all(fits)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let numbers = text.chars().all(|c| c.is_ascii_digit() || c == '.');
        if text.len() <= 253 && text.contains('.') && text.split('.').all(label) && !numbers {
            return Ok(Self(text.to_owned()));
        }
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        let bare = bare.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
        let help = if bare != text && bare.contains('.') && bare.split('.').all(label) {
            format!("write the name alone: `{bare}`")
        } else {
            "write it as `farm.example.com`".to_owned()
        };
        Err(Bad::new("bad-host", format!("{} is not a host name", quoted(text)), help))
    }
}

text! {
    /// A text of one line.
    Text
}

impl Word for Text {
    const WHAT: &'static str = "a text of one line";
    const EXAMPLES: &'static [&'static str] = &[];

    fn parse(text: &str) -> Result<Self, Bad> {
        if text.contains(['\n', '\r']) {
            return Err(Bad::new("bad-text", "the text has several lines", "write one line"));
        }
        Ok(Self(text.to_owned()))
    }
}

text! {
    /// An absolute path in a container.
    MountPath
}

impl Word for MountPath {
    const WHAT: &'static str = "an absolute path";
    const PATTERN: Option<&'static str> = Some("^/[A-Za-z0-9._/-]*$");
    const EXAMPLES: &'static [&'static str] = &["/tmp"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
        let up = text.split('/').any(|part| part == "..");
        if text.starts_with('/') && text.len() > 1 && text.chars().all(fits) && !up {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not an absolute path", quoted(text));
        Err(Bad::new("bad-path", title, "write it as `/var/cache/app`"))
    }
}

text! {
    /// A principal, with `*` for any text: `group:researchers`, `key:*`, `*`.
    GroupPattern
}

impl Word for GroupPattern {
    const WHAT: &'static str = "a principal";
    const EXAMPLES: &'static [&'static str] = &["group:researchers", "*"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let kinds = ["group:", "key:", "subject:", "arn:"];
        if text == "*" || kinds.iter().any(|k| text.strip_prefix(k).is_some_and(|r| !r.is_empty()))
        {
            return Ok(Self(text.to_owned()));
        }
        Err(Bad::new(
            "bad-principal",
            format!("{} is not a principal", quoted(text)),
            "write `group:NAME`, `key:NAME`, `subject:NAME`, an ARN, or `*`",
        ))
    }
}
