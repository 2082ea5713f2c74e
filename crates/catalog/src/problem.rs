//! What is wrong with a connector file, and where.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// One thing wrong with a connector file. Shown as `file:line: message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as its path was given; a built-in one by its name alone.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// The catalogue could not be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder of connector files cannot be listed.
    #[error("cannot read the connectors folder {}: {source}", directory.display())]
    Directory {
        /// The folder that was asked for.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
