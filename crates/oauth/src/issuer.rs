//! Who sent the browser back (RFC 9207).

/// The answer did not come from the vendor that was asked: nothing may be exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssMismatch {
    /// `iss` names another issuer than the connector's.
    #[error("the vendor's answer names another issuer ('iss') than the connector's")]
    Differs,
    /// `iss` is required, and absent.
    #[error("the vendor's answer names no issuer ('iss'), and this connector requires one")]
    Absent,
    /// `iss` is required, and the connector has no issuer to compare it with.
    #[error("this connector requires an issuer ('iss') and declares none: set `issuer` in its file")]
    Undeclared,
}

/// Compares the `iss` that came back, on success and error alike, with the connector's issuer: as plain strings
/// (RFC 9207 section 2.4).
///
/// An `iss` that is present must equal an issuer that is declared; an absent one is refused only where `required`.
/// Where the connector declares no issuer there is nothing to compare.
///
/// # Errors
/// The two differ, or one is missing that must be there.
pub fn check_iss(expected: Option<&str>, given: Option<&str>, required: bool) -> Result<(), IssMismatch> {
    match (expected, given) {
        (Some(expected), Some(given)) if expected != given => Err(IssMismatch::Differs),
        (_, None) if required => Err(IssMismatch::Absent),
        (None, Some(_)) if required => Err(IssMismatch::Undeclared),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_compared_as_a_plain_string() {
        let ours = Some("https://vendor.example");
        for (expected, given, required, want) in [
            (ours, ours, true, Ok(())),
            (ours, ours, false, Ok(())),
            (
                ours,
                Some("https://vendor.example/"),
                false,
                Err(IssMismatch::Differs),
            ),
            (
                ours,
                Some("HTTPS://vendor.example"),
                false,
                Err(IssMismatch::Differs),
            ),
            (
                ours,
                Some("https://vendor.example:443"),
                false,
                Err(IssMismatch::Differs),
            ),
            (
                ours,
                Some("http://vendor.example"),
                true,
                Err(IssMismatch::Differs),
            ),
            (ours, Some(""), false, Err(IssMismatch::Differs)),
            (ours, None, false, Ok(())),
            (ours, None, true, Err(IssMismatch::Absent)),
            (None, None, false, Ok(())),
            (None, None, true, Err(IssMismatch::Absent)),
            (None, Some("https://other.example"), false, Ok(())),
            (
                None,
                Some("https://other.example"),
                true,
                Err(IssMismatch::Undeclared),
            ),
        ] {
            assert_eq!(
                check_iss(expected, given, required),
                want,
                "{expected:?} {given:?} {required}"
            );
        }
    }
}
