//! Network interfaces: which belong to things that are read by themselves, and which don't.
//!
//! Every thing in a VPC that can talk has an interface. So where all interfaces of a VPC are shown and
//! each is accounted for, nothing else can be in it, and the VPC is closed. What belongs to nothing
//! that is read becomes something with one interface.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::folder::{Item, Region};
use super::made::{Made, Making};
use super::owners::{Owned, Owners};
use super::value::{list, text, texts};

pub(super) const INTERFACES: &str = "ec2 describe-network-interfaces";

/// One network interface.
#[derive(Debug, Default, Clone)]
pub(super) struct Interface {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) description: String,
    pub(super) requester: String,
    pub(super) subnet: String,
    pub(super) vpc: String,
    pub(super) groups: BTreeSet<String>,
    pub(super) addresses: Vec<String>,
    pub(super) public: Option<String>,
    /// The instance that it is attached to, and in which place.
    pub(super) instance: Option<(String, u64)>,
}

impl Interface {
    fn of(item: &Value) -> Option<Self> {
        let owned = |name: &str| text(item, name).unwrap_or_default().to_owned();
        let own = item.get("Association").and_then(|association| text(association, "PublicIp"));
        let any = || {
            let mut all = list(item, "PrivateIpAddresses");
            all.find_map(|one| text(one.get("Association")?, "PublicIp"))
        };
        let attachment = item.get("Attachment");
        let instance = attachment.and_then(|attachment| {
            let place = attachment.get("DeviceIndex").and_then(Value::as_u64).unwrap_or_default();
            Some((text(attachment, "InstanceId")?.to_owned(), place))
        });
        let mut addresses: Vec<String> =
            text(item, "PrivateIpAddress").map(str::to_owned).into_iter().collect();
        addresses.extend(texts(item, "PrivateIpAddresses", "PrivateIpAddress"));
        Some(Self {
            id: text(item, "NetworkInterfaceId")?.to_owned(),
            kind: owned("InterfaceType"),
            description: owned("Description"),
            requester: owned("RequesterId"),
            subnet: owned("SubnetId"),
            vpc: owned("VpcId"),
            groups: texts(item, "Groups", "GroupId").into_iter().collect(),
            addresses,
            public: own.or_else(any).map(str::to_owned),
            instance,
        })
    }

    /// Whether ECS made it for a task.
    pub(super) fn is_of_task(&self) -> bool {
        self.description.starts_with("arn:")
            && self.description.contains(":ecs:")
            && self.description.contains(":attachment/")
    }
}

/// All interfaces that are shown.
#[derive(Default)]
pub(super) struct Interfaces {
    pub(super) all: BTreeMap<String, Interface>,
    by_address: BTreeMap<(String, String), String>,
}

impl Interfaces {
    pub(super) fn new(region: &Region<'_>) -> Self {
        let mut found = Self::default();
        for item in region.items(INTERFACES) {
            let Some(interface) = Interface::of(&item.value) else { continue };
            for address in &interface.addresses {
                let at = (interface.vpc.clone(), address.clone());
                found.by_address.entry(at).or_insert_with(|| interface.id.clone());
            }
            found.all.entry(interface.id.clone()).or_insert(interface);
        }
        found
    }

    /// The interface that has this private address in a VPC.
    pub(super) fn by_address(&self, vpc: Option<&str>, address: &str) -> Option<&Interface> {
        let id = self.by_address.get(&(vpc?.to_owned(), address.to_owned()))?;
        self.all.get(id)
    }
}

/// Reads instances and interfaces, and says which VPCs are closed.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    instances(region, making);
    let interfaces = Interfaces::new(region);
    let owners = Owners::new(region, making, &interfaces);
    let mut unsaid: BTreeMap<String, String> = BTreeMap::new();
    for item in region.items(INTERFACES) {
        let Some(interface) =
            text(&item.value, "NetworkInterfaceId").and_then(|id| interfaces.all.get(id))
        else {
            continue;
        };
        match owners.of(interface) {
            Owned::Known => {}
            Owned::Alone => making.add(alone(&item, interface)),
            Owned::Unsaid(reason) => {
                unsaid.entry(interface.vpc.clone()).or_insert(reason);
            }
        }
    }
    let vpcs: Vec<String> = making.of("aws_vpc").map(|(id, _)| id.to_owned()).collect();
    for vpc in vpcs {
        let reason = unsaid
            .get(&vpc)
            .cloned()
            .or_else(|| not_all(region, making, &interfaces, &owners, &vpc));
        making.change("aws_vpc", &vpc, |made| {
            made.set_or("interfaces", reason.is_none().then_some(true), || {
                reason.unwrap_or_default()
            });
        });
    }
}

fn alone(item: &Item<'_>, interface: &Interface) -> Made {
    let mut made = Made::new("aws_network_interface", &interface.id, item);
    made.set("subnet_id", interface.subnet.as_str())
        .set("security_groups", interface.groups.iter().cloned().collect::<Vec<String>>())
        .set("public_ip", interface.public.clone())
        .set("private_ip", interface.addresses.first().cloned())
        .tags(&item.value, "TagSet");
    made
}

/// Why there may be more in a VPC than is shown, as a predicate.
fn not_all(
    region: &Region<'_>,
    making: &Making,
    interfaces: &Interfaces,
    owners: &Owners,
    vpc: &str,
) -> Option<String> {
    if !region.shows(INTERFACES) {
        return Some(region.missing(INTERFACES));
    }
    if region.pages(INTERFACES).iter().any(|page| page.request.narrows()) {
        return Some(format!("isn't shown: `aws {INTERFACES}` was asked for a part only"));
    }
    let missing = owners.expected(making, vpc).into_iter().find(|(_, present)| !present);
    if let Some((what, _)) = missing {
        return Some(format!("isn't shown: `aws {INTERFACES}` shows no interface of {what}"));
    }
    // An empty list says nothing of a VPC by itself: it may be another's.
    let whole = region.pages(INTERFACES).iter().all(|page| page.request.is_whole());
    let any = interfaces.all.values().any(|interface| interface.vpc == vpc);
    (!whole && !any)
        .then(|| format!("isn't shown: `aws {INTERFACES}` shows none of its interfaces"))
}

fn instances(region: &Region<'_>, making: &mut Making) {
    for reservation in region.items("ec2 describe-instances") {
        for instance in list(&reservation.value, "Instances") {
            let Some(id) = text(instance, "InstanceId") else { continue };
            let state = instance.get("State").and_then(|state| text(state, "Name"));
            if matches!(state, Some("terminated" | "shutting-down")) {
                continue;
            }
            let mut made = Made::new("aws_instance", id, &reservation);
            let public = text(instance, "PublicIpAddress");
            made.copy(
                instance,
                &[
                    ("subnet_id", "SubnetId"),
                    ("private_ip", "PrivateIpAddress"),
                    ("public_ip", "PublicIpAddress"),
                ],
            )
            .set("associate_public_ip_address", public.is_some())
            .set("vpc_security_group_ids", texts(instance, "SecurityGroups", "GroupId"))
            .tags(instance, "Tags");
            making.add(made);
        }
    }
}
