//! A browser on the gateway's pages: it keeps cookies, and says where its forms come from.

use ferrule_testkit::{Answer, HttpClient};

use crate::registry::{ORGANIZATION, USER};
use crate::world::{PUBLIC_URL, World};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A browser on the gateway's pages.
pub(crate) struct Visitor<'a> {
    world: &'a World,
    pub(crate) cookies: Vec<(String, String)>,
}

impl<'a> Visitor<'a> {
    pub(crate) fn unknown(world: &'a World) -> Self {
        Self {
            world,
            cookies: Vec::new(),
        }
    }

    pub(crate) fn signed_in(world: &'a World) -> Self {
        let mut visitor = Self::unknown(world);
        let answer = visitor.sign_in(USER, ORGANIZATION, "/instances");
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/instances"))
        );
        visitor
    }

    pub(crate) fn sign_in(&mut self, user: &str, organization: &str, next: &str) -> Answer {
        self.post(
            "/sign-in",
            &[("user", user), ("organization", organization), ("next", next)],
        )
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        let body = body.extend_pairs(fields).finish();
        self.send(
            "POST",
            path,
            &[("Content-Type", FORM), ("Origin", PUBLIC_URL)],
            &body,
        )
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let headers = [headers, &[("Cookie", cookies.as_str()), ("Accept", "text/html")]].concat();
        let answer = HttpClient::new().request(method, &self.world.url(path), &headers, body.as_bytes());
        let answer = answer.unwrap();
        for (name, value) in &answer.headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                let (name, value) = value.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.retain(|(known, _)| known != name);
                if !value.is_empty() {
                    self.cookies.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        answer
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let found = self.cookies.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}
