//! A connector as the contract shows it (contract, "Element object").

use ferrule_catalog::{Auth, Connector, Parameter, Place, Resource, TokenServer};
use ferrule_model::{Digest, DigestBuilder};
use serde_json::{Value, json};

/// What lists and instances hold: no configuration, empty arrays.
///
/// `typeOAuth` is false for every connector, OAuth 2 ones too: it marks a way to provision that the contract
/// had given up, and `authentication.type` says what a client wants to know.
pub(crate) fn summary(connector: &Connector) -> Value {
    json!({
        "id": connector.id,
        "name": connector.name,
        "key": connector.key,
        "description": connector.description,
        "image": format!("elements/provider_{}.png", connector.key),
        "logo": connector.key,
        "active": true,
        "deleted": false,
        "typeOAuth": false,
        "typeOauth": false,
        "trialAccount": false,
        "resources": [],
        "objects": [],
        "transformationsEnabled": true,
        "bulkDownloadEnabled": false,
        "bulkUploadEnabled": false,
        "cloneable": true,
        "extendable": true,
        "beta": false,
        "authentication": { "type": connector.auth.kind_name() },
        "extended": false,
        "useModelsForMetadata": true,
        "hub": connector.hub,
        "protocolType": "http",
        "parameters": [],
        "private": false,
    })
}

/// The whole element: with what an instance must be given and what its API offers.
pub(crate) fn full(connector: &Connector) -> Value {
    let mut element = summary(connector);
    element["configuration"] = configuration(connector).into();
    element["resources"] = connector
        .resources
        .iter()
        .flat_map(|resource| resources(connector, resource))
        .collect();
    element["hooks"] = json!([]);
    element["configDescription"] = json!(format!("What an instance of {} needs.", connector.name));
    element["existingAccountDescription"] = json!("");
    element["signupURL"] = json!(connector.docs.as_deref().unwrap_or_default());
    element
}

/// What an instance of this connector may be given, as the contract's Config objects.
pub(crate) fn configuration(connector: &Connector) -> Vec<Value> {
    fields(connector)
        .iter()
        .enumerate()
        .map(|(order, field)| field.json(connector, order))
        .collect()
}

/// The same as fields of a form.
pub(crate) fn fields(connector: &Connector) -> Vec<Field> {
    let mut fields = credential(&connector.auth);
    fields.extend(connector.parameters.iter().map(|parameter| Field::of(parameter)));
    fields
}

/// What the connector's kind asks for, under the contract's keys ("OAuth details", reserved keys).
fn credential(auth: &Auth) -> Vec<Field> {
    match auth {
        Auth::OAuth2(oauth2) => {
            let [key, secret] = app();
            vec![key, secret, callback(), scope(&oauth2.tokens)]
        }
        Auth::OAuth1(_) => {
            let [key, secret] = app();
            vec![key, secret, callback()]
        }
        Auth::ClientCredentials(tokens) => {
            let [key, secret] = app();
            vec![key, secret, scope(tokens)]
        }
        Auth::ApiKey(key) => vec![Field::new("api_key", &key.label, &key.help).required().secret()],
        Auth::Basic(basic) => vec![
            Field::new("username", &basic.username_label, &basic.help).required(),
            Field::new("password", &basic.password_label, &basic.help)
                .required()
                .secret(),
        ],
        Auth::None => Vec::new(),
    }
}

/// The vendor app.
fn app() -> [Field; 2] {
    let key = "The client id of your app at the vendor";
    [
        Field::new("oauth.api.key", "API key", key).required(),
        Field::new("oauth.api.secret", "API secret", "The client secret of your app")
            .required()
            .secret(),
    ]
}

/// Where its users come back.
fn callback() -> Field {
    let what = "Where the vendor sends the user back; must be registered there";
    Field::new("oauth.callback.url", "Callback URL", what).required()
}

/// What it asks for.
fn scope(tokens: &TokenServer) -> Field {
    Field::new("oauth.scope", "Scope", "What to ask for").default(&tokens.scope())
}

/// The Config object of one key of an instance, declared or not.
pub(crate) fn configuration_entry(connector: &Connector, key: &str) -> Value {
    let declared = configuration(connector)
        .into_iter()
        .find(|entry| entry["key"] == key);
    declared.unwrap_or_else(|| Field::new(key, key, "").json(connector, 1000))
}

/// The numeric id of a Config object: stable, since it is made from what it names.
pub(crate) fn configuration_id(connector: &Connector, key: &str) -> u32 {
    stable_id(&["configuration", connector.key.as_str(), key])
}

/// A positive number made from names.
pub(crate) fn stable_id(names: &[&str]) -> u32 {
    let digest = names
        .iter()
        .fold(Digest::builder("id"), DigestBuilder::field)
        .finish();
    let [a, b, c, d, ..] = *digest.as_bytes();
    u32::from_be_bytes([a & 0x7f, b, c, d])
}

/// One thing that an instance may be given.
pub(crate) struct Field {
    /// Its name in an instance's configuration.
    pub(crate) key: String,
    /// What a form calls it.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) default: Option<String>,
    pub(crate) required: bool,
    pub(crate) secret: bool,
}

impl Field {
    fn new(key: &str, name: &str, description: &str) -> Self {
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            default: None,
            required: false,
            secret: false,
        }
    }

    fn of(parameter: &Parameter) -> Self {
        Self {
            key: parameter.name.clone(),
            name: parameter.label.clone(),
            description: parameter.help.clone(),
            default: parameter.default.clone(),
            required: parameter.required
                || (parameter.place == Place::Address && parameter.default.is_none()),
            secret: parameter.secret,
        }
    }

    fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    fn default(self, value: &str) -> Self {
        Self {
            default: Some(value.to_owned()),
            ..self
        }
    }

    fn json(&self, connector: &Connector, order: usize) -> Value {
        json!({
            "id": configuration_id(connector, &self.key),
            "name": self.name,
            "key": self.key,
            "description": self.description,
            "defaultValue": self.default,
            "type": if self.secret { "PASSWORD" } else { "TEXTFIELD_1000" },
            "required": self.required,
            "hideFromConsole": false,
            "internal": false,
            "active": true,
            "displayOrder": order,
            "resellerConfig": false,
            "companyConfig": false,
            "groupControl": false,
        })
    }
}

fn resources(connector: &Connector, resource: &Resource) -> Vec<Value> {
    let of_method = |method: &ferrule_catalog::Method| {
        json!({
            "id": stable_id(&["resource", connector.key.as_str(), method.as_str(), &resource.path]),
            "description": if resource.description.is_empty() {
                format!("{method} {}", resource.path)
            } else {
                resource.description.clone()
            },
            "path": format!("/hubs/{}{}", connector.hub, resource.path),
            "vendorPath": resource.vendor_path,
            "method": method.as_str(),
            "vendorMethod": method.as_str(),
            "type": "api",
            "parameters": parameters(resource),
            "hooks": [],
            "paginationType": "VENDOR_SUPPORTED",
        })
    };
    resource.methods.iter().map(of_method).collect()
}

fn parameters(resource: &Resource) -> Vec<Value> {
    let in_path = Resource::names(&resource.path);
    let parameter = |(name, text): &(String, String)| {
        let kind = if in_path.contains(&name.as_str()) {
            "path"
        } else {
            "query"
        };
        json!({
            "name": name,
            "vendorName": name,
            "type": kind,
            "vendorType": kind,
            "source": "request",
            "dataType": "string",
            "description": text,
            "required": kind == "path",
        })
    };
    resource.parameters.iter().map(parameter).collect()
}
