//! The scalars of the farm file: texts with a meaning of their own, each checked as it is read.

mod amount;
mod aws;
mod name;
mod network;
mod path_pattern;
mod reference;

pub use amount::{Duration, Rate};
pub use aws::{
    AccountId, Arn, EcrRepository, HostedZone, Image, ParameterName, Region, ResourceId,
};
pub use name::{GroupPattern, HostName, Label, MountPath, Name, Text, VariableName};
pub use network::{Cidr, Client, Codes, Port, RequestPath, Zones};
pub use path_pattern::PathPattern;
pub use reference::{Reach, SecretRef, SecretStore, User};
