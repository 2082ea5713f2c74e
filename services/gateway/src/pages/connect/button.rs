//! `GET /connect/{link}/button` and `/status`: what a product's page frames, and how the link stands.
//!
//! The frame holds a button alone; the login runs in a window of its own. How it ended is asked here, so that it is
//! known also where the vendor cut the window from the frame, and told to the one origin that may frame it.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::Link;
use crate::handlers::connect_session::status_name;
use crate::headers::FramedBy;
use crate::pages::{Problem, html};
use crate::state::Gateway;

#[derive(Template)]
#[template(path = "connect_button.html")]
struct Button<'a> {
    link: String,
    id: &'a str,
    state: &'a str,
    origin: &'a str,
    status: &'static str,
    label: String,
}

/// How a link stands.
#[derive(Serialize)]
pub(crate) struct Standing {
    status: &'static str,
}

pub(crate) async fn page(State(gateway): State<Gateway>, link: Link) -> Result<Response, Problem> {
    let opened = link.open(&gateway, "").await?;
    if opened.link.origin.is_empty() {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "This link cannot be embedded",
            "No page is registered that may. Open the link itself instead.",
        ));
    }
    let label = match opened.connectors(&gateway)[..] {
        [connector] => format!("Connect {}", connector.name),
        _ => "Connect an account".to_owned(),
    };
    let page = Button {
        link: link.path(),
        id: &opened.session.id,
        state: &opened.session.state,
        origin: &opened.link.origin,
        status: status_name(&opened.session),
        label,
    };
    let mut answer = html(StatusCode::OK, &page);
    answer
        .extensions_mut()
        .insert(FramedBy(opened.link.origin.clone()));
    Ok(answer)
}

pub(crate) async fn status(State(gateway): State<Gateway>, link: Link) -> Result<Json<Standing>, Problem> {
    let opened = link.open(&gateway, "").await?;
    Ok(Json(Standing {
        status: status_name(&opened.session),
    }))
}
