//! Names become addresses here, and only such as may be connected to.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use tokio::net::lookup_host;
use tower::Service;

use crate::address::Guard;
use crate::error::NotSent;

/// The system's resolver behind the [`Guard`]. The connector connects to what comes out of here and asks no
/// second time, so a name cannot answer the check with one address and the connection with another.
#[derive(Clone, Debug)]
pub(crate) struct GuardedResolver(pub(crate) Guard);

impl Service<Name> for GuardedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = NotSent;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotSent>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotSent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.0;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0))
                .await
                .map_err(|_| NotSent::NameNotFound)?;
            guard.admit(name.as_str(), found).map(Vec::into_iter)
        })
    }
}
