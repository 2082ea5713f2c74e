//! A gRPC server in front of the two stores.

use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, async_trait};

use crate::credentials::Credentials;
use crate::handshake::Handshakes;
use crate::wire::floor_client::FloorClient;
use crate::wire::floor_server::{Floor, FloorServer};
use crate::wire::{AuthorizationUrlRequest, AuthorizationUrlResponse, TokenRequest, TokenResponse};

struct Broker {
    handshakes: Handshakes,
    credentials: Credentials,
}

#[async_trait]
impl Floor for Broker {
    async fn authorization_url(
        &self,
        request: Request<AuthorizationUrlRequest>,
    ) -> Result<Response<AuthorizationUrlResponse>, Status> {
        let url = self.handshakes.begin(&request.into_inner().user).await;
        let url = url.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(Response::new(AuthorizationUrlResponse { url }))
    }

    async fn token(&self, request: Request<TokenRequest>) -> Result<Response<TokenResponse>, Status> {
        let access_token = self.credentials.token(request.into_inner().id).await;
        let access_token = access_token.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(Response::new(TokenResponse { access_token }))
    }
}

/// Serves until the process is killed.
pub(crate) async fn run(listen: &str, redis: &str, database: &str) -> anyhow::Result<()> {
    let broker = Broker {
        handshakes: Handshakes::open(redis).await?,
        credentials: Credentials::open(database).await?,
    };
    Server::builder()
        .tcp_nodelay(true)
        .add_service(FloorServer::new(broker))
        .serve(listen.parse()?)
        .await?;
    Ok(())
}

/// One HTTP/2 connection to it.
pub(crate) async fn connect(broker: &str) -> anyhow::Result<FloorClient<Channel>> {
    let endpoint = Endpoint::try_from(broker.to_owned())?.tcp_nodelay(true);
    Ok(FloorClient::new(endpoint.connect().await?))
}
