//! Farms as designs, and designs as models: least everywhere, and nothing is left out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use farmgate_aws::design::{
    BRIDGE_VOLUME, ContainerDesign, Design, End, Grant, NO_ACCOUNT, Party, SecretSource, Task,
};
use farmgate_aws::emit::names::names;
use farmgate_aws::lower;
use farmgate_aws::model::{Key, Model, Val};
use farmgate_farm::gate::{Authentication, CONFIG_VARIABLE, Config, PROBE_VARIABLE, ProbeTask};

fn source(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../audit/tests/farms");
    std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap()
}

fn of(source: &str) -> Design {
    let farm = farmgate_farm::farm::read(source, &[]);
    Design::of(&farm.unwrap_or_else(|problems| panic!("{problems:#?}")))
}

fn design(name: &str) -> Design {
    of(&source(name))
}

fn model(design: &Design) -> Model {
    lower::model(design, &|at| ("farm.yaml".to_owned(), at))
}

fn task<'d>(design: &'d Design, word: &str) -> &'d Task {
    design.tasks.iter().find(|task| task.party.word() == word).unwrap()
}

fn container<'t>(task: &'t Task, name: &str) -> &'t ContainerDesign {
    task.containers.iter().find(|container| container.name == name).unwrap()
}

// === Flows ===

/// Who reaches whom, a line each, without the reasons.
fn table(design: &Design) -> Vec<String> {
    let rows = design.who_reaches_whom().into_iter();
    rows.map(|row| format!("{} -> {} {}", row.from, row.to, row.ports)).collect()
}

#[test]
fn only_what_is_said_or_needed_flows() {
    let expected = [
        "203.0.113.0/24 -> ingress 80, 443",
        "198.51.100.0/24 -> ingress 80, 443",
        "ingress -> gate 8443",
        "gate -> servers.nova-act 8443",
        "gate -> servers.own-tls 9443",
        "gate -> servers.python 8443",
        "servers.nova-act -> 198.51.100.0/24 443",
        "servers.python -> services.api 8000",
        "servers.python -> services.search.alb 443",
        "services.api -> databases.memories 5432",
        "services.search.alb -> services.search 9200",
        "gate -> endpoints 443",
        "gate -> endpoints.s3 443",
        "gate -> endpoints.secretsmanager 443",
        "gate -> endpoints.sts 443",
        "servers.nova-act -> endpoints 443",
        "servers.nova-act -> endpoints.s3 443",
        "servers.nova-act -> endpoints.ssm 443",
        "servers.own-tls -> endpoints 443",
        "servers.own-tls -> endpoints.s3 443",
        "servers.python -> endpoints 443",
        "servers.python -> endpoints.s3 443",
        "servers.python -> endpoints.timestream.query-cell1 443",
        "services.api -> endpoints 443",
        "services.api -> endpoints.s3 443",
        "services.api -> endpoints.secretsmanager 443",
        "services.search -> endpoints 443",
        "services.search -> endpoints.s3 443",
        "probe -> 10.0.0.0/16 8000, 8443, 9443",
        "probe -> endpoints 443",
        "probe -> endpoints.s3 443",
    ];
    assert_eq!(table(&design("whole")), expected);
}

