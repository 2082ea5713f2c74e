//! What the pages load: a stylesheet, a script, an icon. All of it is ours, and part of the program.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

/// Long enough for a visit; a new release is seen within the hour.
const AN_HOUR: &str = "public, max-age=3600";

/// `GET /assets/ferrule.css`
pub(crate) async fn stylesheet() -> impl IntoResponse {
    asset(
        "text/css; charset=utf-8",
        include_str!("../../assets/ferrule.css"),
    )
}

/// `GET /assets/ferrule.js`
pub(crate) async fn script() -> impl IntoResponse {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/ferrule.js"),
    )
}

/// `GET /assets/connect.js`: what a connect link's button and its popup do.
pub(crate) async fn connect() -> impl IntoResponse {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/connect.js"),
    )
}

/// `GET /connect.js`: what a product's page loads to embed connect links.
pub(crate) async fn embed() -> impl IntoResponse {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../../assets/embed.js"),
    )
}

/// `GET /assets/ferrule.svg`
pub(crate) async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", include_str!("../../assets/ferrule.svg"))
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, AN_HOUR)], text)
}
