//! Sixty calls a minute for an address that shows no credentials.

use ferrule_testkit::{Answer, HttpClient};

use crate::world::{World, platform, refused, settings};

fn anonymous(world: &World, forwarded_for: &str) -> Answer {
    let headers = [("X-Forwarded-For", forwarded_for)];
    HttpClient::new().get(&world.api("/elements/keys"), &headers)
}

#[test]
fn the_sixty_first_anonymous_call_of_a_minute_is_a_429_that_says_when_to_come_again() {
    let world = World::start();
    let statuses: Vec<_> = (0..60)
        .map(|n| match n % 3 {
            0 => {
                world
                    .send("GET", "/elements/intercom/oauth/url?apiKey=k", None, "")
                    .status
            }
            1 => {
                world
                    .send("POST", "/elements/intercom/oauth/url", None, r#"{"apiKey":"k"}"#)
                    .status
            }
            _ => world.send("GET", "/hubs", None, "").status,
        })
        .collect();
    assert_eq!(statuses, [200; 60]);
    // A slow machine may have earned itself a call more in the meantime.
    let mut answer = world.send("GET", "/elements", None, "");
    while answer.status == 200 {
        answer = world.send("GET", "/elements", None, "");
    }
    refused(&answer, 429);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");

    // Neither known callers nor pages and callbacks are counted.
    assert_eq!(world.get("/elements").status, 200);
    assert_eq!(HttpClient::new().get(&world.url("/connectors"), &[]).status, 200);
    assert_eq!(
        HttpClient::new()
            .get(&world.url("/oauth/callback/intercom?code=c"), &[])
            .status,
        303
    );
    refused(&world.send("GET", "/elements", Some("Bearer x"), ""), 401);
    assert_eq!(world.send("GET", "/instances", Some(&platform()), "").status, 200);
}

#[test]
fn a_forwarded_address_that_anybody_may_write_does_not_help() {
    let world = World::start();
    let last = (0..100)
        .map(|n| anonymous(&world, &format!("198.51.100.{n}")))
        .last()
        .unwrap();
    refused(&last, 429);
}

#[test]
fn behind_a_trusted_proxy_each_client_has_calls_of_its_own() {
    let world = World::with(ferrule_gateway::Settings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..settings()
    });
    let statuses: Vec<_> = (0..100)
        .map(|n| anonymous(&world, &format!("198.51.100.{n}")).status)
        .collect();
    assert_eq!(statuses, [200; 100]);
    // What the client itself wrote, left of what the proxy saw, does not count.
    let last = (0..100)
        .map(|n| anonymous(&world, &format!("192.0.2.{n}, 203.0.113.9")))
        .last()
        .unwrap();
    refused(&last, 429);
}
