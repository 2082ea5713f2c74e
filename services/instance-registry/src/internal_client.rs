//! Internal clients: services of the house that are none of Ferrule's.

use ferrule_wire::v1::Credentials;
use ferrule_wire::{Refusal, Roles};
use tonic::Request;

use crate::identify::unauthenticated;

/// Refuses an internal client that does not show whose instances it works for: beside its certificate it presents
/// the Organization secret, also where an Element token alone would do for a gateway's caller.
pub(crate) fn shows_organization<Q>(
    request: &Request<Q>,
    credentials: impl FnOnce(&Q) -> Option<&Credentials>,
) -> Result<(), Refusal> {
    let roles = request.extensions().get::<Roles>();
    let is_client = roles.is_some_and(|roles| roles.is_client_alone());
    let shown = || credentials(request.get_ref()).is_some_and(|shown| !shown.organization.is_empty());
    if is_client && !shown() {
        return Err(unauthenticated(
            "An internal client presents User and Organization, and Element beside them where a call needs it.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ferrule_wire::Role;
    use ferrule_wire::v1::ResolveRequest;

    use super::*;

    #[test]
    fn an_internal_client_shows_its_organization_and_a_gateway_need_not() {
        let client = Roles::of([Role::Client]);
        for (roles, organization, want) in [
            (Some(client), "", false),
            (Some(client), "secret", true),
            (Some(Roles::of([Role::Gateway])), "", true),
            (Some(Roles::of([Role::Gateway, Role::Client])), "", true),
            (Some(Roles::ALL), "", true),
            (None, "", true),
        ] {
            let credentials = Credentials {
                organization: organization.into(),
                ..Credentials::default()
            };
            let mut request = Request::new(ResolveRequest {
                credentials: Some(credentials),
                ..ResolveRequest::default()
            });
            roles.map(|roles| request.extensions_mut().insert(roles));
            let shown = shows_organization(&request, |request| request.credentials.as_ref());
            assert_eq!(shown.is_ok(), want, "{roles:?} {organization}");
        }
    }
}
