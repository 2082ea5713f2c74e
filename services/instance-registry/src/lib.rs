//! Who may do what; instances and their sealed tokens.
