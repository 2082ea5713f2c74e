//! Who a peer is: the names in its certificate, and the roles they stand for.

use std::collections::HashMap;
use std::task::{Context, Poll};

use futures::future::{Either, Ready, ready};
use http::{Request, Response};
use rustls::pki_types::CertificateDer;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use webpki::EndEntityCert;

use crate::access::{Role, Roles};
use crate::reason::{Reason, Refusal};

/// Which names stand for which roles. A role that is given no name has its own: the DNS name `gateway` is a gateway.
#[derive(Clone, Debug)]
pub struct Peers(HashMap<String, Roles>);

impl Peers {
    /// Reads `role=name` pairs, as `FERRULE_GRPC_PEERS` holds them; an error says what is wrong with which.
    pub fn parse(pairs: &[String]) -> Result<Self, String> {
        let named = pairs.iter().map(|pair| {
            let (role, name) = pair
                .split_once('=')
                .ok_or_else(|| format!("holds {pair:?}, which is no pair"))?;
            let known = Role::NAMES.iter().find(|(known, _)| *known == role.trim());
            match (known, name.trim()) {
                (None, _) => Err(format!("names a role {role:?}, which there is not")),
                (_, "") => Err(format!("gives {role:?} no name")),
                (Some((_, role)), name) => Ok((*role, name.to_owned())),
            }
        });
        Ok(Self::new(named.collect::<Result<Vec<_>, _>>()?))
    }

    /// DNS names and URIs (`spiffe://…`), each with the role that it stands for.
    pub fn new(pairs: impl IntoIterator<Item = (Role, String)>) -> Self {
        let mut names: Vec<_> = pairs.into_iter().collect();
        for (name, role) in Role::NAMES {
            let service = matches!(role, Role::Gateway | Role::Registry);
            if service && !names.iter().any(|(named, _)| *named == role) {
                names.push((role, name.to_owned()));
            }
        }
        let mut peers: HashMap<String, Vec<Role>> = HashMap::new();
        for (role, name) in names {
            peers.entry(name.to_ascii_lowercase()).or_default().push(role);
        }
        Self(
            peers
                .into_iter()
                .map(|(name, roles)| (name, Roles::of(roles)))
                .collect(),
        )
    }

    /// What the bearer of this certificate is. Whether its authority is the right one was checked before.
    pub(crate) fn roles_of(&self, certificate: &CertificateDer<'_>) -> Roles {
        let Ok(certificate) = EndEntityCert::try_from(certificate) else {
            return Roles::default();
        };
        let names = certificate.valid_dns_names().chain(certificate.valid_uri_names());
        let found: Vec<_> = names.map(str::to_ascii_lowercase).collect();
        let roles: Vec<_> = found.iter().filter_map(|name| self.0.get(name)).collect();
        if roles.is_empty() {
            tracing::warn!(
                event = "peer_unknown",
                names = ?found,
                "a certificate of our authority stands for no peer: FERRULE_GRPC_PEERS names those"
            );
        }
        Roles::of(
            Role::NAMES
                .iter()
                .map(|(_, role)| *role)
                .filter(|role| roles.iter().any(|roles| roles.has(*role))),
        )
    }
}

/// Refuses calls that the peer's roles do not allow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccessLayer;

impl<S> Layer<S> for AccessLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded(inner)
    }
}

/// A service behind the table of who may call what.
#[derive(Clone, Debug)]
pub(crate) struct Guarded<S>(S);

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let roles = request.extensions().get::<Roles>().copied().unwrap_or_default();
        let method = request.uri().path();
        if roles.may_call(method) {
            return Either::Left(self.0.call(request));
        }
        tracing::warn!(
            event = "peer_refused",
            ?roles,
            method,
            "a peer called what it may not"
        );
        let refusal = Refusal::new(
            Reason::Forbidden,
            "Whoever calls may not make this call: FERRULE_GRPC_PEERS names who may.",
        );
        Either::Right(ready(Ok(Status::from(refusal).into_http())))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType, string::Ia5String};

    use super::*;

    fn certificate(names: &[&str]) -> CertificateDer<'static> {
        let mut parameters = CertificateParams::default();
        for name in names {
            let text = Ia5String::try_from(*name).unwrap();
            let name = if name.contains("://") {
                SanType::URI(text)
            } else {
                SanType::DnsName(text)
            };
            parameters.subject_alt_names.push(name);
        }
        parameters
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .der()
            .clone()
    }

    #[test]
    fn pairs_are_read_or_named_as_wrong() {
        let parse = |pairs: &[&str]| Peers::parse(&pairs.iter().map(ToString::to_string).collect::<Vec<_>>());
        let peers = parse(&["client=Billing", " gateway = spiffe://x/gateway"]).unwrap();
        assert_eq!(
            peers.roles_of(&certificate(&["billing"])),
            Roles::of([Role::Client])
        );
        assert_eq!(peers.roles_of(&certificate(&["gateway"])), Roles::default());
        for (wrong, words) in [
            ("billing", "no pair"),
            ("broker=x", "role \"broker\""),
            ("client=", "no name"),
        ] {
            let error = parse(&[wrong]).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn certificates_say_who_a_peer_is() {
        const SPIFFE: &str = "spiffe://example.com/ns/ferrule/sa/gateway";
        let plain = Peers::new([(Role::Client, "billing.example.com".to_owned())]);
        let spiffe = Peers::new([(Role::Gateway, SPIFFE.to_owned())]);
        let (gateway, registry, client) = (
            Roles::of([Role::Gateway]),
            Roles::of([Role::Registry]),
            Roles::of([Role::Client]),
        );
        for (peers, names, want) in [
            (&plain, &["gateway"][..], gateway),
            (&plain, &["gateway.ferrule.svc", "Gateway"], gateway),
            (&plain, &["instance-registry"], registry),
            (&plain, &["billing.example.com"], client),
            (
                &plain,
                &["gateway", "instance-registry"],
                Roles::of([Role::Gateway, Role::Registry]),
            ),
            (&plain, &["gateway.example.com"], Roles::default()),
            (&plain, &["client"], Roles::default()),
            (&plain, &["oauth-broker"], Roles::default()),
            (&plain, &[SPIFFE], Roles::default()),
            (&plain, &[], Roles::default()),
            (&spiffe, &[SPIFFE], gateway),
            (&spiffe, &["gateway"], Roles::default()),
            (&spiffe, &["instance-registry"], registry),
        ] {
            assert_eq!(peers.roles_of(&certificate(names)), want, "{names:?}");
        }
    }
}
