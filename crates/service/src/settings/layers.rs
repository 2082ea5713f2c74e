//! Environment over file over defaults, and where each value came from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::typed::parse_address;
use super::{Form, SettingsError, Source, VARIABLES, Variable, config_file};

/// The settings in force. Holds secrets, so that its `Debug` shows names only.
#[derive(Clone)]
pub struct Layers {
    form: Form,
    values: BTreeMap<&'static str, (SecretString, Source)>,
    unknown: Vec<String>,
}

impl Layers {
    /// Reads the environment (an argument, so that a test can give its own) and the files it names.
    ///
    /// An empty value counts as absent. A `FERRULE_…` variable that is no setting is ignored (Kubernetes
    /// injects such) and told by [`Layers::unknown`]; an unknown key in the TOML file is an error.
    pub fn read(
        form: Form,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let (environment, unknown) = declared(environment)?;
        let file = match environment.get("FERRULE_CONFIG") {
            Some(path) => config_file::read(Path::new(path))?,
            None => BTreeMap::new(),
        };
        let mut values = BTreeMap::new();
        for variable in VARIABLES {
            let found = match pick(variable, &environment, Source::Environment)? {
                Some(found) => Some(found),
                None => pick(variable, &file, Source::ConfigFile)?,
            };
            if let Some(found) = found {
                values.insert(variable.name, found);
            }
        }
        let layers = Self {
            form,
            values,
            unknown,
        };
        Ok(layers.with_defaults())
    }

    /// What was set, as a program of another form reads it.
    #[must_use]
    pub fn in_form(&self, form: Form) -> Self {
        let mut layers = self.clone();
        layers.form = form;
        layers.values.retain(|_, (_, source)| *source != Source::Default);
        layers.with_defaults()
    }

    fn with_defaults(mut self) -> Self {
        for variable in VARIABLES {
            if let Some(text) = self.form.default_of(variable) {
                let default = || (text.into(), Source::Default);
                self.values.entry(variable.name).or_insert_with(default);
            }
        }
        if self.form == Form::Embedded {
            self.follow_listen();
        }
        self
    }

    /// How Ferrule runs.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Names of `FERRULE_…` environment variables that are no setting: a line in the log, in case of a typo.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Where the value of `name` came from, `None` when there is none.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.values.get(name).map(|(_, source)| source)
    }

    /// The file that holds the secret `name`, where it came by `NAME_FILE`: for reading it anew.
    pub fn secret_file(&self, name: &str) -> Option<&Path> {
        match self.source(name) {
            Some(Source::SecretFile(path)) => Some(path),
            _ => None,
        }
    }

    /// The secret `name` as its file holds it now; `None` where it did not come by `NAME_FILE`.
    pub fn read_anew(&self, name: &str) -> Result<Option<SecretString>, SettingsError> {
        self.secret_file(name)
            .map(|path| read_secret(&format!("{name}_FILE"), path))
            .transpose()
    }

    /// The declared variable `name` and its raw value.
    pub(super) fn raw(&self, name: &str) -> Result<(&'static Variable, Option<&str>), SettingsError> {
        let variable = Variable::find(name).ok_or_else(|| SettingsError::Undeclared(name.to_owned()))?;
        Ok((
            variable,
            self.values.get(name).map(|(text, _)| text.expose_secret()),
        ))
    }

    /// Defaults that follow from `FERRULE_LISTEN`, where it is an address: browsers find the embedded form at
    /// its port, and it may call vendors on this machine only where nobody else can reach it.
    fn follow_listen(&mut self) {
        let listen = self
            .values
            .get("FERRULE_LISTEN")
            .map(|(text, _)| text.expose_secret());
        let Some(listen) = listen.and_then(parse_address) else {
            return;
        };
        let here = format!("http://localhost:{}", listen.port());
        let private = listen.ip().is_loopback().to_string();
        for (name, text) in [
            ("FERRULE_PUBLIC_URL", here),
            ("FERRULE_ALLOW_PRIVATE_NETWORKS", private),
        ] {
            self.values
                .entry(name)
                .or_insert_with(|| (text.into(), Source::Default));
        }
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers")
            .field("form", &self.form)
            .field("set", &self.values.keys())
            .finish_non_exhaustive()
    }
}

