//! The connector files that ship with Ferrule, part of the binary.

/// Names and texts of the files in `connectors/`, by name; `build.rs` lists them.
pub(crate) const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{Catalog, LoadOptions};

    /// Every id that a release has given away, and the key it stands for.
    const LOCK: &str = include_str!("../ids.lock");

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/connectors");
        let files = std::fs::read_dir(folder).unwrap();
        let files: BTreeSet<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let listed: BTreeSet<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(files, listed);
        assert_eq!(BUILT_IN.len(), listed.len());
    }

    #[test]
    fn every_connector_has_the_id_that_the_lock_gives_it() {
        let mut locked: BTreeMap<i64, &str> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for line in LOCK.lines().filter(|line| !line.starts_with('#')) {
            let (id, key) = line.split_once(' ').unwrap();
            assert!(
                locked.insert(id.parse().unwrap(), key).is_none(),
                "{id} stands twice"
            );
            assert!(keys.insert(key), "{key} stands twice");
        }
        let catalog = Catalog::load(&LoadOptions::default()).unwrap();
        assert_eq!(catalog.problems(), []);
        assert_eq!(catalog.iter().len(), BUILT_IN.len());
        for connector in catalog.iter() {
            let (id, key) = (connector.id.0, connector.key.as_str());
            let held = locked.get(&id).copied();
            assert_eq!(
                held,
                Some(key),
                "add a line to ids.lock, and change none: {id} {key}"
            );
        }
    }
}
