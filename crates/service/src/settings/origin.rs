//! Which defaults stand, and where a value came from.

use std::fmt;
use std::path::PathBuf;

use super::Variable;

/// How Ferrule runs: it decides which defaults stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All in one process.
    Embedded,
    /// One service of the cluster.
    Service,
}

impl Form {
    /// What stands for `variable` when nothing is set.
    pub fn default_of(self, variable: &Variable) -> Option<&'static str> {
        match self {
            Self::Embedded => variable.embedded_default,
            Self::Service => variable.service_default,
        }
    }
}

/// Where a value in force came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An environment variable.
    Environment,
    /// The file named by `FERRULE_CONFIG`.
    ConfigFile,
    /// The file named by the variable's `_FILE` form.
    SecretFile(PathBuf),
    /// The default of this form.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::ConfigFile => f.write_str("file"),
            Self::SecretFile(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}
