//! W3C trace context; traces over OTLP as a feature.
