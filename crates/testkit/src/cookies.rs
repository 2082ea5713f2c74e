//! A cookie jar (RFC 6265), for one host's ports together, as browsers keep it.

struct Cookie {
    host: String,
    path: String,
    name: String,
    value: String,
}

/// What servers asked the browser to keep.
#[derive(Default)]
pub(crate) struct Jar(Vec<Cookie>);

impl Jar {
    /// Takes one `Set-Cookie` header of an answer to `host` and `path`. `Secure` cookies are kept: browsers count
    /// loopback as secure.
    pub fn take(&mut self, host: &str, path: &str, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let mut cookie = Cookie {
            host: host.to_owned(),
            path: default_path(path).to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let mut ended = false;
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match name.to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "max-age" => ended = value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                // Servers delete with a date at the epoch; no test waits for another one.
                "expires" => ended = value.contains("1970"),
                _ => {}
            }
        }
        self.0.retain(|known| {
            (&known.host, &known.path, &known.name) != (&cookie.host, &cookie.path, &cookie.name)
        });
        if !ended {
            self.0.push(cookie);
        }
    }

    /// The `Cookie` header for a request, if any cookie fits.
    pub fn header(&self, host: &str, path: &str) -> Option<String> {
        let fits = |cookie: &&Cookie| cookie.host == host && path_matches(path, &cookie.path);
        let mut pairs: Vec<_> = self.0.iter().filter(fits).collect();
        pairs.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> = pairs
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// RFC 6265, 5.1.4.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

/// RFC 6265, 5.1.4.
fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_goes_back_to_its_host_and_path_alone() {
        let mut jar = Jar::default();
        jar.take("localhost", "/a/b", "one=1; Path=/a; HttpOnly; SameSite=Lax");
        jar.take("localhost", "/a/b", "two=2");
        jar.take("localhost", "/", "three=x=y; Secure; Path=/");
        jar.take("localhost", "/", "nonsense");
        let cases = [
            ("localhost", "/a/b", Some("one=1; two=2; three=x=y")),
            ("localhost", "/ab", Some("three=x=y")),
            ("127.0.0.1", "/a", None),
        ];
        for (host, path, header) in cases {
            assert_eq!(jar.header(host, path).as_deref(), header, "{host}{path}");
        }
    }

    #[test]
    fn the_newest_value_counts_and_an_ended_cookie_is_gone() {
        for end in [
            "a=; Max-Age=0; Path=/",
            "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/",
        ] {
            let mut jar = Jar::default();
            jar.take("h", "/", "a=1");
            jar.take("h", "/", "a=2; Max-Age=60");
            assert_eq!(jar.header("h", "/").as_deref(), Some("a=2"));
            jar.take("h", "/x/y", end);
            assert_eq!(jar.header("h", "/"), None);
        }
    }
}
