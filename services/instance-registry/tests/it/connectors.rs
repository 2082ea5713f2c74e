//! Connectors of every kind that the registry tells apart.

pub const ACME: &str = r#"
key = "acme"
name = "Acme"
hub = "crm"
[auth]
kind = "oauth2"
authorization_url = "https://{shop}.acme.com/authorize"
token_url = "https://{shop}.acme.com/token"
revocation_url = "https://{shop}.acme.com/revoke"
[[parameters]]
name = "shop"
label = "Shop"
pattern = "[a-z]+"
"#;

/// Whoever connects types its whole host.
pub const ANYWHERE: &str = r#"
key = "anywhere"
name = "Anywhere"
hub = "crm"
[auth]
kind = "oauth2"
authorization_url = "https://{host}/authorize"
token_url = "https://{host}/token"
[[parameters]]
name = "host"
label = "Host"
pattern = "[a-z.]+"
"#;

pub const KEYED: &str = r#"
key = "keyed"
name = "Keyed"
hub = "crm"
[auth]
kind = "api_key"
[[parameters]]
name = "region"
label = "Region"
pattern = "[a-z]+"
[[parameters]]
name = "pet"
label = "The pet's name"
secret = true
required = false
"#;

pub const APP: &str = r#"
key = "robots"
name = "Robots"
hub = "crm"
[auth]
kind = "client_credentials"
token_url = "https://{shop}.acme.com/token"
revocation_url = "https://{shop}.acme.com/revoke"
[[parameters]]
name = "shop"
label = "Shop"
pattern = "[a-z]+"
"#;

pub const BASIC: &str = r#"
key = "basic"
name = "Basic"
hub = "crm"
[auth]
kind = "basic"
"#;
