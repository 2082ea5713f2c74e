//! Stand-ins for the public images that the Dockerfile and `docker-compose.yml` name.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use super::daemon::Docker;
use crate::{step, workspace};

const DEBIAN: &str = "debian:bookworm-slim";
const RUST: &str = "rust:1.95-bookworm";
/// The rest, and the folder of `xtask/stand-ins` that makes each.
const OTHERS: [(&str, &str); 3] = [
    ("haproxy:2.6", "haproxy"),
    ("postgres:15-bookworm", "postgres"),
    ("redis:7-bookworm", "redis"),
];

/// Every authority that this machine believes, so that what is fetched while building comes the same way.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes those that are missing.
pub fn make(docker: &Docker) -> anyhow::Result<()> {
    if !docker.has(DEBIAN) {
        debian(docker)?;
    }
    let recipes = workspace::root()?.join("xtask/stand-ins");
    if !docker.has(RUST) {
        let folder = TempDir::with_prefix("ferrule-toolchain-").context("a temporary directory")?;
        lay_out_toolchain(folder.path())?;
        fs::copy(recipes.join("rust/Dockerfile"), folder.path().join("Dockerfile"))
            .context("a Dockerfile")?;
        build(docker, RUST, folder.path())?;
    }
    for (image, recipe) in OTHERS.into_iter().filter(|(image, _)| !docker.has(image)) {
        build(docker, image, &recipes.join(recipe))?;
    }
    Ok(())
}

fn debian(docker: &Docker) -> anyhow::Result<()> {
    let folder = TempDir::with_prefix("ferrule-debian-").context("a temporary directory")?;
    let root = folder.path().join("root");
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", "bookworm"]).arg(&root);
    step::run("debootstrap", debootstrap.stdout(Stdio::null()))?;
    let mut tar = Command::new("tar")
        .arg("--directory")
        .arg(&root)
        .args([
            "--exclude=./var/cache/apt/*",
            "--exclude=./var/lib/apt/lists/*",
            "--create",
            ".",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .context("tar")?;
    let mut import = docker.command(&["import", "--change", "CMD [\"bash\"]", "-", DEBIAN]);
    import.stdin(tar.stdout.take().context("what tar writes")?);
    step::run(DEBIAN, import.stdout(Stdio::null()))?;
    ensure!(tar.wait().context("tar")?.success(), "tar failed");
    Ok(())
}

/// The compiler and what it needs, without its manuals.
fn lay_out_toolchain(folder: &Path) -> anyhow::Result<()> {
    let sysroot = step::answer("rustc", &["--print", "sysroot"]).context("rustc is not installed")?;
    let sysroot = Path::new(&sysroot);
    fs::create_dir(folder.join("bin")).context("a folder")?;
    for program in ["cargo", "rustc"] {
        let to = folder.join("bin").join(program);
        fs::copy(sysroot.join("bin").join(program), to).with_context(|| program.to_owned())?;
    }
    fs::copy(AUTHORITIES, folder.join("authorities.pem")).context(AUTHORITIES)?;
    let mut copy = Command::new("cp");
    copy.arg("--archive").arg(sysroot.join("lib")).arg(folder);
    step::run("toolchain", &mut copy)
}

fn build(docker: &Docker, image: &str, folder: &Path) -> anyhow::Result<()> {
    let mut build = docker.command(&["build", "--quiet", "--network", "host", "--tag", image]);
    step::run(image, build.arg(folder))
}
