//! A vendor on loopback that answers as it is told, byte by byte.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::fmt::MakeWriter;

/// What becomes of each request.
#[derive(Clone, Copy)]
pub(super) enum Script {
    /// These bytes, and the connection stays for the next.
    Answer(&'static str),
    /// These bytes, then nothing more.
    Stall(&'static str),
    /// These bytes, then the connection is closed.
    HangUp(&'static str),
    /// Nothing, ever.
    Silence,
}

/// One that keeps what it received.
pub(super) struct Vendor {
    pub(super) address: SocketAddr,
    connections: Arc<Mutex<Vec<Log>>>,
}

impl Vendor {
    pub(super) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<Mutex<Vec<Log>>>::default();
        let vendor = Self {
            address,
            connections: Arc::clone(&connections),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Log::default();
                connections.lock().unwrap().push(log.clone());
                tokio::spawn(serve(stream, script, log));
            }
        });
        vendor
    }

    pub(super) fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn https(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    /// All bytes of all connections.
    pub(super) fn received(&self) -> String {
        self.connections.lock().unwrap().iter().map(Log::text).collect()
    }

    /// The requests, each from its method to its body.
    pub(super) fn requests(&self) -> Vec<String> {
        let received = self.received();
        received
            .split("POST ")
            .skip(1)
            .map(|request| format!("POST {request}"))
            .collect()
    }
}

async fn serve(mut stream: TcpStream, script: Script, log: Log) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).await?;
        log.0.lock().unwrap().extend(&buffer[..length]);
        match script {
            _ if length == 0 => return Ok(()),
            // A TLS hello is answered at once, a request when its body is there.
            _ if buffer[0] == b'P' && !log.text().ends_with("code=canary") => {}
            Script::Answer(bytes) | Script::Stall(bytes) => stream.write_all(bytes.as_bytes()).await?,
            Script::HangUp(bytes) => return stream.write_all(bytes.as_bytes()).await,
            Script::Silence => {}
        }
    }
}

/// Bytes that several hands write to.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
