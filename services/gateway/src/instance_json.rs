//! An instance as the contract shows it (contract, "Instances").

use ferrule_catalog::Catalog;
use ferrule_wire::v1::Instance;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::element_json;

/// Every field that clients of the contract read.
///
/// An instance whose connector file is gone still shows, with an element that holds its key and id alone.
pub(crate) fn instance(catalog: &Catalog, instance: &Instance) -> Value {
    let element = catalog.get(&instance.element_key).map_or_else(
        || json!({ "id": instance.element_id, "key": instance.element_key, "active": false }),
        |connector| element_json::summary(connector),
    );
    let user = instance.user.clone().unwrap_or_default();
    let mut shown = json!({
        "id": instance.id,
        "name": instance.name,
        "createdDate": date(Timestamp::from_microsecond(instance.created_at).unwrap_or_default()),
        "token": instance.token,
        "element": element,
        "elementId": instance.element_id,
        "tags": instance.tags,
        "provisionInteractions": [],
        "valid": instance.valid,
        "disabled": instance.disabled,
        "maxCacheSize": 0,
        "cacheTimeToLive": 0,
        "configuration": instance.configuration,
        "eventsEnabled": false,
        "traceLoggingEnabled": false,
        "cachingEnabled": false,
        "externalAuthentication": if instance.external_authentication { "initial" } else { "none" },
        "user": {
            "id": user.id,
            "emailAddress": user.email,
            "firstName": user.first_name,
            "lastName": user.last_name,
        },
    });
    if !instance.reason.is_empty() {
        shown["reason"] = json!(instance.reason);
    }
    shown
}

/// Seconds and a `Z`, as in `2019-07-12T15:29:52Z`.
pub(crate) fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_seconds_and_a_z() {
        let time = Timestamp::from_microsecond(1_562_945_392_123_456).unwrap();
        assert_eq!(date(time), "2019-07-12T15:29:52Z");
    }
}
