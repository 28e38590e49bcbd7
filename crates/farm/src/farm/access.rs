//! `auth:`, `tools:` and permissions: who may do what.

use crate::diagnostic::Diagnostic;
use crate::record::{Field, Read, Record, Shape, Spanned, choice, one_key, record};
use crate::word::{Arn, GroupPattern, Region, SecretRef, Text};
use crate::yaml::Node;

/// A way to prove who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Keys of the farm.
    ApiKeys(ApiKeys),
    /// SigV4 with key pairs that the farm issued.
    SigV4IssuedKeys(SigV4IssuedKeys),
    /// A signed `sts:GetCallerIdentity`.
    StsProof(StsProof),
    /// SigV4 that an API Gateway verified.
    ApigwIam(ApigwIam),
    /// Tokens of an OAuth 2.0 authorization server.
    Oauth(Oauth),
}

const KINDS: [&str; 5] = ["api_keys", "sigv4_issued_keys", "sts_proof", "apigw_iam", "oauth"];

impl Read for Auth {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        match one_key(node, &KINDS, problems)? {
            ("api_keys", value) => ApiKeys::read(value, problems).map(Self::ApiKeys),
            ("sigv4_issued_keys", value) => {
                SigV4IssuedKeys::read(value, problems).map(Self::SigV4IssuedKeys)
            }
            ("sts_proof", value) => StsProof::read(value, problems).map(Self::StsProof),
            ("apigw_iam", value) => ApigwIam::read(value, problems).map(Self::ApigwIam),
            (_, value) => Oauth::read(value, problems).map(Self::Oauth),
        }
    }

    fn shape() -> Shape {
        let field = |key, doc: &'static [&'static str], shape| Field {
            key,
            doc,
            required: false,
            default: None,
            shape,
        };
        Shape::OneKey(Record {
            name: "Auth",
            doc: &[" A way to prove who calls."],
            fields: vec![
                field("api_keys", &[" Keys of the farm, in a header."], ApiKeys::shape()),
                field(
                    "sigv4_issued_keys",
                    &[" SigV4 with key pairs that the farm issued: who signs has such a pair."],
                    SigV4IssuedKeys::shape(),
                ),
                field(
                    "sts_proof",
                    &[
                        " A signed `sts:GetCallerIdentity`, replayed to STS: who calls is that role.",
                    ],
                    StsProof::shape(),
                ),
                field(
                    "apigw_iam",
                    &[
                        " SigV4 that the API Gateway before the gate verified: who calls is that role.",
                    ],
                    ApigwIam::shape(),
                ),
                field("oauth", &[" Bearer tokens of an OAuth 2.0 server."], Oauth::shape()),
            ],
        })
    }

    fn show(&self) -> String {
        String::new()
    }
}

record! {
    /// Keys of the farm, in a header.
    ApiKeys {
        /// The secret that holds the hashed keys, each with its group.
        store: SecretRef;
        /// The header with the key.
        header: Text = header("x-api-key");
        /// The header in which a client names its group, which must be the key's own; none if
        /// absent.
        group_header: Option<Text> = None;
    }
}

record! {
    /// SigV4 with key pairs that the farm issued.
    SigV4IssuedKeys {
        /// The secret that holds the key pairs.
        store: SecretRef;
        /// The service in the credential scope.
        service: Text = header(crate::gate::SIGV4_SERVICE);
        /// The region in the credential scope; the farm's if absent.
        region: Option<Region> = None;
        /// What becomes of a signed request that comes twice. A signature has a time in whole
        /// seconds and no number of its own, so with `refuse` a client that sends one request twice
        /// within a second is refused once.
        replay: Replay = Replay::Window;
        /// Whether a signature may leave out the body (`UNSIGNED-PAYLOAD`): who sees such a request
        /// can then send another body with it.
        unsigned_payload: bool = false;
    }
}

choice! {
    /// What becomes of a signed request that comes twice.
    Replay {
        /// It is taken again while its signature is valid, which is for five minutes.
        Window = "window",
        /// It is refused by the replica of the gate that took it before.
        Refuse = "refuse",
    }
}

record! {
    /// A signed `sts:GetCallerIdentity`, which the gate replays to STS and whose ARN it matches.
    StsProof {
        /// ARNs of the callers, with wildcards: assumed roles as
        /// `arn:aws:sts::123456789012:assumed-role/agents-*/*`.
        principals: Vec<Spanned<Arn>>;
        /// The regions whose STS may be asked; the farm's if absent.
        regions: Vec<Region> = Vec::new();
    }
}

record! {
    /// SigV4 that an API Gateway before the gate verified. It is one of yours, before an internal load
    /// balancer (`ingress.scheme`): a load balancer verifies no signature, and the gate not these. The
    /// gateway says whose it was, and proves with a secret that it is the one that says so.
    ApigwIam {
        /// The secret that the gateway sends with every call: 32 characters at least, made by
        /// chance.
        secret: SecretRef;
        /// ARNs of the callers, with wildcards: assumed roles as
        /// `arn:aws:sts::123456789012:assumed-role/agents-*/*`.
        principals: Vec<Spanned<Arn>>;
    }
}

record! {
    /// Bearer tokens of an OAuth 2.0 authorization server. The audience of a token must be the
    /// server's own URL (RFC 8707).
    Oauth {
        /// The issuer, as an https URL.
        issuer: Text;
        /// Scopes that a token must have.
        scopes: Vec<Text> = Vec::new();
    }
}

fn header(text: &str) -> Text {
    Text::of(text)
}

/// Who may call which tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRule {
    /// Whether it allows or forbids.
    pub allow: bool,
    /// Whom and what.
    pub selection: ToolSelection,
}

record! {
    /// Principals and the tools in question.
    ToolSelection {
        /// Who: `group:NAME`, `key:NAME`, `subject:NAME`, an ARN, with `*` for any text.
        principals: Vec<GroupPattern>;
        /// The server, or `*`.
        server: Text = header("*");
        /// The tools, with `*` for any text.
        tools: Vec<Text>;
    }
}

impl Read for ToolRule {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let (kind, value) = one_key(node, &["allow", "deny"], problems)?;
        let selection = ToolSelection::read(value, problems)?;
        Some(Self { allow: kind == "allow", selection })
    }

    fn shape() -> Shape {
        let field = |key, doc: &'static [&'static str]| Field {
            key,
            doc,
            required: false,
            default: None,
            shape: ToolSelection::shape(),
        };
        Shape::OneKey(Record {
            name: "ToolRule",
            doc: &[" Who may, or may not, call which tools."],
            fields: vec![
                field("allow", &[" They may call these tools."]),
                field("deny", &[" They may not."]),
            ],
        })
    }

    fn show(&self) -> String {
        String::new()
    }
}

record! {
    /// What a task's role may do at AWS. A task may do nothing that isn't listed.
    Permission {
        /// Actions, as `timestream:Select`.
        actions: Vec<Spanned<Text>>;
        /// ARNs of the resources, or `*` where AWS demands it.
        resources: Vec<Spanned<Text>>;
    }
}
