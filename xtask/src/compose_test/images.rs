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

/// The name that `docker-compose.yml` gives a program's image.
fn name(program: &str) -> String {
    format!("ferrule/{program}:0.1.0")
}

/// Builds all four.
pub fn build(docker: &Docker) -> anyhow::Result<Vec<Image>> {
    let build = |program: &&'static str| build_one(docker, program, &name(program), &[]);
    PROGRAMS.iter().map(build).collect()
}

/// All four as an earlier run left them.
pub fn kept(docker: &Docker) -> anyhow::Result<Vec<Image>> {
    let kept = |program: &&'static str| weigh(docker, program, &name(program));
    PROGRAMS.iter().map(kept).collect()
}

/// Builds all four anew, and says whether their layers are the same.
pub fn are_the_same_again(docker: &Docker, images: &[Image]) -> anyhow::Result<bool> {
    let mut same = true;
    for (number, image) in images.iter().enumerate() {
        // The stage that compiles is theirs together: the first one makes it anew.
        let anew: &[&str] = if number == 0 { &["--no-cache"] } else { &[] };
        let name = format!("again/{}", image.program);
        same &= build_one(docker, image.program, &name, anew)? == *image;
    }
    Ok(same)
}

fn build_one(
    docker: &Docker,
    program: &'static str,
    name: &str,
    arguments: &[&str],
) -> anyhow::Result<Image> {
    let mut build = docker.command(&["build", "--quiet", "--network", "host"]);
    build.args(["--file", "deploy/Dockerfile", "--target", program, "--tag", name]);
    build.args(arguments).arg(".").current_dir(workspace::root()?);
    step::run(name, &mut build)?;
    weigh(docker, program, name)
}

fn weigh(docker: &Docker, program: &'static str, name: &str) -> anyhow::Result<Image> {
    let facts = docker.answer(&[
        "image",
        "inspect",
        "--format",
        "{{.Size}} {{.RootFS.Layers}}",
        name,
    ])?;
    let (bytes, layers) = facts.split_once(' ').context("the facts of an image")?;
    Ok(Image {
        program,
        bytes: bytes.parse().context("the size of an image")?,
        layers: layers.to_owned(),
    })
}
