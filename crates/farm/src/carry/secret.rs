//! What looks like a secret. In doubt it is one: a setting that became a secret costs a minute, a
//! secret in a file that is committed costs the secret.

/// Words in a name whose value is a secret.
const STRONG: [&str; 21] = [
    "KEY",
    "KEYS",
    "APIKEY",
    "TOKEN",
    "SECRET",
    "SECRETS",
    "PASS",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASSCODE",
    "PWD",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "PAT",
    "BEARER",
    "JWT",
    "DSN",
    "LICENSE",
    "WEBHOOK",
];

/// Words in a name whose value is a secret unless it is a plain word, a flag or a small number.
const WEAK: [&str; 7] =
    ["AUTH", "AUTHORIZATION", "COOKIE", "SIGNATURE", "PRIVATE", "SESSION", "CONNECTION"];

/// Parts of a name that say it without being a word of it.
const INSIDE: [&str; 7] =
    ["PASSWORD", "PASSPHRASE", "SECRET", "APIKEY", "ACCESSKEY", "AUTHTOKEN", "CREDENTIAL"];

/// What tokens of well-known services begin with.
const PREFIXES: [&str; 46] = [
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "sk-",
    "sk_",
    "pk_live_",
    "pk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "eyJ",
    "AIza",
    "ya29.",
    "SG.",
    "hf_",
    "npm_",
    "pypi-",
    "dop_v1_",
    "doo_v1_",
    "shpat_",
    "shpss_",
    "lin_api_",
    "ntn_",
    "secret_",
    "figd_",
    "tvly-",
    "fc-",
    "Bearer ",
    "bearer ",
    "Basic ",
    "-----BEGIN",
];

/// Words in a URL's query whose value is a secret.
const QUERY: [&str; 9] =
    ["key", "apikey", "api_key", "token", "access_token", "secret", "password", "sig", "signature"];

/// Letters and digits in a row, both of them, that are nobody's word.
const LONG: usize = 16;

/// Whether a variable of this name and value is a secret.
pub(super) fn variable(name: &str, value: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let joined: String = words.concat();
    has(&STRONG)
        || INSIDE.iter().any(|inside| joined.contains(inside))
        || (has(&WEAK) && !harmless(value))
        || self::value(value)
}

/// Whether an option of the command line (`--api-key`) is followed by a secret.
pub(super) fn option(option: &str) -> bool {
    let Some(name) = option.strip_prefix("--").or_else(|| option.strip_prefix('-')) else {
        return false;
    };
    let words = words(name);
    let file = words.last().is_some_and(|last| matches!(last.as_str(), "FILE" | "PATH"));
    name.len() > 1 && !file && words.iter().any(|word| STRONG.contains(&word.as_str()))
}

/// Whether a text is a secret, whatever it is called.
pub(super) fn value(text: &str) -> bool {
    // An image's digest is no secret, whatever it looks like.
    let text = text.split("@sha256:").next().unwrap_or_default().trim();
    PREFIXES.iter().any(|prefix| begins(text, prefix))
        || text.contains("-----BEGIN")
        || url_with_secret(text)
        || longest_mixed_run(without_host(text)) >= LONG
        || is_uuid(text)
}

/// Whether a text begins so and goes on as tokens do.
fn begins(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        let token: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
        token.len() >= 8 || prefix.ends_with(' ') || prefix.starts_with('-')
    })
}

/// The words of a name, in upper case: `githubApiKey` has three.
fn words(name: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let starts = c.is_ascii_uppercase() && before.is_ascii_lowercase();
        if starts || !c.is_ascii_alphanumeric() {
            all.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = all.last_mut()
        {
            word.push(c.to_ascii_uppercase());
        }
        before = c;
    }
    all.retain(|word| !word.is_empty());
    all
}

/// A word, a flag or a small number.
fn harmless(value: &str) -> bool {
    let word = value.chars().all(|c| c.is_ascii_alphabetic()) && value.len() <= 12;
    let number = value.chars().all(|c| c.is_ascii_digit()) && value.len() <= 6;
    word || number
}

/// Whether a URL names a user with a password, or holds a key in its query.
fn url_with_secret(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let password = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let in_query = query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        QUERY.contains(&name.as_str())
    });
    password || in_query
}

/// A URL without scheme and host, of which the latter may have long labels.
fn without_host(text: &str) -> &str {
    match text.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
        None => text,
    }
}

/// The length of the longest run of letters and digits that has both.
fn longest_mixed_run(text: &str) -> usize {
    let runs = text.split(|c: char| !c.is_ascii_alphanumeric());
    let mixed = runs.filter(|run| {
        run.chars().any(|c| c.is_ascii_digit()) && run.chars().any(|c| c.is_ascii_alphabetic())
    });
    mixed.map(str::len).max().unwrap_or_default()
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &&str| part.chars().all(|c| c.is_ascii_hexdigit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for name in [
            "GITHUB_PERSONAL_ACCESS_TOKEN",
            "OPENAI_API_KEY",
            "openaiApiKey",
            "AWS_ACCESS_KEY_ID",
            "DB_PASSWORD",
            "PGPASSWORD",
            "CLIENT_SECRET",
            "SENTRY_DSN",
        ] {
            assert!(variable(name, "x"), "{name}");
        }
        for (name, value) in [
            ("LOG_LEVEL", "debug"),
            ("MAX_TOKENS", "4096"),
            ("AUTH_TYPE", "none"),
            ("PYTHONUNBUFFERED", "1"),
            ("API_BASE_URL", "https://api.example.com/v1"),
            ("MODEL", "claude-3-5-sonnet-20241022"),
            ("MONKEY", "banana"),
            ("AWS_REGION", "us-west-2"),
            ("NODE_OPTIONS", "--max-old-space-size=4096"),
        ] {
            assert!(!variable(name, value), "{name}");
        }
    }

    #[test]
    fn values_tell() {
        for text in [
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "sk-ant-REDACTED",
            "postgresql://user:hunter2@db.example.com/app",
            "https://api.example.com/mcp?api_key=abc",
            "https://hooks.example.com/services/T0/B0/a1b2c3d4e5f6a7b8c9d0",
            "Bearer abc",
            "0123456789abcdef0123456789abcdef",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert!(value(text), "{text}");
        }
        for text in [
            "postgresql://localhost/mydb",
            "https://a1b2c3d4e5f6g7h8i9j0.example.com/mcp",
            "@modelcontextprotocol/server-filesystem@2025.1.14",
            "mcp-server-git==2025.1.14",
            "a/b@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef",
            "/Users/somebody/Documents/project2",
            "sk-1",
            "--repository",
        ] {
            assert!(!value(text), "{text}");
        }
    }

    #[test]
    fn options_tell() {
        for text in ["--api-key", "--token", "--password", "-apikey"] {
            assert!(option(text), "{text}");
        }
        for text in ["--key-file", "-k", "--max-tokens", "key", "--repository"] {
            assert!(!option(text), "{text}");
        }
    }
}
