//! The input schemas of the tools.

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::object;

/// The schema of a tool's arguments; of one without arguments if it isn't listed.
pub(super) fn of(tool: &str) -> JsonObject {
    object(match tool {
        "echo" => one("message", "string", "What to say back"),
        "test_sampling" => one("prompt", "string", "What to ask the client's model"),
        "test_elicitation" => one("message", "string", "What to ask the user"),
        "add" => json!({
            "type": "object",
            "properties": { "a": { "type": "number" }, "b": { "type": "number" } },
            "required": ["a", "b"],
        }),
        "test_custom_header" => json!({
            "type": "object",
            "properties": {
                "region": {
                    "type": "string",
                    "description": "Travels in the header Mcp-Param-Region too",
                    "x-mcp-header": "Region",
                },
            },
            "required": ["region"],
        }),
        "json_schema_2020_12_tool" => of_2020_12(),
        _ => json!({ "type": "object", "properties": {} }),
    })
}

fn one(name: &str, kind: &str, about: &str) -> Value {
    json!({
        "type": "object",
        "properties": { name: { "type": kind, "description": about } },
        "required": [name],
    })
}

/// Keywords that a server or a gateway that models schemas would lose.
fn of_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}
