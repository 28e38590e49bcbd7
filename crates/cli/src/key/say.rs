//! What is printed of keys: what a program or a client takes goes to the standard output, alone; what
//! a person has to know to the standard error.

use std::io::{self, Write as _};
use std::path::Path;

use farmgate_keys::{AccessKey, AccessKeyPair, ApiKey, GateKeys};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::list::{span, time};
use super::store::{Kind, Store};
use crate::args::{Color, Format, IssueFormat};
use crate::output;
use crate::problem::Failure;
use crate::render::style::{BOLD, DIM, DOUBT};
use crate::render::words::visible;

/// What a secret of Secrets Manager holds at most, in bytes.
const SECRET_BYTES: usize = 65_536;

/// A key that was made.
pub(super) struct Made<'a> {
    pub(super) key: &'a SecretString,
    pub(super) added: &'a ApiKey,
    pub(super) store: &'a Store,
    /// For how many seconds the old one still holds, and until when.
    pub(super) old: Option<(i64, i64)>,
}

/// An access key that was made.
pub(super) struct Issued<'a> {
    pub(super) pair: &'a AccessKeyPair,
    pub(super) added: &'a AccessKey,
    pub(super) store: &'a Store,
    /// For how many seconds the old one still holds, and until when.
    pub(super) old: Option<(i64, i64)>,
}

