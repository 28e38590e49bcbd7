//! What watches an account: CloudTrail, GuardDuty, Security Hub, Config; and flow logs' traffic.

use super::graph::Graph;
use super::place::Place;
use super::wanted::VPC;
use crate::model::{Detector, FlowLog, Hub, Model, Recorder, Trail, Val};

/// Reads trails, detectors, hubs, recorders and flow logs.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_cloudtrail"]) {
        let trail = trail(&Place::top(graph, resource));
        model.detection.trails.insert(trail.key.clone(), trail);
    }
    for resource in graph.of(&["aws_guardduty_detector"]) {
        let enabled = Place::top(graph, resource).attribute("enable").flag(true);
        let detector = Detector { key: resource.key.clone(), enabled };
        model.detection.detectors.insert(detector.key.clone(), detector);
    }
    hubs(graph, model);
    recorders(graph, model);
    for resource in graph.of(&["aws_flow_log"]) {
        let place = Place::top(graph, resource);
        let log = FlowLog {
            key: resource.key.clone(),
            vpc: place.attribute("vpc_id").key(&VPC),
            traffic: place.attribute("traffic_type").text(),
        };
        model.flow_logs.insert(log.key.clone(), log);
    }
    for resource in graph.of(&["aws_timestreamwrite_database", "aws_timestreamwrite_table"]) {
        model.timestream.insert(resource.key.clone());
    }
}

fn trail(place: &Place<'_>) -> Trail {
    let key = place.attribute("kms_key_id");
    let own_key = match key.text() {
        // One that another resource makes is known after apply, and is one.
        Val::Unknown(_) if !key.expressions.is_empty() => Val::Known(true),
        _ if key.is_left_out() => Val::Known(false),
        value => value.map(|text| text.is_some()),
    };
    Trail {
        key: place.resource.key.clone(),
        name: place.attribute("name").text(),
        multi_region: place.attribute("is_multi_region_trail").flag(false),
        global_events: place.attribute("include_global_service_events").flag(true),
        validates: place.attribute("enable_log_file_validation").flag(false),
        logging: place.attribute("enable_logging").flag(true),
        own_key,
        management: management(place),
    }
}

/// CloudTrail User Guide, "Logging management events": a trail records them unless its selectors say
/// otherwise.
fn management(place: &Place<'_>) -> Val<bool> {
    let advanced = place.blocks("advanced_event_selector");
    if let Some(note) = advanced.open {
        return Val::Unknown(note);
    }
    if !advanced.list.is_empty() {
        let note = place.attribute("advanced_event_selector").odd("is not read");
        return Val::Unknown(note);
    }
    let selectors = place.blocks("event_selector");
    if let Some(note) = selectors.open {
        return Val::Unknown(note);
    }
    if selectors.list.is_empty() {
        return Val::Known(true);
    }
    let mut sure = false;
    for selector in &selectors.list {
        let included = selector.attribute("include_management_events").flag(true);
        let kinds = selector.attribute("read_write_type").text_or("All");
        match (included, kinds) {
            (Val::Known(true), Val::Known(kind)) if kind != "ReadOnly" => sure = true,
            (Val::Known(_), Val::Known(_)) => {}
            (Val::Known(_), other) => return other.map(|_| true),
            (other, _) => return other,
        }
    }
    Val::Known(sure)
}

fn hubs(graph: &Graph, model: &mut Model) {
    let subscribed = graph.of(&["aws_securityhub_standards_subscription"]).next().is_some();
    for resource in graph.of(&["aws_securityhub_account"]) {
        let defaults = Place::top(graph, resource).attribute("enable_default_standards").flag(true);
        let standards = if subscribed { Val::Known(true) } else { defaults };
        let hub = Hub { key: resource.key.clone(), standards };
        model.detection.hubs.insert(hub.key.clone(), hub);
    }
}

/// A recorder records only once it is started, which is a resource of its own.
fn recorders(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_config_configuration_recorder"]) {
        let place = Place::top(graph, resource);
        let name = place.attribute("name").text_or("default").map(Some);
        let unseen = format!("whether {} is started: no source shows its status", resource.key);
        let recorder =
            Recorder { key: resource.key.clone(), name, recording: Val::Unknown(unseen.into()) };
        model.detection.recorders.insert(recorder.key.clone(), recorder);
    }
    for resource in graph.of(&["aws_config_configuration_recorder_status"]) {
        let place = Place::top(graph, resource);
        let recording = match place.attribute("is_enabled").text() {
            Val::Known(Some(word)) => Val::Known(word == "true"),
            Val::Known(None) => continue,
            other => other.map(|word| word.as_deref() == Some("true")),
        };
        // There is at most one recorder in an account and region.
        let mut all = model.detection.recorders.values_mut();
        if let (Some(recorder), None) = (all.next(), all.next()) {
            recorder.recording = recording;
        }
    }
}
