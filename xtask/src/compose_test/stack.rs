//! The cluster: a copy of `docker-compose.yml` and what it mounts, with secrets of its own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use ferrule_testkit::free_port;
use tempfile::TempDir;

use super::daemon::Docker;
use crate::{step, workspace};

/// How long it may take until all is healthy.
const LIMIT: Duration = Duration::from_mins(3);

/// What runs: two of each service, two stores, the ingress, the way to the vendor.
const CONTAINERS: usize = 10;

const PAUSE: Duration = Duration::from_millis(100);

/// The cluster, up or not.
pub struct Stack<'a> {
    docker: &'a Docker,
    composer: Vec<&'static str>,
    folder: TempDir,
    port: u16,
    /// Something may be left to remove.
    begun: bool,
}

impl<'a> Stack<'a> {
    /// Copies the files; nothing runs yet.
    pub fn lay_out(docker: &'a Docker) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("ferrule-compose-").context("a temporary directory")?;
        let root = workspace::root()?;
        let mut copy = Command::new("cp");
        copy.arg("--recursive")
            .args([root.join("docker-compose.yml"), root.join("deploy")]);
        copy.arg(root.join("xtask/stand-ins/compose.yml"))
            .arg(folder.path());
        step::run("copy", &mut copy)?;
        // Whatever this checkout has there is not for tests.
        let secrets = folder.path().join("deploy/secrets");
        fs::remove_dir_all(&secrets)
            .and_then(|()| fs::create_dir(&secrets))
            .context("deploy/secrets")?;
        Ok(Self {
            docker,
            composer: composer(),
            folder,
            port: free_port(),
            begun: false,
        })
    }

    /// Which Compose it is.
    pub fn composer(&self) -> String {
        let version = [&self.composer[1..], &["version", "--short"]].concat();
        let version = step::answer(self.composer[0], &version).unwrap_or_default();
        format!("{} {version}", self.composer.join(" "))
    }

    /// A path beside the compose file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A secret that the operator has.
    pub fn secret(&self, name: &str) -> anyhow::Result<String> {
        let file = self.file("deploy/secrets/operator").join(name);
        fs::read_to_string(&file).with_context(|| file.display().to_string())
    }

    /// Where the ingress listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where browsers find it.
    pub fn public_url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Brings everything up; how long it took until all was healthy.
    pub fn up(&mut self) -> anyhow::Result<Duration> {
        self.begun = true;
        let start = Instant::now();
        let up = self.compose(&["up", "--detach", "--no-build"])?;
        if !up.success() {
            self.tell_logs();
            bail!("compose up failed: {up}");
        }
        self.wait_until_healthy()?;
        Ok(start.elapsed())
    }

    /// Takes everything down; the volumes stay.
    pub fn down(&self) -> anyhow::Result<()> {
        ensure!(self.compose(&["down"])?.success(), "compose down failed");
        Ok(())
    }

    /// Takes everything down, volumes too.
    pub fn remove(&mut self) -> anyhow::Result<()> {
        self.begun = false;
        ensure!(
            self.compose(&["down", "--volumes"])?.success(),
            "compose down failed"
        );
        Ok(())
    }

    /// Waits until every container is healthy.
    pub fn wait_until_healthy(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let states = self.docker.answer(&["ps", "--format", "{{.Status}}"])?;
            if all_healthy(&states) {
                return Ok(());
            }
            if Instant::now() > deadline {
                self.tell_logs();
                bail!("not everything is healthy after {} s:\n{states}", LIMIT.as_secs());
            }
            thread::sleep(PAUSE);
        }
    }

    /// The containers of a service.
    pub fn containers(&self, service: &str) -> anyhow::Result<Vec<String>> {
        let output = self
            .command(&["ps", "--quiet", service])
            .output()
            .context("compose")?;
        let text = String::from_utf8(output.stdout)?;
        Ok(text.split_whitespace().map(ToOwned::to_owned).collect())
    }

    /// Kills what runs in a container, as a crash would: `docker kill` would say that it should stay dead.
    pub fn crash(&self, container: &str) -> anyhow::Result<()> {
        let id = self
            .docker
            .answer(&["inspect", "--format", "{{.State.Pid}}", container])?;
        ensure!(id != "0", "{container} does not run");
        let killed = Command::new("kill").args(["-KILL", &id]).status()?;
        ensure!(killed.success(), "kill -KILL {id}: {killed}");
        Ok(())
    }

    /// Stops a container as whoever operates it does, and starts it again.
    pub fn restart(&self, container: &str) -> anyhow::Result<()> {
        self.docker
            .answer(&["restart", "--time", "30", container])
            .map(drop)
    }

    fn compose(&self, arguments: &[&str]) -> anyhow::Result<std::process::ExitStatus> {
        self.command(arguments)
            .stdout(Stdio::null())
            .status()
            .context("compose")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.composer[0]);
        command
            .args(&self.composer[1..])
            .args([
                "--project-name",
                "ferrule-test",
                "--file",
                "docker-compose.yml",
                "--file",
                "compose.yml",
            ])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("FERRULE_HTTPS_PORT", self.port.to_string())
            .env("FERRULE_PUBLIC_URL", self.public_url())
            .env("FERRULE_ALLOW_PRIVATE_NETWORKS", "true");
        self.docker.address(&mut command);
        command
    }

    fn tell_logs(&self) {
        let _ = self.command(&["ps"]).status();
        let _ = self.command(&["logs", "--tail", "40"]).status();
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        if self.begun {
            let _ = self.compose(&["down", "--volumes", "--timeout", "5"]);
        }
    }
}

/// Compose v2 where Docker has it.
fn composer() -> Vec<&'static str> {
    if step::answer("docker", &["compose", "version"]).is_some() {
        vec!["docker", "compose"]
    } else {
        vec!["docker-compose"]
    }
}

fn all_healthy(states: &str) -> bool {
    let healthy = states.lines().filter(|state| state.contains("(healthy)")).count();
    healthy == CONTAINERS && states.lines().count() == CONTAINERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_healthy_when_each_container_says_so() {
        let states = |healthy, others| {
            "Up 3 seconds (healthy)\n".repeat(healthy) + &"Up 1 second (health: starting)\n".repeat(others)
        };
        assert!(all_healthy(&states(CONTAINERS, 0)));
        assert!(!all_healthy(&states(CONTAINERS - 1, 1)));
        assert!(!all_healthy(&states(CONTAINERS - 1, 0)));
        assert!(!all_healthy(""));
    }
}
