//! How callers of a route prove who they are, for both generations of API Gateway.

use super::place::Place;
use super::wanted::Wanted;
use crate::model::{Authorization, Key, Val};

/// What a generation calls these things.
pub(super) struct Words {
    /// The attribute that says the kind.
    pub(super) attribute: &'static str,
    /// The kind that verifies JSON Web Tokens: `JWT`, `COGNITO_USER_POOLS`.
    pub(super) tokens: &'static str,
    /// Its authorizers.
    pub(super) authorizer: &'static Wanted,
}

/// The authorization of an `aws_apigatewayv2_route` or an `aws_api_gateway_method`.
pub(super) fn read(place: &Place<'_>, words: &Words) -> Val<Authorization> {
    let kind = place.attribute(words.attribute);
    let authorizer = place.attribute("authorizer_id");
    let by = |make: fn(Option<Key>) -> Authorization| match authorizer.key(words.authorizer) {
        // Which one it is may be unknown; that there is one is not.
        Val::Unknown(_) => Val::Known(make(None)),
        key => key.map(make),
    };
    match kind.text_or("NONE") {
        Val::Known(word) => match word.as_str() {
            "NONE" if place.attribute("api_key_required").flag(false) == Val::Known(true) => {
                Val::Known(Authorization::ApiKeyOnly)
            }
            "NONE" => Val::Known(Authorization::None),
            "AWS_IAM" => Val::Known(Authorization::Iam),
            "CUSTOM" => by(Authorization::Lambda),
            word if word == words.tokens => by(Authorization::Jwt),
            _ => Val::Unknown(kind.odd("is no type of authorization")),
        },
        Val::Assumed(_, note) | Val::OneOf(_, note) | Val::Unknown(note) => Val::Unknown(note),
    }
}
