//! One of our binaries, as a process of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{HttpClient, wait_until};

const LIMIT: Duration = Duration::from_mins(1);

/// A running binary; it is killed on drop.
pub struct Process {
    name: String,
    child: Child,
    folder: TempDir,
}

impl Process {
    /// Starts `program` with exactly this environment, in an empty temporary directory that is its home too.
    pub fn spawn(program: &Path, environment: &[(&str, &str)]) -> Self {
        Self::spawn_with(program, &[], environment)
    }

    /// The same, with arguments.
    pub fn spawn_with(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::with_prefix("ferrule-process-").expect("a temporary directory");
        let output = |name: &str| File::create(folder.path().join(name)).expect("a file for its output");
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("HOME", folder.path())
            .envs(environment.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .spawn();
        let child = child.unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let name = program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Self { name, child, folder }
    }

    /// Its working directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn stdout(&self) -> String {
        text(self.folder.path().join("stdout"))
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        text(self.folder.path().join("stderr"))
    }

    /// Waits for a whole line, of either output, that holds `part`, and gives it.
    pub fn wait_for_line(&mut self, part: &str) -> String {
        let mut found = None;
        self.wait_until(&format!("says {part:?}"), |process, _| {
            let output = process.stdout() + &process.stderr();
            let mut lines = output.split_inclusive('\n');
            found = lines
                .find(|line| line.ends_with('\n') && line.contains(part))
                .map(ToOwned::to_owned);
            found.is_some()
        });
        found
            .expect("the condition that was waited for")
            .trim_end()
            .to_owned()
    }

    /// Waits until `GET url` answers 200.
    pub fn wait_until_ready(&mut self, url: &str) {
        let client = HttpClient::with_limit(Duration::from_secs(5));
        self.wait_until(&format!("answers 200 at {url}"), |_, _| {
            client
                .request("GET", url, &[], b"")
                .is_ok_and(|answer| answer.status == 200)
        });
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the state of a child").is_none()
    }

    /// Sends SIGTERM, as whoever runs it does to stop it; see [`Process::wait`].
    pub fn terminate(&self) {
        let id = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process id");
        kill_process(id, Signal::TERM).expect("a signal to a child");
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        self.wait_until("ends", |_, ended| {
            status = ended;
            status.is_some()
        });
        status.expect("the condition that was waited for")
    }

    /// Panics with all output when the process ends, or the time is up, before `condition` holds.
    fn wait_until(&mut self, what: &str, mut condition: impl FnMut(&Self, Option<ExitStatus>) -> bool) {
        let mut ended = None;
        let mut holds = false;
        let deadline = std::time::Instant::now() + LIMIT;
        wait_until(&format!("{} {what}", self.name), LIMIT * 2, || {
            ended = self.child.try_wait().expect("the state of a child");
            holds = condition(self, ended);
            holds || ended.is_some() || std::time::Instant::now() > deadline
        });
        assert!(
            holds,
            "expected that {} {what}; it {}\n--- stdout\n{}\n--- stderr\n{}",
            self.name,
            ended.map_or_else(
                || format!("runs on after {LIMIT:?}"),
                |status| format!("ended: {status}")
            ),
            self.stdout(),
            self.stderr(),
        );
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn text(file: PathBuf) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn shell(script: &str) -> Process {
        Process::spawn_with(Path::new("/bin/sh"), &["-c", script], &[("WORD", "hello")])
    }

    #[test]
    fn its_environment_is_what_the_test_gave() {
        let mut process = shell("echo $WORD; echo ${USER-none} >&2; exec /usr/bin/env");
        assert!(process.wait().success());
        assert_eq!(process.stderr(), "none\n");
        let variables: Vec<_> = process.stdout().lines().map(ToOwned::to_owned).collect();
        assert_eq!(variables[0], "hello");
        assert!(!variables.iter().any(|variable| variable.starts_with("CARGO")));
    }

    #[test]
    fn terminate_lets_it_end_by_itself() {
        let mut process = shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done");
        assert_eq!(process.wait_for_line("up"), "up");
        process.terminate();
        assert_eq!(process.wait().code(), Some(3));
        assert_eq!(process.stdout(), "up\nbye\n");
    }

    #[test]
    fn kill_asks_nothing() {
        let mut process = shell("trap '' TERM; echo up; while :; do sleep 0.01; done");
        process.wait_for_line("up");
        assert!(process.is_running());
        process.kill();
        assert_eq!(process.wait().signal(), Some(9));
    }

    #[test]
    #[should_panic(expected = "no such setting")]
    fn an_early_end_shows_what_it_said() {
        shell("echo no such setting >&2; exit 2").wait_for_line("ready");
    }
}
