//! `--help` and `--print-config`.

use std::fmt::Write;

use super::{Form, Layers, Source, VARIABLES, Variable, mask};
use crate::one_line::one_line;

/// The usage text: what the program is, its commands (words and meaning), and every setting.
pub fn help(program: &str, about: &str, form: Form, commands: &[(&str, &str)]) -> String {
    let command = if commands.is_empty() { "" } else { "[COMMAND] " };
    let mut text = format!(
        "{program} {}: {about}\n\nUsage: {program} {command}[--help | --version | --print-config]\n",
        crate::VERSION
    );
    if !commands.is_empty() {
        text.push_str("\nCommands:\n");
        text.push_str(&table(
            commands
                .iter()
                .map(|(words, meaning)| (*words, (*meaning).to_owned())),
        ));
    }
    text.push_str(
        "\nSettings, from environment variables or the TOML file that FERRULE_CONFIG names.\n\
         Where it says _FILE, NAME_FILE may name a file that holds the value.\n\n",
    );
    text.push_str(&table(
        VARIABLES
            .iter()
            .map(|variable| (variable.name, describe(variable, form))),
    ));
    text
}

fn describe(variable: &Variable, form: Form) -> String {
    let mut words = variable.meaning.to_owned();
    if variable.has_file_form {
        words.push_str(" (_FILE)");
    }
    let _ = write!(
        words,
        "\ndefault: {}",
        form.default_of(variable).unwrap_or(variable.when_unset)
    );
    let _ = write!(words, "; used by {}", variable.used_by.join(", "));
    words
}

/// Two columns; further lines of the second stand under its first.
fn table<'a>(rows: impl Iterator<Item = (&'a str, String)> + Clone) -> String {
    let width = rows
        .clone()
        .map(|(left, _)| left.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (left, right) in rows {
        for (place, line) in right.lines().enumerate() {
            let left = if place == 0 { left } else { "" };
            let _ = writeln!(text, "  {left:width$}  {line}");
        }
    }
    text
}

/// What is in force for `program`, a setting a line: `NAME = value  # from …`, secrets masked.
pub fn print_config(layers: &Layers, program: &str) -> String {
    let mut text = String::new();
    for variable in VARIABLES
        .iter()
        .filter(|variable| variable.used_by.contains(&program))
    {
        let value = layers.raw(variable.name).ok().and_then(|(_, value)| value);
        let (value, from) = match (value, layers.source(variable.name)) {
            (Some(value), Some(source)) => (one_line(&mask(variable, value)), from(source)),
            _ if variable.when_unset == "none" => (String::new(), "not set".to_owned()),
            _ => (String::new(), format!("not set: {}", variable.when_unset)),
        };
        let _ = writeln!(text, "{} = {value}  # {from}", variable.name);
    }
    text
}

fn from(source: &Source) -> String {
    one_line(&format!("from {source}"))
}

#[cfg(test)]
mod tests {
    use super::super::layers::tests::layers;
    use super::*;

    #[test]
    fn help_lists_every_setting_and_command() {
        let text = help(
            "ferrule",
            "all in one",
            Form::Embedded,
            &[("keys rotate", "rewraps data keys")],
        );
        assert!(
            text.starts_with(&format!("ferrule {}: all in one\n", crate::VERSION)),
            "{text}"
        );
        assert!(text.contains("\n  keys rotate  rewraps data keys\n"), "{text}");
        for variable in VARIABLES {
            assert!(
                text.contains(&format!("\n  {} ", variable.name)),
                "{}",
                variable.name
            );
        }
        assert!(
            text.contains("default: 127.0.0.1:8080; used by ferrule, gateway\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_in_force_is_printed_with_its_source_and_secrets_masked() {
        let layers = layers(
            Form::Embedded,
            &[
                ("FERRULE_DATABASE_URL", "postgres://ferrule:s3cret@db/ferrule"),
                ("FERRULE_REDIS_URL", "redis://:s3cret@cache"),
                ("FERRULE_MASTER_KEYS", "k1:s3cret"),
                ("FERRULE_CONNECTORS_DIR", "./a\nFERRULE_SANDBOX = forged"),
            ],
        );
        let text = print_config(&layers.unwrap(), "ferrule");
        for line in [
            "FERRULE_LISTEN = 127.0.0.1:8080  # from default",
            "FERRULE_DATABASE_URL = postgres://ferrule:********@db/ferrule  # from environment",
            "FERRULE_REDIS_URL = redis://:********@cache  # from environment",
            "FERRULE_MASTER_KEYS = ********  # from environment",
            r"FERRULE_CONNECTORS_DIR = ./a\nFERRULE_SANDBOX = forged  # from environment",
            "FERRULE_PUBLIC_URL = http://localhost:8080  # from default",
            "FERRULE_BOOTSTRAP_USER_SECRET =   # not set: random",
            "FERRULE_TRUSTED_PROXIES =   # not set",
        ] {
            assert!(
                text.lines().any(|printed| printed == line),
                "{line} is missing in\n{text}"
            );
        }
        assert!(!text.contains("s3cret"), "{text}");
    }

    #[test]
    fn a_service_prints_what_it_reads() {
        let text = print_config(&layers(Form::Service, &[]).unwrap(), "oauth-broker");
        assert!(text.contains("FERRULE_GRPC_LISTEN = "), "{text}");
        assert!(!text.contains("FERRULE_DATABASE_URL"), "{text}");
    }
}
