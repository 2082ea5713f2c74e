//! A question on the terminal, or to whatever stands before the pipe.

use anyhow::{Context as _, bail};

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
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|length| (length, line))
        });
        let (length, line) = line.await?.context("the answer cannot be read")?;
        if length == 0 {
            bail!("no answer came to: {what}");
        }
        match (line.trim(), default) {
            ("", Some(default)) => return Ok(default.to_owned()),
            ("", None) => {}
            (answer, _) => return Ok(answer.to_owned()),
        }
    }
}
