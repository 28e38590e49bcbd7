//! The bridge: secretless, beside a server, it takes only what the gate signed.
