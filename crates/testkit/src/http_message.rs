//! HTTP/1.1 messages off a socket: as much as a test's client and a test's vendor need.

use std::io::{self, BufRead, Read};

/// Names as they came, with their values.
pub(crate) type Headers = Vec<(String, String)>;

/// How long a body without a declared length is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undeclared {
    /// Up to the end of the connection, as in an answer.
    ToTheEnd,
    /// Empty, as in a request.
    Empty,
}

/// A request or an answer.
pub(crate) struct Message {
    pub start: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// Reads one message whole; an end of the connection before its first byte is `UnexpectedEof`.
pub(crate) fn read_message(from: &mut impl BufRead, undeclared: Undeclared) -> io::Result<Message> {
    let (start, headers) = read_head(from)?;
    let body = read_body(from, &headers, undeclared)?;
    Ok(Message { start, headers, body })
}

/// Reads the start line and the headers.
pub(crate) fn read_head(from: &mut impl BufRead) -> io::Result<(String, Headers)> {
    let start = read_line(from)?;
    let mut headers = Headers::new();
    loop {
        let line = read_line(from)?;
        if line.is_empty() {
            return Ok((start, headers));
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| malformed("a header without a colon"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// Reads the body that goes with `headers`.
pub(crate) fn read_body(
    from: &mut impl BufRead,
    headers: &[(String, String)],
    undeclared: Undeclared,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if header(headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        read_chunks(from, &mut body)?;
    } else if let Some(length) = header(headers, "content-length") {
        let length = length
            .parse()
            .map_err(|_| malformed("a length that is no number"))?;
        if from.take(length).read_to_end(&mut body)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    } else if undeclared == Undeclared::ToTheEnd {
        from.read_to_end(&mut body)?;
    }
    Ok(body)
}

/// A start line and headers as they are sent, with the empty line that ends them.
pub(crate) fn head<'a>(start: &str, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut head = format!("{start}\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head + "\r\n"
}

/// The first value of a header, whatever the case of its name.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(from)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| malformed("a chunk without a size"))?;
        if size == 0 {
            while !read_line(from)?.is_empty() {}
            return Ok(());
        }
        if from.take(size).read_to_end(body)? as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read_line(from)?;
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    if from.read_until(b'\n', &mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&line)
        .trim_end_matches(['\r', '\n'])
        .to_owned())
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_as_long_as_the_message_says() {
        let cases: [(&[u8], Undeclared, &[u8]); 4] = [
            (
                b"A\r\nContent-Length: 2\r\n\r\nokNEXT",
                Undeclared::ToTheEnd,
                b"ok",
            ),
            (
                b"A\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\no\r\n1\r\nk\r\n0\r\n\r\n",
                Undeclared::Empty,
                b"ok",
            ),
            (b"A\r\n\r\nok", Undeclared::ToTheEnd, b"ok"),
            (b"A\r\n\r\nNEXT", Undeclared::Empty, b""),
        ];
        for (mut bytes, undeclared, body) in cases {
            assert_eq!(read_message(&mut bytes, undeclared).unwrap().body, body);
        }
    }

    #[test]
    fn a_cut_message_is_an_error() {
        for mut bytes in [&b""[..], b"A\r\n", b"A\r\nContent-Length: 3\r\n\r\nok"] {
            let error = read_message(&mut bytes, Undeclared::ToTheEnd).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
