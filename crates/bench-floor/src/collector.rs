//! A collector that takes spans and keeps none.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::transport::Server;
use tonic::{Request, Response, Status, async_trait};

struct Collector;

#[async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        _: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Serves until the process is killed.
pub(crate) async fn run(listen: &str) -> anyhow::Result<()> {
    Server::builder()
        .add_service(TraceServiceServer::new(Collector))
        .serve(listen.parse()?)
        .await?;
    Ok(())
}
