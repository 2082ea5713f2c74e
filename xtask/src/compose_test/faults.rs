//! What is broken under load.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::flow::Caller;
use super::load::{self, Tally};
use super::stack::Stack;

/// Load before anything breaks.
const BEFORE: Duration = Duration::from_secs(2);
/// How long Docker may take to see that something died.
const NOTICE: Duration = Duration::from_secs(1);
/// Load after everything is healthy again.
const AFTER: Duration = Duration::from_secs(3);
/// Longer than an access token lives: each is refreshed meanwhile.
const CALM: Duration = Duration::from_secs(25);

/// Something that happens to one container of a service.
#[derive(Clone, Copy)]
pub enum Fault {
    /// Nothing: what the load looks like by itself.
    None,
    /// `kill -9`.
    Crash(&'static str),
    /// Asked to stop, and started again.
    Restart(&'static str),
}

use Fault::{Crash, Restart};

/// One container of each kind.
pub const FAULTS: &[Fault] = &[
    Fault::None,
    Restart("gateway"),
    Restart("instance-registry"),
    Restart("oauth-broker"),
    Restart("redis"),
    Restart("postgres"),
    Crash("gateway"),
    Crash("instance-registry"),
    Crash("oauth-broker"),
    Crash("redis"),
    Crash("postgres"),
    Crash("ingress"),
];

/// What came of it.
pub struct Effect {
    pub tally: Tally,
    /// Until every container was healthy again.
    pub healthy_after: Duration,
}

impl Fault {
    pub fn words(self) -> String {
        match self {
            Self::None => "nothing".to_owned(),
            Crash(service) => format!("`kill -9` of one {service}"),
            Restart(service) => format!("restart of one {service}"),
        }
    }

    /// Lets it happen under load, waits until all is healthy, and sees that old instances and new logins work.
    pub fn run(self, stack: &Stack, callers: &[Caller]) -> anyhow::Result<Effect> {
        let (healthy_after, tally) = load::during(callers, || {
            thread::sleep(BEFORE);
            let healthy_after = self.happen(stack)?;
            thread::sleep(AFTER);
            anyhow::Ok(healthy_after)
        });
        for caller in callers {
            caller
                .works_within(Duration::from_secs(15))
                .with_context(|| self.words())?;
        }
        Caller::connect(stack).with_context(|| format!("a login after {}", self.words()))?;
        Ok(Effect {
            tally,
            healthy_after: healthy_after?,
        })
    }

    fn happen(self, stack: &Stack) -> anyhow::Result<Duration> {
        let one = |service| {
            let containers = stack.containers(service)?;
            containers
                .into_iter()
                .next()
                .with_context(|| format!("no {service} runs"))
        };
        let start = Instant::now();
        match self {
            Self::None => thread::sleep(CALM),
            Crash(service) => {
                stack.crash(&one(service)?)?;
                thread::sleep(NOTICE);
            }
            Restart(service) => stack.restart(&one(service)?)?,
        }
        stack.wait_until_healthy()?;
        Ok(start.elapsed())
    }
}