/// The probe has to be let in by nobody: else it would try nothing, and be a way past the gate.
#[test]
fn the_probe_is_told_where_to_look_and_nobody_admits_it() {
    for name in ["smallest", "whole", "internal", "existing", "lists", "open"] {
        let design = design(name);
        let model = model(&design);
        let probe = farmgate_aws::design::keys::group(&Party::Probe);
        for group in model.security_groups.values() {
            let admits =
                group.ingress.rules.iter().any(|rule| rule.peers.groups.sure.contains(&probe));
            let starts = group.key.to_string().starts_with("groups.endpoints");
            assert!(!admits || starts, "{name}: {} admits it", group.key);
        }
        let own = &model.security_groups[&probe];
        assert!(own.ingress.rules.is_empty() && !own.egress.rules.is_empty(), "{name}");
        assert!(design.tasks.iter().all(|task| task.party != Party::Probe), "no service runs it");
        assert!(design.probe.role.is_empty() && design.probe.containers[0].secrets.is_empty());
    }
    let whole = design("whole");
    let container = &whole.probe.containers[0];
    assert_eq!(
        (container.command.join(" "), container.read_only),
        ("probe --task".to_owned(), true)
    );
    let told = ProbeTask::parse(&container.environment[PROBE_VARIABLE]).unwrap();
    assert_eq!(
        told.servers["nova-act"],
        ["nova-act.whole.local:8443", "nova-act.whole.local:8000"]
    );
    assert_eq!(told.servers["python"], ["python.whole.local:8443"], "it speaks standard input");
    assert_eq!(told.servers["own-tls"], ["own-tls.whole.local:9443"]);
    assert!(!told.servers.contains_key("gone"), "it is disabled");
}

/// The secret by which an API Gateway is known is the gate's alone, and in no file.
#[test]
fn an_api_gateways_secret_is_named_and_not_written() {
    let own = "sts_proof: { principals: [\"arn:aws:sts::123456789012:assumed-role/agents/*\"] }";
    let gateway = "apigw_iam: { secret: \"secretsmanager:internal/gateway\", principals: \
                   [\"arn:aws:iam::123456789012:role/agents\"] }";
    let source = source("internal").replace(own, gateway);
    let design = of(&source);
    let [way] = design.gate.servers["files"].authentication.as_slice() else { panic!("one way") };
    let wanted = Authentication::ApigwIam {
        secret: "FARMGATE_STORE_1".to_owned(),
        principals: vec!["arn:aws:iam::123456789012:role/agents".to_owned()],
    };
    assert_eq!(*way, wanted);
    let secrets = &container(task(&design, "gate"), "gate").secrets;
    let SecretSource::Arn(arn) = &secrets["FARMGATE_STORE_1"] else { panic!("an ARN") };
    assert!(arn.ends_with(":secret:internal/gateway"), "{arn}");
    assert!(model(&design).gates.values().all(|gate| gate.routes.iter().all(|it| it.vouched)));
    let module = farmgate_aws::emit::terraform::module(&design);
    let readme = &module["README.md"];
    for words in [
        "\"overwrite:header.farmgate-caller\"  = \"$context.identity.userArn\"",
        "\"overwrite:header.farmgate-gateway\" = var.gateway_secret",
        "create-secret --region eu-central-1 --name 'internal/gateway'",
        "in API Gateway's configuration",
    ] {
        assert!(readme.contains(words), "`{words}` isn't in: {readme}");
    }
    let without = farmgate_aws::emit::terraform::module(&of(&self::source("internal")));
    assert!(!without["README.md"].contains("API Gateway"));
}

#[test]
fn each_flow_is_there_once_with_a_reason_that_a_rule_can_have() {
    for name in ["smallest", "whole", "internal", "existing", "lists", "open"] {
        let design = design(name);
        let ends: BTreeSet<(&End, &End, u16)> =
            design.flows.iter().map(|flow| (&flow.from, &flow.to, flow.port)).collect();
        assert_eq!(ends.len(), design.flows.len(), "{name}");
        for flow in &design.flows {
            let fits = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
            assert!(!flow.why.is_empty() && flow.why.len() <= 255, "{flow:?}");
            assert!(flow.why.chars().all(fits), "{flow:?}");
        }
    }
}

