//! What a server tells of itself.

use std::time::Duration;

use futures::StreamExt as _;
use prost::Message as _;
use tonic::Code;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::replica::{Counting, Replica};
use crate::access::Roles;
use crate::sockets::Doors;
use crate::{Transport, connect};

async fn ask(transport: &Transport, what: MessageRequest) -> Result<MessageResponse, tonic::Status> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(what),
    };
    let mut client = ServerReflectionClient::new(transport.clone());
    let asked = futures::stream::iter([request]);
    let mut answers = client.server_reflection_info(asked).await?.into_inner();
    let answer = answers.next().await.unwrap()?;
    Ok(answer.message_response.unwrap())
}

#[tokio::test]
async fn with_reflection_a_client_learns_every_call_from_the_server_alone() {
    let any_port = "127.0.0.1:0".parse().unwrap();
    let doors = Doors::Open(Roles::ALL);
    let replica = Replica::behind(doors.clone(), any_port, &Counting::new(1), true);
    let transport = connect(
        &format!("http://{}", replica.address),
        None,
        Duration::from_secs(5),
    )
    .unwrap();
    let MessageResponse::ListServicesResponse(services) =
        ask(&transport, MessageRequest::ListServices(String::new()))
            .await
            .unwrap()
    else {
        panic!("a list of services was asked for");
    };
    let names: Vec<_> = services
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert!(names.contains(&"ferrule.v1.InstanceRegistry"), "{names:?}");
    let symbol = MessageRequest::FileContainingSymbol("ferrule.v1.InstanceRegistry.Resolve".to_owned());
    let MessageResponse::FileDescriptorResponse(files) = ask(&transport, symbol).await.unwrap() else {
        panic!("a file was asked for");
    };
    let file = prost_types::FileDescriptorProto::decode(files.file_descriptor_proto[0].as_slice()).unwrap();
    assert_eq!(file.name(), "ferrule/v1/registry.proto");

    let silent = Replica::behind(doors, any_port, &Counting::new(1), false);
    let transport = connect(
        &format!("http://{}", silent.address),
        None,
        Duration::from_secs(5),
    )
    .unwrap();
    let refused = ask(&transport, MessageRequest::ListServices(String::new())).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unimplemented);
}
