//! Query strings: names and values, empty ones absent.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::errors::ApiError;

/// The longest query value.
const MAX_VALUE: usize = 4 * 1024;

/// The most parameters of a query.
const MAX_PARAMETERS: usize = 100;

/// A query's parameters in order. A name that comes twice counts both times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes())
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if pairs.len() > MAX_PARAMETERS {
            return Err(ApiError::bad_request(format!(
                "The query has more than {MAX_PARAMETERS} parameters."
            )));
        }
        match pairs.iter().find(|(name, value)| {
            name.len() > 256 || value.len() > MAX_VALUE || name.contains('\0') || value.contains('\0')
        }) {
            Some((name, _)) => Err(ApiError::bad_request(format!(
                "The query parameter `{}` is longer than {MAX_VALUE} bytes or holds a NUL.",
                name.chars()
                    .take(64)
                    .filter(|c| !c.is_control())
                    .collect::<String>()
            ))),
            None => Ok(Self(pairs)),
        }
    }

    /// The first value of this name; an empty one is absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// As a map; the first value of a name counts.
    pub(crate) fn into_map(self) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (name, value) in self.0 {
            map.entry(name).or_insert(value);
        }
        map
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parameters_are_absent_and_the_first_of_a_name_counts() {
        let query = Query::parse("a=&b=1&b=2&c=x%20y&d").unwrap();
        assert_eq!(query.get("a"), None);
        assert_eq!(query.get("d"), None);
        assert_eq!(query.get("b"), Some("1"));
        assert_eq!(query.get("c"), Some("x y"));
        assert_eq!(query.all("b"), ["1", "2"]);
    }

    #[test]
    fn long_values_are_refused() {
        assert!(Query::parse(&format!("a={}", "x".repeat(MAX_VALUE + 1))).is_err());
        assert!(Query::parse("a=%00").is_err());
    }
}
