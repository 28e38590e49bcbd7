//! What an API Gateway before the farm has to do, where the gate takes its word for who signed.
//!
//! The module makes none: it would stand before the internal load balancer, and have an account's
//! domain and stages. Its secret is never in a file of this module.

use std::collections::BTreeSet;

use farmgate_farm::gate::{Authentication, GATEWAY_CALLER_HEADER, GATEWAY_SECRET_HEADER};

use crate::design::Design;

/// The section, if some server's callers are vouched for.
pub(super) fn text(design: &Design) -> Option<String> {
    let servers = design.gate.servers.iter().filter(|(_, server)| {
        server.authentication.iter().any(|way| matches!(way, Authentication::ApigwIam { .. }))
    });
    let servers: BTreeSet<String> = servers.map(|(name, _)| format!("`{name}`")).collect();
    if servers.is_empty() {
        return None;
    }
    let names = servers.into_iter().collect::<Vec<_>>().join(", ");
    let domain = &design.farm.ingress.domain.name;
    Some(format!(
        "The gate verifies no signature of callers of {names}: an API Gateway of yours does, by a VPC \
         link to\nthe listener `aws_lb_listener.https`. It has to

- authorize every route by IAM (`authorization_type = \"AWS_IAM\"`): a route that doesn't lets anybody in;
- verify the load balancer's certificate, which is that of `{domain}`, and be called by that name,
  since the gate takes no other `Host`;
- overwrite two headers of every request, whatever the client sent:

```hcl
variable \"gateway_secret\" {{
  type      = string
  sensitive = true
}}

resource \"aws_apigatewayv2_integration\" \"gate\" {{
  # ...
  tls_config {{ server_name_to_verify = \"{domain}\" }}
  request_parameters = {{
    \"overwrite:header.{GATEWAY_CALLER_HEADER}\"  = \"$context.identity.userArn\"
    \"overwrite:header.{GATEWAY_SECRET_HEADER}\" = var.gateway_secret
  }}
}}
```

The secret is the one that the gate reads (above, under *Secrets*), and **it is the whole proof**: whoever
has it and reaches the load balancer is whoever they say. It ends up in API Gateway's configuration, where
everybody reads it who may call `apigateway:GET`, and in the state of the module that has the lines above.
An HTTP API gives no stream: it answers when the server has finished, after 30 seconds at the most. A
server whose answers are streams needs a REST API (`response_transfer_mode = \"STREAM\"`), with the same
two headers.
"
    ))
}
