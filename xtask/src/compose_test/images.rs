//! Ferrule's own images: built, weighed, and built again.

use anyhow::Context as _;

use super::daemon::Docker;
use crate::{step, workspace};

/// The targets of `deploy/Dockerfile`.
const PROGRAMS: [&str; 4] = ["gateway", "oauth-broker", "instance-registry", "ferrule"];

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Image {
    pub program: &'static str,
    pub bytes: u64,
    /// Digests of its layers' contents.
    layers: String,
}

/// Builds all four under the names that `docker-compose.yml` gives them.
pub fn build(docker: &Docker) -> anyhow::Result<Vec<Image>> {
    build_with(docker, "ferrule/", ":0.1.0", &[])
}

/// Builds all four anew, and says whether the layers are the same.
pub fn are_the_same_again(docker: &Docker, images: &[Image]) -> anyhow::Result<bool> {
    // The stages are shared: the first build without the cache fills it for the others.
    let first = build_one(docker, "again/", ":0.1.0", PROGRAMS[0], &["--no-cache"])?;
    let mut again = build_with(docker, "again/", ":0.1.0", &[])?;
    if let Some(gateway) = again.first_mut() {
        *gateway = first;
    }
    Ok(again == images)
}

fn build_with(docker: &Docker, prefix: &str, tag: &str, arguments: &[&str]) -> anyhow::Result<Vec<Image>> {
    PROGRAMS
        .iter()
        .map(|program| build_one(docker, prefix, tag, program, arguments))
        .collect()
}

fn build_one(
    docker: &Docker,
    prefix: &str,
    tag: &str,
    program: &'static str,
    arguments: &[&str],
) -> anyhow::Result<Image> {
    let name = format!("{prefix}{program}{tag}");
    let mut build = docker.command(&[
        "build",
        "--quiet",
        "--network",
        "host",
        "--file",
        "deploy/Dockerfile",
    ]);
    build
        .args(["--target", program, "--tag", &name])
        .args(arguments)
        .arg(".");
    step::run(&name, build.current_dir(workspace::root()?))?;
    let facts = docker.answer(&[
        "image",
        "inspect",
        "--format",
        "{{.Size}} {{.RootFS.Layers}}",
        &name,
    ])?;
    let (bytes, layers) = facts.split_once(' ').context("the facts of an image")?;
    Ok(Image {
        program,
        bytes: bytes.parse().context("the size of an image")?,
        layers: layers.to_owned(),
    })
}
