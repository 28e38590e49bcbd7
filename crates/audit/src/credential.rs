//! What is a credential: a value of a form that its maker documents, or a value that a variable
//! holds whose name says that it is one.
//!
//! Placeholders and references are none. Values are looked at and never repeated.

/// How many bytes of a value are looked at.
const MOST: usize = 64 * 1024;

/// How a token begins, of how many further characters it has at least, and what it is.
///
/// As their makers document them (GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, Hugging Face,
/// Docker, `DigitalOcean`, Anthropic, `OpenAI`; AWS IAM User Guide, "IAM identifiers").
const TOKENS: [(&str, usize, &str); 23] = [
    ("AKIA", 16, "an access key of AWS"),
    ("ASIA", 16, "an access key of AWS"),
    ("ghp_", 36, "a token of GitHub"),
    ("gho_", 36, "a token of GitHub"),
    ("ghu_", 36, "a token of GitHub"),
    ("ghs_", 36, "a token of GitHub"),
    ("ghr_", 36, "a token of GitHub"),
    ("github_pat_", 60, "a token of GitHub"),
    ("glpat-", 20, "a token of GitLab"),
    ("xoxb-", 20, "a token of Slack"),
    ("xoxp-", 20, "a token of Slack"),
    ("xoxa-", 20, "a token of Slack"),
    ("xoxr-", 20, "a token of Slack"),
    ("sk_live_", 20, "a key of Stripe"),
    ("rk_live_", 20, "a key of Stripe"),
    ("sk-ant-", 40, "a key of Anthropic"),
    ("sk-proj-", 40, "a key of OpenAI"),
    ("AIza", 35, "a key of Google"),
    ("npm_", 36, "a token of npm"),
    ("hf_", 34, "a token of Hugging Face"),
    ("pypi-AgEI", 50, "a token of PyPI"),
    ("dckr_pat_", 20, "a token of Docker"),
    ("dop_v1_", 64, "a token of DigitalOcean"),
];

/// What stands for a credential that whoever read the source did not keep.
pub const NOT_KEPT: &str = "farmgate:redacted-credential";

/// Whether a value is a credential, for those who must not keep it: of a variable, or of nothing that
/// has a name (`""`).
#[must_use]
pub fn is_credential(name: &str, value: &str) -> bool {
    by_form(value).is_some() || by_name(name, value)
}

/// What a value is by its form alone, if it is a credential.
pub(crate) fn by_form(value: &str) -> Option<&'static str> {
    let value = start_of(value);
    if value == NOT_KEPT {
        return Some("not kept");
    }
    if value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let url = || holds_password(value).then_some("a URL with a password");
    token(value).or_else(url)
}

/// Whether a variable of this name with this value holds a credential.
pub(crate) fn by_name(name: &str, value: &str) -> bool {
    let value = start_of(value).trim();
    match secret_word(name) {
        None => false,
        Some(_) if is_placeholder(value) || is_reference(value) || is_setting(value) => false,
        Some(Word::Password) => value.len() >= 4 && !value.contains(char::is_whitespace),
        Some(Word::Key) => looks_made(value),
    }
}

/// Whether a name says that what it names is a secret: `API_KEY`, `/app/db-password`, `clientSecret`.
pub(crate) fn names_secret(name: &str) -> bool {
    secret_word(name).is_some()
}

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// People think of it, so it may be any text.
    Password,
    /// A machine makes it.
    Key,
}

fn secret_word(name: &str) -> Option<Word> {
    let words = words(name);
    // What everybody may see: `NEXT_PUBLIC_TOKEN`, `STRIPE_PUBLISHABLE_KEY`.
    if words.iter().any(|word| matches!(word.as_str(), "public" | "publishable" | "max" | "num")) {
        return None;
    }
    let last = words.last()?.as_str();
    let before = words.iter().rev().nth(1).map_or("", String::as_str);
    match last {
        "password" | "passwd" | "passphrase" => Some(Word::Password),
        // `PWD` alone is where a shell is.
        "pass" | "pwd" if words.len() > 1 => Some(Word::Password),
        "secret" | "token" | "apikey" => Some(Word::Key),
        "key" => {
            let kinds =
                ["api", "private", "secret", "access", "encryption", "signing", "master", "auth"];
            kinds.contains(&before).then_some(Word::Key)
        }
        _ => None,
    }
}

