//! Stored apps: one a connector and organization, replaced as a whole.

use super::world::*;
use crate::store::{Sealed, VendorAppRow};

fn app(organization: ferrule_model::OrganizationId, key: &str, number: i64) -> VendorAppRow {
    VendorAppRow {
        organization_id: organization,
        element_key: key.parse().unwrap(),
        api_key: format!("client {number}"),
        api_secret: Sealed::new(format!("sealed secret {number}")),
        updated_at: at(number),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_has_one_app_a_connector_the_one_stored_last() {
    on_each_database(async |store| {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        for stored in [app(OURS, "acme", 1), app(OURS, "acme", 2), app(THEIRS, "acme", 3)] {
            store.put_vendor_app(&stored).await.unwrap();
        }
        assert_eq!(
            store.vendor_app(OURS, &acme).await.unwrap(),
            Some(app(OURS, "acme", 2))
        );
        assert_eq!(store.vendor_app(OURS, &other).await.unwrap(), None);

        assert!(store.delete_vendor_app(OURS, &acme).await.unwrap());
        assert!(!store.delete_vendor_app(OURS, &acme).await.unwrap());
        assert_eq!(store.vendor_app(OURS, &acme).await.unwrap(), None);
        assert_eq!(
            store.vendor_app(THEIRS, &acme).await.unwrap(),
            Some(app(THEIRS, "acme", 3))
        );
    })
    .await;
}
