//! Logs on stderr, traces to a collector.
//!
//! Every log entry is one line, whatever its values hold (`lines.rs`), and a thread of its own writes them
//! (`sink.rs`); those that carry `event` are counted (`events.rs`). Spans leave for an OpenTelemetry collector only
//! where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, and those of target `ferrule_trace`, which the log can do without, are
//! made only there; trace context travels by the W3C headers.

mod entry;
mod events;
mod lines;
mod panics;
mod sink;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{Layers, SettingsError};
use entry::Format;
use events::Events;
use lines::Lines;
use sink::Sink;

/// The target of spans that nobody but a collector reads.
const FOR_COLLECTORS: &str = "ferrule_trace";
/// The setting that says where spans go.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The setting that says who signs the collector's certificate.
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A setting is unfit.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The system gave no thread for the log.
    #[error("the log cannot be written: {0}")]
    Log(#[from] io::Error),
    /// The exporter could not be built.
    #[error("{ENDPOINT}: traces cannot be sent there: {0}")]
    Exporter(ExporterBuildError),
}

/// Whether somebody collects this process's spans: then each request has one, and each call passes it on.
pub fn exports_spans() -> bool {
    EXPORTS_SPANS.load(Ordering::Relaxed)
}

static EXPORTS_SPANS: AtomicBool = AtomicBool::new(false);

/// The process's telemetry; [`Telemetry::flush`] writes and sends what is still held.
#[derive(Debug)]
#[must_use = "flush it, or the last spans are lost"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
    log: Sink,
}

/// Starts logging and, where a collector is set, tracing, under `service_name`.
///
/// With a collector it must be called within a Tokio runtime. What a process started first stays: a second
/// call changes nothing and is no error.
pub fn start(service_name: &'static str, layers: &Layers) -> Result<Telemetry, TelemetryError> {
    let filter = filter(layers)?;
    let format = match layers.one_of("FERRULE_LOG_FORMAT", &["text", "json"])? {
        Some("json") => Format::Json,
        _ => Format::Text,
    };
    let endpoint = layers.url(ENDPOINT)?;
    let authority = authority(layers, endpoint.as_deref())?;
    let provider = endpoint
        .map(|endpoint| tracer_provider(service_name, &endpoint, authority))
        .transpose()?;
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("ferrule"))
            .with_filter(filter_fn(is_ours))
    });
    let collected = provider.is_some();
    let log = Sink::start(io::stderr())?;
    let out = log.clone();
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(no_bytes_of_others))
        .with(filter_fn(move |metadata| {
            collected || metadata.target() != FOR_COLLECTORS
        }))
        .with(Lines::new(format, move |line, level| {
            out.push(line, level <= Level::WARN);
        }))
        .with(Events::new().with_filter(filter_fn(events::is_counted)))
        .with(spans)
        .try_init();
    if started.is_err() {
        return Ok(Telemetry { provider: None, log });
    }
    panics::log_panics(log.clone());
    if let Some(provider) = &provider {
        // Without it, trace context is neither read nor written.
        global::set_text_map_propagator(TraceContextPropagator::new());
        EXPORTS_SPANS.store(true, Ordering::Relaxed);
        global::set_tracer_provider(provider.clone());
    }
    Ok(Telemetry { provider, log })
}

impl Telemetry {
    /// Writes the lines still held, for a process that ends at once.
    pub(crate) fn last_words(&self) -> impl FnOnce() + Send + use<> {
        let log = self.log.clone();
        move || log.flush()
    }

    /// Writes the lines and sends the spans still held, for a few seconds at most. Blocks: call it outside of async
    /// code.
    pub fn flush(self) {
        if let Some(Err(error)) = self.provider.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last spans were not sent");
        }
        self.log.flush();
    }
}

fn filter(layers: &Layers) -> Result<EnvFilter, SettingsError> {
    let text = layers.text("FERRULE_LOG")?.unwrap_or_default();
    EnvFilter::builder().parse(text).map_err(|_| {
        layers.unfit(
            "FERRULE_LOG",
            "is no filter",
            "a level or pairs, e.g. info,ferrule_gateway=debug",
        )
    })
}

/// The authority that signs the collector's certificate: a collector asked by TLS has one.
fn authority(layers: &Layers, endpoint: Option<&str>) -> Result<Option<Certificate>, SettingsError> {
    if !endpoint.is_some_and(|url| url.starts_with("https:")) {
        return Ok(None);
    }
    let file = layers.required(CERTIFICATE, Layers::path)?;
    let pem = std::fs::read(&file).map_err(|error| {
        let problem = format!("cannot be read: {error}");
        layers.unfit(CERTIFICATE, &problem, "the path of a PEM file")
    })?;
    Ok(Some(Certificate::from_pem(pem)))
}

fn tracer_provider(
    service_name: &'static str,
    endpoint: &str,
    authority: Option<Certificate>,
) -> Result<SdkTracerProvider, TelemetryError> {
    let mut exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint);
    if let Some(authority) = authority {
        exporter = exporter.with_tls_config(ClientTlsConfig::new().ca_certificate(authority));
    }
    let exporter = exporter.build().map_err(TelemetryError::Exporter)?;
    let resource = Resource::builder()
        .with_service_name(service_name)
        .with_attribute(KeyValue::new("service.version", crate::VERSION))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build())
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("ferrule")
}

/// Other people's crates may trace the bytes they carry, tokens among them: they never log below debug,
/// whatever `FERRULE_LOG` says.
fn no_bytes_of_others(metadata: &Metadata<'_>) -> bool {
    is_ours(metadata) || *metadata.level() <= Level::DEBUG
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Form;

    fn layers(name: &str, value: &str) -> Layers {
        Layers::read(Form::Service, [(name.into(), value.into())]).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn starting_twice_in_one_process_is_no_error() {
        let layers = layers("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
        let first = start("ferrule", &layers).unwrap();
        let second = start("ferrule", &layers).unwrap();
        tokio::task::spawn_blocking(|| [first, second].map(Telemetry::flush))
            .await
            .unwrap();
    }

    #[test]
    fn unfit_settings_are_named() {
        for (name, value, want) in [
            (
                "FERRULE_LOG",
                "ferrule=loud",
                r#"FERRULE_LOG: "ferrule=loud" is no filter: write a level or pairs, e.g. info,ferrule_gateway=debug"#,
            ),
            (
                "FERRULE_LOG_FORMAT",
                "xml",
                r#"FERRULE_LOG_FORMAT: "xml" is not known: write text or json"#,
            ),
            (
                ENDPOINT,
                "https://collector:4317",
                "OTEL_EXPORTER_OTLP_CERTIFICATE is not set: it is needed (PEM file of the authority that signs the \
                 collector's certificate; for an https://… endpoint)",
            ),
            (
                ENDPOINT,
                "collector:4317",
                "OTEL_EXPORTER_OTLP_ENDPOINT: \"collector:4317\" is no such URL: write http://… or https://…, \
                 without user, query and fragment, e.g. https://example.com",
            ),
        ] {
            let error = start("ferrule", &layers(name, value)).unwrap_err().to_string();
            assert_eq!(error, want);
        }
    }
}
