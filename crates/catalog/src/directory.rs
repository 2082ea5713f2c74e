//! An operator's folder of connector files.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use crate::read::SourceFile;

/// Largest connector file, in bytes.
const LARGEST_FILE: u64 = 256 * 1024;

/// Every `*.toml` of a folder, by name. A file that cannot be read keeps its place, with the reason.
pub(crate) fn connector_files(directory: &Path) -> io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        // A mounted ConfigMap shows its versions as hidden folders.
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden || path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        files.push(SourceFile {
            file: path.display().to_string(),
            stem,
            text: read(&path),
        });
    }
    files.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(files)
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = File::open(path)
        .and_then(|file| {
            let mut bytes = Vec::new();
            file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        })
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!(
            "a connector file holds at most {} KiB: make it shorter",
            LARGEST_FILE / 1024
        ));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8: save it as UTF-8 text".to_owned())
}
