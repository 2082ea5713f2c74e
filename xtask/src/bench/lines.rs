//! The table's lines: who is compared with whom, and how near is near enough.

use super::{Measure, Target};

/// A row that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Row {
    /// Warm calls through instances
    Proxy,
    /// Calls whose credential is never at hand
    Miss,
    /// oauth/url with a handshake, three processes
    UrlThree,
    /// oauth/url with a handshake, one process
    UrlOne,
    /// Warm calls whose spans a collector gets
    Traced,
    /// What is due, and a claim, among many rows
    Due,
}

/// How two figures are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// As a ratio; more is better.
    More,
    /// As a ratio; less is better.
    Less,
    /// By how much one is above the other; less is better.
    Above,
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub row: Row,
    pub what: &'static str,
    pub target: Target,
    pub against: Target,
    pub measure: Measure,
    pub compared: Compared,
    /// What is aimed for, and what it may never miss; none: for information.
    pub goal: Option<(f64, f64)>,
}

const fn line(
    row: Row,
    what: &'static str,
    (target, against): (Target, Target),
    (measure, compared): (Measure, Compared),
    goal: Option<(f64, f64)>,
) -> Line {
    Line {
        row,
        what,
        target,
        against,
        measure,
        compared,
        goal,
    }
}

const RATE: (Measure, Compared) = (Measure::Rate, Compared::More);

/// Every line.
pub const LINES: &[Line] = &[
    line(
        Row::Proxy,
        "proxied call, warm, 128 callers in rotation",
        (Target::Proxied, Target::NginxTwo),
        RATE,
        Some((1.0, 0.85)),
    ),
    line(
        Row::Proxy,
        "the same",
        (Target::Proxied, Target::NginxOne),
        RATE,
        Some((0.85, 0.75)),
    ),
    line(
        Row::Proxy,
        "its CPU per request, upstream included",
        (Target::Proxied, Target::NginxTwo),
        (Measure::Cpu, Compared::Less),
        Some((1.05, 1.15)),
    ),
    line(
        Row::Proxy,
        "its p99 at 32 connections, ms",
        (Target::Proxied, Target::NginxTwo),
        (Measure::P99, Compared::Above),
        Some((0.2, 0.7)),
    ),
    line(
        Row::Proxy,
        "its p99 at 1 connection, ms",
        (Target::ProxiedAlone, Target::UpstreamAlone),
        (Measure::P99, Compared::Above),
        Some((0.10, 0.15)),
    ),
    line(
        Row::Proxy,
        "proxied call, warm, three processes",
        (Target::ProxiedByThree, Target::NginxTwo),
        RATE,
        None,
    ),
    line(
        Row::Proxy,
        "the vendor called directly",
        (Target::Upstream, Target::NginxTwo),
        RATE,
        None,
    ),
    line(
        Row::Miss,
        "proxied call, miss on every call",
        (Target::Miss, Target::MissFloor),
        RATE,
        Some((1.5, 0.85)),
    ),
    line(
        Row::UrlThree,
        "oauth/url that stores a handshake, three processes",
        (Target::UrlOfThree, Target::UrlFloorOfThree),
        RATE,
        Some((1.3, 0.9)),
    ),
    line(
        Row::UrlOne,
        "oauth/url that stores a handshake, one process",
        (Target::UrlOfOne, Target::UrlFloorOfOne),
        RATE,
        Some((1.2, 0.75)),
    ),
    line(
        Row::Traced,
        "proxied call, warm, spans to a collector",
        (Target::ProxiedTraced, Target::Proxied),
        RATE,
        None,
    ),
    line(
        Row::Traced,
        "its CPU per request, upstream included, the collector's left out",
        (Target::ProxiedTraced, Target::Proxied),
        (Measure::Cpu, Compared::Less),
        None,
    ),
    line(
        Row::Due,
        "due-query",
        (Target::Schedule1M, Target::Schedule10K),
        (Measure::Ask, Compared::Less),
        Some((1.1, 1.3)),
    ),
    line(
        Row::Due,
        "claim of 100",
        (Target::Schedule1M, Target::Schedule10K),
        (Measure::Claim, Compared::Less),
        Some((1.1, 1.3)),
    ),
    line(
        Row::Due,
        "due-query",
        (Target::Schedule100K, Target::Schedule10K),
        (Measure::Ask, Compared::Less),
        None,
    ),
    line(
        Row::Due,
        "claim of 100",
        (Target::Schedule100K, Target::Schedule10K),
        (Measure::Claim, Compared::Less),
        None,
    ),
];
