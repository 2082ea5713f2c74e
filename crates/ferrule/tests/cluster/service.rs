//! One service of the cluster: its settings, its addresses, and the process that runs it at the moment.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use ferrule_testkit::{Answer, HttpClient, Process, binary, free_port, wait_until};

/// How long anything may take to recover.
pub const SOON: Duration = Duration::from_secs(15);

/// Addresses stay from process to process; everything said is kept.
pub struct Service {
    program: &'static str,
    environment: BTreeMap<String, String>,
    /// `127.0.0.1:port`, of REST or gRPC.
    pub address: String,
    /// Where its health is.
    pub admin: String,
    process: Option<Process>,
    said: String,
}

/// A process that ended by itself.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stderr: String,
}

impl Service {
    /// A service that listens where the variable `listen` says; it is not started.
    pub fn new(program: &'static str, listen: &str) -> Self {
        let [address, admin] = [(), ()].map(|()| format!("127.0.0.1:{}", free_port()));
        let mut service = Self {
            program,
            environment: BTreeMap::new(),
            admin: format!("http://{admin}"),
            address,
            process: None,
            said: String::new(),
        };
        let address = service.address.clone();
        service.set(listen, &address);
        service.set("FERRULE_ADMIN_LISTEN", &admin);
        service
    }

    /// Which of Ferrule's programs it is.
    pub fn program(&self) -> &'static str {
        self.program
    }

    /// Sets a variable for the processes that follow.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Begins a process, after the one before it was ended.
    pub fn start(&mut self) {
        self.kill();
        let environment: Vec<_> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.process = Some(Process::spawn(&binary(self.program), &environment));
    }

    /// Runs a process that cannot last.
    pub fn run_to_its_end(&mut self) -> Ended {
        self.start();
        let code = self.running().wait().code();
        let stderr = self.running().stderr();
        self.forget();
        Ended { code, stderr }
    }

    pub fn wait_until_ready(&mut self) {
        let url = format!("{}/readyz", self.admin);
        self.running().wait_until_ready(&url);
    }

    /// Starts it again and waits until it can work.
    pub fn restart(&mut self) {
        self.start();
        self.wait_until_ready();
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
            self.forget();
        }
    }

    /// Asks it to stop, as whoever runs it does.
    pub fn terminate(&mut self) {
        self.running().terminate();
    }

    /// Holds it still, or lets it go on.
    pub fn pause(&mut self, pause: bool) {
        let signal = if pause { "-STOP" } else { "-CONT" };
        let id = self.running().id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal} {id}");
    }

    /// Waits for its end, which must be a success.
    pub fn ends_well(&mut self) {
        let status = self.running().wait();
        let output = self.output();
        assert!(status.success(), "{}: {status}\n{output}", self.program);
        self.forget();
    }

    /// Waits for a line that holds `part`.
    pub fn wait_for_line(&mut self, part: &str) -> String {
        self.running().wait_for_line(part)
    }

    /// All that its processes have said.
    pub fn output(&self) -> String {
        let now = self.process.as_ref();
        let now = now.map(|process| process.stdout() + &process.stderr());
        self.said.clone() + &now.unwrap_or_default()
    }

    /// What it answers on its admin address.
    pub fn health(&self, path: &str) -> Answer {
        HttpClient::new().get(&format!("{}{path}", self.admin), &[])
    }

    /// Waits until `/readyz` says no, with these words in it.
    pub fn wait_until_not_ready(&self, words: &str) {
        wait_until(&format!("{} is not ready: {words}", self.program), SOON, || {
            // It may not listen yet.
            let answer = HttpClient::new().request("GET", &format!("{}/readyz", self.admin), &[], b"");
            answer.is_ok_and(|answer| answer.status == 503 && answer.text().contains(words))
        });
    }

    fn running(&mut self) -> &mut Process {
        self.process.as_mut().expect("a service that was started")
    }

    fn forget(&mut self) {
        self.said = self.output();
        self.process = None;
    }
}
