//! The Authorization header: who presents what (contract, "Authorization header").

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use ferrule_model::Digest;
use ferrule_wire::v1::Credentials;
use ferrule_wire::{Reason, Refusal};

use crate::errors::ApiError;

/// Digests of the secrets that a request presents. The secrets themselves go no further than this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Presented {
    user: Digest,
    organization: Option<Digest>,
    element: Option<Digest>,
}

/// What is wrong with the header, in words for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorizationError {
    #[error(
        "The Authorization header is missing: send `Authorization: User <secret>, Organization <secret>`."
    )]
    Missing,
    #[error("Send one Authorization header, with its parts separated by commas.")]
    Repeated,
    #[error(
        "The Authorization header has a part that is no `User <secret>`, `Organization <secret>` or `Element <token>`."
    )]
    Foreign,
    #[error("The Authorization header names the same kind of secret twice.")]
    Duplicate,
    #[error(
        "The Authorization header has no User secret: send `User <secret>` with `Organization <secret>` or `Element <token>`."
    )]
    NoUser,
    #[error(
        "A User secret alone is not enough: add `Organization <secret>`, or `Element <token>` for calls of one instance."
    )]
    LoneUser,
    #[error("This call needs `User <secret>, Organization <secret>`.")]
    NoOrganization,
    #[error(
        "This call takes its instance from the Element token: add `Element <token>` to the Authorization header."
    )]
    NoElement,
}

impl From<AuthorizationError> for Refusal {
    fn from(error: AuthorizationError) -> Self {
        Self::new(Reason::Unauthenticated, error.to_string())
    }
}

impl Presented {
    /// Reads the header; `None` when there is none.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, AuthorizationError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(AuthorizationError::Repeated);
        }
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| AuthorizationError::Foreign)?;
        Self::parse(text).map(Some)
    }

    /// As [`Self::from_headers`], for calls that nobody may make unknown.
    pub(crate) fn required(headers: &HeaderMap) -> Result<Self, AuthorizationError> {
        Self::from_headers(headers)?.ok_or(AuthorizationError::Missing)
    }

    /// A platform call: User and Organization.
    pub(crate) fn of_platform(headers: &HeaderMap) -> Result<Self, AuthorizationError> {
        let presented = Self::required(headers)?;
        presented
            .organization
            .map(|_| presented)
            .ok_or(AuthorizationError::NoOrganization)
    }

    /// A call of one instance: User and Element, with or without Organization.
    pub(crate) fn of_instance(headers: &HeaderMap) -> Result<Self, AuthorizationError> {
        let presented = Self::required(headers)?;
        presented
            .element
            .map(|_| presented)
            .ok_or(AuthorizationError::NoElement)
    }

    /// Comma-separated `Kind SP secret` pairs, in any order, any case of the kinds, tolerant of spaces.
    fn parse(text: &str) -> Result<Self, AuthorizationError> {
        let (mut user, mut organization, mut element) = (None, None, None);
        for part in text.split(',') {
            let (kind, secret) = part.trim().split_once(' ').ok_or(AuthorizationError::Foreign)?;
            let secret = secret.trim();
            let slot = match kind {
                _ if kind.eq_ignore_ascii_case("user") => &mut user,
                _ if kind.eq_ignore_ascii_case("organization") => &mut organization,
                _ if kind.eq_ignore_ascii_case("element") => &mut element,
                _ => return Err(AuthorizationError::Foreign),
            };
            if secret.is_empty() || secret.contains(' ') {
                return Err(AuthorizationError::Foreign);
            }
            if slot.replace(Digest::of(secret)).is_some() {
                return Err(AuthorizationError::Duplicate);
            }
        }
        let user = user.ok_or(AuthorizationError::NoUser)?;
        if organization.is_none() && element.is_none() {
            return Err(AuthorizationError::LoneUser);
        }
        Ok(Self {
            user,
            organization,
            element,
        })
    }

    /// The secret that the fewest share.
    pub(crate) fn narrowest(self) -> Digest {
        self.element.unwrap_or(self.user)
    }

    /// As they travel to the registry.
    pub(crate) fn to_wire(self) -> Credentials {
        let bytes = |digest: Option<Digest>| {
            digest
                .map(|digest| digest.as_bytes().to_vec())
                .unwrap_or_default()
        };
        Credentials {
            user: bytes(Some(self.user)),
            organization: bytes(self.organization),
            element: bytes(self.element),
            session: Vec::new(),
        }
    }
}

/// What a platform call presents, checked before its body is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Platform(pub(crate) Presented);

impl<S: Send + Sync> FromRequestParts<S> for Platform {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(Presented::of_platform(&parts.headers)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn presented(user: &str, organization: Option<&str>, element: Option<&str>) -> Presented {
        Presented {
            user: Digest::of(user),
            organization: organization.map(Digest::of),
            element: element.map(Digest::of),
        }
    }

    #[test]
    fn any_order_any_case_and_any_spaces_mean_the_same() {
        let want = presented("u+/=", Some("o"), None);
        for text in [
            "User u+/=, Organization o",
            "Organization o,User u+/=",
            "user u+/= ,  ORGANIZATION   o  ",
            "uSeR    u+/=,organization o",
        ] {
            assert_eq!(Presented::parse(text), Ok(want), "{text}");
        }
        let all = presented("u", Some("o"), Some("e="));
        assert_eq!(Presented::parse("Element e=, User u, Organization o"), Ok(all));
        assert_eq!(
            Presented::parse("User u, Element e="),
            Ok(presented("u", None, Some("e=")))
        );
    }

    #[test]
    fn everything_else_is_refused() {
        use AuthorizationError as E;
        for (text, want) in [
            ("", E::Foreign),
            ("Bearer abc", E::Foreign),
            ("Basic dTpw", E::Foreign),
            ("User", E::Foreign),
            ("User , Organization o", E::Foreign),
            ("User a b, Organization o", E::Foreign),
            ("User u, Organization o,", E::Foreign),
            ("User u", E::LoneUser),
            ("Organization o", E::NoUser),
            ("Element e", E::NoUser),
            ("User u, User u, Organization o", E::Duplicate),
        ] {
            assert_eq!(Presented::parse(text), Err(want), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(text in ".*") {
            let _ = Presented::parse(&text);
        }
    }
}
