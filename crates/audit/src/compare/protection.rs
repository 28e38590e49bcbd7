//! Settings of what protects and watches: web ACLs, stages, domain names, flow logs, detection,
//! scaling policies.

use farmgate_aws::model::{
    ApiDomain, ApiStage, Detection, Detector, FlowLog, Hub, Recorder, ScalingPolicy, Trail, WebAcl,
    WebAclRule, WebAclRuleKind,
};

use super::diff::{Diff, Entry, Item};
use super::names::Names;

/// Compares what watches the account. What a source lists is no setting.
pub(super) fn detection(diff: &mut Diff<'_>, left: &Detection, right: &Detection) {
    let Detection { trails, detectors, hubs, recorders, listed: _ } = left;
    diff.items(trails, &right.trails);
    diff.items(detectors, &right.detectors);
    diff.items(hubs, &right.hubs);
    diff.items(recorders, &right.recorders);
}

impl Item for WebAcl {
    const KIND: &'static str = "web ACL";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, name, scope, blocks_by_default, rules, open } = left;
        diff.val("name", name, &right.name);
        diff.val("scope", scope, &right.scope);
        diff.val("blocks_by_default", blocks_by_default, &right.blocks_by_default);
        diff.entries("rule", (rules, &right.rules), (open.as_ref(), right.open.as_ref()));
    }
}

impl Entry for WebAclRule {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        left.name == right.name
    }

    fn words(&self) -> String {
        self.name.clone()
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { name: _, priority, kind, action } = left;
        diff.plain("priority", priority, &right.priority);
        diff.plain("action", action, &right.action);
        if *kind != right.kind {
            diff.differs("statement", statement(kind), statement(&right.kind));
        }
    }
}

fn statement(kind: &WebAclRuleKind) -> String {
    let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    match kind {
        WebAclRuleKind::Rate { limit, window, by } => {
            let number = |it: &Option<u64>| it.map_or("unknown".to_owned(), |it| it.to_string());
            format!("{} in {} s by {}", number(limit), number(window), or_unknown(by))
        }
        WebAclRuleKind::Managed { name, counted } => {
            format!("{}, of which {counted:?} only count", or_unknown(name))
        }
        WebAclRuleKind::Group => "a rule group".to_owned(),
        WebAclRuleKind::Other(name) => or_unknown(name),
    }
}

impl Item for ApiStage {
    const KIND: &'static str = "stage";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, api, name, access_logs, rate } = left;
        diff.val("api", api, &right.api);
        diff.val("name", name, &right.name);
        diff.val("access_logs", access_logs, &right.access_logs);
        diff.val("rate", rate, &right.rate);
    }
}

impl Item for ApiDomain {
    const KIND: &'static str = "domain name";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, tls } = left;
        diff.val("security_policy", tls, &right.tls);
    }
}

impl Item for FlowLog {
    const KIND: &'static str = "flow log";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, vpc, traffic } = left;
        diff.val("vpc", vpc, &right.vpc);
        diff.val("traffic_type", traffic, &right.traffic);
    }
}

impl Item for Trail {
    const KIND: &'static str = "trail";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            name,
            multi_region,
            global_events,
            validates,
            logging,
            own_key,
            management,
        } = left;
        diff.val("name", name, &right.name);
        diff.val("is_multi_region_trail", multi_region, &right.multi_region);
        diff.val("include_global_service_events", global_events, &right.global_events);
        diff.val("enable_log_file_validation", validates, &right.validates);
        diff.val("enable_logging", logging, &right.logging);
        diff.val("encrypted with a key of its own", own_key, &right.own_key);
        diff.val("management events", management, &right.management);
    }
}

impl Item for Detector {
    const KIND: &'static str = "GuardDuty detector";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, enabled } = left;
        diff.val("enable", enabled, &right.enabled);
    }
}

impl Item for Hub {
    const KIND: &'static str = "Security Hub";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, standards } = left;
        diff.val("standards", standards, &right.standards);
    }
}

impl Item for Recorder {
    const KIND: &'static str = "Config recorder";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, name, recording } = left;
        diff.val("name", name, &right.name);
        diff.val("recording", recording, &right.recording);
    }
}

impl Item for ScalingPolicy {
    const KIND: &'static str = "scaling policy";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, service, kind, metric, target, cooldown_in, cooldown_out, only_out } =
            left;
        diff.val("service", service, &right.service);
        diff.val("policy_type", kind, &right.kind);
        diff.val("metric", metric, &right.metric);
        diff.val("target_value", target, &right.target);
        diff.val("scale_in_cooldown", cooldown_in, &right.cooldown_in);
        diff.val("scale_out_cooldown", cooldown_out, &right.cooldown_out);
        diff.val("disable_scale_in", only_out, &right.only_out);
    }
}
