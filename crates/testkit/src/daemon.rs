//! A server that runs beside a test and never outlives it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use crate::wait_until;

/// Starts `"$@"` and kills it when the shell's standard input ends, which the system closes however the test's
/// process ends: guards in statics are never dropped, and a killed test drops nothing. The folder `SCRATCH` is
/// removed last.
const LIFELINE: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{
    read -r _ <&3
    kill -s "$END" "$server"
    [ -n "$SCRATCH" ] || exit
    cd /
    while kill -0 "$server"; do sleep 0.05; done
    rm -rf -- "$SCRATCH"
} 2>/dev/null &
wait "$server"
"#;

const START_LIMIT: Duration = Duration::from_secs(30);

/// How to start a server.
pub(crate) struct Recipe {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, String)>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Where its output goes.
    pub log: PathBuf,
    /// The signal that ends it, as `kill -s` names it.
    pub end: &'static str,
    /// A user and group to run as, when the server refuses to be root.
    pub user: Option<(u32, u32)>,
    /// A folder to remove after its end, for guards that are never dropped.
    pub scratch: Option<PathBuf>,
}

/// A running server; it is killed on drop.
pub(crate) struct Daemon {
    shell: Child,
    lifeline: Option<ChildStdin>,
    log: PathBuf,
}

impl Daemon {
    pub fn start(recipe: &Recipe) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&recipe.log)
            .expect("a log file");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LIFELINE, "sh"])
            .arg(&recipe.program)
            .args(&recipe.arguments)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C")
            .env("END", recipe.end)
            .env("SCRATCH", recipe.scratch.as_deref().unwrap_or(Path::new("")))
            .envs(recipe.environment.iter().cloned())
            .current_dir(&recipe.folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle on the log file"))
            .stderr(log);
        if let Some((user, group)) = recipe.user {
            command.uid(user).gid(group);
        }
        let mut shell = command.spawn().expect("/bin/sh starts");
        Self {
            lifeline: shell.stdin.take(),
            shell,
            log: recipe.log.clone(),
        }
    }

    /// Waits until `ready` holds; false when the server ended before.
    pub fn comes_up(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        let mut ended = false;
        let log = self.log.clone();
        let what = format!("a server is ready; its log is {}", log.display());
        wait_until(&what, START_LIMIT, || {
            ended = self.shell.try_wait().expect("the state of a child").is_some();
            ended || ready()
        });
        !ended
    }

    /// What the server wrote so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.shell.wait();
    }
}
