//! What is wrong with a setting, and what to write instead.

use std::io;
use std::path::PathBuf;

use super::Variable;

/// A setting that cannot be used. One line, names the variable, holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The value is not of the setting's kind.
    #[error("{variable}: {value} {problem}: write {instead}")]
    Unfit {
        /// The variable.
        variable: &'static str,
        /// Its value in quotes, or `its value` where that may be a secret.
        value: String,
        /// What is wrong with it.
        problem: String,
        /// What to write.
        instead: String,
    },
    /// A value that this program cannot start without.
    #[error("{} is not set: it is needed ({})", .0.name, .0.meaning)]
    Missing(&'static Variable),
    /// A variable and its `_FILE` form at once.
    #[error("{0} and {0}_FILE are both set: unset one of them")]
    TwoForms(&'static str),
    /// A file that a variable names cannot be read.
    #[error("{variable}: {} cannot be read: {cause}", .path.display())]
    Unreadable {
        /// The variable that names the file.
        variable: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The TOML file is malformed.
    #[error("FERRULE_CONFIG: {}:{line}: {problem}", .path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The TOML file has a key that is no setting.
    #[error("FERRULE_CONFIG: {}: unknown key {key:?}: did you mean {nearest:?}?", .path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The setting most like it.
        nearest: String,
    },
    /// An environment variable that is not text.
    #[error("{0}: its value is not UTF-8")]
    NotText(String),
    /// A read of a name that [`super::VARIABLES`] does not declare.
    #[error("{0} is no setting of Ferrule")]
    Undeclared(String),
}
