//! The few lines of Redis's protocol (RESP2) that a test needs to look into a server.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What Redis answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `+OK` and the like.
    Status(String),
    /// An error, with its words.
    Error(String),
    /// A number.
    Number(i64),
    /// Bytes, or nil.
    Bulk(Option<Vec<u8>>),
    /// Several replies.
    Many(Vec<Reply>),
}

impl Reply {
    /// Every byte string in it, in order.
    pub(crate) fn strings(self) -> Vec<Vec<u8>> {
        match self {
            Self::Status(text) | Self::Error(text) => vec![text.into_bytes()],
            Self::Number(number) => vec![number.to_string().into_bytes()],
            Self::Bulk(bytes) => bytes.into_iter().collect(),
            Self::Many(replies) => replies.into_iter().flat_map(Self::strings).collect(),
        }
    }
}

/// One connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self(BufReader::new(stream)))
    }

    pub fn call(&mut self, command: &[&[u8]]) -> io::Result<Reply> {
        let mut request = format!("*{}\r\n", command.len()).into_bytes();
        for word in command {
            request.extend(format!("${}\r\n", word.len()).bytes());
            request.extend_from_slice(word);
            request.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&request)?;
        read_reply(&mut self.0)
    }
}

fn read_reply(from: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line.trim_end();
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, format!("not a Redis reply: {line:?}"));
    let (kind, rest) = line.split_at_checked(1).ok_or_else(malformed)?;
    let number = || rest.parse::<i64>().map_err(|_| malformed());
    Ok(match kind {
        "+" => Reply::Status(rest.to_owned()),
        "-" => Reply::Error(rest.to_owned()),
        ":" => Reply::Number(number()?),
        "$" => match usize::try_from(number()?) {
            Err(_) => Reply::Bulk(None),
            Ok(length) => {
                let mut bytes = vec![0; length + 2];
                from.read_exact(&mut bytes)?;
                bytes.truncate(length);
                Reply::Bulk(Some(bytes))
            }
        },
        "*" => Reply::Many(
            (0..number()?)
                .map(|_| read_reply(from))
                .collect::<io::Result<_>>()?,
        ),
        _ => return Err(malformed()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_nest_and_may_be_nil() {
        let reply = read_reply(&mut &b"*4\r\n$2\r\na\n\r\n$-1\r\n:7\r\n*1\r\n+OK\r\n"[..]).unwrap();
        assert_eq!(reply.strings(), [b"a\n".to_vec(), b"7".to_vec(), b"OK".to_vec()]);
    }

    #[test]
    fn junk_is_an_error() {
        assert!(read_reply(&mut &b"?\r\n"[..]).is_err());
        assert!(read_reply(&mut &b""[..]).is_err());
    }
}
