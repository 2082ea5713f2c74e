//! A client that keeps its connection from call to call, as the callers of an API do.

use std::io::{self, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::Answer;
use crate::http_client::read_answer;
use crate::http_message::head;

const LIMIT: Duration = Duration::from_mins(1);

/// One connection, opened again where the server said that it ends. Nothing is sent a second time.
pub struct KeptConnection {
    authority: String,
    connection: Option<BufReader<TcpStream>>,
    opened: usize,
}

impl KeptConnection {
    /// To `host:port`; it is opened by the first call.
    pub fn to(authority: &str) -> Self {
        Self {
            authority: authority.to_owned(),
            connection: None,
            opened: 0,
        }
    }

    /// `GET`. An error when the server cannot be reached or breaks off.
    pub fn get(&mut self, target: &str, headers: &[(&str, &str)]) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open()?,
        };
        let host = [("Host", self.authority.as_str())];
        let request = head(
            &format!("GET {target} HTTP/1.1"),
            host.into_iter().chain(headers.iter().copied()),
        );
        connection.get_mut().write_all(request.as_bytes())?;
        let answer = read_answer(&mut connection, false)?;
        let ends = answer.header("connection");
        if !ends.is_some_and(|said| said.eq_ignore_ascii_case("close")) {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// How many connections it has needed.
    pub fn opened(&self) -> usize {
        self.opened
    }

    fn open(&mut self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(&self.authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        self.opened += 1;
        Ok(BufReader::new(stream))
    }
}
