//! Every route, as a table of contents.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post, put};
use ferrule_model::Chance;
use ferrule_wire::Refusal;
use futures::FutureExt as _;

use crate::errors::ApiError;
use crate::handlers::{
    callback, connect_origin, connect_session, create_instance, declared_resource, delete_instance, docs,
    enable_instance, get_element, get_instance, hubs, icon, instance_configuration, list_elements,
    list_instances, oauth_token, oauth_url, read_audit, stored_app, update_instance,
};
use crate::pages::{
    self, assets, catalogue, change_instance, connect, connector, console, finish, instance, instances,
    outcome, reference, same_site, sign_in,
};
use crate::state::Gateway;
use crate::{head_limit, headers, request_id};

/// Where Open Connectors clients have their base URL.
pub(crate) const API: &str = "/elements/api-v2";

/// The whole public surface.
pub(crate) fn router(gateway: Gateway) -> Router {
    let chance = gateway.chance().clone();
    Router::new()
        .nest(API, api())
        .route(&format!("{API}/"), any(declared_resource::no_such_path))
        .merge(web(gateway.clone()))
        .with_state(gateway)
        .layer(from_fn_with_state(chance, around))
}

/// What stands around every route, as one layer: each would cost every request its own allocations. Headers are outside
/// of whatever may refuse, so that every answer has them, and the id above all.
async fn around(State(chance): State<Chance>, request: Request, next: Next) -> Response {
    request_id::of_route(&chance, request, |request| {
        headers::of_path(request, async |request| {
            if let Err(error) = head_limit::check(&request) {
                return error.into_response();
            }
            let answer = AssertUnwindSafe(next.run(request));
            answer.catch_unwind().await.unwrap_or_else(panicked)
        })
    })
    .await
}

fn api() -> Router<Gateway> {
    let instance = get(get_instance::handler)
        .put(update_instance::handler)
        .patch(update_instance::handler)
        .delete(delete_instance::handler);
    let collection = get(list_instances::handler)
        .post(create_instance::handler)
        .put(update_instance::handler)
        .patch(update_instance::handler);
    let of_element = get(list_instances::handler).post(create_instance::handler);

    let enabled = put(enable_instance::enable).delete(enable_instance::disable);

    let app = get(stored_app::get)
        .put(stored_app::put)
        .delete(stored_app::delete);

    let origin = get(connect_origin::get)
        .put(connect_origin::put)
        .delete(connect_origin::delete);

    Router::new()
        .route("/connect/origin", origin)
        .route("/connect/sessions", post(connect_session::create))
        .route("/connect/sessions/{id}", get(connect_session::get))
        .route("/elements", get(list_elements::handler))
        .route("/elements/keys", get(list_elements::keys))
        .route("/elements/{element}", get(get_element::handler))
        .route("/elements/{element}/app", app)
        .route("/elements/{element}/docs", get(docs::of_element))
        .route("/elements/{element}/icon.svg", get(icon::handler))
        .route(
            "/elements/{element}/oauth/url",
            get(oauth_url::by_query).post(oauth_url::by_body),
        )
        .route("/elements/{element}/oauth/token", get(oauth_token::handler))
        .route("/elements/{element}/instances", of_element)
        .route("/elements/{element}/instances/{id}", instance.clone())
        .route("/hubs", get(hubs::handler))
        .route("/hubs/keys", get(hubs::keys))
        .route("/instances", collection)
        .route("/instances/configuration", get(instance_configuration::list))
        .route(
            "/instances/configuration/{config_id}",
            get(instance_configuration::one).patch(instance_configuration::update),
        )
        .route("/instances/docs", get(docs::of_instance))
        .route("/instances/audit", get(read_audit::handler))
        .route("/instances/enabled", enabled.clone())
        .route("/instances/{id}", instance)
        .route("/instances/{id}/docs", get(docs::of_instance))
        .route("/instances/{id}/audit", get(read_audit::handler))
        .route("/instances/{id}/enabled", enabled)
        .route("/instances/{id}/configuration", get(instance_configuration::list))
        .route(
            "/instances/{id}/configuration/{config_id}",
            get(instance_configuration::one).patch(instance_configuration::update),
        )
        .fallback(declared_resource::handler)
        .method_not_allowed_fallback(no_such_method)
}

fn web(gateway: Gateway) -> Router<Gateway> {
    Router::new()
        .route("/", get(pages::index))
        .route("/assets/ferrule.css", get(assets::stylesheet))
        .route("/assets/ferrule.js", get(assets::script))
        .route("/assets/connect.js", get(assets::connect))
        .route("/assets/ferrule.svg", get(assets::icon))
        .route("/docs", get(reference::page))
        .route("/docs/openapi.json", get(reference::document))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/connectors", get(catalogue::page))
        .route(
            "/connectors/{element}",
            get(connector::page).post(connector::connect),
        )
        .route("/connect.js", get(assets::embed))
        .route(
            "/connect/{link}",
            get(connect::link::page).post(connect::link::begin),
        )
        .route("/connect/{link}/button", get(connect::button::page))
        .route("/connect/{link}/status", get(connect::button::status))
        .route(
            "/connect/{link}/done",
            get(connect::finish::page).post(connect::finish::finish),
        )
        .route("/oauth/callback/{element}", get(callback::handler))
        .route(
            "/oauth/callback/{element}/done",
            get(outcome::handler).post(finish::handler),
        )
        .route("/instances", get(instances::page))
        .route("/instances/{id}", get(instance::page))
        .route("/instances/{id}/token", post(instance::with_token))
        .route("/instances/{id}/ping", post(instance::tested))
        .route("/instances/{id}/console", get(console::page).post(console::call))
        .route("/instances/{id}/labels", post(change_instance::labels))
        .route("/instances/{id}/enable", post(change_instance::enable))
        .route("/instances/{id}/disable", post(change_instance::disable))
        .route("/instances/{id}/renew", post(change_instance::renew))
        .route(
            "/instances/{id}/delete",
            get(change_instance::confirm_deletion).post(change_instance::delete),
        )
        .route_layer(from_fn_with_state(gateway, same_site::layer))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(no_such_method)
}

/// What a caller learns of a panic.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::from(Refusal::internal("a handler panicked")).into_response()
}

async fn no_such_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This path does not take this method.",
    )
}
