//! A collector of OpenTelemetry's: it keeps every span that it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ferrule_testkit::Certified;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

/// A collector that runs until it is dropped.
pub struct Collector {
    address: SocketAddr,
    scheme: &'static str,
    kept: Kept,
    _runtime: Runtime,
}

/// One span.
#[derive(Clone, Debug)]
pub struct Span {
    pub service: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty at the root.
    pub parent: String,
    attributes: Vec<KeyValue>,
    /// All there is to the span, events among it.
    pub text: String,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Span>>>);

impl Collector {
    /// One that anybody may talk to; with a certificate, over TLS.
    pub fn start(certified: Option<&Certified>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let kept = Kept::default();
        let mut server = Server::builder();
        if let Some(certified) = certified {
            let identity = Identity::from_pem(&certified.certificate, &certified.key);
            let tls = ServerTlsConfig::new().identity(identity);
            server = server.tls_config(tls).expect("a certificate");
        }
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = server
            .add_service(TraceServiceServer::new(kept.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        runtime.spawn(serving);
        Self {
            address,
            scheme: if certified.is_some() { "https" } else { "http" },
            kept,
            _runtime: runtime,
        }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` says.
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<Span> {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Span {
    /// The text or number of an attribute.
    pub fn attribute(&self, name: &str) -> Option<String> {
        text_of(&self.attributes, name)
    }

    /// This span and those above it, each as `service name`, the outermost first.
    pub fn path(&self, spans: &[Self]) -> Vec<String> {
        let mut path = match spans.iter().find(|span| span.id == self.parent) {
            Some(parent) => parent.path(spans),
            None => Vec::new(),
        };
        path.push(format!("{} {}", self.service, self.name));
        path
    }
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for of_service in request.into_inner().resource_spans {
            let resource = of_service.resource.unwrap_or_default();
            let service = text_of(&resource.attributes, "service.name").unwrap_or_default();
            for span in of_service.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                kept.push(Span {
                    service: service.clone(),
                    text: format!("{span:?}"),
                    name: span.name,
                    trace: hex::encode(span.trace_id),
                    id: hex::encode(span.span_id),
                    parent: hex::encode(span.parent_span_id),
                    attributes: span.attributes,
                });
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn text_of(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    let value = found.value.clone();
    match value {
        Some(AnyValue {
            value: Some(any_value::Value::StringValue(text)),
        }) => Some(text),
        Some(AnyValue {
            value: Some(any_value::Value::IntValue(number)),
        }) => Some(number.to_string()),
        _ => None,
    }
}
