//! The body of `POST`, `PUT` and `PATCH /instances` (contract, "Instances"). Unknown keys are never refused.

use std::collections::BTreeMap;

use ferrule_wire::v1::ProviderData;
use serde::Deserialize;
use serde_json::Value;

use crate::body::strings;
use crate::errors::ApiError;

const MAX_NAME: usize = 1024;
const MAX_TAG: usize = 512;
const MAX_TAGS: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceBody {
    element: Option<ElementRef>,
    name: Option<String>,
    tags: Option<Vec<String>>,
    configuration: Option<BTreeMap<String, Value>>,
    provider_data: Option<BTreeMap<String, Value>>,
    external_authentication: Option<String>,
}

/// By way of a map: a list would pass for an object whose fields are taken in order.
#[derive(Debug, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
struct ElementRef {
    key: Option<String>,
    id: Option<i64>,
}

impl TryFrom<BTreeMap<String, Value>> for ElementRef {
    type Error = serde_json::Error;

    fn try_from(mut fields: BTreeMap<String, Value>) -> Result<Self, Self::Error> {
        let mut take = |name| fields.remove(name).unwrap_or_default();
        Ok(Self {
            key: serde_json::from_value(take("key"))?,
            id: serde_json::from_value(take("id"))?,
        })
    }
}

impl InstanceBody {
    /// The connector that the body names by key or, without one, by id.
    pub(crate) fn element(&self) -> Option<String> {
        let element = self.element.as_ref()?;
        let key = element.key.clone().filter(|key| !key.is_empty());
        key.or_else(|| element.id.map(|id| id.to_string()))
    }

    /// The name; absent when the body has none or an empty one.
    pub(crate) fn name(&self) -> Result<Option<String>, ApiError> {
        match &self.name {
            Some(name) if name.len() > MAX_NAME || name.contains('\0') => Err(ApiError::bad_request(
                format!("`name` is longer than {MAX_NAME} bytes or holds a NUL."),
            )),
            name => Ok(name.clone().filter(|name| !name.is_empty())),
        }
    }

    /// The tags, empty ones left out; absent when the body has no list.
    pub(crate) fn tags(&self) -> Result<Option<Vec<String>>, ApiError> {
        let Some(tags) = &self.tags else { return Ok(None) };
        if tags.len() > MAX_TAGS || tags.iter().any(|tag| tag.len() > MAX_TAG || tag.contains('\0')) {
            return Err(ApiError::bad_request(format!(
                "`tags` takes {MAX_TAGS} tags of {MAX_TAG} bytes at most, without NUL."
            )));
        }
        Ok(Some(tags.iter().filter(|tag| !tag.is_empty()).cloned().collect()))
    }

    pub(crate) fn configuration(&mut self) -> Result<BTreeMap<String, String>, ApiError> {
        strings("configuration", self.configuration.take().unwrap_or_default())
    }

    /// Whether the caller logged in by itself and brings the tokens (contract, "externalAuthentication").
    pub(crate) fn external_authentication(&self) -> Result<bool, ApiError> {
        match self.external_authentication.as_deref() {
            None | Some("" | "none") => Ok(false),
            Some("initial") => Ok(true),
            Some(_) => Err(ApiError::bad_request(
                "`externalAuthentication` is `none`, or `initial` when you bring the tokens of a login of your own.",
            )),
        }
    }

    /// What the vendor's callback brought: every query value of it, as clients post it.
    pub(crate) fn provider_data(&mut self) -> Result<ProviderData, ApiError> {
        let given = self.provider_data.take().unwrap_or_default();
        let is_text = |name: &&str| {
            !given
                .get(*name)
                .is_some_and(|value| value.is_object() || value.is_array())
        };
        if let Some(name) = ["code", "state", "handshake", "iss"]
            .iter()
            .find(|name| !is_text(name))
        {
            return Err(ApiError::bad_request(format!(
                "`providerData.{name}` is no text."
            )));
        }
        let mut data = strings("providerData", given)?;
        let mut take = |name: &str| data.remove(name);
        Ok(ProviderData {
            code: take("code").unwrap_or_default(),
            state: take("state").unwrap_or_default(),
            handshake: take("handshake").unwrap_or_default(),
            iss: take("iss"),
            other: data.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_body_is_read() {
        let text = r#"{"element":{"key":"intercom"},"providerData":{"code":"8aa7"},
            "configuration":{"oauth.api.key":"k","oauth.user.refresh_token":null},"tags":["Test",""],
            "name":"API Instance","surprise":[1]}"#;
        let mut body: InstanceBody = serde_json::from_str(text).unwrap();
        assert_eq!(body.element().as_deref(), Some("intercom"));
        assert_eq!(body.name().unwrap().as_deref(), Some("API Instance"));
        assert_eq!(body.tags().unwrap().unwrap(), ["Test"]);
        assert_eq!(body.configuration().unwrap().len(), 1);
        assert_eq!(body.provider_data().unwrap().code, "8aa7");
    }

    #[test]
    fn a_login_elsewhere_is_one_of_two_words() {
        for (text, read) in [
            ("{}", Some(false)),
            (r#"{"externalAuthentication":null}"#, Some(false)),
            (r#"{"externalAuthentication":"none"}"#, Some(false)),
            (r#"{"externalAuthentication":"initial"}"#, Some(true)),
            (r#"{"externalAuthentication":"always"}"#, None),
        ] {
            let body: InstanceBody = serde_json::from_str(text).unwrap();
            assert_eq!(body.external_authentication().ok(), read, "{text}");
        }
    }

    #[test]
    fn a_code_is_text() {
        for (code, read) in [
            (r#""c""#, Some("c")),
            ("5", Some("5")),
            ("{}", None),
            (r#"["c"]"#, None),
        ] {
            let text = format!(r#"{{"providerData":{{"code":{code},"org":{{}}}}}}"#);
            let mut body: InstanceBody = serde_json::from_str(&text).unwrap();
            let data = body.provider_data().ok();
            assert_eq!(data.map(|data| data.code).as_deref(), read, "{code}");
        }
    }
}
