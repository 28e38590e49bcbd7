//! What an intermediary has to know of the Model Context Protocol: messages, headers, errors, event streams.
