//! Values that a vendor gives back, for parameters that the connector declares.

use std::collections::BTreeMap;

use ferrule_catalog::{Connector, Parameter};

/// Of a token answer. A value whose place there the file declares outweighs what was given: the vendor knows where
/// the account is. Another one fills a parameter that nobody gave.
pub(crate) fn fill<'a>(
    parameters: &mut BTreeMap<String, String>,
    connector: &Connector,
    returned: impl Iterator<Item = (&'a str, &'a str)>,
) {
    each(connector, returned, |parameter, value| {
        if parameter.returned.is_some() || is_free(parameters, parameter) {
            parameters.insert(parameter.name.clone(), value.to_owned());
        }
    });
}

/// Of a callback, which came by way of a browser: it fills what nobody gave, and outweighs nothing.
pub(crate) fn fill_from_callback<'a>(
    parameters: &mut BTreeMap<String, String>,
    connector: &Connector,
    returned: impl Iterator<Item = (&'a str, &'a str)>,
) {
    each(connector, returned, |parameter, value| {
        if is_free(parameters, parameter) {
            parameters.insert(parameter.name.clone(), value.to_owned());
        }
    });
}

/// Nobody gave a value: there is none, or the file's own.
fn is_free(parameters: &BTreeMap<String, String>, parameter: &Parameter) -> bool {
    let value = parameters.get(&parameter.name);
    value.is_none_or(|value| parameter.default.as_ref() == Some(value))
}

/// Each parameter with a value that came back and fits it.
fn each<'a>(
    connector: &Connector,
    returned: impl Iterator<Item = (&'a str, &'a str)>,
    mut take: impl FnMut(&Parameter, &str),
) {
    let came: BTreeMap<&str, &str> = returned.collect();
    for parameter in &connector.parameters {
        let (path, value) = match &parameter.returned {
            Some(returned) => (
                returned.path(),
                came.get(returned.path()).map(|text| returned.value(text)),
            ),
            None => (
                &*parameter.name,
                came.get(&*parameter.name).map(|text| Some(*text)),
            ),
        };
        match value {
            Some(Some(value)) if parameter.accepts(value) => take(parameter, value),
            Some(_) => {
                tracing::warn!(element = %connector.key, parameter = parameter.name, path, "a value that came back does not fit and is left out");
            }
            None => {}
        }
    }
}
