//! Who asks for an instance's credential: the key under which it is kept.

use ferrule_model::{Digest, InstanceId};
use ferrule_wire::v1::{Credentials, ResolveRequest};
use ferrule_wire::{Reason, Refusal};

use crate::auth::Presented;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    /// Whoever presents an Element token.
    Secrets(Presented),
    /// A browser that signed in, for an instance of its organization.
    Browser { session: Digest, instance: InstanceId },
}

impl Asker {
    /// Some byte of it, as good as random.
    pub(super) fn byte(self) -> u8 {
        let digest = match self {
            Self::Secrets(presented) => presented.narrowest(),
            Self::Browser { session, .. } => session,
        };
        let [byte, ..] = digest.as_bytes();
        *byte
    }

    /// What the registry is asked; `refused_version` is the one that the vendor refused just now.
    pub(super) fn request(self, refused_version: Option<i64>) -> ResolveRequest {
        match self {
            Self::Secrets(presented) => ResolveRequest {
                credentials: Some(presented.to_wire()),
                refused_version,
                instance_id: None,
            },
            Self::Browser { session, instance } => ResolveRequest {
                credentials: Some(Credentials {
                    session: session.as_bytes().to_vec(),
                    ..Credentials::default()
                }),
                refused_version,
                instance_id: Some(instance.0),
            },
        }
    }

    /// Why there is no credential. To a call, an instance that is not there means a token that is worth nothing.
    pub(super) fn refusal(self, status: tonic::Status) -> Refusal {
        let refusal = Refusal::from(status);
        match (self, refusal.reason) {
            (Self::Secrets(_), Reason::InstanceUnknown) => {
                Refusal::new(Reason::Unauthenticated, refusal.message)
            }
            _ => refusal,
        }
    }
}
