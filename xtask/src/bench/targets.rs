//! Whom the bench visits, and what it learns there.

use std::time::Duration;

/// Somebody to visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The vendor's API itself.
    Upstream,
    /// The same by one connection.
    UpstreamAlone,
    /// `proxy_pass` with keepalive and a fixed Authorization header, two workers.
    NginxTwo,
    /// The same with one worker.
    NginxOne,
    /// Calls through 128 instances in rotation; Ferrule in one process.
    Proxied,
    /// The same by one connection.
    ProxiedAlone,
    /// Calls through 128 instances in rotation; Ferrule in three processes.
    ProxiedByThree,
    /// Calls through 128 instances in rotation; Ferrule in one process, which sends a trace of each to a collector.
    ProxiedTraced,
    /// Proxy, tonic, PostgreSQL, open.
    MissFloor,
    /// Calls through so many instances that none is remembered; Ferrule in three processes.
    Miss,
    /// axum, tonic, Redis.
    UrlFloorOfThree,
    /// A login URL whose handshake is stored; Ferrule in three processes.
    UrlOfThree,
    /// axum, Redis.
    UrlFloorOfOne,
    /// A login URL whose handshake is stored; Ferrule in one process.
    UrlOfOne,
    /// The registry's schedule among as many rows.
    Schedule10K,
    /// The registry's schedule among as many rows.
    Schedule100K,
    /// The registry's schedule among as many rows.
    Schedule1M,
}

impl Target {
    /// Whether wrk visits it.
    pub fn is_served(self) -> bool {
        self.schedule_rows().is_none()
    }

    /// How many rows lie in the schedule's table.
    pub fn schedule_rows(self) -> Option<u32> {
        match self {
            Self::Schedule10K => Some(10_000),
            Self::Schedule100K => Some(100_000),
            Self::Schedule1M => Some(1_000_000),
            _ => None,
        }
    }

    /// How long it is visited before anything counts. The first call through an instance is written down; a stranger is
    /// one that has called before.
    pub fn warm_up(self) -> Duration {
        Duration::from_secs(if self == Self::Miss { 5 } else { 1 })
    }

    /// How many connections wrk opens.
    pub fn connections(self) -> u32 {
        match self {
            Self::UpstreamAlone | Self::ProxiedAlone => 1,
            _ => 32,
        }
    }

    /// What the table calls it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Upstream => "upstream, called directly",
            Self::UpstreamAlone => "upstream, called directly, 1 connection",
            Self::NginxTwo => "nginx, 2 workers",
            Self::NginxOne => "nginx, 1 worker",
            Self::Proxied => "Ferrule, proxied call, warm",
            Self::ProxiedAlone => "Ferrule, proxied call, warm, 1 connection",
            Self::ProxiedByThree => "Ferrule, proxied call, warm, three processes",
            Self::ProxiedTraced => "Ferrule, proxied call, warm, traced",
            Self::MissFloor => "proxy → tonic → PostgreSQL, open",
            Self::Miss => "Ferrule, proxied call, every one a miss, three processes",
            Self::UrlFloorOfThree => "axum → tonic → Redis SET",
            Self::UrlOfThree => "Ferrule, oauth/url, three processes",
            Self::UrlFloorOfOne => "axum → Redis SET",
            Self::UrlOfOne => "Ferrule, oauth/url, one process",
            Self::Schedule10K => "schedule, 10 k rows",
            Self::Schedule100K => "schedule, 100 k rows",
            Self::Schedule1M => "schedule, 1 M rows",
        }
    }
}

/// What is learned on a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Requests a second.
    Rate,
    /// Milliseconds within which half of the requests are answered.
    Half,
    /// Milliseconds within which 99 of 100 are.
    P99,
    /// Microseconds of processor time a request, of all servers that have a part in it; wrk's are not counted.
    Cpu,
    /// Requests that were refused or got no answer.
    Failed,
    /// Microseconds that the question for what is due takes.
    Ask,
    /// Microseconds that a claim of 100 takes.
    Claim,
}

/// What a visit brought.
pub type Visit = Vec<(Measure, f64)>;
