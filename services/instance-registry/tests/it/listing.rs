use ferrule_wire::v1::{CreateInstanceRequest, ListInstancesRequest, ListInstancesResponse};
use ferrule_wire::{Reason, Refusal};

use crate::world::{World, bearer, by_code, keyed, ours, theirs};

async fn list(world: &World, request: ListInstancesRequest) -> Result<ListInstancesResponse, Refusal> {
    let answer = world.client.clone().list_instances(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

fn all() -> ListInstancesRequest {
    ListInstancesRequest {
        credentials: Some(ours()),
        ..ListInstancesRequest::default()
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_know_the_total() {
    let world = World::new().await.with_their_organization().await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(world.create(by_code(&format!("c{n}"))).await.unwrap());
    }
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = list(
            &world,
            ListInstancesRequest {
                page_size: 2,
                page_token,
                ..all()
            },
        )
        .await
        .unwrap();
        assert_eq!(page.total, 5);
        seen.extend(page.instances);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    made.sort_by_key(|instance| (instance.created_at, instance.id));
    assert_eq!(seen, made);
    let request = ListInstancesRequest {
        credentials: Some(theirs()),
        ..all()
    };
    assert_eq!(list(&world, request).await.unwrap().total, 0);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let world = World::new().await;
    let red = CreateInstanceRequest {
        name: "Red Shop".into(),
        tags: vec!["red".into(), "hot".into()],
        ..by_code("c1")
    };
    world.create(red).await.unwrap();
    world.create(keyed()).await.unwrap();
    for (request, total) in [
        (all(), 2),
        (
            ListInstancesRequest {
                tags: vec!["red".into(), "<b>hot</b>".into()],
                ..all()
            },
            1,
        ),
        (
            ListInstancesRequest {
                tags: vec!["red".into(), "cold".into()],
                ..all()
            },
            0,
        ),
        (
            ListInstancesRequest {
                element: "keyed".into(),
                ..all()
            },
            1,
        ),
        (
            ListInstancesRequest {
                search: "rED s".into(),
                ..all()
            },
            1,
        ),
    ] {
        assert_eq!(
            list(&world, request.clone()).await.unwrap().total,
            total,
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn junk_tokens_unknown_elements_and_element_tokens_are_refused() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    for (request, reason) in [
        (
            ListInstancesRequest {
                page_token: "junk".into(),
                ..all()
            },
            Reason::InvalidRequest,
        ),
        (
            ListInstancesRequest {
                element: "nobody".into(),
                ..all()
            },
            Reason::ElementUnknown,
        ),
        (
            ListInstancesRequest {
                credentials: Some(bearer(&made)),
                ..all()
            },
            Reason::Forbidden,
        ),
    ] {
        assert_eq!(list(&world, request).await.unwrap_err().reason, reason);
    }
}
