//! A client of the broker, wherever the broker is.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use tonic::{Code, Request, Response, Status};
use tracing::Instrument as _;

use crate::client::{Transport, in_process, too_late};
use crate::deadline;
use crate::meters::{Call, Side};
use crate::v1::oauth_broker_client::OauthBrokerClient;
use crate::v1::oauth_broker_server::{OauthBroker, OauthBrokerServer};
use crate::v1::{AuthorizeRequest, AuthorizeResponse};

const AUTHORIZE: &str = "/ferrule.v1.OauthBroker/Authorize";

/// The generated client. Its commonest call finds a broker of this process without being written down and read as
/// gRPC, which would cost more than the broker's own work.
#[derive(Clone, Debug)]
pub struct BrokerClient {
    client: OauthBrokerClient<Transport>,
    here: Option<Here>,
}

#[derive(Clone)]
struct Here {
    broker: Arc<dyn OauthBroker>,
    deadline: Duration,
}

impl BrokerClient {
    /// Of a broker that this transport reaches.
    pub fn new(transport: Transport) -> Self {
        Self {
            client: OauthBrokerClient::new(transport),
            here: None,
        }
    }

    /// Of a broker of this process. `deadline` holds for calls that set none.
    pub fn here(broker: impl OauthBroker, deadline: Duration) -> Self {
        let broker = Arc::new(broker);
        let service = OauthBrokerServer::from_arc(Arc::clone(&broker));
        Self {
            client: OauthBrokerClient::new(in_process(service, deadline)),
            here: Some(Here { broker, deadline }),
        }
    }

    /// `Authorize`, by whichever way is shorter: the same deadline, the same measures.
    ///
    /// # Errors
    /// The broker's, or that it did not answer in time.
    pub async fn authorize(
        &mut self,
        request: AuthorizeRequest,
    ) -> Result<Response<AuthorizeResponse>, Status> {
        match &self.here {
            Some(here) => here.authorize(request).await,
            None => self.client.authorize(request).await,
        }
    }
}

impl Here {
    async fn authorize(&self, request: AuthorizeRequest) -> Result<Response<AuthorizeResponse>, Status> {
        let answer = self.broker.authorize(Request::new(request));
        measured(AUTHORIZE, self.deadline, answer).await
    }
}

/// A call of this method as both sides tell of it, ended by its deadline.
async fn measured<T>(
    path: &str,
    deadline: Duration,
    answer: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let asked = Call::begin(Side::Client, path);
    let answered = asked.span().in_scope(|| Call::begin(Side::Server, path));
    let span = answered.span().clone();
    let answer = async {
        let limit = deadline::left_of(deadline).ok_or_else(too_late)?;
        let answer = tokio::time::timeout(limit, deadline::until(limit, answer));
        answer.await.unwrap_or_else(|_| Err(too_late()))
    };
    let answer = answer.instrument(span).await;
    let code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
    answered.end_with(code);
    asked.end_with(code);
    answer
}

impl Deref for BrokerClient {
    type Target = OauthBrokerClient<Transport>;

    fn deref(&self) -> &Self::Target {
        &self.client
    }
}

impl DerefMut for BrokerClient {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.client
    }
}

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Here")
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_in_process_ends_at_its_deadline_and_its_own_calls_before() {
        let second = Duration::from_secs(1);
        let hangs = measured(AUTHORIZE, second, pending::<Result<(), Status>>());
        assert_eq!(hangs.await.unwrap_err().code(), Code::DeadlineExceeded);

        let left = async { Ok(deadline::left_of(10 * second)) };
        let left = measured(AUTHORIZE, second, left).await.unwrap().unwrap();
        assert!(left < second, "{left:?}");
        let refused = measured(AUTHORIZE, second, ready(Err::<(), _>(Status::not_found("none")))).await;
        assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    }
}
