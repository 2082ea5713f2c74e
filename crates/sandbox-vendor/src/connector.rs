//! The connector file with which Ferrule reaches this vendor.

/// The text of the connector file (TOML) for the vendor at this issuer, an address as in [`Settings`](crate::Settings).
pub fn connector_file(issuer: &str) -> String {
    let base = issuer.trim_end_matches('/');
    format!(
        r#"id = 1000
key = "sandbox"
name = "Sandbox"
hub = "crm"
description = "A vendor that ships with Ferrule: contacts to read and add, with no account anywhere."

[auth]
kind = "oauth2"
authorization_url = "{base}/authorize"
token_url = "{base}/token"
revocation_url = "{base}/revoke"
issuer = "{issuer}"
iss = "required"
scopes = ["contacts"]
pkce = "s256"
refresh = "rotating"

[api]
base_url = "{base}"
headers = {{ Accept = "application/json" }}
authorization = "Bearer {{access_token}}"
ping = "GET /me"

[[resources]]
path = "/contacts"
vendor_path = "/contacts"
methods = ["GET", "POST"]

[[resources]]
path = "/me"
vendor_path = "/me"
methods = ["GET"]
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_as_toml_and_names_the_endpoints() {
        let file: toml::Table = connector_file("http://127.0.0.1:40123").parse().unwrap();
        assert_eq!(file["id"].as_integer(), Some(1000));
        assert_eq!(
            file["auth"]["token_url"].as_str(),
            Some("http://127.0.0.1:40123/token")
        );
        assert_eq!(file["auth"]["issuer"].as_str(), Some("http://127.0.0.1:40123"));
        assert_eq!(
            file["api"]["authorization"].as_str(),
            Some("Bearer {access_token}")
        );
    }
}
