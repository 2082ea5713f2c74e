//! The rooms of this house keep to themselves: who may know whom, and how large a file may grow. What deploys Ferrule
//! fits it, and keeps its own rules.
#![expect(clippy::expect_used, reason = "these are tests, helpers and all")]

mod compose;
mod dependencies;
mod kubernetes;
mod sources;
