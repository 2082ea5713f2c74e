//! A call that a console's form describes: the path below the API, the body, and the same as a line for a terminal.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::pages::form::Form;
use crate::pages::operation::{Operation, Parameter};
use crate::routes::API;

/// What a segment of a path may not hold as it is (RFC 3986 section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Methods that an operation of one's own may have.
pub(crate) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What `Authorization` holds, with names in place of the secrets, as a shell fills them in.
pub(crate) const INSTANCE: &str = "User $FERRULE_USER_SECRET, Element $INSTANCE_TOKEN";
pub(crate) const ORGANIZATION: &str = "User $FERRULE_USER_SECRET, Organization $FERRULE_ORGANIZATION_SECRET";

/// A call, as far as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConsoleCall {
    pub(crate) method: String,
    /// Below the API, with the query.
    pub(crate) path: String,
    pub(crate) body: String,
}

impl ConsoleCall {
    /// The call of a declared operation with what was typed for its parameters; those without a value stay as they
    /// are written in the path, and are left out of the query.
    pub(crate) fn of(operation: &Operation, form: Option<&Form>) -> Self {
        let typed = |parameter: &Parameter| form.and_then(|form| form.text(&parameter.field()));
        let mut path = operation.path.clone();
        let mut query = form_urlencoded::Serializer::new(String::new());
        for parameter in &operation.parameters {
            let (name, Some(value)) = (&parameter.name, typed(parameter)) else {
                continue;
            };
            if parameter.in_path {
                let value = utf8_percent_encode(value, SEGMENT).to_string();
                path = path.replace(&format!("{{{name}}}"), &value);
            } else {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        let body = operation.body.as_ref().and_then(|_| form?.text("body"));
        Self {
            method: operation.method.clone(),
            path,
            body: body.unwrap_or_default().to_owned(),
        }
    }

    /// A call of one's own, to the vendor's path that was typed.
    pub(crate) fn of_path(hub: &str, form: &Form) -> Self {
        let method = form.text("method").filter(|method| METHODS.contains(method));
        let path = form.text("path").unwrap_or_default();
        Self {
            method: method.unwrap_or("GET").to_owned(),
            path: format!("/hubs/{hub}/{}", path.trim_start_matches('/')),
            body: form.text("body").unwrap_or_default().to_owned(),
        }
    }

    /// Whether the instance still works.
    pub(crate) fn ping() -> Self {
        Self {
            method: "GET".to_owned(),
            path: "/ping".to_owned(),
            body: String::new(),
        }
    }

    /// Where no path is chosen yet.
    pub(crate) fn nowhere(hub: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: format!("/hubs/{hub}/…"),
            body: String::new(),
        }
    }

    /// As the gateway takes it from any caller; `None` when the path is none.
    pub(crate) fn request(&self) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(Bytes::from(self.body.clone())));
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).ok()?;
        *request.uri_mut() = format!("{API}{}", self.path).parse::<Uri>().ok()?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json.clone());
        if !self.body.is_empty() {
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
        Some(request)
    }

    /// The same for a terminal, with names in place of the secrets.
    pub(crate) fn curl(&self, public_url: &str, authorization: &str) -> String {
        let method = match self.method.as_str() {
            "GET" => String::new(),
            other => format!("-X {other} "),
        };
        let address = quoted(&format!("{public_url}{API}{}", self.path));
        let mut line = format!("curl {method}{address} \\\n  -H \"Authorization: {authorization}\"");
        if !self.body.is_empty() {
            // Writing into a String cannot fail.
            let _ = write!(
                line,
                " \\\n  -H 'Content-Type: application/json' \\\n  -d {}",
                quoted(&self.body)
            );
        }
        line
    }
}

/// As a shell takes it for one word, letter by letter.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;

    fn form(text: &str) -> Form {
        Form(Query::parse(text).unwrap())
    }

    fn operation() -> Operation {
        let parameter = |name: &str, in_path| Parameter {
            name: name.to_owned(),
            in_path,
            ..Parameter::default()
        };
        Operation {
            method: "POST".to_owned(),
            path: "/hubs/crm/people/{id}".to_owned(),
            parameters: vec![
                parameter("id", true),
                parameter("page", false),
                parameter("q", false),
            ],
            body: Some(String::new()),
            ..Operation::default()
        }
    }

    #[test]
    fn what_is_typed_stays_in_its_place() {
        let typed = form("path.id=a%2Fb%3F..&query.q=x%26y&body=%7B%22a%22%3A%22it%27s%22%7D");
        let call = ConsoleCall::of(&operation(), Some(&typed));
        assert_eq!(call.path, "/hubs/crm/people/a%2Fb%3F..?q=x%26y");
        let request = call.request().unwrap();
        assert_eq!(
            request.uri().path(),
            "/elements/api-v2/hubs/crm/people/a%2Fb%3F.."
        );
        assert_eq!(
            call.curl("https://f.example", INSTANCE),
            "curl -X POST 'https://f.example/elements/api-v2/hubs/crm/people/a%2Fb%3F..?q=x%26y' \\\n  \
             -H \"Authorization: User $FERRULE_USER_SECRET, Element $INSTANCE_TOKEN\" \\\n  \
             -H 'Content-Type: application/json' \\\n  -d '{\"a\":\"it'\\''s\"}'"
        );
    }

    #[test]
    fn a_path_of_ones_own_stays_below_the_hub() {
        let call = ConsoleCall::of_path("crm", &form("method=DELETE&path=%2Fpeople%2F7%3Fa%3Db"));
        assert_eq!(
            (call.method.as_str(), call.path.as_str()),
            ("DELETE", "/hubs/crm/people/7?a=b")
        );
        let call = ConsoleCall::of_path("crm", &form("method=CONNECT&path=http%3A%2F%2Fevil.example%2F"));
        assert_eq!(
            (call.method.as_str(), call.path.as_str()),
            ("GET", "/hubs/crm/http://evil.example/")
        );
        assert!(ConsoleCall::of_path("crm", &form("path=a+b")).request().is_none());
    }
}