/// Where the printed curl lines read a caller's secrets: known names, though no settings.
const OF_CALLERS: [&str; 2] = ["FERRULE_USER_SECRET", "FERRULE_ORGANIZATION_SECRET"];

/// The environment's settings by name, and the names of those that are none.
fn declared(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(BTreeMap<String, String>, Vec<String>), SettingsError> {
    let mut values = BTreeMap::new();
    let mut unknown = Vec::new();
    for (name, value) in environment {
        let Ok(name) = name.into_string() else { continue };
        let file_of = |v: &Variable| v.file_form().is_some_and(|file_form| file_form == name);
        if !VARIABLES
            .iter()
            .any(|variable| variable.name == name || file_of(variable))
        {
            if name.starts_with("FERRULE_") && !OF_CALLERS.contains(&name.as_str()) {
                unknown.push(name);
            }
            continue;
        }
        let value = value
            .into_string()
            .map_err(|_| SettingsError::NotText(name.clone()))?;
        if !value.is_empty() {
            values.insert(name, value);
        }
    }
    unknown.sort();
    Ok((values, unknown))
}

/// The variable's value in one layer: given itself, or in the file that its `_FILE` form names.
fn pick(
    variable: &'static Variable,
    layer: &BTreeMap<String, String>,
    source: Source,
) -> Result<Option<(SecretString, Source)>, SettingsError> {
    let file_form = variable.file_form();
    let path = file_form.as_ref().and_then(|file_form| layer.get(file_form));
    match (layer.get(variable.name), path, file_form) {
        (Some(_), Some(_), _) => Err(SettingsError::TwoForms(variable.name)),
        (Some(text), None, _) => Ok(Some((text.as_str().into(), source))),
        (None, Some(path), Some(file_form)) => {
            let path = PathBuf::from(path);
            let text = read_secret(&file_form, &path)?;
            Ok((!text.expose_secret().is_empty()).then_some((text, Source::SecretFile(path))))
        }
        (None, _, _) => Ok(None),
    }
}

/// A secret as a file holds it: its text without the line end that editors add.
fn read_secret(variable: &str, path: &Path) -> Result<SecretString, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|cause| SettingsError::Unreadable {
        variable: variable.to_owned(),
        path: path.to_owned(),
        cause,
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    /// Layers of a process with these variables.
    pub(in crate::settings) fn layers(form: Form, given: &[(&str, &str)]) -> Result<Layers, SettingsError> {
        Layers::read(
            form,
            given.iter().map(|(name, value)| (name.into(), value.into())),
        )
    }

    fn file(text: &str) -> (tempfile::NamedTempFile, String) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        (file, path)
    }

    #[test]
    fn the_environment_stands_over_the_file_and_the_file_over_the_default() {
        let (_file, config) = file("log = \"debug\"\nlog_format = \"json\"");
        let given = [
            ("FERRULE_CONFIG", config.as_str()),
            ("FERRULE_LOG", "warn"),
            ("FERRULE_SANDBOX", ""),
        ];
        let layers = layers(Form::Embedded, &given).unwrap();
        for (name, value, source) in [
            ("FERRULE_LOG", "warn", Source::Environment),
            ("FERRULE_LOG_FORMAT", "json", Source::ConfigFile),
            ("FERRULE_SANDBOX", "true", Source::Default),
        ] {
            assert_eq!(layers.text(name).unwrap().as_deref(), Some(value), "{name}");
            assert_eq!(layers.source(name), Some(&source), "{name}");
        }
    }

    #[test]
    fn defaults_depend_on_the_form() {
        let embedded = layers(Form::Embedded, &[]).unwrap();
        let service = layers(Form::Service, &[]).unwrap();
        for (name, in_one_process, in_a_service) in [
            ("FERRULE_LISTEN", Some("127.0.0.1:8080"), None),
            (
                "FERRULE_ADMIN_LISTEN",
                Some("127.0.0.1:9090"),
                Some("0.0.0.0:9090"),
            ),
            ("FERRULE_ALLOW_PRIVATE_NETWORKS", Some("true"), Some("false")),
            ("FERRULE_DATABASE_URL", None, None),
        ] {
            assert_eq!(embedded.text(name).unwrap().as_deref(), in_one_process, "{name}");
            assert_eq!(service.text(name).unwrap().as_deref(), in_a_service, "{name}");
        }
    }

    #[test]
    fn some_defaults_follow_the_listening_address() {
        for (listen, private, public) in [
            ("127.0.0.1:81", Some("true"), Some("http://localhost:81")),
            ("[::1]:81", Some("true"), Some("http://localhost:81")),
            ("0.0.0.0:81", Some("false"), Some("http://localhost:81")),
            ("junk", None, None),
        ] {
            let layers = layers(Form::Embedded, &[("FERRULE_LISTEN", listen)]).unwrap();
            assert_eq!(
                layers.text("FERRULE_ALLOW_PRIVATE_NETWORKS").unwrap().as_deref(),
                private,
                "{listen}"
            );
            assert_eq!(
                layers.text("FERRULE_PUBLIC_URL").unwrap().as_deref(),
                public,
                "{listen}"
            );
        }
    }

    #[test]
    fn a_secret_may_come_in_a_file() {
        let (_file, path) = file("k1:AAAA\r\n");
        let layers = layers(Form::Service, &[("FERRULE_MASTER_KEYS_FILE", &path)]).unwrap();
        assert_eq!(
            layers
                .secret("FERRULE_MASTER_KEYS")
                .unwrap()
                .unwrap()
                .expose_secret(),
            "k1:AAAA"
        );
        assert_eq!(layers.secret_file("FERRULE_MASTER_KEYS"), Some(Path::new(&path)));
        assert_eq!(layers.secret_file("FERRULE_LOG"), None);
    }

    #[test]
    fn a_secret_in_a_file_is_read_anew() {
        let (file, path) = file("k1:AAAA\n");
        let layers = layers(Form::Service, &[("FERRULE_MASTER_KEYS_FILE", &path)]).unwrap();
        std::fs::write(file.path(), "k2:BBBB,k1:AAAA\n").unwrap();
        let now = layers.read_anew("FERRULE_MASTER_KEYS").unwrap().unwrap();
        assert_eq!(now.expose_secret(), "k2:BBBB,k1:AAAA");
        assert!(layers.read_anew("FERRULE_REDIS_URL").unwrap().is_none());
    }

    #[test]
    fn the_environments_file_form_stands_over_the_files_value() {
        let (_secret, path) = file("postgres://env");
        let (_config, config) = file("database_url = \"postgres://file\"");
        let given = [
            ("FERRULE_CONFIG", config.as_str()),
            ("FERRULE_DATABASE_URL_FILE", &path),
        ];
        let layers = layers(Form::Service, &given).unwrap();
        let url = layers.secret("FERRULE_DATABASE_URL").unwrap().unwrap();
        assert_eq!(url.expose_secret(), "postgres://env");
    }

    #[test]
    fn a_secret_given_twice_or_not_readable_is_an_error_of_one_line() {
        for (given, want) in [
            (
                &[
                    ("FERRULE_MASTER_KEYS", "k:s3cret"),
                    ("FERRULE_MASTER_KEYS_FILE", "/x"),
                ][..],
                "FERRULE_MASTER_KEYS and FERRULE_MASTER_KEYS_FILE are both set: unset one of them",
            ),
            (
                &[("FERRULE_REDIS_URL_FILE", "/nowhere/redis")][..],
                "FERRULE_REDIS_URL_FILE: /nowhere/redis cannot be read: No such file or directory (os error 2)",
            ),
        ] {
            assert_eq!(layers(Form::Service, given).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn foreign_variables_are_ignored_and_ours_that_are_none_are_told() {
        let given = [
            ("HOME", "/root"),
            ("FERRULE_GATEWAY_PORT", "tcp://x"),
            ("FERRULE_LISTEN_FILE", "/x"),
        ];
        let layers = layers(Form::Service, &given).unwrap();
        assert_eq!(layers.unknown(), ["FERRULE_GATEWAY_PORT", "FERRULE_LISTEN_FILE"]);
    }

    #[test]
    fn debug_shows_no_value() {
        let layers = layers(Form::Service, &[("FERRULE_MASTER_KEYS", "k1:s3cret")]).unwrap();
        assert!(!format!("{layers:?}").contains("s3cret"));
    }
}
