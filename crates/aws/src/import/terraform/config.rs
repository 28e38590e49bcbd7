//! The `configuration` of a plan: what expressions are written, and what they refer to.
//!
//! See <https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation>.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::detect::Name;
use super::{mentions as groups, raw, schema, written};

mod mentions;

pub(super) use mentions::{Say, of_value as mentions_of};

/// The configuration of one plan.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) root: Module,
    /// The values of the root module's variables.
    pub(super) variables: HashMap<String, Value>,
    /// The region that the default AWS provider is configured with, if it is written out.
    pub(super) region: Option<String>,
    /// Whether a local value may hold what is known only after apply, and be used by a resource: in a
    /// plan local values leave no trace. Set by whoever knows what is not known.
    pub(super) locals_hold_more: bool,
}

/// One module's configuration.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// By `aws_lb.b` or `data.aws_lb.b`; only types that are read.
    pub(super) resources: HashMap<String, Written>,
    /// Whether it, or a module that it calls, declares any resource at all.
    pub(super) has_resources: bool,
    pub(super) outputs: HashMap<String, Value>,
    pub(super) calls: HashMap<String, Call>,
    pub(super) variables: HashMap<String, Variable>,
    /// The log groups of this module that anything in it names: `aws_cloudwatch_log_group.b`.
    pub(super) log_groups: HashSet<String>,
    /// Everything that its resources and calls refer to, but for attachments of policies.
    pub(super) mentions: BTreeSet<String>,
    /// By `aws_lb.b`, of any provider: the attributes that a local value may decide.
    pub(super) vague: Vec<((String, String), Say)>,
}

/// What is written for one resource block.
#[derive(Debug)]
pub(super) struct Written {
    /// The expressions by attribute.
    pub(super) expressions: Value,
    pub(super) for_each: Option<Value>,
    /// The configuration of its provider, if it is another than the default one.
    pub(super) provider: Option<String>,
}

/// A call of a module.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) expressions: HashMap<String, Value>,
    pub(super) module: Module,
    pub(super) for_each: Option<Value>,
    /// Whether it has `count` or `for_each`.
    pub(super) repeated: bool,
}

/// A variable's declaration.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) default: Option<Value>,
    pub(super) sensitive: bool,
}

#[derive(Deserialize)]
struct ConfigText<'a> {
    #[serde(borrow, default)]
    provider_config: HashMap<Name<'a>, ProviderText<'a>>,
    #[serde(borrow, default)]
    root_module: ModuleText<'a>,
}

#[derive(Deserialize)]
struct ProviderText<'a> {
    #[serde(default)]
    name: String,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    module_address: Option<String>,
    #[serde(borrow, default)]
    expressions: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct ModuleText<'a> {
    #[serde(borrow, default)]
    resources: Vec<ResourceText<'a>>,
    #[serde(borrow, default)]
    outputs: HashMap<Name<'a>, OutputText>,
    #[serde(borrow, default)]
    module_calls: HashMap<Name<'a>, CallText<'a>>,
    #[serde(borrow, default)]
    variables: HashMap<Name<'a>, VariableText>,
}

#[derive(Deserialize)]
struct ResourceText<'a> {
    #[serde(borrow)]
    mode: Name<'a>,
    #[serde(borrow, rename = "type")]
    kind: Name<'a>,
    #[serde(borrow)]
    name: Name<'a>,
    #[serde(borrow, default)]
    provider_config_key: Option<Name<'a>>,
    #[serde(borrow, default)]
    expressions: Option<&'a RawValue>,
    #[serde(default)]
    for_each_expression: Option<Value>,
}

#[derive(Deserialize)]
struct OutputText {
    #[serde(default)]
    expression: Value,
}

