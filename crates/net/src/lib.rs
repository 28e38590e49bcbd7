//! Packet sets and exact reachability over a network of groups, lists, routes and relays.
//!
//! Knows no AWS, does no I/O. The order of the modules is the order in which to read them.

mod intervals;
pub mod addr;
pub mod service;
pub mod packet;
pub mod uncertain;
pub mod rule;
pub mod acl;
pub mod route;
pub mod topology;
pub mod reach;
