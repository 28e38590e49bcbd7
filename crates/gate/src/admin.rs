//! Metrics and readiness, on an address of their own.
