//! HTTP as the gate and the bridge serve it: listeners, TLS, limits, framing.
