//! The shape of every main: arguments, settings, telemetry, run, flush.

use std::ffi::OsString;
use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use ferrule_cores::{Cores, Threads};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::arguments::{Asked, Program};
use crate::one_line::one_line;
use crate::settings::{self, Form, Layers, SettingsError};
use crate::telemetry::{self, TelemetryError};
use crate::{health_check, lifecycle, metrics, tls};

/// How long a program may take to close its stores once its requests are drained.
const CLOSING: Duration = Duration::from_secs(5);
/// How long threads that block may outlive the program.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// What a program starts with.
#[derive(Debug)]
pub struct Start {
    /// The settings in force.
    pub layers: Layers,
    /// Cancelled when the process shall end.
    pub shutdown: CancellationToken,
    /// Where its servers put their connections.
    pub cores: Cores,
    /// The command's words; `None` when the program was simply started.
    pub command: Option<&'static str>,
    /// What followed the command, as many as it asks for.
    pub arguments: Vec<String>,
}

/// Runs a service that has no commands; see [`Program::run`].
pub fn run_main<F, Fut>(name: &'static str, about: &'static str, run: F) -> ExitCode
where
    F: FnOnce(Start) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let program = Program {
        name,
        about,
        form: Form::Service,
        commands: &[],
    };
    program.run(run)
}

impl Program {
    /// Runs the program: answers `--help`, `--version`, `--print-config` and `healthcheck`, else reads the settings, starts
    /// telemetry, gives `run` what it needs, and flushes, whatever came of it.
    ///
    /// SIGTERM or SIGINT cancels the token; `run` then has `FERRULE_DRAIN_SECONDS`, and 5 s more to close.
    /// An error is one line on stderr; the exit code is 2 for arguments and settings, 1 for all else.
    pub fn run<F, Fut>(&self, run: F) -> ExitCode
    where
        F: FnOnce(Start) -> Fut,
        Fut: Future<Output = anyhow::Result<()>>,
    {
        let arguments = std::env::args_os()
            .skip(1)
            .map(OsString::into_string)
            .collect::<Result<Vec<_>, _>>();
        let outcome = arguments
            .map_err(|_| Failure::Usage("an argument is not UTF-8".to_owned()))
            .and_then(|arguments| self.act(&arguments, std::env::vars_os(), run));
        match outcome {
            Ok(text) => {
                say(&text);
                ExitCode::SUCCESS
            }
            Err(failure) => {
                complain(&format!("{}: {}", self.name, one_line(&failure.to_string())));
                failure.exit_code()
            }
        }
    }

    /// Does what the arguments ask for; answers what is to be printed.
    fn act<F, Fut>(
        &self,
        arguments: &[String],
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        run: F,
    ) -> Result<String, Failure>
    where
        F: FnOnce(Start) -> Fut,
        Fut: Future<Output = anyhow::Result<()>>,
    {
        match self.parse(arguments).map_err(Failure::Usage)? {
            Asked::Help => Ok(self.help()),
            Asked::Version => Ok(format!("{} {}\n", self.name, crate::VERSION)),
            Asked::PrintConfig => {
                let layers = Layers::read(self.form, environment)?;
                Ok(settings::print_config(&layers, self.name))
            }
            Asked::HealthCheck => {
                let layers = Layers::read(self.form, environment)?;
                let admin = layers.required("FERRULE_ADMIN_LISTEN", Layers::address)?;
                let ready = health_check::ask(admin).map_err(Failure::Other)?;
                Ok(format!("{ready}\n"))
            }
            Asked::Run { command, arguments } => {
                let layers = Layers::read(self.form, environment)?;
                let grace = layers.required("FERRULE_DRAIN_SECONDS", |layers, name| {
                    layers.number(name, 0..=3600)
                })?;
                let grace = Duration::from_secs(grace) + CLOSING;
                self.start(layers, grace, |layers, shutdown, cores| {
                    run(Start {
                        layers,
                        shutdown,
                        cores,
                        command,
                        arguments,
                    })
                })?;
                Ok(String::new())
            }
        }
    }

