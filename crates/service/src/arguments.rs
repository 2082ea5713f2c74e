//! What a program can be asked, and what it says when it is asked something else.

use crate::settings::{self, Form};

/// A program: its name, what it is for, and what it can be asked to do besides running.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name: what help, errors, logs and traces call it.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Which defaults stand.
    pub form: Form,
    /// What it can be asked to do besides running.
    pub commands: &'static [Command],
}

/// Something a program can be asked to do, e.g. `connectors check DIR`.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The words that ask for it, e.g. `connectors check`.
    pub words: &'static str,
    /// What must follow, e.g. `["DIR"]`, and then what may: `["[PROGRAM]", "[--json]"]`.
    pub arguments: &'static [&'static str],
    /// What it does, in one line.
    pub about: &'static str,
}

/// Every program's own command: whether the process beside it is ready.
const HEALTH_CHECK: &str = "healthcheck";
const HEALTH_CHECK_ABOUT: &str = "asks the running program at FERRULE_ADMIN_LISTEN whether it is ready";

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Help,
    Version,
    PrintConfig,
    HealthCheck,
    Run {
        command: Option<&'static str>,
        arguments: Vec<String>,
    },
}

impl Program {
    /// What the arguments ask for, or what to write instead.
    pub(crate) fn parse(&self, arguments: &[String]) -> Result<Asked, String> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words[..] {
            [] => {
                return Ok(Asked::Run {
                    command: None,
                    arguments: Vec::new(),
                });
            }
            ["--help" | "-h" | "help"] => return Ok(Asked::Help),
            ["--version" | "-V" | "version"] => return Ok(Asked::Version),
            ["--print-config"] => return Ok(Asked::PrintConfig),
            [HEALTH_CHECK] => return Ok(Asked::HealthCheck),
            _ => {}
        }
        for command in self.commands {
            let named: Vec<&str> = command.words.split(' ').collect();
            let Some(rest) = words.strip_prefix(named.as_slice()) else {
                continue;
            };
            if !command.takes(rest) {
                return Err(format!("write {} {}", self.name, command.usage()));
            }
            let arguments = rest.iter().map(|word| (*word).to_owned()).collect();
            return Ok(Asked::Run {
                command: Some(command.words),
                arguments,
            });
        }
        Err(format!(
            "{:?} is not known: see {} --help",
            words.join(" "),
            self.name
        ))
    }

    pub(crate) fn help(&self) -> String {
        let commands: Vec<_> = self
            .commands
            .iter()
            .map(|command| (command.usage(), command.about))
            .chain([(HEALTH_CHECK.to_owned(), HEALTH_CHECK_ABOUT)])
            .collect();
        let commands: Vec<_> = commands
            .iter()
            .map(|(usage, about)| (usage.as_str(), *about))
            .collect();
        settings::help(self.name, self.about, self.form, &commands)
    }
}

impl Command {
    /// Whether these may follow its words: all that must, and no option that it does not have.
    fn takes(&self, rest: &[&str]) -> bool {
        let needed = self
            .arguments
            .iter()
            .filter(|argument| !argument.starts_with('['));
        let known =
            |word: &&str| !word.starts_with('-') || self.arguments.contains(&format!("[{word}]").as_str());
        (needed.count()..=self.arguments.len()).contains(&rest.len()) && rest.iter().all(known)
    }

    fn usage(&self) -> String {
        let words = std::iter::once(self.words).chain(self.arguments.iter().copied());
        words.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const FERRULE: Program = Program {
        name: "ferrule",
        about: "all in one",
        form: Form::Embedded,
        commands: &[
            Command {
                words: "connectors check",
                arguments: &["DIR"],
                about: "checks a folder of connector files",
            },
            Command {
                words: "keys rotate",
                arguments: &[],
                about: "rewraps the data keys",
            },
            Command {
                words: "look",
                arguments: &["[P]", "[--json]"],
                about: "looks",
            },
        ],
    };

    #[test]
    fn arguments_are_parsed_or_explained() {
        let run = |command, arguments: &[&str]| {
            Ok(Asked::Run {
                command,
                arguments: arguments.iter().map(ToString::to_string).collect(),
            })
        };
        for (words, want) in [
            ("", run(None, &[])),
            ("--help", Ok(Asked::Help)),
            ("--version", Ok(Asked::Version)),
            ("version", Ok(Asked::Version)),
            ("--print-config", Ok(Asked::PrintConfig)),
            ("healthcheck", Ok(Asked::HealthCheck)),
            (
                "connectors check ./mine",
                run(Some("connectors check"), &["./mine"]),
            ),
            ("keys rotate", run(Some("keys rotate"), &[])),
            (
                "connectors check",
                Err("write ferrule connectors check DIR".to_owned()),
            ),
            ("keys rotate --now", Err("write ferrule keys rotate".to_owned())),
            ("look", run(Some("look"), &[])),
            ("look gateway --json", run(Some("look"), &["gateway", "--json"])),
            ("look --xml", Err("write ferrule look [P] [--json]".to_owned())),
            (
                "start",
                Err("\"start\" is not known: see ferrule --help".to_owned()),
            ),
        ] {
            let arguments: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
            assert_eq!(FERRULE.parse(&arguments), want, "{words}");
        }
    }
}