/// The words of a name, in lower case: `apiKey`, `API_KEY` and `api-key` have the same.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().take(512).collect();
    let mut words = vec![String::new()];
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let starts = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || (before.is_some_and(|b| b.is_uppercase())
                    && after.is_some_and(|a| a.is_lowercase())));
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn start_of(value: &str) -> &str {
    let end = (0..=MOST.min(value.len())).rev().find(|at| value.is_char_boundary(*at));
    value.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// What the first token is that stands in a text, by itself.
fn token(text: &str) -> Option<&'static str> {
    let of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    let mut before = None;
    let starts = bytes.iter().enumerate().filter(|(_, byte)| {
        let within = before.replace(**byte).is_some_and(of_word);
        !within && byte.is_ascii_alphabetic()
    });
    starts.filter_map(|(at, _)| text.get(at..)).find_map(|rest| {
        let begun = TOKENS.iter().filter(|(prefix, ..)| rest.starts_with(prefix));
        let mut whole = begun.filter(|(prefix, least, _)| is_token(rest, prefix, *least));
        whole.next().map(|(.., what)| *what)
    })
}

/// Whether a text that begins with a prefix begins with a token.
fn is_token(text: &str, prefix: &str, least: usize) -> bool {
    let is_aws = prefix == "AKIA" || prefix == "ASIA";
    let of_token = |c: char| match is_aws {
        true => c.is_ascii_uppercase() || c.is_ascii_digit(),
        false => c.is_ascii_alphanumeric() || c == '_' || c == '-',
    };
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    let token: &str = rest.split(|c: char| !of_token(c)).next().unwrap_or_default();
    let long_enough = if is_aws { token.len() == least } else { token.len() >= least };
    long_enough && !is_placeholder(token)
}

/// Whether there is a URL with a password in it: `postgres://app:hunter2@db/app`.
fn holds_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = text.get(at + 3..).unwrap_or_default();
        let ends = |c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace();
        let authority = rest.split(ends).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        let password = user.split_once(':').map_or("", |(_, password)| password);
        !password.is_empty() && !is_placeholder(password) && !is_reference(password)
    })
}

/// What somebody is to put something in the place of, and what something else fills in.
fn is_placeholder(value: &str) -> bool {
    const MARKS: [&str; 15] = [
        "your",
        "change",
        "replace",
        "placeholder",
        "example",
        "dummy",
        "todo",
        "xxx",
        "***",
        "insert",
        "redacted",
        "${",
        "{{",
        "$(",
        "<",
    ];
    let lower = value.to_ascii_lowercase();
    let same = value.chars().next().is_some_and(|first| value.chars().all(|c| c == first));
    value.is_empty()
        || same
        || value.starts_with(['$', '%'])
        || MARKS.iter().any(|it| lower.contains(it))
}

/// What says where a value is, and isn't one.
fn is_reference(value: &str) -> bool {
    const STARTS: [&str; 8] = ["arn:", "/", "./", "../", "~", "projects/", "secret:", "vault:"];
    STARTS.iter().any(|start| value.starts_with(start)) || value.contains("://")
}

/// What turns something on or off, or says how.
fn is_setting(value: &str) -> bool {
    const SETTINGS: [&str; 19] = [
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "none",
        "null",
        "nil",
        "undefined",
        "unset",
        "auto",
        "default",
        "enabled",
        "disabled",
        "required",
        "optional",
        "random",
        "prompt",
    ];
    SETTINGS.contains(&value.to_ascii_lowercase().as_str())
}

