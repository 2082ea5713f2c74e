//! Callers without credentials: the catalogue and the seed's form of `oauth/url`, so many times a minute.

use ferrule_testkit::{Answer, HttpClient};

use crate::world::{Ferrule, World};

const A_MINUTE: usize = 60;

fn ask(ferrule: &Ferrule, path: &str) -> Answer {
    HttpClient::new().get(&format!("{}{path}", ferrule.url), &[])
}

#[test]
fn the_sixty_first_call_of_a_minute_waits_and_nobody_else_does() {
    let ferrule = World::new().start();
    let url = "/elements/api-v2/elements/intercom/oauth/url?apiKey=k&callbackUrl=https://a.example/b";
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..A_MINUTE + 20 {
        let answer = ask(&ferrule, url);
        match answer.status {
            200 => answered += 1,
            429 => {
                refused += 1;
                let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=60).contains(&seconds), "{seconds}");
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    // A slow machine may have let a few more seconds pass.
    assert!(
        (A_MINUTE..A_MINUTE + 20).contains(&answered) && refused > 0,
        "{answered}, {refused}"
    );
    assert_eq!(
        ferrule.api.get("/elements/keys").status,
        200,
        "known callers are not counted"
    );
    for page in ["/", "/oauth/callback/sandbox?code=c&state=s"] {
        assert_ne!(ask(&ferrule, page).status, 429, "{page}");
    }
}

#[test]
fn where_the_catalogue_is_not_for_everyone_credentials_are_asked_for() {
    let ferrule = World::new().with("FERRULE_ANONYMOUS_CATALOGUE", "false").start();
    for path in [
        "/elements",
        "/elements/keys",
        "/elements/intercom",
        "/elements/intercom/oauth/url?apiKey=k&callbackUrl=https://a.example/b",
        "/hubs",
        "/hubs/keys",
    ] {
        assert_eq!(
            ask(&ferrule, &format!("/elements/api-v2{path}")).status,
            401,
            "{path}"
        );
        assert_eq!(ferrule.api.get(path).status, 200, "{path}");
    }
}

#[test]
fn nothing_else_is_for_callers_without_credentials() {
    let ferrule = World::new().start();
    for path in [
        "/instances",
        "/instances/1",
        "/instances/1/configuration",
        "/elements/intercom/instances",
        "/elements/sandbox/oauth/url?apiKey=k",
    ] {
        let answer = ask(&ferrule, &format!("/elements/api-v2{path}"));
        assert_eq!(answer.status, 401, "{path}: {}", answer.text());
    }
}
