//! HTTP in front of the gRPC server.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use tonic::transport::Channel;

use crate::broker;
use crate::wire::AuthorizationUrlRequest;
use crate::wire::floor_client::FloorClient;

pub(crate) async fn routes(broker: &str) -> anyhow::Result<Router> {
    let broker = broker::connect(broker).await?;
    let begin = async |Path(user): Path<String>, State(mut broker): State<FloorClient<Channel>>| {
        let request = AuthorizationUrlRequest {
            element: "intercom".to_owned(),
            user,
            scopes: vec!["read_users".to_owned(), "write_users".to_owned()],
        };
        let answer = broker.authorization_url(request).await;
        answer
            .map(|answer| answer.into_inner().url)
            .map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))
    };
    Ok(Router::new().route("/url/{user}", get(begin)).with_state(broker))
}
