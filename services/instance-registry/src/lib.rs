//! Who may do what; instances and their sealed tokens.

pub mod store;