/// Whether a machine made a value: long, of letters and digits, and no words with hyphens between.
fn looks_made(value: &str) -> bool {
    let has = |what: fn(&char) -> bool| value.chars().any(|c| what(&c));
    let plain = value.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '{' | '}' | '[' | ']'));
    let parts = value.split(['-', '_', '/', '.', ':', ',']);
    let is_word = |part: &str| {
        part.len() <= 4
            || part.chars().all(|c| c.is_ascii_digit())
            || part.chars().all(|c| c.is_ascii_alphabetic())
            // `python3`, `oauth2`
            || part.trim_end_matches(|c: char| c.is_ascii_digit()).chars().all(char::is_alphabetic)
    };
    value.len() >= 16
        && plain
        && has(char::is_ascii_alphabetic)
        && has(char::is_ascii_digit)
        && !parts.into_iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::{by_form, by_name, names_secret};

    #[test]
    fn names_say_what_they_hold() {
        for name in [
            "API_KEY",
            "apiKey",
            "APIKey",
            "NOVA_ACT_API_KEY",
            "DB_PASSWORD",
            "DB_PASS",
            "clientSecret",
            "GITHUB_TOKEN",
            "/nova-act-mcp/api-key",
            "JWT_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "db.pwd",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "PWD",
            "KEY",
            "TOKENS",
            "MAX_TOKEN",
            "TOKEN_URL",
            "SECRET_ARN",
            "SECRET_NAME",
            "PASSWORD_FILE",
            "NEXT_PUBLIC_TOKEN",
            "PUBLIC_KEY",
            "AWS_ACCESS_KEY_ID",
            "STRIPE_PUBLISHABLE_KEY",
            "MONKEY",
            "PRIMARY_KEY",
            "TOKENIZER",
            "/mcp/endpoints/stateful/python-mcp",
            "",
            "SECRETS_MANAGER_REGION",
        ] {
            assert!(!names_secret(name), "{name}");
        }
    }

    #[test]
    fn values_are_credentials_placeholders_or_references() {
        for (name, value) in [
            ("DB_PASSWORD", "postgres"),
            ("DB_PASSWORD", "12345678"),
            ("API_KEY", "550e8400-e29b-41d4-a716-446655440000"),
            ("JWT_SECRET", "f3a9c1d27b6e4058"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI9K7MDENGbPxRfiCYzAbCdEf1234"),
        ] {
            assert!(by_name(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD", "${DB_PASSWORD}"),
            ("DB_PASSWORD", "{{resolve:secretsmanager:db:SecretString:password}}"),
            ("DB_PASSWORD", "changeme"),
            ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
            ("API_KEY", "your_nova_act_api_key_here"),
            ("API_KEY", "<API_KEY>"),
            ("API_KEY", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:api-Kx3fQz"),
            ("DB_SECRET", "prod/app/database-credentials-2024"),
            ("DB_SECRET", "rds-db-credentials/cluster-production"),
            ("AUTH_TOKEN", "https://id.example.com/token"),
            ("AUTH_TOKEN", "0000000000000000"),
            ("SESSION_SECRET", "/run/secrets/session-1234567890"),
            ("PORT", "8000"),
            ("GIT_COMMIT", "9b2a7c1d3e4f5061728394a5b6c7d8e9f0011223"),
        ] {
            assert!(!by_name(name, value), "{name} {value}");
        }
    }

    #[test]
    fn forms_are_known_by_their_makers() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE";
        let github = format!("ghp_{}", "a1B2".repeat(9));
        let url = "postgres://app:hunter2@db.internal:5432/app";
        for (value, what) in [
            ("AKIAQ3EGRIT4XBCD5FGH", "an access key of AWS"),
            ("{\"key\":\"AKIAQ3EGRIT4XBCD5FGH\"}", "an access key of AWS"),
            (pem, "a private key"),
            (github.as_str(), "a token of GitHub"),
            (url, "a URL with a password"),
        ] {
            assert_eq!(by_form(value), Some(what), "{what}");
        }
        for value in [
            "AKIAIOSFODNN7EXAMPLE",
            "XAKIAQ3EGRIT4XBCD5FGH",
            "AKIAQ3EGRIT4XBCD5FGHI",
            "https://user@host/",
            "https://host:8080/a@b:c",
            "postgres://app:${PASSWORD}@db/app",
            "postgres://app:<password>@db/app",
            "-----BEGIN PUBLIC KEY-----",
            "",
        ] {
            assert_eq!(by_form(value), None, "{value}");
        }
    }
}
