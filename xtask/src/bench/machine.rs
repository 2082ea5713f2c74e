//! On what was measured.

use std::fs;
use std::thread;

use crate::{packages, step, workspace};

/// One paragraph: commit, processor, programs.
pub fn words() -> String {
    let commit = workspace::root()
        .ok()
        .and_then(|root| {
            let root = root.display().to_string();
            step::answer("git", &["-C", &root, "describe", "--always", "--dirty"])
        })
        .unwrap_or_else(|| "no commit".to_owned());
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("processor of no name", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let redis = step::answer("redis-server", &["--version"]).unwrap_or_default();
    let redis = redis
        .split_whitespace()
        .find_map(|word| word.strip_prefix("v="))
        .unwrap_or("?");
    format!("Commit {commit}; {cores} × {model}; {}, Redis {redis}.", nginx())
}

/// `nginx 1.22.1`.
fn nginx() -> String {
    let output =
        packages::nginx().and_then(|program| std::process::Command::new(program).arg("-v").output().ok());
    let text = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    let version = text.as_deref().and_then(|text| text.trim().rsplit_once('/'));
    version.map_or_else(|| "nginx".to_owned(), |(_, version)| format!("nginx {version}"))
}
