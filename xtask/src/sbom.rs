//! `cargo xtask sbom`: the bill of materials of one program, in CycloneDX 1.5.
//!
//! It is made of what `cargo tree` resolves for the program alone and of `Cargo.lock`, and holds neither time nor
//! place, so that the same sources give the same text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::workspace;

/// Whose bill of materials.
#[derive(clap::Args)]
pub struct Options {
    /// The package of the program, e.g. `ferrule-gateway`
    package: String,
    /// A Debian package whose libraries go with the program, as NAME=VERSION
    #[arg(long)]
    debian: Vec<String>,
}

/// Prints it.
#[expect(clippy::print_stdout, reason = "whoever asks for the bill gets it on stdout")]
pub fn run(options: &Options) -> anyhow::Result<()> {
    let arguments = [
        "tree",
        "--locked",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}\t{l}",
    ];
    let mut tree = workspace::cargo(&arguments)?;
    let tree = tree.args(["--package", &options.package]).output()?;
    ensure!(
        tree.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&tree.stderr).trim()
    );
    let lock = fs::read_to_string(workspace::root()?.join("Cargo.lock")).context("Cargo.lock")?;
    let bill = bill(&String::from_utf8(tree.stdout)?, &lock, &options.debian)?;
    println!("{bill:#}");
    Ok(())
}

/// The bill: `tree` has the program first.
fn bill(tree: &str, lock: &str, debian: &[String]) -> anyhow::Result<Value> {
    let crates = tree
        .lines()
        .map(Crate::read)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let program = *crates.first().context("cargo tree said nothing")?;
    let checksums = checksums(lock)?;
    let mut components: Vec<_> = crates
        .into_iter()
        .filter(|found| *found != program)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|found| found.component("library", &checksums))
        .collect();
    for library in debian {
        let (name, version) = library.split_once('=').context("write --debian NAME=VERSION")?;
        components.push(json!({
            "type": "library",
            "name": name,
            "version": version,
            "purl": format!("pkg:deb/debian/{name}@{}?distro=debian-12", version.replace('+', "%2B")),
        }));
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": program.component("application", &checksums)},
        "components": components,
    }))
}

/// A crate as `cargo tree` names it: `serde v1.0.0 (/where/it/is)`, then its licence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Crate<'a> {
    name: &'a str,
    version: &'a str,
    licence: &'a str,
}

impl<'a> Crate<'a> {
    fn read(line: &'a str) -> anyhow::Result<Self> {
        let unknown = || format!("cargo tree said {line:?}");
        let (package, licence) = line.split_once('\t').with_context(unknown)?;
        let mut words = package.split(' ');
        let name = words.next().with_context(unknown)?;
        let version = words.next().and_then(|word| word.strip_prefix('v'));
        Ok(Self {
            name,
            version: version.with_context(unknown)?,
            // A crate that was told before carries a mark.
            licence: licence.trim_end_matches(" (*)"),
        })
    }

    fn component(self, kind: &str, checksums: &BTreeMap<(String, String), String>) -> Value {
        let Self {
            name,
            version,
            licence,
        } = self;
        let mut component = json!({"type": kind, "name": name, "version": version});
        if !licence.is_empty() {
            // Old crates write `MIT/Apache-2.0`.
            component["licenses"] = json!([{"expression": licence.replace('/', " OR ")}]);
        }
        // Only what comes from a registry has a checksum.
        if let Some(checksum) = checksums.get(&(name.to_owned(), version.to_owned())) {
            let url_coded = version.replace('+', "%2B");
            component["purl"] = json!(format!("pkg:cargo/{name}@{url_coded}"));
            component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
        }
        component
    }
}

fn checksums(lock: &str) -> anyhow::Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let packages = packages.context("Cargo.lock lists no package")?;
    let text = |package: &toml::Value, key| package.get(key)?.as_str().map(ToOwned::to_owned);
    Ok(packages
        .iter()
        .filter_map(|package| {
            Some((
                (text(package, "name")?, text(package, "version")?),
                text(package, "checksum")?,
            ))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "ferrule-gateway v0.1.0 (/src/services/gateway)\tApache-2.0\n\
        url v2.5.8\tMIT/Apache-2.0\n\
        anyhow v1.0.1\tMIT OR Apache-2.0\n\
        url v2.5.8\tMIT/Apache-2.0 (*)\n";
    const LOCK: &str = "[[package]]\nname = \"url\"\nversion = \"2.5.8\"\nchecksum = \"abc\"\n\
        [[package]]\nname = \"ferrule-gateway\"\nversion = \"0.1.0\"\n";

    #[test]
    fn each_crate_stands_in_the_bill_once_with_licence_and_checksum() {
        let bill = bill(TREE, LOCK, &[]).unwrap();
        assert_eq!(bill["metadata"]["component"]["name"], "ferrule-gateway");
        let [anyhow, url] = bill["components"].as_array().unwrap().as_slice() else {
            panic!("{bill:#}")
        };
        assert_eq!(anyhow["name"], "anyhow");
        assert_eq!(
            *url,
            json!({
                "type": "library",
                "name": "url",
                "version": "2.5.8",
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "purl": "pkg:cargo/url@2.5.8",
                "hashes": [{"alg": "SHA-256", "content": "abc"}],
            })
        );
    }

    #[test]
    fn libraries_of_the_image_stand_in_the_bill_too() {
        let bill = bill(TREE, LOCK, &["libc6=2.36-9+deb12u14".to_owned()]).unwrap();
        assert_eq!(
            bill["components"][2]["purl"],
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?distro=debian-12"
        );
    }

    #[test]
    fn the_order_in_which_crates_are_found_does_not_show() {
        let mut lines: Vec<_> = TREE.lines().collect();
        lines.swap(1, 2);
        let other = lines.join("\n");
        assert_eq!(bill(TREE, LOCK, &[]).unwrap(), bill(&other, LOCK, &[]).unwrap());
    }

    #[test]
    fn what_cargo_says_otherwise_is_an_error() {
        assert!(bill("", LOCK, &[]).is_err());
        assert!(bill("warning: x", LOCK, &[]).is_err());
        assert!(bill(TREE, LOCK, &["libc6".to_owned()]).is_err());
    }
}
