//! The server of OAuth 1.0a, as somebody meets it who cannot sign.

use ferrule_testkit::{HttpClient, OAuth1Provider};

#[test]
fn what_is_not_signed_is_refused() {
    let provider = OAuth1Provider::start(&["http://localhost:8080/callback"], &["HMAC-SHA1"]);
    let http = HttpClient::new();
    let forged = "OAuth oauth_consumer_key=\"ferrule-client\", oauth_signature_method=\"HMAC-SHA1\", \
                  oauth_timestamp=\"1\", oauth_nonce=\"0123456789\", oauth_signature=\"AAAA\"";
    for (url, headers, status) in [
        (provider.request_token_url(), &[][..], 400),
        (provider.request_token_url(), &[("Authorization", forged)], 400),
        (provider.token_url(), &[], 400),
    ] {
        let answer = http.post(&url, headers, String::new());
        assert_eq!(
            answer.status,
            status,
            "{url} {}\n{}",
            answer.text(),
            provider.log()
        );
    }
    let unsigned = http.get(&format!("{}/me", provider.api_url()), &[]);
    assert_eq!(unsigned.status, 401, "{}", unsigned.text());
    assert_eq!(provider.answered("/api/me", 401), 1);
}
