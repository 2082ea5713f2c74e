//! What sources may name, and how long they may be.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

const MOST_LINES: usize = 500;

/// A path that only one module, with those under it, may name.
const HOMES: [(&str, &str); 3] = [
    ("sqlx::", "services/instance-registry/src/store"),
    ("redis::", "services/oauth-broker/src/handshake/redis"),
    ("hyper_util::client", "crates/outbound/src"),
];

/// No part of the product.
const FLOORS: &str = "crates/bench-floor/";

pub fn root() -> PathBuf {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the manifest is"));
    here.parent().expect("xtask stands in the workspace").to_owned()
}

/// Every Rust source of every room: its path from the root, and its text.
fn sources() -> Vec<(String, String)> {
    let root = root();
    let mut sources = Vec::new();
    for room in ["crates", "services"]
        .into_iter()
        .flat_map(|folder| entries(&root.join(folder)))
    {
        collect(&room.join("src"), &root, &mut sources);
    }
    collect(&root.join("xtask/src"), &root, &mut sources);
    assert!(sources.len() > 20, "sources are looked for in the wrong place");
    sources
}

fn collect(folder: &Path, root: &Path, sources: &mut Vec<(String, String)>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect(&path, root, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path
                .strip_prefix(root)
                .expect("a path under the root")
                .display()
                .to_string();
            sources.push((name, fs::read_to_string(&path).expect("a source")));
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// Whether a file is a module's own or stands under it.
fn is_in(file: &str, module: &str) -> bool {
    file.strip_prefix(module)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Whether a line of code names the path as a crate's: at its begin, not inside another path or word.
fn names(line: &str, path: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(path).any(|(at, _)| {
        let before = &code[..at];
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !before.ends_with("::")
    })
}

#[test]
fn each_path_is_named_in_its_home_alone() {
    let product = sources()
        .into_iter()
        .filter(|(file, _)| !file.starts_with(FLOORS));
    for (file, text) in product {
        for (path, home) in HOMES.into_iter().filter(|(_, home)| !is_in(&file, home)) {
            // A module of that name hides the crate.
            let module = path.split("::").next().map(|name| format!("mod {name};"));
            if module.is_some_and(|module| text.contains(&module)) {
                continue;
            }
            let line = text
                .lines()
                .position(|line| names(line, path))
                .map(|line| line + 1);
            assert_eq!(line, None, "{path} belongs in {home}, not in {file}");
        }
    }
}

#[test]
fn no_source_is_longer_than_a_sitting() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{file} has {lines} lines: split it");
    }
}

#[test]
fn a_module_of_the_same_name_is_not_the_crate() {
    let cases = [
        ("use redis::Client;", true),
        ("let x = redis::cmd(\"GET\");", true),
        ("pub use self::redis::Store;", false),
        ("crate::handshake::redis::open()", false),
        ("// see redis::Client", false),
        ("my_redis::x()", false),
    ];
    for (line, expected) in cases {
        assert_eq!(names(line, "redis::"), expected, "{line}");
    }
}
