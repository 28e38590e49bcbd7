//! Keys of a farm: API keys, the gate's own, sealed sessions, signed principals.
