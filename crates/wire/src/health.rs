//! Whether the service at the other end is ready, by gRPC's own health service.

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::client::Transport;

/// Asks the service's whole server whether it is ready. The error says why not, without secrets.
pub async fn is_serving(transport: Transport) -> Result<(), String> {
    let answer = HealthClient::new(transport)
        .check(HealthCheckRequest::default())
        .await
        .map_err(|status| format!("does not answer ({:?})", status.code()))?;
    match answer.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        _ => Err("is not ready".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_service_is_serving_as_long_as_it_says_so() {
        let (health, service) = tonic_health::server::health_reporter();
        let transport = crate::in_process(service, DEADLINE);
        assert_eq!(is_serving(transport.clone()).await, Ok(()));
        health
            .set_service_status("", tonic_health::ServingStatus::NotServing)
            .await;
        assert_eq!(is_serving(transport).await, Err("is not ready".to_owned()));
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_said() {
        let transport = crate::connect("http://127.0.0.1:1", None, DEADLINE).unwrap();
        assert_eq!(
            is_serving(transport).await,
            Err("does not answer (Unavailable)".to_owned())
        );
    }
}
