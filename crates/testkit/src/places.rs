//! Where things are: free ports, our binaries, programs of the machine, the vendors' folder.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

/// Ports handed out lie below the range from which systems take ports for outgoing connections.
const FIRST_PORT: u32 = 15_000;
const PORTS: u32 = 17_000;

/// A loopback port that nothing listens on. Two processes of one test run start their search at different
/// places, so that they hardly ever pick the same one.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    (0..PORTS)
        .map(|_| {
            let offset = process::id()
                .wrapping_mul(97)
                .wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
            u16::try_from(FIRST_PORT + offset % PORTS).expect("the range ends below 65536")
        })
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free loopback port")
}

/// The binary `name` of this workspace, in the profile that the running test was built with.
pub fn binary(name: &str) -> PathBuf {
    beside_this_test(name).unwrap_or_else(|| {
        panic!(
            "no binary {name} beside this test: run `cargo build --workspace --bins`, or `cargo xtask test`"
        )
    })
}

/// The folder into which `cargo xtask tools` installed the vendors that are not ours: named by
/// `FERRULE_TEST_VENDORS`, else `ferrule-vendors` in the target directory.
pub(crate) fn vendors() -> PathBuf {
    env::var_os("FERRULE_TEST_VENDORS")
        .map(PathBuf::from)
        .or_else(|| beside_this_test("ferrule-vendors"))
        .filter(|folder| folder.join("node_modules").is_dir())
        .expect("the vendors' packages: run `cargo xtask tools` once")
}

/// The Python that sees those of them that are written in it.
pub(crate) fn vendors_python() -> PathBuf {
    let python = vendors().join("python/bin/python");
    assert!(
        python.is_file(),
        "the vendors' packages: run `cargo xtask tools` once more"
    );
    python
}

/// The script of npm's `axe-core`, which says what is hard to use in the page that runs it.
pub fn axe() -> PathBuf {
    let script = vendors().join("node_modules/axe-core/axe.min.js");
    assert!(script.is_file(), "axe-core: run `cargo xtask tools` once more");
    script
}

/// The program `name` of those that check `deploy/kubernetes`, as `cargo xtask tools` installed it.
pub fn kubernetes_tool(name: &str) -> PathBuf {
    beside_this_test(&format!("ferrule-kubernetes/bin/{name}"))
        .unwrap_or_else(|| panic!("no {name} in the target directory: run `cargo xtask tools` once"))
}

/// The Python that sees the validator of `OpenAPI` documents, as `cargo xtask tools` installed it.
pub fn openapi_python() -> PathBuf {
    beside_this_test("ferrule-openapi/bin/python")
        .expect("the validator of OpenAPI documents: run `cargo xtask tools` once")
}

/// The path of a program on `PATH`, or in the folder that Debian keeps from the `PATH` of most users; `package` is what
/// brings it on Debian.
pub(crate) fn program(name: &str, package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not on PATH: run `cargo xtask tools`, or install {package}"))
}

/// The folder with the newest PostgreSQL's programs: `/usr/lib/postgresql/*/bin`, else where `initdb` is on `PATH`.
pub(crate) fn postgresql() -> PathBuf {
    let packaged = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    packaged
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .max()
        .map_or_else(
            || folder_of(&program("initdb", "postgresql")),
            |(_, folder)| folder,
        )
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().expect("a file stands in a folder").to_owned()
}

fn beside_this_test(name: &str) -> Option<PathBuf> {
    let test = env::current_exe().ok()?;
    test.ancestors()
        .skip(1)
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_free_port_is_another_one_and_can_be_listened_on() {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
        let second = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
        assert_ne!(first.local_addr().unwrap(), second.local_addr().unwrap());
    }

    #[test]
    #[should_panic(expected = "cargo build --workspace --bins")]
    fn a_missing_binary_says_how_to_build_it() {
        binary("no-such-binary");
    }
}
