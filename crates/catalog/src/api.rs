//! The vendor's API: where it is, how calls carry their credential, what it offers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::header::HeaderTemplate;
use crate::paging::{AnswerPath, Paging};
use crate::pieces::{Part, split};
use crate::template::Template;

/// Where calls go once an instance is connected.
#[derive(Clone, Debug)]
pub struct Api {
    /// What every path is appended to.
    pub base_url: Template,
    /// Headers of every call, by their names.
    pub headers: Vec<(String, HeaderTemplate)>,
    /// The `Authorization` header.
    pub authorization: Option<HeaderTemplate>,
    /// A cheap call that tells whether an instance still works.
    pub ping: Option<Ping>,
    /// The longest that the vendor may leave a call standing before its answer begins.
    pub timeout: Duration,
}

impl Api {
    /// Whether a header of calls holds the id of the instance's vendor app.
    pub fn wants_client_id(&self) -> bool {
        let headers = self.headers.iter().map(|(_, value)| value);
        headers
            .chain(&self.authorization)
            .any(HeaderTemplate::wants_client_id)
    }
}

/// A call that tells whether an instance still works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The call's method.
    pub method: Method,
    /// The path below the base URL.
    pub path: String,
}

/// What the API docs show of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The path that callers use; may hold `{id}`-like segments.
    pub path: String,
    /// The vendor's path for it, with the same segments.
    pub vendor_path: String,
    /// What may be done there.
    pub methods: Vec<Method>,
    /// What it holds; may be empty.
    pub description: String,
    /// Names of query parameters and of the path's segments, each with what it is.
    pub parameters: Vec<(String, String)>,
    /// Where an answer holds the list of items; absent: it is the list.
    pub items: Option<AnswerPath>,
    /// How the vendor pages through it.
    pub paging: Option<Paging>,
}

impl Resource {
    /// The names of a path's `{id}`-like segments, in order.
    pub fn names(path: &str) -> Vec<&str> {
        let parts = split(path).unwrap_or_default().into_iter();
        let names = parts.filter_map(|part| match part {
            Part::Name(name) => Some(name),
            Part::Literal(_) => None,
        });
        names.collect()
    }
}

/// A method that a resource takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    const ALL: [Self; 6] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
    ];

    /// The method's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                format!("'{text}' is no method: write one of {known}")
            })
    }
}
