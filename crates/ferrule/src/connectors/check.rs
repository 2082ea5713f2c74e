//! `connectors check DIR`: everything that is wrong with a folder.

use std::path::Path;

use anyhow::bail;
use ferrule_catalog::check_directory;
use ferrule_service::settings::Layers;

use super::{print, private_networks};

/// One line a problem; none: silence and success, after a word that it was looked at.
pub(super) fn run(directory: &Path, layers: &Layers) -> anyhow::Result<()> {
    let problems = check_directory(directory, private_networks(layers)?);
    for problem in &problems {
        print(&problem.to_string());
    }
    match problems.len() {
        0 => {
            print(&format!("{}: every connector file is good", directory.display()));
            Ok(())
        }
        1 => bail!("1 problem in {}", directory.display()),
        many => bail!("{many} problems in {}", directory.display()),
    }
}