#[derive(Deserialize)]
struct CallText<'a> {
    #[serde(borrow, default)]
    expressions: HashMap<Name<'a>, Value>,
    #[serde(borrow, default)]
    module: ModuleText<'a>,
    #[serde(default)]
    for_each_expression: Option<Value>,
    #[serde(borrow, default)]
    count_expression: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct VariableText {
    #[serde(default)]
    default: Option<Value>,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct ValueText {
    #[serde(default)]
    value: Value,
}

/// Reads `configuration` and `variables` of a plan.
pub(super) fn parse(
    configuration: &RawValue,
    variables: Option<&RawValue>,
) -> Result<Config, serde_json::Error> {
    let text: ConfigText<'_> = serde_json::from_str(configuration.get())?;
    let values: HashMap<Name<'_>, ValueText> = match variables {
        Some(raw) => serde_json::from_str(raw.get())?,
        None => HashMap::new(),
    };
    let variables: HashMap<String, Value> =
        values.into_iter().map(|(Name(name), text)| (name.into_owned(), text.value)).collect();
    let region = region(&text.provider_config, &variables);
    Ok(Config { root: module(text.root_module)?, variables, region, locals_hold_more: false })
}

fn module(text: ModuleText<'_>) -> Result<Module, serde_json::Error> {
    let mut read = Module { has_resources: !text.resources.is_empty(), ..Module::default() };
    for resource in text.resources {
        groups::note(resource.expressions, &mut read.log_groups);
        let data = resource.mode.0 == "data";
        if !mentions::is_attachment(&resource.kind.0) {
            mentions::of_text(resource.expressions, &mut read.mentions);
            let name = format!("{}.{}", resource.kind.0, resource.name.0);
            let each = resource.for_each_expression.as_ref();
            let vague = mentions::vague(resource.expressions, each)?;
            read.vague.extend(vague.into_iter().map(|(of, say)| ((name.clone(), of), say)));
        }
        if let Some(each) = &resource.for_each_expression {
            mentions::of_value(each, &mut read.mentions);
        }
        let Some(attributes) = schema::attributes(&resource.kind.0, data) else {
            continue;
        };
        let expressions = raw::pick(resource.expressions, attributes)?;
        let expressions = written::mark(expressions, &resource.kind.0, resource.expressions)?;
        let prefix = if data { "data." } else { "" };
        let group = format!("{prefix}{}.{}", resource.kind.0, resource.name.0);
        let for_each = resource.for_each_expression;
        read.resources.insert(
            group,
            Written {
                expressions,
                for_each,
                provider: resource
                    .provider_config_key
                    .map(|Name(key)| key.into_owned())
                    .filter(|key| key != "aws"),
            },
        );
    }
    for (Name(name), output) in text.outputs {
        groups::note_in(&output.expression, &mut read.log_groups);
        read.outputs.insert(name.into_owned(), output.expression);
    }
    for (Name(name), variable) in text.variables {
        let VariableText { default, sensitive } = variable;
        read.variables.insert(name.into_owned(), Variable { default, sensitive });
    }
    for (Name(name), call) in text.module_calls {
        let repeated = call.for_each_expression.is_some() || call.count_expression.is_some();
        for given in call.expressions.values() {
            groups::note_in(given, &mut read.log_groups);
        }
        let given = call.expressions.values().chain(&call.for_each_expression);
        given.for_each(|value| mentions::of_value(value, &mut read.mentions));
        let expressions =
            call.expressions.into_iter().map(|(Name(name), value)| (name.into_owned(), value));
        let call = Call {
            expressions: expressions.collect(),
            module: module(call.module)?,
            for_each: call.for_each_expression,
            repeated,
        };
        read.has_resources |= call.module.has_resources;
        read.calls.insert(name.into_owned(), call);
    }
    Ok(read)
}

/// The region of the root module's default `aws` provider, where it is a literal or a variable.
fn region(
    providers: &HashMap<Name<'_>, ProviderText<'_>>,
    variables: &HashMap<String, Value>,
) -> Option<String> {
    let default = providers.values().find(|provider| {
        provider.name == "aws" && provider.alias.is_none() && provider.module_address.is_none()
    })?;
    let expressions = raw::pick(default.expressions, &["region"]).ok()?;
    let region = expressions.get("region")?;
    if let Some(constant) = region.get("constant_value").and_then(Value::as_str) {
        return Some(constant.to_owned());
    }
    let references = region.get("references")?.as_array()?;
    let [Value::String(only)] = references.as_slice() else {
        return None;
    };
    variables.get(only.strip_prefix("var.")?)?.as_str().map(str::to_owned)
}