    fn start<F, Fut>(&self, layers: Layers, grace: Duration, run: F) -> Result<(), Failure>
    where
        F: FnOnce(Layers, CancellationToken, Cores) -> Fut,
        Fut: Future<Output = anyhow::Result<()>>,
    {
        tls::install_crypto_provider();
        metrics::start();
        let runtime = Runtime::new().map_err(|error| Failure::Other(error.into()))?;
        let threads = Threads::start().map_err(|error| Failure::Other(error.into()))?;
        let within = runtime.enter();
        let telemetry = telemetry::start(self.name, &layers)?;
        for name in layers.unknown() {
            tracing::info!(name, "ignored: no setting of Ferrule");
        }
        let last_words = telemetry.last_words();
        let outcome = runtime.block_on(async {
            let shutdown = lifecycle::shutdown_on_signals(last_words)?;
            let cut_off = || {
                anyhow::anyhow!(
                    "still busy {} s after it was asked to stop: cut off",
                    grace.as_secs()
                )
            };
            let running = run(layers, shutdown.clone(), threads.cores());
            lifecycle::run_until(&shutdown, grace, running)
                .await
                .unwrap_or_else(|| Err(cut_off()))
        });
        drop(threads);
        telemetry.flush();
        drop(within);
        runtime.shutdown_timeout(LEFTOVERS);
        outcome.map_err(Failure::Other)
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("{}", with_causes(.0))]
    Other(anyhow::Error),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        let settings = match self {
            Self::Usage(_) | Self::Settings(_) | Self::Telemetry(_) => true,
            Self::Other(error) => error.chain().any(<dyn std::error::Error>::is::<SettingsError>),
        };
        ExitCode::from(if settings { 2 } else { 1 })
    }
}

/// The error and its causes, each told once: many a message repeats its cause's.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| {
        let cause = cause.to_string();
        if told.contains(&cause) {
            told
        } else if cause.contains(&told) {
            cause
        } else {
            format!("{told}: {cause}")
        }
    })
}

/// Writes to stdout. A reader that has read enough, as `head` does, is no error.
pub fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    if stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .is_err()
    {
        tracing::debug!("nobody reads stdout");
    }
}

#[expect(clippy::print_stderr, reason = "the one line that says why the program ends")]
fn complain(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::tests::FERRULE;

    fn act<Fut: Future<Output = anyhow::Result<()>>>(
        words: &str,
        environment: &[(&str, &str)],
        run: impl FnOnce(Start) -> Fut,
    ) -> Result<String, Failure> {
        let arguments: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        FERRULE.act(
            &arguments,
            environment
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
            run,
        )
    }

    async fn nothing(_: Start) -> anyhow::Result<()> {
        Ok(())
    }

    #[test]
    fn help_version_and_config_are_printed_without_running() {
        let never = |_| async { panic!("must not run") };
        assert!(
            act("--help", &[], never)
                .unwrap()
                .contains("\n  connectors check DIR  checks a folder")
        );
        assert_eq!(
            act("version", &[], never).unwrap(),
            format!("ferrule {}\n", crate::VERSION)
        );
        let config = act("--print-config", &[("FERRULE_MASTER_KEYS", "k:s3cret")], never).unwrap();
        assert!(
            config.contains("FERRULE_MASTER_KEYS = ********  # from environment\n"),
            "{config}"
        );
    }

    #[test]
    fn the_program_gets_its_settings_and_its_command() {
        let ran = act(
            "connectors check ./mine",
            &[("FERRULE_LISTEN", "127.0.0.1:1")],
            async |start: Start| {
                assert_eq!(start.command, Some("connectors check"));
                assert_eq!(start.arguments, ["./mine"]);
                assert_eq!(
                    start.layers.required("FERRULE_LISTEN", Layers::address)?.port(),
                    1
                );
                assert!(!start.shutdown.is_cancelled());
                Ok(())
            },
        );
        assert_eq!(ran.unwrap(), "");
    }

    #[test]
    fn bad_settings_have_an_exit_code_of_their_own() {
        let two = format!("{:?}", ExitCode::from(2));
        for failure in [
            act("--what", &[], nothing).unwrap_err(),
            act("", &[("FERRULE_CONFIG", "/nowhere")], nothing).unwrap_err(),
            act("", &[("FERRULE_LOG_FORMAT", "xml")], nothing).unwrap_err(),
            act("", &[("FERRULE_LISTEN", "8080")], async |start: Start| {
                start.layers.required("FERRULE_LISTEN", Layers::address)?;
                Ok(())
            })
            .unwrap_err(),
        ] {
            assert_eq!(format!("{:?}", failure.exit_code()), two, "{failure}");
        }
        let failure = act("", &[], async |_| anyhow::bail!("the disk is full")).unwrap_err();
        assert_eq!(
            format!("{:?}", failure.exit_code()),
            format!("{:?}", ExitCode::from(1))
        );
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let failure = act("", &[], async |_| {
            Err(anyhow::anyhow!("disk full").context("cannot start"))
        })
        .unwrap_err();
        assert_eq!(failure.to_string(), "cannot start: disk full");
        let twice = anyhow::anyhow!("disk full").context("cannot write: disk full");
        assert_eq!(with_causes(&twice), "cannot write: disk full");
        let named = anyhow::anyhow!("DATA_DIR is full").context("DATA_DIR");
        assert_eq!(with_causes(&named), "DATA_DIR is full");
    }
}
