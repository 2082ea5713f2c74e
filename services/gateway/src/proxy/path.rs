//! The path of a call: as it came, and never a way out of the vendor's base URL.

use std::borrow::Cow;

/// How often a path is decoded before it is refused: nobody nests percent-encoding deeper than this in good faith.
const MOST_LAYERS: usize = 8;

/// A path below the hub, byte for byte as it came, that begins with one `/` and leads nowhere but down, whoever
/// decodes it how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallPath<'a>(&'a str);

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    #[error("The path holds a `.` or `..` segment. Send the path that you mean.")]
    DotSegment,
    #[error("The path begins with two slashes. Send one.")]
    DoubleSlash,
    #[error("The path holds a backslash, as it is or encoded.")]
    Backslash,
    #[error("The path holds a control character, as it is or encoded.")]
    Control,
    #[error("The path is percent-encoded more than {MOST_LAYERS} times over.")]
    Nested,
}

impl<'a> CallPath<'a> {
    /// Checks the path in every form that a server may decode it to.
    pub(crate) fn parse(raw: &'a str) -> Result<Self, PathError> {
        let mut form = Cow::Borrowed(raw.as_bytes());
        for _ in 0..MOST_LAYERS {
            check(&form)?;
            match decode(&form) {
                None => return Ok(Self(raw)),
                Some(decoded) => form = Cow::Owned(decoded),
            }
        }
        Err(PathError::Nested)
    }

    /// The path as it came.
    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }
}

fn check(path: &[u8]) -> Result<(), PathError> {
    if path.contains(&b'\\') {
        return Err(PathError::Backslash);
    }
    if path.iter().any(u8::is_ascii_control) {
        return Err(PathError::Control);
    }
    if path.starts_with(b"//") {
        return Err(PathError::DoubleSlash);
    }
    // Some servers cut parameters off a segment first: `..;x` is `..` to them.
    let name = |segment: &'_ [u8]| {
        segment
            .iter()
            .position(|byte| *byte == b';')
            .unwrap_or(segment.len())
    };
    let leads_up = |segment: &[u8]| matches!(&segment[..name(segment)], b"." | b"..");
    if path.split(|byte| *byte == b'/').any(leads_up) {
        return Err(PathError::DotSegment);
    }
    Ok(())
}

/// The bytes with one layer of percent-encoding taken off; `None` when there is none.
fn decode(path: &[u8]) -> Option<Vec<u8>> {
    let first = path.windows(3).position(|window| escaped(window).is_some())?;
    let mut decoded = path[..first].to_vec();
    let mut rest = &path[first..];
    while let Some(next) = rest.first() {
        let escape = rest.get(..3).and_then(escaped);
        decoded.push(escape.unwrap_or(*next));
        rest = &rest[if escape.is_some() { 3 } else { 1 }..];
    }
    Some(decoded)
}

fn escaped(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low] = bytes else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn security_32_what_leads_out_of_the_base_url_is_refused() {
        use PathError as E;
        for (path, want) in [
            ("/..", E::DotSegment),
            ("/a/../b", E::DotSegment),
            ("/a/./b", E::DotSegment),
            ("/a/..", E::DotSegment),
            ("/%2e%2e/b", E::DotSegment),
            ("/%2E./b", E::DotSegment),
            ("/.%2e/b", E::DotSegment),
            ("/%252e%252e/b", E::DotSegment),
            ("/%25252e%25252e/b", E::DotSegment),
            ("/a%2f..%2fb", E::DotSegment),
            ("/a%252f..%252fb", E::DotSegment),
            ("/..%2f..%2fadmin", E::DotSegment),
            ("/..;/b", E::DotSegment),
            ("/..;a=b/b", E::DotSegment),
            ("/%2e%2e%3b/b", E::DotSegment),
            ("//evil.example/x", E::DoubleSlash),
            ("/%2fevil.example/x", E::DoubleSlash),
            ("/%252Fevil.example/x", E::DoubleSlash),
            ("/a\\b", E::Backslash),
            ("/a%5cb", E::Backslash),
            ("/a%255Cb", E::Backslash),
            ("/a%0d%0aHost:%20evil", E::Control),
            ("/a%250d%250a", E::Control),
            ("/a%00", E::Control),
            ("/a%7f", E::Control),
            ("/%25252525252525252525252e", E::Nested),
        ] {
            assert_eq!(CallPath::parse(path), Err(want), "{path}");
        }
    }

    #[test]
    fn everything_else_stays_byte_for_byte() {
        for path in [
            "/",
            "/contacts",
            "/contacts/",
            "/contacts//5",
            "/a%20b/%C3%A9/ä",
            "/group%2Fproject",
            "/50%25%20off",
            "/%zz/%",
            "/...",
            "/a..b/.hidden/x.",
            "/a;v=1/b",
            "/@user:x@y",
            "/a%23b%3Fc",
        ] {
            assert_eq!(CallPath::parse(path).map(CallPath::as_str), Ok(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn security_32_no_form_of_a_path_that_passes_leads_up(path in "/([.%25eEfF/c;\\\\a]{0,24})") {
            if CallPath::parse(&path).is_ok() {
                let mut form = path.into_bytes();
                while let Some(decoded) = decode(&form) {
                    form = decoded;
                }
                let text = String::from_utf8_lossy(&form).into_owned();
                prop_assert!(!text.starts_with("//") && !text.contains('\\'));
                prop_assert!(text.split('/').all(|segment| segment != "." && segment != ".."));
            }
        }
    }
}
