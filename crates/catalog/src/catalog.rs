//! The catalogue: every connector, read once at start.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use ferrule_model::{ConnectorKey, ElementId};

use crate::built_in::BUILT_IN;
use crate::connector::Connector;
use crate::directory::connector_files;
use crate::problem::{LoadError, Problem};
use crate::read::{SourceFile, read};

/// What a catalogue is made from, beside the built-in files.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// A folder of connector files that add to or override all others.
    pub directory: Option<PathBuf>,
    /// Lets `http://` addresses on loopback in.
    pub allow_private_networks: bool,
    /// Files handed over in memory; they add to or override the built-in ones.
    pub extra: Vec<ConnectorSource>,
}

/// A connector file in memory.
#[derive(Clone, Debug)]
pub struct ConnectorSource {
    /// The file's name, as in `sandbox.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Every connector. A clone is cheap and shows the same.
#[derive(Clone, Debug)]
pub struct Catalog(Arc<Shelves>);

/// What files were read to, and what is wrong with them.
#[derive(Clone, Debug, Default)]
struct Connectors {
    by_key: BTreeMap<String, Arc<Connector>>,
    problems: Vec<Problem>,
}

/// The built-in connectors, read once a process: they name no address on loopback.
static SHIPPED: LazyLock<Connectors> = LazyLock::new(|| {
    let files: Vec<SourceFile> = BUILT_IN
        .iter()
        .map(|(name, text)| in_memory(name, text))
        .collect();
    let mut shipped = Connectors::default();
    shipped.add(&files, false);
    shipped
});

impl Connectors {
    /// Adds files; each overrides an earlier one with its key.
    fn add(&mut self, files: &[SourceFile], allow_private_networks: bool) {
        for file in files {
            match read(file, &self.by_key, allow_private_networks) {
                Ok(connector) => {
                    self.by_key.insert(connector.key.to_string(), Arc::new(connector));
                }
                Err(refused) => {
                    for key in refused.keys {
                        self.by_key.remove(&key);
                    }
                    self.problems.extend(refused.problems);
                }
            }
        }
    }

    fn shelve(self) -> Shelves {
        let ids = self.by_key.iter();
        let aliases = self.by_key.values().flat_map(|connector| {
            let key = connector.key.as_str();
            connector
                .aliases
                .iter()
                .map(move |alias| (alias.to_string(), key.to_owned()))
        });
        Shelves {
            key_by_alias: aliases.collect(),
            key_by_id: ids.map(|(key, connector)| (connector.id, key.clone())).collect(),
            by_key: self.by_key,
            problems: self.problems,
        }
    }
}

#[derive(Debug)]
struct Shelves {
    by_key: BTreeMap<String, Arc<Connector>>,
    key_by_alias: BTreeMap<String, String>,
    key_by_id: BTreeMap<ElementId, String>,
    problems: Vec<Problem>,
}

impl Catalog {
    /// Reads the built-in files, then `extra`, then the folder; a later file overrides an earlier one with its
    /// key, and without an `id` keeps that one's.
    ///
    /// A wrong file is left out and told by [`Catalog::problems`]; what it would have overridden is left out
    /// with it. Only a folder that cannot be listed is an error.
    pub fn load(options: &LoadOptions) -> Result<Self, LoadError> {
        let extra = options.extra.iter();
        let mut files: Vec<SourceFile> = extra
            .map(|source| in_memory(&source.name, &source.text))
            .collect();
        if let Some(directory) = &options.directory {
            let listed = connector_files(directory);
            files.extend(listed.map_err(|source| LoadError::Directory {
                directory: directory.clone(),
                source,
            })?);
        }
        let mut read = SHIPPED.clone();
        read.add(&files, options.allow_private_networks);
        Ok(Self(Arc::new(read.shelve())))
    }

    /// The connector with this key or, failing that, this alias or numeric id.
    pub fn get(&self, key_or_id: &str) -> Option<&Arc<Connector>> {
        let by_alias = || self.0.by_key.get(self.0.key_by_alias.get(key_or_id)?);
        self.0.by_key.get(key_or_id).or_else(by_alias).or_else(|| {
            let digits = key_or_id.bytes().all(|byte| byte.is_ascii_digit());
            let id = key_or_id.parse().ok().filter(|_| digits).map(ElementId)?;
            self.by_id(id)
        })
    }

    /// The connector with this key.
    pub fn by_key(&self, key: &ConnectorKey) -> Option<&Arc<Connector>> {
        self.0.by_key.get(key.as_str())
    }

    /// The connector with this id.
    pub fn by_id(&self, id: ElementId) -> Option<&Arc<Connector>> {
        self.0.key_by_id.get(&id).and_then(|key| self.0.by_key.get(key))
    }

    /// Every connector, by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Connector>> {
        self.0.by_key.values()
    }

    /// The hubs that have a connector, each once, in alphabetical order.
    pub fn hubs(&self) -> BTreeSet<&str> {
        self.iter().map(|connector| connector.hub.as_str()).collect()
    }

    /// What is wrong with the files that were left out.
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }
}

/// Everything that is wrong with a folder of connector files, beside the built-in ones; empty when all is well.
pub fn check_directory(directory: &Path, allow_private_networks: bool) -> Vec<Problem> {
    let directory = directory.to_owned();
    let options = LoadOptions {
        directory: Some(directory.clone()),
        allow_private_networks,
        ..LoadOptions::default()
    };
    match Catalog::load(&options) {
        Ok(catalog) => catalog.problems().to_vec(),
        Err(error @ LoadError::Directory { .. }) => {
            vec![Problem {
                file: directory.display().to_string(),
                line: 1,
                message: error.to_string(),
            }]
        }
    }
}

fn in_memory(name: &str, text: &str) -> SourceFile {
    let stem = name.strip_suffix(".toml").unwrap_or(name).to_owned();
    SourceFile {
        file: name.to_owned(),
        stem,
        text: Ok(text.to_owned()),
    }
}
