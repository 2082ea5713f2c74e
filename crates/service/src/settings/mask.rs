//! Values as they may be shown.

use super::Variable;

/// What stands for a secret wherever settings are shown.
pub const MASK: &str = "********";

/// The value of `variable` as it may be shown: a secret wholly masked, a URL without its passwords.
pub fn mask(variable: &Variable, value: &str) -> String {
    if variable.secret {
        MASK.to_owned()
    } else {
        mask_url(value)
    }
}

/// Masks the password before the `@` and every query value that is named like a secret.
fn mask_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (before_query, query) = rest
        .split_once('?')
        .map_or((rest, None), |(before, query)| (before, Some(query)));
    // A raw `?` may stand inside a password: then the `@` comes after it, and all up to there is hidden.
    let (before_query, query) = match query.and_then(|query| query.rfind('@')) {
        Some(_) => (rest, None),
        None => (before_query, query),
    };
    let mut shown = format!("{scheme}://");
    match before_query.rfind('@').map(|at| before_query.split_at(at)) {
        Some((userinfo, host)) => {
            // Up to the last `@`, so that several addresses in one value hide all their passwords.
            let user = userinfo.split(':').next().unwrap_or_default();
            shown.push_str(user);
            if userinfo.len() > user.len() {
                shown.push(':');
                shown.push_str(MASK);
            }
            shown.push_str(host);
        }
        None => shown.push_str(before_query),
    }
    if let Some(query) = query {
        let pairs: Vec<_> = query.split('&').map(mask_pair).collect();
        shown.push('?');
        shown.push_str(&pairs.join("&"));
    }
    shown
}

fn mask_pair(pair: &str) -> String {
    let Some((name, value)) = pair.split_once('=') else {
        return pair.to_owned();
    };
    let lower = name.to_ascii_lowercase();
    let secret = ["pass", "secret", "token", "auth", "pwd"]
        .iter()
        .any(|word| lower.contains(word));
    format!("{name}={}", if secret { MASK } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_masked_and_the_rest_is_shown() {
        let database = Variable::find("FERRULE_DATABASE_URL").unwrap();
        for (given, want) in [
            (
                "postgres://ferrule:s3cret@db:5432/ferrule",
                "postgres://ferrule:********@db:5432/ferrule",
            ),
            ("postgres://ferrule@db/ferrule", "postgres://ferrule@db/ferrule"),
            (
                "postgres://ferrule:p@ss:w/rd@db/x",
                "postgres://ferrule:********@db/x",
            ),
            ("postgres://ferrule:wh?t@db/x", "postgres://ferrule:********@db/x"),
            (
                "postgres://db/x?user=a&password=s3cret",
                "postgres://db/x?user=a&password=********",
            ),
            ("redis://:s3cret@cache:6379/0", "redis://:********@cache:6379/0"),
            ("redis://:one@a:1,redis://:two@b:2", "redis://:********@b:2"),
            ("sqlite:///var/lib/ferrule.db", "sqlite:///var/lib/ferrule.db"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(mask(database, given), want, "{given}");
        }
    }

    #[test]
    fn a_secret_is_masked_wholly() {
        let keys = Variable::find("FERRULE_MASTER_KEYS").unwrap();
        assert_eq!(mask(keys, "k1:AAAA"), MASK);
    }
}
