//! A listening socket, or the setting to change.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Why an address could not be listened on; the words name the setting.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error("{variable}: {address} is taken ({}): stop the other program or set {variable}", reason(.cause))]
    Taken {
        /// The setting that the address came from.
        variable: &'static str,
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The address is not this machine's, or this user may not listen there.
    #[error(
        "{variable}: cannot listen on {address} ({}): set {variable} to an address of this machine and a port \
         that this user may open",
        reason(.cause)
    )]
    Refused {
        /// The setting that the address came from.
        variable: &'static str,
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
}

/// Listens on `address`, which came from the setting `variable`. Port 0 takes a free one: [`announce`] says which.
pub async fn bind(variable: &'static str, address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|cause| {
        if cause.kind() == io::ErrorKind::AddrInUse {
            BindError::Taken {
                variable,
                address,
                cause,
            }
        } else {
            BindError::Refused {
                variable,
                address,
                cause,
            }
        }
    })
}

/// Logs where a process can be reached. Do it once nothing can go wrong any more, so that a start that fails says
/// one thing only: why.
pub fn announce(listeners: &[(&'static str, &TcpListener)]) {
    for (setting, listener) in listeners {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(setting, %address, "listening");
        }
    }
}

/// What the system said, without its number.
fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_names_the_setting_and_the_way_out() {
        let any_port = "127.0.0.1:0".parse().unwrap();
        let first = bind("FERRULE_LISTEN", any_port).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = bind("FERRULE_LISTEN", address).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "FERRULE_LISTEN: {address} is taken (Address already in use): stop the other program or set \
                 FERRULE_LISTEN"
            )
        );
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_refused_with_words() {
        let elsewhere = "192.0.2.1:80".parse().unwrap();
        let error = bind("FERRULE_ADMIN_LISTEN", elsewhere)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("FERRULE_ADMIN_LISTEN: cannot listen on 192.0.2.1:80 ("),
            "{error}"
        );
        assert!(!error.contains("os error"), "{error}");
    }
}
