//! A plain HTTP client: one connection a request, nothing followed, nothing normalized.

use std::io::{self, BufReader, ErrorKind, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde_json::Value;

use crate::http_message::{Headers, Undeclared, head, header, read_body, read_head};

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names as they came, with their values.
    pub headers: Headers,
    /// The body, without its transfer coding.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics when it isn't.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "answer {} holds no JSON ({error}): {:?}",
                self.status,
                self.text()
            )
        })
    }
}

/// The client. Its methods panic when there is no answer; [`HttpClient::request`] gives the error instead.
#[derive(Debug, Clone, Copy)]
pub struct HttpClient {
    limit: Duration,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient {
    /// A client that waits a minute for an answer.
    pub fn new() -> Self {
        Self {
            limit: Duration::from_mins(1),
        }
    }

    /// A client that waits `limit` for each read and write.
    pub fn with_limit(limit: Duration) -> Self {
        Self { limit }
    }

    /// `GET`.
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        self.answered("GET", url, headers, b"")
    }

    /// `DELETE`.
    pub fn delete(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        self.answered("DELETE", url, headers, b"")
    }

    /// `POST`; the body is JSON where `headers` name no other type.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        self.with_body("POST", url, headers, body.as_ref())
    }

    /// `PUT`; the body is JSON where `headers` name no other type.
    pub fn put(&self, url: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        self.with_body("PUT", url, headers, body.as_ref())
    }

    /// `PATCH`; the body is JSON where `headers` name no other type.
    pub fn patch(&self, url: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        self.with_body("PATCH", url, headers, body.as_ref())
    }

    /// Any request, its target, headers and body sent as they are; beside them go only `Host`, `Content-Length` and
    /// `Connection: close`. An error when the server cannot be reached or breaks off.
    pub fn request(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let (authority, target) = split(url)?;
        let named = |wanted: &str| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let length = body.len().to_string();
        let lengthy = !body.is_empty() || !matches!(method, "GET" | "HEAD" | "DELETE");
        let mut sent = vec![("Connection", "close")];
        if !named("host") {
            sent.push(("Host", authority));
        }
        if lengthy && !named("content-length") && !named("transfer-encoding") {
            sent.push(("Content-Length", &length));
        }
        sent.extend_from_slice(headers);
        let request = head(&format!("{method} {target} HTTP/1.1"), sent);
        self.raw(authority, &[request.as_bytes(), body].concat(), method == "HEAD")
    }

    /// Sends bytes as they are to `host:port` and reads one answer, without a body when `head_only`.
    pub fn raw(&self, authority: &str, bytes: &[u8], head_only: bool) -> io::Result<Answer> {
        let mut stream = connect(authority)?;
        stream.set_read_timeout(Some(self.limit))?;
        stream.set_write_timeout(Some(self.limit))?;
        // A server may answer before it has read everything, and close: its answer is what counts.
        let written = stream.write_all(bytes);
        let mut reader = BufReader::new(stream);
        let answer = read_answer(&mut reader, head_only);
        let _ = reader.get_ref().shutdown(Shutdown::Both);
        answer.map_err(|error| written.err().unwrap_or(error))
    }

    fn with_body(self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut headers = headers.to_vec();
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(("Content-Type", "application/json"));
        }
        self.answered(method, url, &headers, body)
    }

    fn answered(self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.request(method, url, headers, body)
            .unwrap_or_else(|error| panic!("{method} {url}: {error}"))
    }
}

fn split(url: &str) -> io::Result<(&str, String)> {
    let rest = url.strip_prefix("http://");
    let rest =
        rest.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, format!("not plain HTTP: {url}")))?;
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if target.starts_with('/') { "" } else { "/" };
    Ok((authority, format!("{slash}{target}")))
}

fn connect(authority: &str) -> io::Result<TcpStream> {
    let port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let address = if port {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let addresses: Vec<_> = address.to_socket_addrs()?.collect();
    if addresses.iter().any(|address| !address.ip().is_loopback()) {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            format!("{authority} is not on loopback"),
        ));
    }
    TcpStream::connect(addresses.as_slice())
}

pub(crate) fn read_answer(reader: &mut BufReader<TcpStream>, head_only: bool) -> io::Result<Answer> {
    loop {
        let (start, headers) = read_head(reader)?;
        let status = start.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status =
            status.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, format!("no HTTP: {start}")))?;
        match status {
            100..=199 => {}
            204 | 304 => {
                return Ok(Answer {
                    status,
                    headers,
                    body: Vec::new(),
                });
            }
            _ if head_only => {
                return Ok(Answer {
                    status,
                    headers,
                    body: Vec::new(),
                });
            }
            _ => {
                let body = read_body(reader, &headers, Undeclared::ToTheEnd)?;
                return Ok(Answer {
                    status,
                    headers,
                    body,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Behaviour, Scripted, TokenEndpoint};

    #[test]
    fn target_headers_and_body_arrive_as_they_were_given() {
        let vendor = TokenEndpoint::start(Behaviour::default());
        let url = vendor.url("/a/../b%2f?x=1&&y");
        HttpClient::new().put(&url, &[("X-Odd", "a,b"), ("content-type", "text/plain")], "hello");
        let seen = vendor.requests().pop().unwrap();
        assert_eq!(
            (seen.method.as_str(), seen.target.as_str()),
            ("PUT", "/a/../b%2f?x=1&&y")
        );
        assert_eq!(
            (seen.header("x-odd"), seen.header("Content-Type")),
            (Some("a,b"), Some("text/plain"))
        );
        assert_eq!(seen.body, b"hello");
    }

    #[test]
    fn redirects_are_not_followed() {
        let vendor = TokenEndpoint::start(Behaviour::default());
        vendor.script(Scripted::new(302, "text/plain", "").with_header("Location", "/elsewhere"));
        let answer = HttpClient::new().post(&vendor.token_url(), &[], "{}");
        assert_eq!(
            (answer.status, answer.header("location")),
            (302, Some("/elsewhere"))
        );
        assert_eq!(vendor.requests().len(), 1);
    }

    #[test]
    fn only_loopback_is_reached() {
        for url in [
            "https://127.0.0.1/",
            "http://192.0.2.1/",
            "http://[2001:db8::1]:80/",
        ] {
            let error = HttpClient::new().request("GET", url, &[], b"").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
        }
    }
}