#[test]
fn without_endpoints_all_goes_by_nat_and_says_why() {
    let design = design("open");
    let flow = design
        .flows
        .iter()
        .find(|flow| flow.from == End::Party(Party::Gate) && matches!(flow.to, End::Cidr(_)));
    let why = &flow.unwrap().why;
    assert_eq!(
        why,
        "keys of the issuer id.example.com, ecr.api by NAT, ecr.dkr by NAT, s3 by NAT, logs by NAT, \
         secretsmanager by NAT"
    );
    assert!(design.endpoints.is_empty());
    // Clients come from anywhere in both families; nothing of the farm has an IPv6 address.
    let wide = design.flows.iter().filter(|flow| matches!(flow.from, End::Cidr(_)));
    assert_eq!(wide.count(), 4);
}

#[test]
fn a_server_that_is_disabled_is_nowhere() {
    let design = design("whole");
    assert!(design.tasks.iter().all(|task| task.name != "gone"));
    assert!(design.routes.iter().all(|route| route.server.as_str() != "gone"));
    assert!(!design.gate.servers.contains_key("gone"));
    assert!(!table(&design).iter().any(|line| line.contains("gone")));
}

// === Grants ===

fn grants(grants: &[Grant]) -> Vec<String> {
    let words = |list: &[String]| list.join(" ");
    let lines = grants.iter().map(|grant| {
        format!("{}: {} on {}", grant.sid, words(&grant.actions), words(&grant.resources))
    });
    lines.collect()
}

#[test]
fn roles_may_do_what_is_needed_and_nothing_else() {
    let design = design("whole");
    let arn =
        |service: &str, rest: &str| format!("arn:aws:{service}:us-west-2:123456789012:{rest}");
    let token = "RegistryToken: ecr:GetAuthorizationToken on *".to_owned();
    let pull = |names: &[&str]| {
        let repositories: Vec<String> =
            names.iter().map(|name| arn("ecr", &format!("repository/{name}"))).collect();
        format!(
            "PullImages: ecr:BatchGetImage ecr:GetDownloadUrlForLayer on {}",
            repositories.join(" ")
        )
    };
    let log = |group: &str| {
        let streams = arn("logs", &format!("log-group:/ecs/whole/{group}:*"));
        format!("WriteLogs: logs:CreateLogStream logs:PutLogEvents on {streams}")
    };
    let nova = task(&design, "servers.nova-act");
    let key = arn("ssm", "parameter/nova-act-mcp/api-key");
    assert_eq!(
        grants(&nova.execution),
        [
            token.clone(),
            pull(&["farmgate", "nova-act"]),
            log("servers/nova-act"),
            format!("ReadParameters: ssm:GetParameters on {key}"),
        ]
    );
    assert!(nova.role.is_empty());
    let api = task(&design, "services.api");
    assert_eq!(
        grants(&api.execution),
        [
            token,
            pull(&["whole/api"]),
            log("services/api"),
            "ReadSecrets: secretsmanager:GetSecretValue on database-secret:memories".to_owned(),
        ]
    );
    let python = task(&design, "servers.python");
    let table = arn("timestream", "database/buses/table/*");
    assert_eq!(
        grants(&python.role),
        [
            "Permission1: s3:GetObject on arn:aws:s3:::whole-data/*".to_owned(),
            format!("Permission2: timestream:Select on {table}"),
        ]
    );
    // Of all that is granted, only a token has no resource.
    for task in &design.tasks {
        for grant in task.execution.iter().chain(&task.role) {
            let wide = grant.resources.iter().any(|resource| resource == "*");
            assert_eq!(wide, grant.sid == "RegistryToken", "{grant:?}");
            assert!(grant.actions.iter().all(|action| !action.contains('*')), "{grant:?}");
        }
    }
    assert!(task(&design, "gate").role.is_empty());
}

