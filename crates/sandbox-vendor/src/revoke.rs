//! `POST /revoke`: the end of a grant (RFC 7009).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use crate::client;
use crate::parameters::{FormError, Parameters};
use crate::token_error::TokenError;
use crate::vendor::Vendor;

/// Either token ends its whole grant (RFC 7009 section 2.1); a token that is none needs no revoking (section 2.2).
pub(crate) async fn revoke(
    State(vendor): State<Arc<Vendor>>,
    headers: HeaderMap,
    form: Result<Parameters, FormError>,
) -> Result<StatusCode, TokenError> {
    let form = form?;
    client::authenticate(&headers, &form)?;
    if let Some(family) = vendor.family_of(form.require("token")?) {
        vendor.revoke_family(&family);
        tracing::debug!("a grant was revoked");
    }
    Ok(StatusCode::OK)
}
