//! How long an issuer's metadata stand (RFC 9111 section 5.2.2).

use std::time::Duration;

/// Where the issuer does not say.
const USUAL: Duration = Duration::from_hours(1);

/// An issuer that wants to be asked each time is asked this often.
const SHORTEST: Duration = Duration::from_mins(5);

/// An endpoint that has moved is noticed within this.
const LONGEST: Duration = Duration::from_hours(24);

/// From `Cache-Control`, within bounds.
pub(super) fn lifetime(cache_control: Option<&str>) -> Duration {
    let directives = cache_control.unwrap_or_default().split(',').map(str::trim);
    let mut lifetime = USUAL;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return SHORTEST,
            "max-age" => {
                let seconds = value.trim().trim_matches('"').parse::<u64>();
                lifetime = seconds.map_or(lifetime, Duration::from_secs);
            }
            _ => {}
        }
    }
    lifetime.clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_word_counts_within_bounds() {
        for (value, seconds) in [
            (None, 3600),
            (Some(""), 3600),
            (Some("public, max-age=7200"), 7200),
            (Some("Max-Age = \"600\""), 600),
            (Some("max-age=0, must-revalidate"), 300),
            (Some("max-age=9999999"), 86_400),
            (Some("max-age=soon"), 3600),
            (Some("max-age=7200, no-store"), 300),
            (Some("no-cache"), 300),
        ] {
            assert_eq!(lifetime(value), Duration::from_secs(seconds), "{value:?}");
        }
    }
}
