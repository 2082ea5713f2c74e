//! A Docker of its own: socket, images and containers apart from any other on this machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ferrule_testkit::wait_until;
use tempfile::TempDir;

/// Its bridge: another Docker's `docker0` is left alone.
const BRIDGE: &str = "ferrule-docker";
const BRIDGE_ADDRESS: &str = "172.31.253.1/24";

/// A running dockerd; it ends on drop, and what it stored goes with it unless that is kept.
pub struct Docker {
    daemon: Child,
    host: String,
    data: PathBuf,
    keep: bool,
    _folder: TempDir,
}

impl Docker {
    /// Starts it; images and layers lie in `data`.
    pub fn start(data: &Path, keep: bool) -> anyhow::Result<Self> {
        eprintln!("==> docker");
        // A socket's path is short, so it lies apart.
        let folder = TempDir::with_prefix("ferrule-docker-").context("a temporary directory")?;
        let place = |name: &str| folder.path().join(name);
        let host = format!("unix://{}", place("socket").display());
        fs::create_dir_all(data).with_context(|| data.display().to_string())?;
        let log = File::create(data.join("dockerd.log")).context("a log")?;
        remove_bridge();
        let made = ip(&["link", "add", BRIDGE, "type", "bridge"])
            && ip(&["address", "add", BRIDGE_ADDRESS, "dev", BRIDGE])
            && ip(&["link", "set", BRIDGE, "up"]);
        ensure!(made, "cannot make the network {BRIDGE}: this needs root");
        let daemon = Command::new("dockerd")
            .args(["--bridge", BRIDGE, "--host", &host, "--data-root"])
            .arg(data)
            .arg("--exec-root")
            .arg(place("exec"))
            .arg("--pidfile")
            .arg(place("pid"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("a log")?)
            .stderr(log)
            .spawn()
            .context("dockerd does not start")?;
        let docker = Self {
            daemon,
            host,
            data: data.to_owned(),
            keep,
            _folder: folder,
        };
        let up = || docker.answer(&["version"]).is_ok();
        wait_until("dockerd answers", Duration::from_mins(1), up);
        Ok(docker)
    }

    /// `docker` with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        // The builder that every Docker has.
        command.args(arguments).env("DOCKER_BUILDKIT", "0");
        self.address(&mut command);
        command
    }

    /// Lets a program talk to this Docker.
    pub fn address(&self, command: &mut Command) {
        command.env("DOCKER_HOST", &self.host).stdin(Stdio::null());
    }

    /// What `docker` prints.
    pub fn answer(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output().context("docker")?;
        ensure!(
            output.status.success(),
            "docker {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Whether there is an image of that name.
    pub fn has(&self, image: &str) -> bool {
        self.answer(&["image", "inspect", image]).is_ok()
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // Asked, not killed: it has a containerd of its own to end.
        let asked = Command::new("kill").arg(self.daemon.id().to_string()).status();
        if asked.is_ok() {
            let _ = self.daemon.wait();
        }
        remove_bridge();
        if !self.keep {
            let _ = fs::remove_dir_all(&self.data);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip")
        .args(arguments)
        .status()
        .is_ok_and(|status| status.success())
}

fn remove_bridge() {
    if Path::new("/sys/class/net").join(BRIDGE).exists() {
        ip(&["link", "delete", BRIDGE]);
    }
}