#[test]
fn an_endpoint_lets_through_what_its_users_need() {
    let design = design("whole");
    let policy = |service: &str| {
        let statements = design.endpoints[service].policy["Statement"].as_array().unwrap().clone();
        let lines = statements.iter().map(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            format!("{} {} {}", statement["Sid"], statement["Action"], statement["Resource"])
        });
        lines.collect::<Vec<_>>()
    };
    assert_eq!(
        policy("s3"),
        [
            r#""ImageLayers" ["s3:GetObject"] ["arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*"]"#,
            r#""ServersPythonPermission1" ["s3:GetObject"] ["arn:aws:s3:::whole-data/*"]"#,
        ]
    );
    assert_eq!(
        policy("timestream.query-cell1"),
        [
            r#""ServersPythonPermission2" ["timestream:Select"] ["arn:aws:timestream:us-west-2:123456789012:database/buses/table/*"]"#
        ]
    );
    let users = |service: &str| -> Vec<String> {
        design.endpoints[service].users.iter().map(Party::word).collect()
    };
    assert_eq!(users("secretsmanager"), ["gate", "services.api"]);
    assert_eq!(users("ssm"), ["servers.nova-act"]);
    assert_eq!(design.endpoints["logs"].group, Some(Party::Endpoints));
    assert!(design.endpoints["s3"].gateway && design.endpoints["s3"].group.is_none());
}

#[test]
fn an_endpoint_without_permissions_lets_nothing_through() {
    let source = source("smallest").replace(
        "    route: /hello/mcp\n",
        "    route: /hello/mcp\n    reaches: [\"aws:bedrock-runtime\"]\n",
    );
    let design = of(&source);
    let statements = &design.endpoints["bedrock-runtime"].policy["Statement"];
    assert_eq!(statements[0]["Effect"], "Deny");
    let source = source.replace(
        "    reaches: [\"aws:bedrock-runtime\"]\n",
        "    reaches: [\"aws:bedrock-runtime\"]\n    permissions:\n      - { actions: \
         [\"bedrock:InvokeModel\"], resources: [\"arn:aws:bedrock:eu-west-1::foundation-model/x\"] }\n",
    );
    let design = of(&source);
    let statements = &design.endpoints["bedrock-runtime"].policy["Statement"];
    assert_eq!(statements[0]["Action"][0], "bedrock:InvokeModel");
}

// === Tasks ===

#[test]
fn a_bridge_stands_before_a_server_over_http() {
    let design = design("whole");
    let nova = task(&design, "servers.nova-act");
    let (own, bridge) = (container(nova, "nova-act"), container(nova, "bridge"));
    assert!(own.ports.is_empty() && own.essential && own.read_only && own.health.is_none());
    assert_eq!(bridge.ports, [8443]);
    assert_eq!(
        bridge.command,
        ["bridge", "--listen", "0.0.0.0:8443", "--upstream", "http://127.0.0.1:8000"]
    );
    let health = bridge.health.as_ref().unwrap();
    assert_eq!(
        health.command,
        [
            "CMD",
            "/farmgate",
            "bridge",
            "--check",
            "http://127.0.0.1:8000/nova-act/mcp",
            "--codes",
            "200,400,405,406"
        ]
    );
    assert!(bridge.secrets.is_empty());
    assert_eq!(nova.port, 8443);
}

#[test]
fn a_bridge_starts_a_server_over_stdio() {
    let design = design("internal");
    let files = task(&design, "servers.files");
    let names: Vec<&str> = files.containers.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["bridge-install", "volumes", "files"]);
    let (install, own) = (container(files, "bridge-install"), container(files, "files"));
    assert_eq!(install.command, ["bridge", "--install", "/opt/farmgate"]);
    assert!(!install.essential);
    assert_eq!(
        own.entry_point,
        ["/opt/farmgate/farmgate", "bridge", "--listen", "0.0.0.0:8443", "--"]
    );
    assert_eq!(own.command, ["files", "--root", "/data"]);
    assert_eq!(own.mounts[BRIDGE_VOLUME], ("/opt/farmgate".to_owned(), true));
    assert_eq!(own.ports, [8443]);
    let after: Vec<&str> = own.depends_on.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(after, ["volumes", "bridge-install"]);
}

