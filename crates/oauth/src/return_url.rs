//! Where a browser may be sent after a login: the rule for `returnUrl`.

use crate::redirect_uri::{self, RedirectUriProblem};

/// What is wrong with a `returnUrl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnUrlProblem {
    /// The operator keeps a list, and it is not on it.
    #[error("it is not one of the addresses that the operator allows")]
    NotAllowed,
    /// It is no address that a browser may be sent to.
    #[error(transparent)]
    Address(#[from] RedirectUriProblem),
}

/// Whether a browser may be sent to this `returnUrl`. With a list: only what stands there, character by character.
/// Without one: any https address, or http on loopback. Never userinfo, fragment, backslash or control character.
///
/// # Errors
/// What is wrong, in words that say what to do.
pub fn check(address: &str, allowed: Option<&[String]>) -> Result<(), ReturnUrlProblem> {
    let url = redirect_uri::parse(address)?;
    match allowed {
        Some(allowed) if allowed.iter().any(|one| one == address) => Ok(()),
        Some(_) => Err(ReturnUrlProblem::NotAllowed),
        None if redirect_uri::is_web(&url) => Ok(()),
        None => Err(RedirectUriProblem::Scheme.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &str = "https://app.example/done";

    #[test]
    fn only_exact_matches_of_the_list_pass() {
        let allowed = [ALLOWED.to_owned()];
        assert_eq!(check(ALLOWED, Some(&allowed)), Ok(()));
        for nasty in [
            "https://app.example/done/",
            "https://app.example/done?x=1",
            "https://app.example//done",
            "https://app.example:443/done",
            "https://app.example:8443/done",
            "https://APP.example/done",
            "HTTPS://app.example/done",
            "https://app.example./done",
            "https://app.example.evil.example/done",
            "https://app.example/x/../done",
            "https://app.example/%2e%2e/done",
            "https://app%2eexample/done",
            "https://app.example@evil.example/done",
            "https://user@app.example/done",
            "https://app.example\\done",
            "https://app.example/done\t",
            "https://app.example/do\nne",
            " https://app.example/done",
            "https://app.example/done#",
            "https://аpp.example/done",
            "//app.example/done",
            "/done",
            "http://localhost/done",
            "javascript:alert(1)",
            "",
        ] {
            assert!(check(nasty, Some(&allowed)).is_err(), "{nasty:?}");
        }
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        assert_eq!(check(ALLOWED, Some(&[])), Err(ReturnUrlProblem::NotAllowed));
    }

    #[test]
    fn a_list_cannot_allow_what_is_never_allowed() {
        let listed = "https://app.example/done#x".to_owned();
        assert_eq!(
            check(&listed, Some(std::slice::from_ref(&listed))),
            Err(ReturnUrlProblem::Address(RedirectUriProblem::Fragment))
        );
    }

    #[test]
    fn without_a_list_https_and_loopback_pass() {
        for (address, good) in [
            (ALLOWED, true),
            ("https://app.example:8443/", true),
            ("http://localhost:3000/done", true),
            ("http://127.0.0.1/done", true),
            ("http://app.example/done", false),
            ("com.example.app:/done", false),
            ("javascript:alert(1)", false),
            ("https://user@app.example/", false),
            ("https://app.example\\@evil.example/", false),
            ("https:///app.example/", false),
        ] {
            assert_eq!(check(address, None).is_ok(), good, "{address:?}");
        }
    }
}
