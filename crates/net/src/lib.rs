//! Packet sets and exact reachability over a network of groups, lists, routes and relays.
//!
//! Knows no AWS, does no I/O. To be read in this order: [`addr`], [`service`], [`packet`],
//! [`uncertain`], [`rule`], [`acl`], [`route`], [`topology`], [`reach`].

pub mod acl;
pub mod addr;
mod intervals;
pub mod packet;
pub mod reach;
pub mod route;
pub mod rule;
pub mod service;
pub mod topology;
pub mod uncertain;
