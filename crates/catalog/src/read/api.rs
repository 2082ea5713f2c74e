//! The vendor's API: `[api]`.

use std::time::Duration;

use toml::Spanned;

use super::Reading;
use super::carried::Carried;
use crate::api::{Api, Method, Ping};
use crate::auth::Auth;
use crate::header::HeaderTemplate;
use crate::pieces::split;
use crate::section::{Report, Section};

/// Headers that say where a message ends or goes, or that have a key of their own.
const NOT_FOR_FILES: [&str; 9] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Seconds that a vendor may leave a call standing when the file does not say.
const DEFAULT_TIMEOUT: u64 = 60;

/// The most that a file may say.
const LONGEST_TIMEOUT: u64 = 3600;

pub(super) fn api(reading: &Reading<'_>, top: &Section<'_>, auth: Option<&Auth>) -> Option<Api> {
    let section = top.section("api", "[api]")?;
    let mut carried = Carried::new(reading, auth);
    let base_url = section.required_text("base_url").and_then(|text| {
        let template = reading.address(&text)?;
        if text.get_ref().contains('?') || text.get_ref().ends_with('/') {
            reading.report.at(
                text.span(),
                "base_url: paths are appended to it, remove its query and last '/'",
            );
        }
        Some(template)
    });
    let headers = headers(reading, &section, &mut carried);
    let text = section.text("authorization");
    let authorization = text.as_ref().and_then(|text| carried.template(text));
    carried.check(&section, text.as_ref());
    let ping = section.text("ping").and_then(|text| ping(reading.report, &text));
    let timeout = section.number("timeout");
    let timeout = timeout.map_or(DEFAULT_TIMEOUT, |seconds| timeout_of(reading.report, &seconds));
    section.finish();
    Some(Api {
        base_url: base_url?,
        headers,
        authorization,
        ping,
        timeout: Duration::from_secs(timeout),
    })
}

fn headers(
    reading: &Reading<'_>,
    section: &Section<'_>,
    carried: &mut Carried<'_>,
) -> Vec<(String, HeaderTemplate)> {
    let pairs = section.pairs("headers").into_iter();
    let headers = pairs.filter_map(|(name, text)| {
        let lower = name.get_ref().to_ascii_lowercase();
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if lower.is_empty() || !lower.bytes().all(token) {
            reading.report.at(
                name.span(),
                format!("headers: '{}' is no header's name", name.get_ref()),
            );
        } else if lower == "authorization" {
            reading.report.at(
                name.span(),
                "headers: write Authorization as authorization = \"…\" under [api]",
            );
        } else if NOT_FOR_FILES.contains(&lower.as_str()) {
            let message = format!("headers: Ferrule sets '{}' itself: remove it", name.get_ref());
            reading.report.at(name.span(), message);
        }
        Some((name.into_inner(), carried.template(&text)?))
    });
    headers.collect()
}

fn timeout_of(report: &Report, seconds: &Spanned<i64>) -> u64 {
    let within = u64::try_from(*seconds.get_ref())
        .ok()
        .filter(|seconds| (1..=LONGEST_TIMEOUT).contains(seconds));
    within.unwrap_or_else(|| {
        let message = format!("timeout: write a number of seconds from 1 to {LONGEST_TIMEOUT}");
        report.at(seconds.span(), message);
        DEFAULT_TIMEOUT
    })
}

fn ping(report: &Report, text: &Spanned<String>) -> Option<Ping> {
    let Some((method, path)) = text.get_ref().split_once(' ') else {
        report.at(
            text.span(),
            "ping: write a method and a path, as in ping = \"GET /me\"",
        );
        return None;
    };
    let method = method
        .parse::<Method>()
        .and_then(|method| plain_path(path).map(|()| method));
    let method = method
        .map_err(|why| report.at(text.span(), format!("ping: {why}")))
        .ok()?;
    if path.contains(['{', '}']) {
        report.at(
            text.span(),
            "ping: a placeholder has nothing to stand for, write a plain path",
        );
    }
    Some(Ping {
        method,
        path: path.to_owned(),
    })
}

/// A path that stays below the base URL, whoever reads it.
pub(super) fn plain_path(path: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~{}:@!$&'()*+,;=".contains(c);
    let segments = path
        .strip_prefix('/')
        .map(|rest| rest.split('/').collect::<Vec<_>>())
        .unwrap_or_default();
    let stays = path == "/" || segments.iter().all(|segment| !["", ".", ".."].contains(segment));
    if segments.is_empty() || !stays || !path.chars().all(plain) {
        return Err(format!(
            "'{path}' is no plain path: write one as in /contacts or /contacts/{{id}}"
        ));
    }
    split(path).map(|_| ())
}
