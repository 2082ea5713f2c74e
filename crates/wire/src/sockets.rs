//! What a server accepts: sockets, their TLS, and who is at the other end.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ferrule_cores::{Cores, Seat};
use futures::{FutureExt as _, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use crate::access::Roles;
use crate::peers::Peers;
use crate::tls::Tls;

/// How long a peer may take to show who it is, and how long once the server was told to stop.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const LAST_HANDSHAKES: Duration = Duration::from_secs(1);

/// After the system refused to accept (too many open files): what is open may close meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// Whom a server lets in.
#[derive(Clone, Debug)]
pub enum Doors {
    /// Peers with a certificate, as what that says they are.
    Certificates(Tls, Arc<Peers>),
    /// Anybody, in clear text, as these roles: for loopback and private networks.
    Open(Roles),
}

/// A peer that was let in.
pub(crate) struct Socket {
    stream: Either<TcpStream, TlsStream<TcpStream>>,
    roles: Roles,
    _seat: Seat,
}

/// Accepts until `shutdown`, and gives each core what is to live on it, in their order. At the end it takes what the
/// system has accepted already, so that nobody who is connected goes unheard, closes the listener, and ends.
pub(crate) fn accept(
    listener: TcpListener,
    doors: Doors,
    cores: &Cores,
    shutdown: &CancellationToken,
) -> Vec<impl Stream<Item = Result<Socket, Infallible>> + use<>> {
    let (cores, shutdown) = (cores.clone(), shutdown.clone());
    let (senders, receivers): (Vec<_>, Vec<_>) = cores.runtimes().map(|_| mpsc::channel(64)).unzip();
    tokio::spawn(async move {
        let let_in = |stream: TcpStream| {
            let seat = cores.seat();
            let (sender, doors, shutdown) = (senders[seat.number()].clone(), doors.clone(), shutdown.clone());
            let core = seat.runtime().clone();
            core.spawn(async move {
                let too_late = async {
                    let end = async {
                        shutdown.cancelled().await;
                        tokio::time::sleep(LAST_HANDSHAKES).await;
                    };
                    let _ = tokio::time::timeout(HANDSHAKE_TIMEOUT, end).await;
                };
                tokio::select! {
                    socket = let_in(stream, seat, &doors) => match socket {
                        Ok(socket) => { let _ = sender.send(Ok(socket)).await; }
                        Err(error) => tracing::info!(event = "peer_refused", cause = %error, "a peer did not show who it is"),
                    },
                    () = too_late => {}
                }
            });
        };
        loop {
            let accepted = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => let_in(stream),
                Err(error) => {
                    tracing::warn!(cause = %error, "the system does not accept connections");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        while let Some(Ok((stream, _))) = listener.accept().now_or_never() {
            let_in(stream);
        }
    });
    let stream = |mut receiver: mpsc::Receiver<_>| {
        futures::stream::poll_fn(move |context| receiver.poll_recv(context))
    };
    receivers.into_iter().map(stream).collect()
}

/// Takes the connection to the core that this runs on.
async fn let_in(stream: TcpStream, seat: Seat, doors: &Doors) -> io::Result<Socket> {
    let stream = TcpStream::from_std(stream.into_std()?)?;
    // Without it small answers wait for the peer's delayed acknowledgement: 40 ms a call.
    stream.set_nodelay(true)?;
    Ok(match doors {
        Doors::Open(roles) => Socket {
            stream: Either::Left(stream),
            roles: *roles,
            _seat: seat,
        },
        Doors::Certificates(tls, peers) => {
            let stream = TlsAcceptor::from(tls.server()).accept(stream).await?;
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let roles = chain.first().map(|certificate| peers.roles_of(certificate));
            Socket {
                stream: Either::Right(stream),
                roles: roles.unwrap_or_default(),
                _seat: seat,
            }
        }
    })
}

impl Doors {
    /// Certificates where there are some, else open to `open`.
    pub fn new(tls: Option<&Tls>, peers: Peers, open: Roles) -> Self {
        match tls {
            Some(tls) => Self::Certificates(tls.clone(), Arc::new(peers)),
            None => Self::Open(open),
        }
    }
}

impl Connected for Socket {
    type ConnectInfo = Roles;

    fn connect_info(&self) -> Roles {
        self.roles
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
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
