//! Starts and supervises the processes of a farm on this machine.
