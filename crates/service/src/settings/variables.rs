//! Every setting that Ferrule has.

/// One setting: its environment variable, and its key in the TOML file (lower case, without `FERRULE_`).
#[derive(Debug)]
pub struct Variable {
    /// The environment variable.
    pub name: &'static str,
    /// What it is for, in one line.
    pub meaning: &'static str,
    /// What stands in the embedded form (`ferrule`) when nothing is set.
    pub embedded_default: Option<&'static str>,
    /// What stands in a service of its own when nothing is set.
    pub service_default: Option<&'static str>,
    /// What happens when there is neither value nor default.
    pub when_unset: &'static str,
    /// The whole value is a secret and never shown.
    pub secret: bool,
    /// The value is a secret or may hold one: `NAME_FILE` may name a file that holds it.
    pub has_file_form: bool,
    /// The programs that read it.
    pub used_by: &'static [&'static str],
}

impl Variable {
    /// The declared variable of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        VARIABLES.iter().find(|variable| variable.name == name)
    }

    /// Its key in the TOML file.
    pub fn key(&self) -> String {
        self.name.trim_start_matches("FERRULE_").to_ascii_lowercase()
    }

    /// The variable that names a file with the value, where there is one.
    pub fn file_form(&self) -> Option<String> {
        self.has_file_form.then(|| format!("{}_FILE", self.name))
    }
}

const EVERYWHERE: &[&str] = &["ferrule", "gateway", "oauth-broker", "instance-registry"];
const GRPC_SERVERS: &[&str] = &["ferrule", "oauth-broker", "instance-registry"];
const GATEWAY: &[&str] = &["ferrule", "gateway"];
const REGISTRY: &[&str] = &["ferrule", "instance-registry"];

const PLAIN: Variable = Variable {
    name: "",
    meaning: "",
    embedded_default: None,
    service_default: None,
    when_unset: "none",
    secret: false,
    has_file_form: false,
    used_by: EVERYWHERE,
};

const SECRET: Variable = Variable {
    secret: true,
    has_file_form: true,
    ..PLAIN
};

