//! What a thief of the store's bytes finds.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ferrule_model::Chance;
use secrecy::{ExposeSecret as _, SecretString};

use super::exchange_marks::granted;
use super::on_both_stores;
use super::world::{World, agree, exchange};
use crate::handshake::Claim;

on_both_stores! {
    a_dump_shows_no_secret_no_state_and_no_code,
}

async fn a_dump_shows_no_secret_no_state_and_no_code(world: World) {
    let state: SecretString = Chance::system().url_token();
    let key = world.attached(state.expose_secret()).await;
    world.own_callback("the-other-state").await;
    assert!(matches!(
        world
            .handshakes
            .claim(&key, exchange("x"), None, agree)
            .await
            .unwrap(),
        Claim::Claimed(_)
    ));
    world.exchanges.start(exchange("x")).await.unwrap();
    world.exchanges.answer(exchange("x"), &granted()).await.unwrap();

    let dump = world.dump();
    let contains = |needle: &str| {
        dump.windows(needle.len())
            .any(|window| window == needle.as_bytes())
    };
    assert!(
        contains("handshake:") && contains("exchange:"),
        "the dump shows the records"
    );
    for secret in [
        state.expose_secret(),
        "the-other-state",
        "the-callers-state",
        "the-code",
        "the-client-secret",
        "the-code-verifier",
        "the-access-token",
        "the-refresh-token",
        "the-granted-client-secret",
    ] {
        let hex: String = secret.bytes().flat_map(hexadecimal).collect();
        for form in [
            secret.to_owned(),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            hex,
        ] {
            assert!(!contains(&form), "{form}");
        }
    }
}

fn hexadecimal(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap())
}
