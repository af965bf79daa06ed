//! The `trackside` binary.
fn main() {}
