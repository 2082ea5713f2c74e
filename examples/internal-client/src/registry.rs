//! The four calls that an internal client may make.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use sha2::{Digest as _, Sha256};
use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use self::v1::instance_registry_client::InstanceRegistryClient;
use self::v1::{
    CreateInstanceRequest, Credentials, GetInstanceRequest, Instance, ListInstancesRequest, ProviderData,
    ResolveRequest,
};
use crate::Arguments;

#[expect(clippy::pedantic, reason = "generated")]
mod v1 {
    tonic::include_proto!("ferrule.v1");
}

/// A call waits this long: the registry may be refreshing a token at the vendor.
const DEADLINE: Duration = Duration::from_secs(15);

/// A vendor has 20 s to exchange a code.
const CREATE_DEADLINE: Duration = Duration::from_secs(30);

const PAGE: i32 = 200;

/// What `create` needs.
#[derive(Args)]
pub(crate) struct NewInstance {
    /// The connector's key.
    element: String,
    /// What the vendor sent to your callback.
    code: String,
    /// The id of your app at the vendor.
    #[arg(long)]
    client_id: String,
    /// Its secret.
    #[arg(long, env = "VENDOR_CLIENT_SECRET", hide_env_values = true)]
    client_secret: String,
    /// Your callback, as the vendor knows it.
    #[arg(long)]
    callback: String,
    /// What to call the instance.
    #[arg(long, default_value = "")]
    name: String,
}

/// A registry, and who calls it.
pub(crate) struct Registry {
    client: InstanceRegistryClient<Channel>,
    credentials: Credentials,
}

impl Registry {
    /// It connects at the first call.
    pub(crate) fn connect(arguments: &Arguments) -> anyhow::Result<Self> {
        let mut endpoint =
            Endpoint::from_shared(arguments.url.clone())?.connect_timeout(Duration::from_secs(3));
        if let (Some(certificate), Some(key), Some(ca)) =
            (&arguments.certificate, &arguments.key, &arguments.ca)
        {
            let read = |file: &std::path::Path| {
                std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
            };
            let tls = ClientTlsConfig::new()
                .identity(Identity::from_pem(read(certificate)?, read(key)?))
                .ca_certificate(Certificate::from_pem(read(ca)?));
            endpoint = endpoint.tls_config(tls)?;
        }
        Ok(Self {
            client: InstanceRegistryClient::new(endpoint.connect_lazy()),
            credentials: Credentials {
                user: digest(&arguments.user),
                organization: digest(&arguments.organization),
                ..Credentials::default()
            },
        })
    }

    /// Every instance of the organization, page by page.
    pub(crate) async fn list(&mut self) -> Result<Vec<Instance>, Status> {
        let mut instances = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListInstancesRequest {
                credentials: Some(self.credentials.clone()),
                page_size: PAGE,
                page_token,
                ..ListInstancesRequest::default()
            };
            let answer = self.client.list_instances(within(DEADLINE, request)).await?;
            let answer = answer.into_inner();
            instances.extend(answer.instances);
            if answer.next_page_token.is_empty() {
                return Ok(instances);
            }
            page_token = answer.next_page_token;
        }
    }

    pub(crate) async fn get(&mut self, id: i64) -> Result<Instance, Status> {
        let request = GetInstanceRequest {
            credentials: Some(self.credentials.clone()),
            id: Some(id),
            ..GetInstanceRequest::default()
        };
        let answer = self.client.get_instance(within(DEADLINE, request)).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn create(&mut self, new: NewInstance) -> Result<Instance, Status> {
        let configuration = [
            ("oauth.api.key", new.client_id),
            ("oauth.api.secret", new.client_secret),
            ("oauth.callback.url", new.callback),
        ];
        let request = CreateInstanceRequest {
            credentials: Some(self.credentials.clone()),
            element: new.element,
            name: new.name,
            configuration: configuration.map(|(key, value)| (key.to_owned(), value)).into(),
            provider_data: Some(ProviderData {
                code: new.code,
                ..ProviderData::default()
            }),
            ..CreateInstanceRequest::default()
        };
        // The same code gives the same instance: whoever gets no answer sends it again.
        let answer = self
            .client
            .create_instance(within(CREATE_DEADLINE, request))
            .await?;
        Ok(answer.into_inner())
    }

    /// Ask for it before each use: it is the stored one while that is good, else one refreshed just now.
    pub(crate) async fn access_token(&mut self, id: i64) -> Result<String, Status> {
        let instance = self.get(id).await?;
        let request = ResolveRequest {
            credentials: Some(Credentials {
                element: digest(&instance.token),
                ..self.credentials.clone()
            }),
            refused_version: None,
            instance_id: None,
        };
        let answer = self.client.resolve(within(DEADLINE, request)).await?;
        Ok(answer.into_inner().access_token)
    }
}

/// Secrets travel as digests.
fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

fn within<T>(deadline: Duration, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(deadline);
    request
}
