//! A single-threaded runtime for each core, and what each has of its own.
//!
//! A connection that was accepted stays on one core, and so does whatever its requests need: nobody is woken by another
//! thread, and little is locked. [`Threads`] is started by a program's main, servers are given its [`Cores`], and what
//! they call keeps connections [`PerCore`].

mod per_core;
mod threads;

pub use per_core::PerCore;
pub use threads::{Cores, Seat, Threads};
