//! `GET /connectors`: every connector, searched and filtered.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ferrule_catalog::Connector;

use crate::errors::ApiError;
use crate::pages::card::{Card, KINDS, kind};
use crate::pages::html;
use crate::pages::shell::{Shell, Tab};
use crate::pages::signed_in::CatalogueViewer;
use crate::query::Query;
use crate::state::Gateway;

/// As many as a screen or two hold.
const CARDS: usize = 60;

#[derive(Template)]
#[template(path = "catalogue.html")]
struct Catalogue<'a> {
    shell: Shell,
    chosen: Chosen,
    hubs: Vec<&'a str>,
    kinds: &'a [(&'a str, &'a str)],
    total: usize,
    cards: Vec<Card>,
    more: Option<String>,
}

/// What is looked for; empty: everything.
#[derive(Clone, Debug, Default)]
struct Chosen {
    text: String,
    hub: String,
    kind: String,
    from: usize,
}

pub(crate) async fn page(
    State(gateway): State<Gateway>,
    viewer: CatalogueViewer,
    query: Result<Query, ApiError>,
) -> Response {
    let chosen = Chosen::from_query(&query.unwrap_or_default());
    let found: Vec<&Connector> = chosen.find(gateway.catalog().iter().map(AsRef::as_ref));
    let cards: Vec<Card> = found
        .iter()
        .skip(chosen.from)
        .take(CARDS)
        .map(|one| Card::of(one))
        .collect();
    let next = chosen.from + cards.len();
    html(
        StatusCode::OK,
        &Catalogue {
            shell: viewer.shell(Tab::Connectors),
            hubs: gateway.catalog().hubs().into_iter().collect(),
            kinds: &KINDS,
            total: found.len(),
            more: (next < found.len()).then(|| chosen.address(next)),
            cards,
            chosen,
        },
    )
}

impl Chosen {
    fn from_query(query: &Query) -> Self {
        let text = |name| query.get(name).unwrap_or_default().trim().to_owned();
        Self {
            text: text("q"),
            hub: text("hub"),
            kind: text("kind"),
            from: text("from").parse().unwrap_or_default(),
        }
    }

    /// Names first that begin with what was typed, then names that hold it, then the rest; each by name.
    fn find<'a>(&self, connectors: impl Iterator<Item = &'a Connector>) -> Vec<&'a Connector> {
        let typed = self.text.to_lowercase();
        let rank = |connector: &Connector| {
            let name = connector.name.to_lowercase();
            let others = [connector.key.as_str(), &connector.hub, &connector.description];
            if name.starts_with(&typed) {
                Some(0)
            } else if name.contains(&typed) {
                Some(1)
            } else {
                others
                    .iter()
                    .any(|other| other.to_lowercase().contains(&typed))
                    .then_some(2)
            }
        };
        let fits = |connector: &&Connector| {
            (self.hub.is_empty() || connector.hub == self.hub)
                && (self.kind.is_empty() || kind(connector) == self.kind)
        };
        let mut found: Vec<_> = connectors
            .filter(fits)
            .filter_map(|connector| {
                rank(connector).map(|rank| (rank, connector.name.to_lowercase(), connector))
            })
            .collect();
        found.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        found.into_iter().map(|(_, _, connector)| connector).collect()
    }

    /// The address of the cards from this one on.
    fn address(&self, from: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("q", &self.text), ("hub", &self.hub), ("kind", &self.kind)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!(
            "/connectors?{}",
            query.append_pair("from", &from.to_string()).finish()
        )
    }
}
