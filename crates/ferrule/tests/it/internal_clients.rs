//! Internal services that call the registry by gRPC, in the one-process form.

use std::process::{Command, Output};
use std::time::Duration;

use ferrule_model::Digest;
use ferrule_testkit::{Behaviour, TokenEndpoint, binary, free_port};
use ferrule_wire::v1::{Credentials, GetInstanceRequest, IdentifyRequest, ResolveRequest};
use ferrule_wire::{Reason, Refusal, RegistryClient, connect};
use tokio::runtime::Runtime;

use crate::connected::LIFE;
use crate::vendors::{acme_with_api_at, by_code};
use crate::world::{Ferrule, ORGANIZATION, USER, World};

struct Served {
    vendor: TokenEndpoint,
    ferrule: Ferrule,
    grpc: String,
}

fn served(behaviour: Behaviour) -> Served {
    let vendor = TokenEndpoint::start(behaviour);
    let grpc = format!("127.0.0.1:{}", free_port());
    let ferrule = World::new()
        .with_connector("acme", &acme_with_api_at(&vendor))
        .with("FERRULE_GRPC_LISTEN", &grpc)
        .start();
    let grpc = format!("http://{grpc}");
    Served {
        vendor,
        ferrule,
        grpc,
    }
}

/// The example of examples/internal-client.
fn example(served: &Served, arguments: &[&str]) -> Output {
    Command::new(binary("internal-client"))
        .args(arguments)
        .env_clear()
        .env("FERRULE_GRPC_URL", &served.grpc)
        .env("FERRULE_USER_SECRET", USER)
        .env("FERRULE_ORGANIZATION_SECRET", ORGANIZATION)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn the_example_lists_gets_creates_and_has_a_token_that_is_good_now() {
    let served = served(Behaviour {
        access_ttl: LIFE.as_secs(),
        ..Behaviour::default()
    });
    let made = served
        .ferrule
        .api
        .post("/instances", &by_code("acme", "one"))
        .json();
    let id = made["id"].to_string();
    let line = said(&example(&served, &["list"]));
    assert!(
        line.starts_with(&format!("{id}\tacme\t")) && line.ends_with("valid=true"),
        "{line}"
    );
    assert_eq!(said(&example(&served, &["get", &id])), line);

    let first = said(&example(&served, &["token", &id]));
    assert!(!first.is_empty());
    served.vendor.wait_for_requests("/token", 2);
    ferrule_testkit::wait_until("the token is another one", Duration::from_secs(15), || {
        said(&example(&served, &["token", &id])) != first
    });

    let create = [
        "create",
        "acme",
        "two",
        "--client-id",
        ferrule_testkit::CLIENT_ID,
        "--client-secret",
        ferrule_testkit::CLIENT_SECRET,
        "--callback",
        "https://mycoolapp.com/auth",
    ];
    let created = said(&example(&served, &create));
    assert_eq!(
        said(&example(&served, &create)),
        created,
        "the same code, the same instance"
    );
    let unknown = example(&served, &["get", "5"]);
    let words = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        !unknown.status.success() && words.contains("INSTANCE_UNKNOWN: No instance found with ID 5"),
        "{words}"
    );
}

#[test]
fn internal_clients_have_their_calls_with_both_secrets_and_no_others() {
    let served = served(Behaviour::default());
    let made = served
        .ferrule
        .api
        .post("/instances", &by_code("acme", "one"))
        .json();
    let digest = |secret: &str| Digest::of(secret).as_bytes().to_vec();
    let element = digest(made["token"].as_str().unwrap());
    let whole = Credentials {
        user: digest(USER),
        organization: digest(ORGANIZATION),
        element: element.clone(),
        ..Credentials::default()
    };
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let transport = connect(&served.grpc, None, Duration::from_secs(5)).unwrap();
        let mut client = RegistryClient::new(transport);
        let resolve = |credentials| ResolveRequest {
            credentials: Some(credentials),
            refused_version: None,
            instance_id: None,
        };
        client.resolve(resolve(whole.clone())).await.unwrap();
        let of_a_gateway = Credentials {
            organization: Vec::new(),
            ..whole.clone()
        };
        let get = GetInstanceRequest {
            credentials: Some(of_a_gateway.clone()),
            ..GetInstanceRequest::default()
        };
        let identify = IdentifyRequest {
            credentials: Some(whole.clone()),
            ..IdentifyRequest::default()
        };
        for (status, reason) in [
            (
                client.resolve(resolve(of_a_gateway)).await.unwrap_err(),
                Reason::Unauthenticated,
            ),
            (
                client.get_instance(get).await.unwrap_err(),
                Reason::Unauthenticated,
            ),
            (client.identify(identify).await.unwrap_err(), Reason::Forbidden),
        ] {
            assert_eq!(Refusal::from(status).reason, reason);
        }
    });
}

#[test]
fn addresses_of_other_services_are_ignored_with_a_word() {
    let ferrule = World::new()
        .with("FERRULE_BROKER_URL", "http://broker:7001")
        .start();
    let output = ferrule.output();
    assert!(
        output.contains("FERRULE_BROKER_URL") && output.contains("ignored"),
        "{output}"
    );
}
