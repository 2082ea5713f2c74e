use ferrule_wire::v1::verdict::Kind;
use ferrule_wire::v1::{
    AuditEntry, Credentials, ListInstancesRequest, ReadAuditRequest, ReadAuditResponse, UpdateInstanceRequest,
};
use ferrule_wire::{Reason, Refusal, on_behalf_of};

use crate::deleting::delete;
use crate::vendor_double::verdict;
use crate::world::{
    CLIENT_ID, CLIENT_SECRET, ORGANIZATION, USER, World, bearer, by_code, change, code, ended, exposed,
    in_seconds, map, ours, theirs, until,
};

async fn read(
    world: &World,
    credentials: Credentials,
    id: Option<i64>,
) -> Result<ReadAuditResponse, Refusal> {
    let request = ReadAuditRequest {
        credentials: Some(credentials),
        id,
        page_size: 0,
        page_token: String::new(),
    };
    let answer = world.client.clone().read_audit(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

async fn entries(world: &World, id: i64) -> Vec<AuditEntry> {
    read(world, ours(), Some(id)).await.unwrap().entries
}

async fn events(world: &World, id: i64) -> Vec<String> {
    entries(world, id)
        .await
        .into_iter()
        .map(|entry| entry.event)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instances_whole_life_is_told_and_none_of_its_secrets() {
    for world in World::each().await {
        world.broker.vendor().script([verdict(Kind::Transient, None)]);
        let made = on_behalf_of(Some("request1".into()), ended(&world)).await;
        until("it is fresh", async || world.row(&made).await.version == 2).await;
        world.resolve(&made, None).await.unwrap();
        until("its use is told", async || {
            world.row(&made).await.first_used_at.is_some()
        })
        .await;
        let update = UpdateInstanceRequest {
            name: Some("Renamed".into()),
            configuration: map([
                ("oauth.api.secret", "a-newer-secret"),
                ("note", "a-value-of-a-note"),
                ("shop", "one"),
            ]),
            ..change(&made)
        };
        on_behalf_of(Some("request2".into()), world.update(update))
            .await
            .unwrap();
        world.broker.grant_at(in_seconds(0), Some(in_seconds(3600)));
        let login = UpdateInstanceRequest {
            provider_data: Some(code("c2-code-of-the-vendor")),
            ..change(&made)
        };
        world.update(login).await.unwrap();
        for enabled in [false, false, true] {
            world.set_enabled(&made, enabled).await.unwrap();
        }
        delete(&world, ours(), made.id).await.unwrap();
        until("it is erased", async || {
            events(&world, made.id)
                .await
                .first()
                .is_some_and(|event| event == "erased")
        })
        .await;

        let told = entries(&world, made.id).await;
        let names: Vec<&str> = told.iter().map(|entry| entry.event.as_str()).collect();
        let in_order = [
            "erased",
            "revoked",
            "deleted",
            "enabled",
            "disabled",
            "reauthenticated",
            "updated",
            "first_used",
            "refreshed",
            "refresh_failed",
            "created",
        ];
        let without_shown: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| *name != "secret_shown")
            .collect();
        assert_eq!(without_shown, in_order, "{names:?}");
        let entry = |name| told.iter().find(|entry| entry.event == name).unwrap();
        assert_eq!(entry("refresh_failed").reason, "TRANSIENT");
        assert_eq!(
            entry("updated").changed,
            ["name", "configuration.note", "configuration.oauth.api.secret"]
        );
        for (name, request_id) in [("created", "request1"), ("updated", "request2"), ("deleted", "")] {
            let entry = entry(name);
            assert_eq!(
                (entry.user_id, &*entry.request_id),
                (Some(1), request_id),
                "{name}"
            );
        }
        assert_eq!(entry("first_used").user_id, Some(1));
        for by_itself in ["refreshed", "refresh_failed", "revoked", "erased"] {
            assert_eq!(entry(by_itself).user_id, None, "{by_itself}");
        }

        let all = format!("{told:?}");
        for secret in [
            USER,
            ORGANIZATION,
            CLIENT_ID,
            CLIENT_SECRET,
            &made.token,
            "of-the-vendor",
            "refreshed-",
            "a-newer-secret",
            "a-value-of-a-note",
            "the vendor's words",
            exposed(&world.ring),
        ] {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_shown_is_told_once_an_hour_also_by_two_registries() {
    for world in World::each().await {
        let made = world.create(by_code("c1")).await.unwrap();
        let (_second, other) = world.reopened(&world.ring).await;
        for _ in 0..3 {
            world.get(ours(), Some(made.id)).await.unwrap();
            crate::world::get(&other, bearer(&made), None).await.unwrap();
            let list = ListInstancesRequest {
                credentials: Some(ours()),
                ..ListInstancesRequest::default()
            };
            other.clone().list_instances(list).await.unwrap();
        }
        let shown = events(&world, made.id).await;
        // Twice where the clock passed a full hour meanwhile.
        let count = shown.iter().filter(|event| *event == "secret_shown").count();
        assert!((1..=2).contains(&count), "{shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_read_by_its_organization_and_by_the_instances_own_token() {
    for world in World::each().await {
        let world = world.with_their_organization().await;
        let made = world.create(by_code("c1")).await.unwrap();
        let other = world.create(by_code("c2")).await.unwrap();
        let own = read(&world, bearer(&made), None).await.unwrap();
        assert_eq!(own.entries, entries(&world, made.id).await);
        for (credentials, id) in [
            (theirs(), Some(made.id)),
            (bearer(&made), Some(other.id)),
            (ours(), Some(99)),
        ] {
            let refusal = read(&world, credentials, id).await.unwrap_err();
            assert_eq!(refusal.reason, Reason::InstanceUnknown);
        }
        assert_eq!(
            read(&world, ours(), None).await.unwrap_err().reason,
            Reason::InvalidRequest
        );
        // Its token is dead with it; its organization reads on.
        delete(&world, ours(), made.id).await.unwrap();
        let refusal = read(&world, bearer(&made), None).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::Unauthenticated);
        assert!(events(&world, made.id).await.contains(&"deleted".to_owned()));
        assert_eq!(
            read(&world, theirs(), Some(made.id)).await.unwrap_err().reason,
            Reason::InstanceUnknown
        );
    }
}