/// A line for people; that nobody may be reading there changes nothing.
fn aside(text: &str, color: Color) {
    let mut err = anstream::AutoStream::new(io::stderr().lock(), output::choice(color));
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

fn path(file: &Path) -> String {
    visible(&file.to_string_lossy()).into_owned()
}

// === the gate's own keys ===

/// New keys, on the standard output.
pub(super) fn gate_keys(
    line: &str,
    keys: &GateKeys,
    secret: &str,
    color: Color,
) -> Result<(), Failure> {
    output::text(line, Color::Never)?;
    let public = keys.public();
    aside(
        &format!(
            "{BOLD}these are the gate's own keys{BOLD:#}: keep them in Secrets Manager alone, as \
             `{secret}`\n{}",
            in_farm(&public)
        ),
        color,
    );
    Ok(())
}

/// New keys that were written to a file.
pub(super) fn gate_keys_in(
    file: &Path,
    keys: &GateKeys,
    secret: &str,
    color: Color,
) -> Result<(), Failure> {
    let public = keys.public();
    output::text(&format!("{public}\n"), Color::Never)?;
    let file = path(file);
    aside(
        &format!(
            "wrote {BOLD}{file}{BOLD:#}: the gate's own keys, for their owner alone\n\
             {DIM}put them where the gate finds them, and remove the file{DIM:#}\n  \
             aws secretsmanager create-secret --name {secret} --secret-string file://{file}\n{}",
            in_farm(&public)
        ),
        color,
    );
    Ok(())
}

/// Keys that were rotated, or retired.
pub(super) fn gate_keys_rotated(
    file: &Path,
    keys: &GateKeys,
    secret: &str,
    sealed: &[&Store],
    format: Format,
    color: Color,
) -> Result<(), Failure> {
    let public = keys.public();
    if format == Format::Json {
        let (sign, seal) = keys.ids();
        let file = file.to_string_lossy();
        let sealed: Vec<_> = sealed.iter().map(|store| store.file.to_string_lossy()).collect();
        return output::json(&json!({
            "file": file,
            "public_key": public,
            "sign": sign,
            "seal": seal,
            "sealed_anew": sealed,
        }));
    }
    output::text(&format!("{public}\n"), Color::Never)?;
    let (sign, seal) = keys.ids();
    let file = path(file);
    let mut stores = String::new();
    for store in sealed {
        stores.push_str(&format!("sealed anew: {BOLD}{}{BOLD:#}\n", path(&store.file)));
        stores.push_str(&on_amazon(store)?);
    }
    aside(
        &format!(
            "changed {BOLD}{file}{BOLD:#}\n{stores}\
             signing keys: {} {DIM}(in use, next, older){DIM:#}\n\
             sealing keys: {} {DIM}(in use, next, older){DIM:#}\n\
             {DIM}a gate of `farmgate up` takes them by itself; on AWS, in any order:{DIM:#}\n  \
             aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://{file}\n{}\
             {DIM}then deploy the gate and the servers anew; `--retire` drops the older keys, once all have\n\
             the new ones, no session is older and no access key is sealed with them{DIM:#}\n",
            sign.join(" "),
            seal.join(" "),
            in_farm(&public),
        ),
        color,
    );
    Ok(())
}

/// What the farm file is to say.
fn in_farm(public: &str) -> String {
    format!("{DIM}and in the farm file{DIM:#}\n  gate: {{ public_key: \"{public}\" }}\n")
}

// === API keys ===

/// A key that was made: itself on the standard output, and what a client does with it.
pub(super) fn made(made: &Made<'_>, format: Format, color: Color) -> Result<(), Failure> {
    let Made { key, added, store, old } = made;
    if format == Format::Json {
        return output::json(&as_json(made));
    }
    output::text(&format!("{}\n", key.expose_secret()), Color::Never)?;
    let group = added.group.as_deref().unwrap_or("-");
    let mut text = format!(
        "{BOLD}key:{}{BOLD:#}, group {group}, id {}: its hash is in {}\n\
         {DIM}the key is shown this once; a client sends{DIM:#}\n  {}: KEY\n",
        added.name,
        added.id,
        path(&store.file),
        headers(store).0,
    );
    if let (_, Some(header)) = headers(store) {
        text.push_str(&format!("  {header}: {group}\n"));
    }
    text.push_str(&times(added.expires, *old));
    text.push_str(&on_amazon(store)?);
    aside(&text, color);
    Ok(())
}

/// The headers in which a client sends its key, and names its group.
fn headers(store: &Store) -> (&str, Option<&str>) {
    match &store.kind {
        Kind::Api { header, group_header } => (header, group_header.as_deref()),
        Kind::Access { .. } => ("authorization", None),
    }
}

/// Until when a key holds, and the one in whose place it is.
fn times(expires: Option<i64>, old: Option<(i64, i64)>) -> String {
    let mut text = String::new();
    if let Some(expires) = expires {
        text.push_str(&format!("it holds until {}\n", time(expires)));
    }
    if let Some((left, end)) = old {
        text.push_str(&match left {
            0 => "the old one holds no longer\n".to_owned(),
            left => format!("the old one holds for {} more, until {}\n", span(left), time(end)),
        });
    }
    text
}

fn as_json(made: &Made<'_>) -> Value {
    let Made { key, added, store, old } = made;
    let (header, group_header) = self::headers(store);
    let mut headers = serde_json::Map::new();
    headers.insert(header.to_owned(), json!(key.expose_secret()));
    if let Some((header, group)) = group_header.zip(added.group.clone()) {
        headers.insert(header.to_owned(), json!(group));
    }
    json!({
        "key": key.expose_secret(),
        "id": added.id,
        "name": added.name,
        "group": added.group,
        "created": time(added.created),
        "expires": added.expires.map(time),
        "old_expires": old.map(|(_, end)| time(end)),
        "store": store.file.to_string_lossy(),
        "headers": headers,
    })
}

// === access keys ===

/// An access key that was made: itself on the standard output, and what a client does with it.
pub(super) fn issued(
    issued: &Issued<'_>,
    format: IssueFormat,
    color: Color,
) -> Result<(), Failure> {
    let Issued { pair, added, store, old } = issued;
    let scope = match &store.kind {
        Kind::Access { scope: Some((region, service)) } => {
            Some((region.as_str(), service.as_str()))
        }
        _ => None,
    };
    let secret = pair.secret.expose_secret();
    match format {
        IssueFormat::Json => return output::json(&issued_as_json(issued, scope)),
        IssueFormat::CredentialProcess => {
            let mut credentials =
                json!({ "Version": 1, "AccessKeyId": pair.id, "SecretAccessKey": secret });
            if let (Some(expires), Some(fields)) = (added.expires, credentials.as_object_mut()) {
                fields.insert("Expiration".to_owned(), json!(time(expires)));
            }
            output::json(&credentials)?;
        }
        IssueFormat::Env => {
            let mut text =
                format!("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={secret}\n", pair.id);
            if let Some((region, _)) = scope {
                text.push_str(&format!("AWS_REGION={region}\n"));
            }
            output::text(&text, Color::Never)?;
        }
    }
    let group = added.group.as_deref().unwrap_or("-");
    let mut text = format!(
        "{BOLD}key:{}{BOLD:#}, group {group}, id {}: its secret is sealed in {}\n\
         {DIM}the secret is shown this once, and is no key of AWS; who has it{DIM:#}\n",
        added.name,
        added.id,
        path(&store.file),
    );
    if let Some(url) = &store.url {
        text.push_str(&format!("  farmgate connect {url}/PATH --sigv4\n"));
    }
    if let Some((region, service)) = scope {
        text.push_str(&format!(
            "{DIM}or signs for the region{DIM:#} {region} {DIM}and the service{DIM:#} {service}\n"
        ));
    }
    text.push_str(&times(added.expires, *old));
    text.push_str(&on_amazon(store)?);
    aside(&text, color);
    Ok(())
}

fn issued_as_json(issued: &Issued<'_>, scope: Option<(&str, &str)>) -> Value {
    let Issued { pair, added, store, old } = issued;
    json!({
        "access_key_id": pair.id,
        "secret_access_key": pair.secret.expose_secret(),
        "id": added.id,
        "name": added.name,
        "group": added.group,
        "created": time(added.created),
        "expires": added.expires.map(time),
        "old_expires": old.map(|(_, end)| time(end)),
        "store": store.file.to_string_lossy(),
        "region": scope.map(|(region, _)| region),
        "service": scope.map(|(_, service)| service),
    })
}

// === both ===

/// Keys that were removed: ids and names.
pub(super) fn revoked(
    gone: &[(String, String)],
    store: &Store,
    color: Color,
) -> Result<(), Failure> {
    let mut text = String::new();
    for (id, name) in gone {
        text.push_str(&format!("revoked {BOLD}{id}{BOLD:#} of {name}\n"));
    }
    output::text(&text, color)?;
    aside(
        &format!("{DIM}a gate that reads the file takes it at once{DIM:#}\n{}", on_amazon(store)?),
        color,
    );
    Ok(())
}

/// How a store gets to AWS.
fn on_amazon(store: &Store) -> Result<String, Failure> {
    let Some(secret) = &store.secret else { return Ok(String::new()) };
    let file = path(&store.file);
    let bytes = store.read()?.text().len();
    if bytes > SECRET_BYTES {
        return Ok(format!(
            "{DOUBT}the store has {bytes} bytes{DOUBT:#}, and a secret of Secrets Manager holds \
             {SECRET_BYTES}\n"
        ));
    }
    let opened = match store.gate_keys() {
        Some(keys) => format!("{DIM}, whose keys have to be those of{DIM:#} {}", path(keys)),
        None => String::new(),
    };
    Ok(format!(
        "{DIM}on AWS, then deploy the gate anew{DIM:#}{opened}{DIM}:{DIM:#}\n  aws secretsmanager \
         put-secret-value --secret-id {} --secret-string file://{file}\n",
        secret.name
    ))
}
