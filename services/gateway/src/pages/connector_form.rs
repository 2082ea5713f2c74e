//! What an instance of a connector needs, as the fields of a form.

use ferrule_catalog::{Auth, Connector, ParameterError};

use crate::element_json::{Field, fields};
use crate::pages::form::Form;

/// Ferrule's own callback stands in every login that begins here.
const CALLBACK: &str = "oauth.callback.url";
/// What a stored app says.
const OF_THE_APP: [&str; 2] = ["oauth.api.key", "oauth.api.secret"];

/// One field, with what was typed and what is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct FormField {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) help: String,
    pub(crate) placeholder: String,
    pub(crate) value: String,
    pub(crate) required: bool,
    pub(crate) secret: bool,
    pub(crate) pattern: Option<String>,
    pub(crate) wrong: Option<String>,
}

/// Whether a user of this connector logs in at the vendor; otherwise the form alone makes the instance.
pub(crate) fn logs_in(connector: &Connector) -> bool {
    matches!(connector.auth, Auth::OAuth2(_) | Auth::OAuth1(_))
}

/// The form before anything is typed. With a stored app nobody is asked for one.
pub(crate) fn blank(connector: &Connector, has_app: bool) -> Vec<FormField> {
    let declared = fields(connector);
    let declared = declared
        .iter()
        .filter(|field| field.key != CALLBACK && !(has_app && OF_THE_APP.contains(&field.key.as_str())));
    std::iter::once(name(connector))
        .chain(declared.map(|field| of_field(connector, field)))
        .chain([tags()])
        .collect()
}

/// The form with what was typed; secrets are not written into a page. `None` of the fields is wrong yet.
pub(crate) fn typed(connector: &Connector, has_app: bool, form: &Form) -> Vec<FormField> {
    let mut fields = blank(connector, has_app);
    for field in &mut fields {
        let value = form.text(&field.name).unwrap_or_default();
        if field.required && value.is_empty() {
            field.wrong = Some(format!("{} is needed here.", field.label));
        }
        field.value = if field.secret {
            String::new()
        } else {
            value.to_owned()
        };
    }
    fields
}

/// Marks the field that a connector's own check refuses; `false`: it is none of the form's.
pub(crate) fn mark(fields: &mut [FormField], error: &ParameterError) -> bool {
    let (name, words) = match error {
        ParameterError::Missing { name, label } => (name, format!("{label} is needed here.")),
        ParameterError::Invalid { name, expected, .. } => {
            (name, format!("This does not fit: expected {expected}."))
        }
        ParameterError::NotOAuth2 { .. }
        | ParameterError::NotOAuth1 { .. }
        | ParameterError::Undiscovered => return false,
    };
    let Some(field) = fields.iter_mut().find(|field| field.name == *name) else {
        return false;
    };
    field.wrong = Some(words);
    true
}

fn name(connector: &Connector) -> FormField {
    FormField {
        name: "name".to_owned(),
        label: "Name".to_owned(),
        help: "What this instance is called here.".to_owned(),
        placeholder: format!("My {}", connector.name),
        required: true,
        ..empty()
    }
}

fn tags() -> FormField {
    FormField {
        name: "tags".to_owned(),
        label: "Tags".to_owned(),
        help: "Separated by commas; instances are found by them.".to_owned(),
        ..empty()
    }
}

fn of_field(connector: &Connector, field: &Field) -> FormField {
    let mut parameters = connector.parameters.iter();
    let pattern = parameters
        .find(|parameter| parameter.name == field.key)
        .and_then(|parameter| parameter.pattern.as_ref());
    FormField {
        name: field.key.clone(),
        label: field.name.clone(),
        help: field.description.clone(),
        value: field.default.clone().unwrap_or_default(),
        required: field.required,
        secret: field.secret,
        pattern: pattern.map(|pattern| pattern.as_str().to_owned()),
        ..empty()
    }
}

fn empty() -> FormField {
    FormField {
        name: String::new(),
        label: String::new(),
        help: String::new(),
        placeholder: String::new(),
        value: String::new(),
        required: false,
        secret: false,
        pattern: None,
        wrong: None,
    }
}
