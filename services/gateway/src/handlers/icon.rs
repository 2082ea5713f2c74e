//! `GET /elements/{keyOrId}/icon.svg`: a letter mark in place of a logo, as the pages show it.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

use crate::caller::CatalogueCaller;
use crate::errors::ApiError;
use crate::pages::card::Card;
use crate::path::Element;
use crate::state::Gateway;

/// The stylesheet's hues, by tint.
const HUES: [u16; 12] = [12, 38, 62, 95, 140, 168, 195, 216, 244, 272, 304, 338];

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
    Element(element): Element,
) -> Result<impl IntoResponse, ApiError> {
    let card = Card::of(gateway.connector(&element)?);
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, svg(&card)))
}

/// Initials are letters and digits alone: they need no escape.
fn svg(card: &Card) -> String {
    let tint = usize::try_from(card.tint).unwrap_or_default();
    let (hue, initials) = (HUES[tint % HUES.len()], &card.initials);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="10" fill="hsl({hue},45%,90%)"/><text x="24" y="31" text-anchor="middle" font-family="system-ui,sans-serif" font-size="20" font-weight="600" fill="hsl({hue},55%,28%)">{initials}</text></svg>"#
    )
}
