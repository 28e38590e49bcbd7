//! The embedded MCP server: the tools, prompts and resources that the conformance suite asks for.