/// On Fargate an empty volume is root's.
#[test]
fn who_writes_a_volume_owns_it() {
    let design = design("whole");
    let nova = task(&design, "servers.nova-act");
    let volumes = container(nova, "volumes");
    assert_eq!(volumes.command, ["bridge", "--own", "10001:10001", "/volumes/tmp"]);
    assert_eq!(volumes.user, "0:0");
    assert!(!volumes.essential && volumes.read_only && volumes.ports.is_empty());
    assert_eq!(volumes.mounts["tmp"].0, "/volumes/tmp");
    let own = container(nova, "nova-act");
    assert_eq!(own.mounts["tmp"], ("/tmp".to_owned(), false));
    assert_eq!(own.depends_on, [("volumes".to_owned(), "SUCCESS")]);
    // Without volumes nobody is root.
    let python = task(&design, "servers.python");
    assert!(python.containers.iter().all(|it| it.user != "0:0"));
}

#[test]
fn a_server_with_tls_of_its_own_has_no_bridge() {
    let design = design("whole");
    let own = task(&design, "servers.own-tls");
    assert_eq!(own.containers.len(), 1);
    assert_eq!((own.port, own.containers[0].ports.as_slice()), (9443, &[9443][..]));
    let health = own.containers[0].health.as_ref().unwrap();
    assert_eq!(health.command, ["CMD", "/bin/healthy"]);
    assert!(!design.gate.servers["own-tls"].upstream.bridge);
}

// === The gate ===

