//! The vendor's table of contents.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::vendor::Vendor;
use crate::{api, authorize, consent, guard, metadata, pages, revoke, token};

pub(crate) fn router(vendor: Arc<Vendor>) -> Router {
    let routes = Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .route("/authorize", get(authorize::authorize).post(consent::consent))
        .route("/token", post(token::token))
        .route("/revoke", post(revoke::revoke))
        .route("/me", get(api::me))
        .route("/contacts", get(api::list).post(api::create))
        .route("/contacts/{id}", get(api::read))
        .route("/style.css", get(pages::style))
        .route("/icon.svg", get(pages::icon))
        .with_state(vendor);
    guard::guarded(routes)
}
