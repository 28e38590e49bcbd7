//! Which server a request is for.