#[test]
fn the_gate_is_told_all_and_given_the_secrets() {
    let design = design("whole");
    let gate = container(task(&design, "gate"), "gate");
    let config = Config::parse(&gate.environment[CONFIG_VARIABLE]).unwrap();
    assert_eq!(config, design.gate);
    assert_eq!(config.hosts, ["farm.example.com"]);
    let shown = |blocks: &[ipnet::IpNet]| -> Vec<String> {
        blocks.iter().map(ToString::to_string).collect()
    };
    assert_eq!(shown(&config.trusted_proxies), ["10.0.128.0/24", "10.0.129.0/24"]);
    assert_eq!(shown(&config.allow), ["203.0.113.0/24", "198.51.100.0/24"]);
    assert_eq!(config.servers["python"].upstream.host, "python.whole.local");
    let secret = |name: &str| {
        SecretSource::Arn(format!("arn:aws:secretsmanager:us-west-2:123456789012:secret:{name}"))
    };
    let expected = BTreeMap::from([
        ("FARMGATE_KEYS".to_owned(), secret("whole/gate-keys")),
        ("FARMGATE_STORE_1".to_owned(), secret("whole/api-keys")),
        ("FARMGATE_STORE_2".to_owned(), secret("whole/access-keys")),
    ]);
    assert_eq!(gate.secrets, expected);
    match config.servers["own-tls"].authentication.as_slice() {
        [Authentication::Sigv4IssuedKeys { store, region, .. }] => {
            assert_eq!((store.as_str(), region.as_str()), ("FARMGATE_STORE_2", "us-west-2"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_gate_believes_what_stands_before_it() {
    let internal = design("internal");
    let shown: Vec<String> =
        internal.gate.trusted_proxies.iter().map(ToString::to_string).collect();
    let private: Vec<String> =
        internal.private.iter().map(|subnet| subnet.cidr.to_string()).collect();
    assert_eq!(shown, private);
    // What a prefix list holds nobody knows here: the load balancer's group says who comes in.
    assert!(design("lists").gate.allow.is_empty());
    assert!(design("open").gate.allow.is_empty());
}

#[test]
fn clients_of_oauth_find_what_a_server_wants() {
    let metadata = design("lists").metadata.unwrap();
    assert_eq!(metadata.path, "/.well-known/oauth-protected-resource*");
    assert_eq!(metadata.priority, 50_000);
    assert!(design("whole").metadata.is_none());
    let lists = design("lists");
    match lists.gate.servers["fetch"].authentication.as_slice() {
        [Authentication::Oauth { audience, .. }] => {
            assert_eq!(audience, "https://lists.example.com/fetch/mcp");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_account_is_the_files_or_the_certificates_or_an_images() {
    let source = source("smallest");
    assert_eq!(of(&source).account.as_deref(), Some("123456789012"));
    let made = source
        .replace("domain: { name: mcp.example.com }", "domain: { name: mcp.example.com, zone: Z1 }")
        .lines()
        .filter(|line| !line.contains("tls:"))
        .collect::<Vec<_>>()
        .join("\n");
    let design = of(&made);
    assert_eq!(design.account, None);
    let written = made.replace("farm: smallest", "farm: smallest\naccount: \"210987654321\"");
    assert_eq!(of(&written).account.as_deref(), Some("210987654321"));
    let image = &container(task(&design, "gate"), "gate").image;
    assert_eq!(*image, format!("{NO_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/farmgate"));
}

// === The model ===

/// Every key of the model, by kind.
fn all_keys(model: &Model) -> BTreeMap<&'static str, Vec<&Key>> {
    BTreeMap::from([
        ("vpc", model.vpcs.keys().collect()),
        ("subnet", model.subnets.keys().collect()),
        ("route table", model.route_tables.keys().collect()),
        ("internet gateway", model.internet_gateways.keys().collect()),
        ("NAT gateway", model.nat_gateways.keys().collect()),
        ("security group", model.security_groups.keys().collect()),
        ("endpoint", model.endpoints.keys().collect()),
        ("load balancer", model.load_balancers.keys().collect()),
        ("listener", model.listeners.keys().collect()),
        ("target group", model.target_groups.keys().collect()),
        ("web ACL", model.waf.keys().collect()),
        ("cluster", model.clusters.keys().collect()),
        ("service", model.services.keys().collect()),
        ("task definition", model.task_definitions.keys().collect()),
        ("scaling target", model.scaling_targets.keys().collect()),
        ("database", model.databases.keys().collect()),
        ("gate", model.gates.keys().collect()),
        ("discovery", model.discovery.keys().collect()),
        ("repository", model.repositories.keys().collect()),
        ("name", model.named.iter().map(|named| &named.key).collect()),
    ])
}

#[test]
fn everything_that_is_made_has_an_address() {
    for name in ["smallest", "whole", "internal", "lists", "open"] {
        let design = design(name);
        let model = model(&design);
        let names = names(&design);
        for (kind, keys) in all_keys(&model) {
            for key in keys {
                assert!(names.contains_key(key), "{name}: {kind} {key} has no address");
            }
        }
    }
}

#[test]
fn what_farmgate_makes_is_known() {
    for name in ["smallest", "whole", "internal", "open"] {
        let text = format!("{:?}", model(&design(name)));
        let known = ["the addresses of AWS's prefix list"];
        for (at, _) in text.match_indices("Unknown(").chain(text.match_indices("Assumed(")) {
            let note: String = text[at..].chars().take(80).collect();
            assert!(known.iter().any(|known| note.contains(known)), "{name}: {note}");
        }
    }
}

#[test]
fn the_world_is_closed_unless_the_network_is_not_the_farms() {
    let own = model(&design("smallest"));
    assert!(own.vpcs.values().all(|vpc| vpc.open.is_none()));
    let others = model(&design("existing"));
    assert!(others.vpcs.values().all(|vpc| vpc.open.is_some()));
    let subnet = others.subnets.values().next().unwrap();
    assert!(matches!(subnet.route_table, Val::Assumed(Some(_), _)));
    let group = &others.security_groups["sg-0123456789abcdef0"];
    assert!(!group.managed && group.ingress.open.is_some());
    assert_eq!(group.ingress.rules.len(), 1);
    assert_eq!(others.aliases["api.internal.example.com"].as_str(), "services.api");
}

#[test]
fn a_farm_is_lowered_alike_every_time() {
    let show = || format!("{:?}", model(&design("whole")));
    assert_eq!(show(), show());
}
