//! The connector files that ship with Ferrule, part of the binary.

/// Names and texts. A file of `connectors/` that is missing here fails the test below.
pub(crate) const BUILT_IN: &[(&str, &str)] =
    &[("intercom.toml", include_str!("../connectors/intercom.toml"))];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
    fn every_built_in_file_has_an_id_of_its_own() {
        for (name, text) in BUILT_IN {
            assert!(
                text.lines().any(|line| line.starts_with("id = ")),
                "{name} has no id"
            );
        }
    }
}
