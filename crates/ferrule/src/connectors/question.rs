//! A question on the terminal, or to whatever stands before the pipe.

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};

/// Asks, and gives the trimmed answer; an empty one means `default`. Without a default it asks again.
///
/// # Errors
/// Nothing more comes.
pub(super) async fn ask(what: &str, default: Option<&str>) -> anyhow::Result<String> {
    let prompt = match default {
        None => format!("{what}: "),
        Some("") => format!("{what} (may be empty): "),
        Some(default) => format!("{what} [{default}]: "),
    };
    loop {
        ferrule_service::say(&prompt);
        let line = answer(what, read).await?;
        match (line.trim(), default) {
            ("", Some(default)) => return Ok(default.to_owned()),
            ("", None) => {}
            (answer, _) => return Ok(answer.to_owned()),
        }
    }
}

/// Asks for one of these words, the first of which stands where nothing is answered; another one is asked for again.
///
/// # Errors
/// Nothing more comes.
pub(super) async fn choose(what: &str, words: &[&str]) -> anyhow::Result<String> {
    let question = format!("{what}: {}", words.join(", "));
    loop {
        let answer = ask(&question, words.first().copied()).await?;
        if words.contains(&answer.as_str()) {
            return Ok(answer);
        }
    }
}

/// Asks for what no terminal shows; it may be empty.
///
/// # Errors
/// Nothing more comes.
pub(super) async fn ask_secret(what: &str) -> anyhow::Result<SecretString> {
    ferrule_service::say(&format!("{what} (is not shown): "));
    let answer = answer(what, || {
        if io::stdin().is_terminal() {
            rpassword::read_password().map(Some)
        } else {
            read()
        }
    });
    let answer = SecretString::from(answer.await?);
    ferrule_service::say("\n");
    Ok(answer.expose_secret().trim().into())
}

async fn answer(what: &str, read: fn() -> io::Result<Option<String>>) -> anyhow::Result<String> {
    let line = tokio::task::spawn_blocking(read).await?;
    match line.context("the answer cannot be read")? {
        Some(line) => Ok(line),
        None => bail!("no answer came to: {what}"),
    }
}

fn read() -> io::Result<Option<String>> {
    let mut line = String::new();
    let length = io::stdin().read_line(&mut line)?;
    Ok((length > 0).then_some(line))
}
