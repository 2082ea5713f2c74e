//! Who may call which method: the one table. A method that stands in no row is refused to everybody.

use std::fmt;

use Role::{Client, Gateway, Registry};

/// Who calls, by what its certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A gateway.
    Gateway,
    /// An instance-registry.
    Registry,
    /// Another service of the house, which reads instances and their access tokens for itself.
    Client,
}

impl Role {
    /// Every role, under the name that settings give it.
    pub const NAMES: [(&str, Self); 3] = [
        ("gateway", Gateway),
        ("instance-registry", Registry),
        ("client", Client),
    ];
}

/// One method.
struct Rule {
    path: &'static str,
    /// Who may call it.
    callers: &'static [Role],
    /// Whether a call may be made again when it may have been answered: it changes nothing, or the same thing.
    repeat: bool,
}

const EVERY_PEER: &[Role] = &[Gateway, Registry, Client];

#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule("/ferrule.v1.OauthBroker/Authorize", &[Gateway], false),
    rule("/ferrule.v1.OauthBroker/RequestToken", &[Gateway], false),
    rule("/ferrule.v1.OauthBroker/Callback", &[Gateway], false),
    rule("/ferrule.v1.OauthBroker/FindOutcome", &[Gateway], true),
    rule("/ferrule.v1.OauthBroker/Exchange", &[Registry], false),
    rule("/ferrule.v1.OauthBroker/Confirm", &[Registry], true),
    rule("/ferrule.v1.OauthBroker/Refresh", &[Registry], false),
    rule("/ferrule.v1.OauthBroker/ReadJournal", &[Registry], true),
    rule("/ferrule.v1.OauthBroker/ConfirmRefresh", &[Registry], true),
    rule("/ferrule.v1.OauthBroker/Revoke", &[Registry], false),

    rule("/ferrule.v1.InstanceRegistry/Identify", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/OpenSession", &[Gateway], false),
    rule("/ferrule.v1.InstanceRegistry/FindSession", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/CloseSession", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/CreateInstance", &[Gateway, Client], false),
    rule("/ferrule.v1.InstanceRegistry/GetInstance", &[Gateway, Client], true),
    rule("/ferrule.v1.InstanceRegistry/FindApp", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/PutApp", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/GetApp", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/DeleteApp", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/CreateConnectSession", &[Gateway], false),
    rule("/ferrule.v1.InstanceRegistry/GetConnectSession", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/OpenConnectLink", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/FinishConnect", &[Gateway], false),
    rule("/ferrule.v1.InstanceRegistry/PutConnectOrigin", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/GetConnectOrigin", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/DeleteConnectOrigin", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/ListInstances", &[Gateway, Client], true),
    rule("/ferrule.v1.InstanceRegistry/UpdateInstance", &[Gateway], false),
    rule("/ferrule.v1.InstanceRegistry/SetEnabled", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/Resolve", &[Gateway, Client], true),
    rule("/ferrule.v1.InstanceRegistry/ReadAudit", &[Gateway], true),
    rule("/ferrule.v1.InstanceRegistry/DeleteInstance", &[Gateway], false),

    rule("/grpc.health.v1.Health/Check", EVERY_PEER, true),
    rule("/grpc.health.v1.Health/List", EVERY_PEER, true),
    rule("/grpc.health.v1.Health/Watch", EVERY_PEER, false),
    rule("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", EVERY_PEER, false),
    rule("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", EVERY_PEER, false),
];

const fn rule(path: &'static str, callers: &'static [Role], repeat: bool) -> Rule {
    Rule {
        path,
        callers,
        repeat,
    }
}

fn find(path: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.path == path)
}

/// How many methods stand in the table.
pub(crate) const METHODS: usize = RULES.len();

/// The path and its place in the table, where it is a method of it.
pub(crate) fn known_path(path: &str) -> Option<(usize, &'static str)> {
    let place = RULES.iter().position(|rule| rule.path == path)?;
    Some((place, RULES[place].path))
}

/// Whether a call of this method may be made again when it may have been answered.
pub(crate) fn may_repeat(path: &str) -> bool {
    find(path).is_some_and(|rule| rule.repeat)
}

/// What a peer is: some of the roles, or none. A request that came in over a socket has it among its extensions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Anybody may do everything: where services do not show certificates.
    pub const ALL: Self = Self(u8::MAX);

    /// These roles together.
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | bit(role)))
    }

    /// Whether this is one of them.
    pub fn has(self, role: Role) -> bool {
        self.0 & bit(role) != 0
    }

    /// Whether the peer is an internal client, and no service of Ferrule's.
    pub fn is_client_alone(self) -> bool {
        self == Self::of([Client])
    }

    /// Whether such a peer may call this method.
    pub(crate) fn may_call(self, path: &str) -> bool {
        find(path).is_some_and(|rule| rule.callers.iter().any(|role| self.has(*role)))
    }
}

fn bit(role: Role) -> u8 {
    match role {
        Gateway => 1,
        Registry => 2,
        Client => 4,
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = Role::NAMES.iter().filter(|(_, role)| self.has(*role));
        f.debug_set().entries(roles.map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    /// Every method of both `.proto` files.
    fn published() -> Vec<String> {
        let files = prost_types::FileDescriptorSet::decode(crate::DESCRIPTORS).unwrap();
        let services = files.file.iter().flat_map(|file| {
            let package = file.package();
            file.service.iter().map(move |service| (package, service))
        });
        services
            .flat_map(|(package, service)| {
                let methods = service.method.iter();
                methods.map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
            })
            .collect()
    }

    #[test]
    fn every_published_method_stands_in_the_table_once_and_no_other() {
        let published = published();
        for path in &published {
            let rules = RULES.iter().filter(|rule| rule.path == path);
            assert_eq!(rules.count(), 1, "{path}: say in access.rs who may call it");
        }
        let ours = RULES.iter().filter(|rule| rule.path.starts_with("/ferrule."));
        for rule in ours.clone() {
            assert!(
                published.iter().any(|path| path == rule.path),
                "{}: no such method",
                rule.path
            );
        }
        assert_eq!(ours.count(), published.len());
    }

    #[test]
    fn calls_go_one_way_and_internal_clients_have_four() {
        for path in published() {
            let [gateway, registry, client, nobody] = [
                Roles::of([Gateway]),
                Roles::of([Registry]),
                Roles::of([Client]),
                Roles::default(),
            ]
            .map(|roles| roles.may_call(&path));
            let method = path.rsplit('/').next().unwrap();
            let at_broker = path.contains("OauthBroker");
            assert!(!nobody, "{path}");
            assert_eq!(registry, at_broker && !gateway, "{path}");
            assert!(gateway || registry, "{path}");
            let for_clients = ["CreateInstance", "GetInstance", "ListInstances", "Resolve"];
            assert_eq!(client, for_clients.contains(&method), "{path}");
        }
        assert!(Roles::ALL.may_call("/ferrule.v1.OauthBroker/Exchange"));
        assert!(!Roles::ALL.may_call("/ferrule.v1.OauthBroker/NoSuchMethod"));
    }

    #[test]
    fn what_spends_a_code_or_a_token_is_never_repeated() {
        for method in ["Exchange", "Refresh", "Authorize", "Callback", "Revoke"] {
            assert!(
                !may_repeat(&format!("/ferrule.v1.OauthBroker/{method}")),
                "{method}"
            );
        }
        assert!(!may_repeat("/ferrule.v1.InstanceRegistry/CreateInstance"));
        assert!(may_repeat("/ferrule.v1.InstanceRegistry/Resolve"));
    }
}
