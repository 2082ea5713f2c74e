//! A verb a file.

use std::time::Duration;

pub(crate) mod callback;
pub(crate) mod connect_origin;
pub(crate) mod connect_session;
pub(crate) mod create_instance;
pub(crate) mod declared_resource;
pub(crate) mod delete_instance;
pub(crate) mod docs;
pub(crate) mod enable_instance;
pub(crate) mod get_element;
pub(crate) mod get_instance;
pub(crate) mod hubs;
pub(crate) mod icon;
pub(crate) mod instance_configuration;
pub(crate) mod list_elements;
pub(crate) mod list_instances;
pub(crate) mod oauth_token;
pub(crate) mod oauth_url;
pub(crate) mod read_audit;
pub(crate) mod stored_app;
pub(crate) mod update_instance;

/// How long a call may take that exchanges a code: the registry gives the broker 25 s, and has work of its own.
pub(crate) const EXCHANGE_DEADLINE: Duration = Duration::from_secs(30);
