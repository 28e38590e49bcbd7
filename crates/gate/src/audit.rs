//! The audit: one line of JSON per request, chained by hash.