/// The settings, in the order in which they are shown.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "FERRULE_LISTEN",
        meaning: "gateway's HTTP address",
        embedded_default: Some("127.0.0.1:8080"),
        used_by: GATEWAY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_PUBLIC_URL",
        meaning: "how browsers and vendors reach the gateway",
        when_unset: "http://localhost and the port of FERRULE_LISTEN (embedded)",
        used_by: &["ferrule", "gateway", "oauth-broker"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_DATA_DIR",
        meaning: "where the embedded form keeps its state",
        embedded_default: Some("./.ferrule"),
        used_by: &["ferrule"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_DATABASE_URL",
        meaning: "postgres://… or sqlite://…",
        when_unset: "SQLite in the data directory (embedded)",
        has_file_form: true,
        used_by: REGISTRY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_REDIS_URL",
        meaning: "redis://… or rediss://…; its memory policy must be noeviction",
        when_unset: "a file in the data directory (embedded)",
        has_file_form: true,
        used_by: &["ferrule", "oauth-broker"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_MASTER_KEYS",
        meaning: "key ring: id:base64(32 bytes), comma separated, the first one seals",
        when_unset: "made once, kept in the data directory (embedded)",
        used_by: &["ferrule", "oauth-broker", "instance-registry"],
        ..SECRET
    },
    Variable {
        name: "FERRULE_CONNECTORS_DIR",
        meaning: "a folder of connector files that add to or override the built-in ones",
        ..PLAIN
    },
    Variable {
        name: "FERRULE_BOOTSTRAP_ORG_NAME",
        meaning: "name of the first organization: what customers read on connect links; 1 to 100 characters",
        when_unset: "what it was, at first First organization",
        used_by: REGISTRY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_BOOTSTRAP_ORG_SECRET",
        meaning: "secret of the first organization: 16 to 256 printable characters, no comma, no space",
        when_unset: "random",
        used_by: REGISTRY,
        ..SECRET
    },
    Variable {
        name: "FERRULE_BOOTSTRAP_USER_SECRET",
        meaning: "secret of the first user: 16 to 256 printable characters, no comma, no space",
        when_unset: "random",
        used_by: REGISTRY,
        ..SECRET
    },
    Variable {
        name: "FERRULE_BROKER_URL",
        meaning: "gRPC addresses of the oauth-broker: http(s)://host:port or dns:///host:port, comma separated; each \
                  address of a name is a replica",
        when_unset: "in process (embedded)",
        used_by: &["gateway", "instance-registry"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_REGISTRY_URL",
        meaning: "gRPC addresses of the instance-registry, likewise",
        when_unset: "in process (embedded)",
        used_by: &["gateway"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_GRPC_LISTEN",
        meaning: "gRPC address of this broker or registry; of ferrule: where internal clients call it",
        used_by: GRPC_SERVERS,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_GRPC_TLS_CERT",
        meaning: "PEM file: this service's certificate chain, for mTLS between services; the three files are read \
                  again as they change",
        ..PLAIN
    },
    Variable {
        name: "FERRULE_GRPC_TLS_KEY",
        meaning: "PEM file: the key of that certificate",
        ..PLAIN
    },
    Variable {
        name: "FERRULE_GRPC_TLS_CA",
        meaning: "PEM file: who signs the other services' certificates",
        ..PLAIN
    },
    Variable {
        name: "FERRULE_GRPC_PEERS",
        meaning: "names in certificates (DNS or spiffe://…) and what they stand for: role=name, comma separated; \
                  roles: gateway, instance-registry, client",
        when_unset: "gateway=gateway,instance-registry=instance-registry",
        used_by: GRPC_SERVERS,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_GRPC_REFLECTION",
        meaning: "tell peers what the gRPC calls are, as grpcurl asks",
        embedded_default: Some("false"),
        service_default: Some("false"),
        used_by: GRPC_SERVERS,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_ADMIN_LISTEN",
        meaning: "address of /healthz, /readyz and /metrics; port 0 takes a free one and prints it",
        embedded_default: Some("127.0.0.1:9090"),
        service_default: Some("0.0.0.0:9090"),
        ..PLAIN
    },
    Variable {
        name: "FERRULE_ANONYMOUS_CATALOGUE",
        meaning: "catalogue and oauth/url answer without credentials, rate-limited",
        embedded_default: Some("true"),
        service_default: Some("true"),
        used_by: GATEWAY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_RETURN_URLS",
        meaning: "exact returnUrls allowed, comma separated",
        when_unset: "any https URL, or http on loopback, of an authenticated caller",
        used_by: &["ferrule", "gateway", "oauth-broker"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_TRUSTED_PROXIES",
        meaning: "networks from which X-Forwarded-For is read, comma separated",
        used_by: GATEWAY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_LIMIT_ORGANIZATION_RATE",
        meaning: "calls through instances a second, for each organization; more get 429",
        when_unset: "no limit",
        used_by: GATEWAY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_LIMIT_ORGANIZATION_CONCURRENCY",
        meaning: "calls through instances at once, for each organization; more get 429",
        when_unset: "no limit",
        used_by: GATEWAY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_LIMIT_INSTANCE_RATE",
        meaning: "calls a second through one instance; more get 429",
        when_unset: "no limit",
        used_by: GATEWAY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_LIMIT_INSTANCE_CONCURRENCY",
        meaning: "calls at once through one instance; more get 429",
        when_unset: "no limit",
        used_by: GATEWAY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_ALLOW_PRIVATE_NETWORKS",
        meaning: "let vendor addresses be loopback or private",
        service_default: Some("false"),
        when_unset: "true while FERRULE_LISTEN is loopback (embedded)",
        ..PLAIN
    },
    Variable {
        name: "FERRULE_VENDOR_CA",
        meaning: "PEM file: who may sign vendors' certificates, beside Mozilla's authorities",
        when_unset: "Mozilla's alone",
        used_by: &["ferrule", "gateway", "oauth-broker"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_SANDBOX",
        meaning: "start the sandbox vendor",
        embedded_default: Some("true"),
        service_default: Some("false"),
        used_by: &["ferrule"],
        ..PLAIN
    },
    Variable {
        name: "FERRULE_REFRESH_RATE",
        meaning: "tokens that one process refreshes ahead of their end, a second and connector, at most",
        embedded_default: Some("400"),
        service_default: Some("400"),
        used_by: REGISTRY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_REFRESH_IDLE_DAYS",
        meaning: "refresh at least this often, where vendors drop refresh tokens that stay unused",
        when_unset: "only as access tokens end",
        used_by: REGISTRY,
        ..PLAIN
    },
    Variable {
        name: "FERRULE_DRAIN_SECONDS",
        meaning: "how long requests in flight may take after SIGTERM",
        embedded_default: Some("20"),
        service_default: Some("20"),
        ..PLAIN
    },
    Variable {
        name: "FERRULE_LOG",
        meaning: "what is logged: a level, or target=level pairs, comma separated",
        embedded_default: Some("info"),
        service_default: Some("info"),
        ..PLAIN
    },
    Variable {
        name: "FERRULE_LOG_FORMAT",
        meaning: "text or json, one line an entry, on stderr",
        embedded_default: Some("text"),
        service_default: Some("text"),
        ..PLAIN
    },
    Variable {
        name: "FERRULE_CONFIG",
        meaning: "TOML file of settings; its keys are these names in lower case, without FERRULE_",
        ..PLAIN
    },
    Variable {
        name: "OTEL_EXPORTER_OTLP_ENDPOINT",
        meaning: "where traces go (OTLP over gRPC), e.g. http://127.0.0.1:4317",
        ..PLAIN
    },
    Variable {
        name: "OTEL_EXPORTER_OTLP_CERTIFICATE",
        meaning: "PEM file of the authority that signs the collector's certificate; for an https://… endpoint",
        ..PLAIN
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_secrets_have_a_file_form() {
        for (place, variable) in VARIABLES.iter().enumerate() {
            let same = VARIABLES.iter().position(|other| other.name == variable.name);
            assert_eq!(same, Some(place), "{}", variable.name);
            assert!(!variable.secret || variable.has_file_form, "{}", variable.name);
            assert!(
                variable
                    .used_by
                    .iter()
                    .all(|program| EVERYWHERE.contains(program)),
                "{}",
                variable.name
            );
        }
    }

    #[test]
    fn a_key_is_the_name_in_lower_case_without_the_prefix() {
        assert_eq!(Variable::find("FERRULE_LISTEN").unwrap().key(), "listen");
        assert_eq!(
            Variable::find("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap().key(),
            "otel_exporter_otlp_endpoint"
        );
        assert!(Variable::find("FERRULE_LISTN").is_none());
    }
}
