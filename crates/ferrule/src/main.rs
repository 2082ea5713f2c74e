//! Ferrule in one process.
fn main() {}
