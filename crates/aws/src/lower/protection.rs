//! What protects and watches: the web ACL's rules, flow logs, detection, and what moves the number of
//! tasks.

use farmgate_farm::farm::{FlowTraffic, ManagedRules, Waf};
use farmgate_farm::waf::priorities;

use super::Lowering;
use crate::design::{Task, keys};
use crate::emit::scaling::moved_by;
use crate::model::{
    Detector, FlowLog, Hub, Model, Recorder, ScalingPolicy, Trail, Val, WebAcl, WebAclRule,
    WebAclRuleKind,
};

impl Lowering<'_> {
    pub(super) fn protection(&self, model: &mut Model) {
        let farm = &self.design.farm;
        if let Some(waf) = &farm.ingress.waf {
            let acl = WebAcl {
                key: keys::web_acl(),
                name: Val::Known(Some(farm.farm.as_str().to_owned())),
                scope: Val::Known(Some("REGIONAL".to_owned())),
                blocks_by_default: Val::Known(false),
                rules: rules(waf),
                open: None,
            };
            model.web_acls.insert(acl.key.clone(), acl);
        }
        let traffic = farm.network.flow_logs.traffic;
        if farm.network.existing.is_none() && traffic != FlowTraffic::None {
            let word = if traffic == FlowTraffic::All { "ALL" } else { "REJECT" };
            let log = FlowLog {
                key: keys::flow_log(),
                vpc: Val::Known(Some(keys::vpc())),
                traffic: Val::Known(Some(word.to_owned())),
            };
            model.flow_logs.insert(log.key.clone(), log);
        }
        self.detection(model);
        for task in &self.design.tasks {
            for policy in policies(task) {
                model.scaling_policies.insert(policy.key.clone(), policy);
            }
        }
    }

    fn detection(&self, model: &mut Model) {
        let farm = &self.design.farm;
        let name = || Val::Known(Some(farm.farm.as_str().to_owned()));
        let (on, found) = (&farm.detection, &mut model.detection);
        if on.cloudtrail {
            let trail = Trail {
                key: keys::trail(),
                name: name(),
                multi_region: Val::Known(true),
                global_events: Val::Known(true),
                validates: Val::Known(true),
                logging: Val::Known(true),
                own_key: Val::Known(true),
                management: Val::Known(true),
            };
            found.trails.insert(trail.key.clone(), trail);
        }
        if on.guardduty {
            let detector = Detector { key: keys::detector(), enabled: Val::Known(true) };
            found.detectors.insert(detector.key.clone(), detector);
        }
        if on.security_hub {
            let hub = Hub { key: keys::hub(), standards: Val::Known(true) };
            found.hubs.insert(hub.key.clone(), hub);
        }
        if on.config {
            let recorder =
                Recorder { key: keys::recorder(), name: name(), recording: Val::Known(true) };
            found.recorders.insert(recorder.key.clone(), recorder);
        }
    }
}

fn rules(waf: &Waf) -> Vec<WebAclRule> {
    let order = priorities(waf);
    let blocking = |name: &str, priority: Option<u64>, kind| WebAclRule {
        name: name.to_owned(),
        priority,
        kind,
        action: Some("block".to_owned()),
    };
    let geo = waf.geo.as_ref().map(|geo| {
        let statement = if geo.allow.is_empty() { "geo_match_statement" } else { "not_statement" };
        blocking("countries", order.geo, WebAclRuleKind::Other(Some(statement.to_owned())))
    });
    let groups = waf.managed.iter().zip(&order.managed);
    let groups = groups.map(|(group, priority)| managed(group, *priority));
    let rate = waf.rate.map(|rate| {
        let kind = WebAclRuleKind::Rate {
            limit: Some(rate.count),
            window: Some(rate.per.as_seconds()),
            by: Some("IP".to_owned()),
        };
        blocking("rate", order.rate, kind)
    });
    geo.into_iter().chain(groups).chain(rate).collect()
}

fn managed(rules: &ManagedRules, priority: u64) -> WebAclRule {
    WebAclRule {
        name: rules.group.word().to_owned(),
        priority: Some(priority),
        kind: WebAclRuleKind::Managed {
            name: Some(rules.group.aws_name().to_owned()),
            counted: rules.count.clone(),
        },
        action: Some("none".to_owned()),
    }
}

/// What moves the number of a task.
fn policies(task: &Task) -> Vec<ScalingPolicy> {
    let scaling = &task.scaling;
    let policy = |(word, value, metric): (&str, u64, Option<&str>)| ScalingPolicy {
        key: keys::scaling_policy(&task.party, word),
        service: Val::Known(keys::party(&task.party)),
        kind: Val::Known("TargetTrackingScaling".to_owned()),
        metric: Val::Known(metric.map(str::to_owned)),
        target: Val::Known(Some(value.to_string())),
        cooldown_in: Val::Known(Some(scaling.cooldown_in)),
        cooldown_out: Val::Known(Some(scaling.cooldown_out)),
        only_out: Val::Known(false),
    };
    moved_by(task).into_iter().map(policy).collect()
}
