//! Where a browser may be sent with a code: the rule for `callbackUrl`.

use url::Url;

use crate::endpoint::is_loopback;

/// The longest address, in bytes.
pub const MAX_BYTES: usize = 2048;

/// What is wrong with an address that a browser would be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriProblem {
    /// Longer than [`MAX_BYTES`].
    #[error("it must be at most {MAX_BYTES} bytes long")]
    TooLong,
    /// A backslash, a space, a control character, or a character outside ASCII.
    #[error("it must be printable ASCII without spaces or backslashes: percent-encode what is not")]
    ForbiddenCharacter,
    /// It has a `#`.
    #[error("it must not hold a fragment ('#')")]
    Fragment,
    /// It has `user:password@`.
    #[error("it must not hold a user name or password")]
    Userinfo,
    /// It is no absolute URL.
    #[error("it must be an absolute URL")]
    NotAUrl,
    /// The host is written so that two readers may see two hosts.
    #[error("its host must be written out: no '%', no shortened address, other scripts as punycode (xn--)")]
    UnclearHost,
    /// Neither `https`, nor `http` on loopback, nor a dotted private-use scheme.
    #[error(
        "it must begin with https://, with http:// on loopback, or with an app's own dotted scheme (com.example.app:)"
    )]
    Scheme,
}

/// Whether this may be a `callbackUrl`: https, http on loopback, or a dotted private-use scheme (RFC 8252 section
/// 7.1); no userinfo, no fragment, at most 2 KiB, plain ASCII without backslashes.
///
/// # Errors
/// What is wrong, in words that say what to do.
pub fn check(address: &str) -> Result<(), RedirectUriProblem> {
    let url = parse(address)?;
    let private_use = url.scheme().contains('.');
    if is_web(&url) || private_use {
        Ok(())
    } else {
        Err(RedirectUriProblem::Scheme)
    }
}

/// Whether this is `https`, or `http` on loopback.
pub(crate) fn is_web(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

/// An address of any scheme that reads the same to every parser.
pub(crate) fn parse(address: &str) -> Result<Url, RedirectUriProblem> {
    if address.len() > MAX_BYTES {
        return Err(RedirectUriProblem::TooLong);
    }
    if address.bytes().any(|b| !b.is_ascii_graphic() || b == b'\\') {
        return Err(RedirectUriProblem::ForbiddenCharacter);
    }
    if address.contains('#') {
        return Err(RedirectUriProblem::Fragment);
    }
    let url = Url::parse(address).map_err(|_| RedirectUriProblem::NotAUrl)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectUriProblem::Userinfo);
    }
    if url.is_special() {
        check_authority(address, &url)?;
    }
    Ok(url)
}

/// A web address must say its host as it was understood: browsers, vendors and this parser then agree on it.
fn check_authority(address: &str, url: &Url) -> Result<(), RedirectUriProblem> {
    let after_scheme = &address[url.scheme().len()..];
    let Some(rest) = after_scheme.strip_prefix("://") else {
        return Err(RedirectUriProblem::NotAUrl);
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(RedirectUriProblem::Userinfo);
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    match url.host_str() {
        Some(understood) if understood.eq_ignore_ascii_case(host) => Ok(()),
        Some(_) => Err(RedirectUriProblem::UnclearHost),
        None => Err(RedirectUriProblem::Scheme),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::RedirectUriProblem::*;
    use super::*;

    #[test]
    fn a_callback_url_is_safe_or_refused() {
        for (address, want) in [
            ("https://auth.cloudelements.io/oauth", Ok(())),
            ("https://a.example/cb?x=1&y=%23", Ok(())),
            ("https://a.example:8443/cb", Ok(())),
            ("https://A.Example/cb", Ok(())),
            ("https://xn--bcher-kva.example/cb", Ok(())),
            ("https://a.example", Ok(())),
            ("http://localhost:8080/cb", Ok(())),
            ("http://127.0.0.1:8080/cb", Ok(())),
            ("http://[::1]:8080/cb", Ok(())),
            ("http://[::1]/cb", Ok(())),
            ("com.example.app:/oauth2redirect", Ok(())),
            ("com.example.app://callback", Ok(())),
            ("http://a.example/cb", Err(Scheme)),
            ("http://localhost.a.example/cb", Err(Scheme)),
            ("http://127.0.0.1.a.example/cb", Err(Scheme)),
            ("http://0.0.0.0/cb", Err(Scheme)),
            ("http://10.0.0.1/cb", Err(Scheme)),
            ("myapp://callback", Err(Scheme)),
            ("javascript:alert(1)", Err(Scheme)),
            ("data:text/html,x", Err(Scheme)),
            ("file:///etc/passwd", Err(Scheme)),
            ("ftp://a.example/", Err(Scheme)),
            ("", Err(NotAUrl)),
            ("/cb", Err(NotAUrl)),
            ("//a.example/cb", Err(NotAUrl)),
            ("https:a.example/cb", Err(NotAUrl)),
            ("https:/a.example/cb", Err(NotAUrl)),
            ("https:///a.example/cb", Err(UnclearHost)),
            ("https://user@a.example/", Err(Userinfo)),
            ("https://user:pass@a.example/", Err(Userinfo)),
            ("https://@a.example/", Err(Userinfo)),
            ("https://a.example@evil.example/", Err(Userinfo)),
            ("com.example.app://user@callback", Err(Userinfo)),
            ("https://a.example/#", Err(Fragment)),
            ("https://a.example/#x", Err(Fragment)),
            ("https://a.example\\@evil.example/", Err(ForbiddenCharacter)),
            ("https:\\\\evil.example", Err(ForbiddenCharacter)),
            ("https://a.example/\t", Err(ForbiddenCharacter)),
            ("ht\ntps://a.example/", Err(ForbiddenCharacter)),
            ("https://a.example/\r\nSet-Cookie: x", Err(ForbiddenCharacter)),
            ("https://a.example/\0", Err(ForbiddenCharacter)),
            (" https://a.example/", Err(ForbiddenCharacter)),
            ("https://bücher.example/", Err(ForbiddenCharacter)),
            ("https://a。example/", Err(ForbiddenCharacter)),
            ("https://a%2eexample/", Err(UnclearHost)),
            ("https://%65vil.example/", Err(UnclearHost)),
            ("http://127.1/cb", Err(UnclearHost)),
            ("http://2130706433/cb", Err(UnclearHost)),
            ("http://0x7f000001/cb", Err(UnclearHost)),
            ("http://[0:0:0:0:0:0:0:1]/cb", Err(UnclearHost)),
            ("http://[::ffff:127.0.0.1]/cb", Err(UnclearHost)),
            ("https://a.example:99999/", Err(NotAUrl)),
            ("https://", Err(NotAUrl)),
        ] {
            assert_eq!(check(address), want, "{address:?}");
        }
    }

    #[test]
    fn a_callback_url_has_2_kib_at_most() {
        let longest = format!("https://a.example/{}", "x".repeat(MAX_BYTES - 18));
        assert_eq!(check(&longest), Ok(()));
        assert_eq!(check(&format!("{longest}x")), Err(TooLong));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(https?:)?[/\\\\@]{0,3}.*") {
            let _ = check(&text);
        }
    }
}
