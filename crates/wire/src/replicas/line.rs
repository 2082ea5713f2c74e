//! One HTTP/2 connection to one replica.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::request::Parts;
use http::uri::{self, Uri};
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::SetOnce;
use tokio_rustls::TlsConnector;
use tonic::Status;

use super::name::Name;
use crate::tls::Tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection whose other end has spoken: calls may go over it.
pub(super) struct Line {
    id: u64,
    name: Arc<Name>,
    sender: SendRequest<Full<Bytes>>,
}

/// A call that brought no answer.
pub(super) struct Broken {
    /// No handler of the peer has seen the call.
    pub(super) never_left: bool,
    words: String,
}

impl Line {
    /// Connects and waits for the peer's first words, so that a socket that nobody accepted, and one whose
    /// certificate was refused, are no line. `over` is called when the connection has ended.
    pub(super) async fn dial(
        id: u64,
        name: Arc<Name>,
        address: SocketAddr,
        tls: Option<Tls>,
        over: impl FnOnce() + Send + 'static,
    ) -> Result<Self, String> {
        let connecting = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            match tls {
                None => Self::begin(id, name, stream, over).await,
                Some(tls) => {
                    let connector = TlsConnector::from(tls.client());
                    let stream = connector.connect(name.server.clone(), stream).await?;
                    Self::begin(id, name, stream, over).await
                }
            }
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(connected) => connected.map_err(|error| format!("{address}: {}", cause(&*error))),
            Err(_) => Err(format!("{address}: no answer within {CONNECT_TIMEOUT:?}")),
        }
    }

    async fn begin(
        id: u64,
        name: Arc<Name>,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        over: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let heard = Arc::new(SetOnce::new());
        let stream = Ear {
            stream,
            bytes: 0,
            heard: Arc::clone(&heard),
        };
        let (sender, mut connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::select! {
            biased;
            () = heard.wait() => {}
            ended = &mut connection => return Err(ended.err().map_or_else(|| "hung up".into(), Into::into)),
        }
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(cause = %cause(&error), "a connection to a replica broke");
            }
            over();
        });
        Ok(Self { id, name, sender })
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn is_up(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Makes one call. A failure is the connection's, never the service's.
    pub(super) async fn send(&self, head: &Parts, body: Bytes) -> Result<Response<Incoming>, Broken> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = self.address(head)?;
        *request.version_mut() = Version::HTTP_2;
        request.headers_mut().clone_from(&head.headers);
        let sent = self.sender.clone().try_send_request(request).await;
        sent.map_err(|mut refused| {
            let returned = refused.take_message().is_some();
            let error = refused.into_error();
            Broken {
                never_left: returned || was_turned_away(&error),
                words: cause(&error),
            }
        })
    }

    fn address(&self, head: &Parts) -> Result<Uri, Broken> {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.name.scheme.clone());
        parts.authority = Some(self.name.authority.clone());
        parts.path_and_query = head.uri.path_and_query().cloned();
        Uri::from_parts(parts).map_err(|error| Broken {
            never_left: true,
            words: error.to_string(),
        })
    }
}

impl From<Broken> for Status {
    fn from(broken: Broken) -> Self {
        Self::unavailable(broken.words)
    }
}

/// Whether the peer said that it has not looked at the call (RFC 9113, sections 6.8 and 8.7): its GOAWAY names an
/// earlier call as the last, or it refused the stream.
fn was_turned_away(error: &hyper::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(h2) = error.downcast_ref::<h2::Error>() {
            let refused = h2.is_reset() && h2.reason() == Some(Reason::REFUSED_STREAM);
            return h2.is_remote() && (h2.is_go_away() || refused);
        }
        source = error.source();
    }
    false
}

/// The innermost words of an error, whose outer ones say only that a connection failed.
fn cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

/// A stream that tells when a peer has begun to speak HTTP/2.
struct Ear<S> {
    stream: S,
    /// How many bytes have come.
    bytes: usize,
    heard: Arc<SetOnce<()>>,
}

/// Where a frame says its type, and what the first frame of a server is (RFC 9113, sections 4.1 and 3.4).
const TYPE_OF_FRAME: usize = 3;
const SETTINGS: u8 = 4;

impl<S> Ear<S> {
    fn listen(&mut self, fresh: &[u8]) -> io::Result<()> {
        let kind = TYPE_OF_FRAME
            .checked_sub(self.bytes)
            .and_then(|place| fresh.get(place));
        self.bytes = self.bytes.saturating_add(fresh.len());
        match kind {
            None => Ok(()),
            Some(&SETTINGS) => {
                let _ = self.heard.set(());
                Ok(())
            }
            Some(_) => Err(io::Error::other("it does not speak HTTP/2, or wants TLS")),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ear<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match read {
            Poll::Ready(Ok(())) => Poll::Ready(self.listen(&buffer.filled()[before..])),
            read => read,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ear<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
