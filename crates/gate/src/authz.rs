//! Who may call which tool.
