//! Programs that come with the system's packages, on Debian and its like.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{bail, ensure};

use crate::step;

/// A program that tests or the bench start, and the package that brings it.
pub struct Tool {
    package: &'static str,
    program: &'static str,
    found: fn() -> bool,
}

const OLDEST_NODE: u32 = 18;

const REDIS: Tool = Tool {
    package: "redis-server",
    program: "redis-server",
    found: || on_path("redis-server").is_some(),
};

const POSTGRESQL: Tool = Tool {
    package: "postgresql",
    program: "initdb and postgres",
    found: has_postgresql,
};

const NODE: Tool = Tool {
    package: "nodejs",
    program: "node, 18 or later",
    found: has_node,
};

const NPM: Tool = Tool {
    package: "npm",
    program: "npm",
    found: || on_path("npm").is_some(),
};

/// What tests start.
pub const FOR_TESTS: &[Tool] = &[
    REDIS,
    POSTGRESQL,
    Tool {
        package: "pgbouncer",
        program: "pgbouncer",
        found: || on_path("pgbouncer").is_some() || Path::new("/usr/sbin/pgbouncer").is_file(),
    },
    Tool {
        package: "python3-venv",
        program: "python3, with its modules venv and ensurepip",
        found: || step::answer("python3", &["-c", "import ensurepip, venv"]).is_some(),
    },
    NODE,
    NPM,
    Tool {
        package: "chromium",
        program: "chromium",
        found: || on_path("chromium").is_some(),
    },
    Tool {
        package: "chromium-driver",
        program: "chromedriver",
        found: || on_path("chromedriver").is_some(),
    },
];

/// What the bench starts.
pub const FOR_BENCH: &[Tool] = &[
    REDIS,
    POSTGRESQL,
    Tool {
        package: "nginx-light",
        program: "nginx",
        found: || nginx().is_some(),
    },
    Tool {
        package: "wrk",
        program: "wrk",
        found: || on_path("wrk").is_some(),
    },
];

/// What `compose-test` starts.
pub const FOR_COMPOSE: &[Tool] = &[
    NODE,
    NPM,
    Tool {
        package: "docker.io",
        program: "dockerd and docker",
        found: || on_path("dockerd").is_some() && on_path("docker").is_some(),
    },
    Tool {
        package: "docker-compose",
        program: "docker-compose",
        found: || on_path("docker-compose").is_some(),
    },
    Tool {
        package: "iptables",
        program: "iptables",
        found: || on_path("iptables").is_some(),
    },
    Tool {
        package: "iproute2",
        program: "ip",
        found: || on_path("ip").is_some(),
    },
    Tool {
        package: "debootstrap",
        program: "debootstrap",
        found: || on_path("debootstrap").is_some(),
    },
];

/// Installs what is missing where that can be done without asking; else fails and says what to install.
pub fn find_or_install(tools: &[Tool]) -> anyhow::Result<()> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
    let Some(administrator) = administrator() else {
        bail!(advice(&missing))
    };
    step::run("apt-get update", apt(administrator).arg("update"))?;
    let install = ["install", "--yes", "--no-install-recommends"];
    step::run("apt-get install", apt(administrator).args(install).args(packages))?;
    let missing = self::missing(tools);
    ensure!(missing.is_empty(), advice(&missing));
    Ok(())
}

fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools.iter().filter(|tool| !(tool.found)()).collect()
}

fn advice(missing: &[&Tool]) -> String {
    let programs: Vec<_> = missing.iter().map(|tool| tool.program).collect();
    let packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
    format!(
        "this needs {}: install them (on Debian or Ubuntu: `apt-get install {}`) and call this again",
        programs.join("; "),
        packages.join(" ")
    )
}

/// How we may install packages.
#[derive(Clone, Copy)]
enum Administrator {
    Root,
    Sudo,
}

fn administrator() -> Option<Administrator> {
    on_path("apt-get")?;
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        return Some(Administrator::Root);
    }
    step::answer("sudo", &["-n", "true"]).map(|_| Administrator::Sudo)
}

fn apt(administrator: Administrator) -> Command {
    let mut command = match administrator {
        Administrator::Root => Command::new("env"),
        Administrator::Sudo => {
            let mut command = Command::new("sudo");
            command.args(["-n", "env"]);
            command
        }
    };
    // In run level 1 a package doesn't start its service: tests start their own.
    command.args([
        "DEBIAN_FRONTEND=noninteractive",
        "RUNLEVEL=1",
        "apt-get",
        "--quiet",
    ]);
    command
}

/// The path of a program on `PATH`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The program nginx, which Debian keeps from the `PATH` of most users.
pub fn nginx() -> Option<PathBuf> {
    let kept = PathBuf::from("/usr/sbin/nginx");
    on_path("nginx").or_else(|| kept.is_file().then_some(kept))
}

fn has_postgresql() -> bool {
    let mut packaged = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    packaged.any(|version| version.path().join("bin/initdb").is_file()) || on_path("initdb").is_some()
}

fn has_node() -> bool {
    step::answer("node", &["--version"]).and_then(|version| major(&version)) >= Some(OLDEST_NODE)
}

/// `v20.1.2` → 20.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_18_is_old_enough() {
        let cases = [
            ("v17.9.1", false),
            ("v18.0.0", true),
            ("v20.1.2", true),
            ("junk", false),
        ];
        for (version, enough) in cases {
            assert_eq!(major(version) >= Some(OLDEST_NODE), enough, "{version}");
        }
    }

    #[test]
    fn advice_names_every_missing_program_and_its_package() {
        let tools: Vec<_> = FOR_TESTS.iter().chain(FOR_BENCH).chain(FOR_COMPOSE).collect();
        let advice = advice(&tools);
        for tool in tools {
            assert!(
                advice.contains(tool.program) && advice.contains(tool.package),
                "{advice}"
            );
        }
    }
}
