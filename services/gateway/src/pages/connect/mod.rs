//! What a product's customers see of a connect link: what is asked, the login, how it ended, and the way back.

pub(crate) mod button;
pub(crate) mod finish;
pub(crate) mod link;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use ferrule_catalog::Connector;
use ferrule_model::Digest;
use ferrule_wire::Refusal;
use ferrule_wire::v1::{ConnectLink, ConnectSession, OpenConnectLinkRequest};

use crate::handlers::connect_session::status_name;
use crate::pages::Problem;
use crate::state::Gateway;

/// 256 bits in base64url.
const SECRET_LENGTH: usize = 43;

/// The secret part of a link, fit to stand in an address.
pub(crate) struct Link(String);

impl FromRequestParts<Gateway> for Link {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        match Path::<String>::from_request_parts(parts, gateway).await {
            Ok(Path(secret)) if secret.len() == SECRET_LENGTH && secret.bytes().all(is_plain) => {
                Ok(Self(secret))
            }
            _ => Err(Problem::no_such_link()),
        }
    }
}

impl Link {
    /// Its path here.
    fn path(&self) -> String {
        format!("/connect/{}", self.0)
    }

    /// What the registry knows it by.
    fn digest(&self) -> Vec<u8> {
        Digest::of(&self.0).as_bytes().to_vec()
    }

    /// What it is for. With an `element` its login begins.
    async fn open(&self, gateway: &Gateway, element: &str) -> Result<Opened, Refusal> {
        let request = OpenConnectLinkRequest {
            link: self.digest(),
            element: element.to_owned(),
        };
        let opened = gateway.registry().open_connect_link(request).await;
        Opened::of(opened.map_err(Refusal::from)?.into_inner())
    }
}

/// A link that there is.
struct Opened {
    link: ConnectLink,
    session: ConnectSession,
}

impl Opened {
    fn of(mut link: ConnectLink) -> Result<Self, Refusal> {
        let session = link.session.take();
        let session = session.ok_or_else(|| Refusal::internal("a link came without its session"))?;
        Ok(Self { link, session })
    }

    /// The product, as its customers read it.
    fn product(&self) -> &str {
        &self.link.organization_name
    }

    /// The connectors to choose from; those whose files are gone are left out.
    fn connectors<'g>(&self, gateway: &'g Gateway) -> Vec<&'g Connector> {
        let elements = self.session.elements.iter();
        elements
            .filter_map(|key| gateway.catalog().get(key).map(AsRef::as_ref))
            .collect()
    }
}

/// `returnUrl` with the product's `state`, the `status` and the session's `id` (never a token).
fn back(session: &ConnectSession) -> Option<String> {
    if session.return_url.is_empty() {
        return None;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !session.state.is_empty() {
        query.append_pair("state", &session.state);
    }
    query
        .append_pair("status", status_name(session))
        .append_pair("id", &session.id);
    let sign = if session.return_url.contains('?') {
        '&'
    } else {
        '?'
    };
    Some(format!("{}{sign}{}", session.return_url, query.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_keeps_its_own_query_and_tells_how_it_ended() {
        let session = |return_url: &str, state: &str| ConnectSession {
            id: "s1".into(),
            return_url: return_url.into(),
            state: state.into(),
            ..ConnectSession::default()
        };
        assert_eq!(back(&session("", "x")), None);
        assert_eq!(
            back(&session("https://a.example/b", "x&y")).as_deref(),
            Some("https://a.example/b?state=x%26y&status=open&id=s1")
        );
        assert_eq!(
            back(&session("https://a.example/b?c=d", "")).as_deref(),
            Some("https://a.example/b?c=d&status=open&id=s1")
        );
    }
}
