//! Serving a router as axum does it by itself.

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

/// Serves on an address until the process is killed.
pub(crate) async fn serve(listen: &str, routes: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await?.tap_io(|stream| {
        // A socket that refuses the option still works.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, routes).await?)
}
