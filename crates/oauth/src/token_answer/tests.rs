use jiff::ToSpan as _;
use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

const SENT: Timestamp = Timestamp::UNIX_EPOCH;
const JSON: Option<&str> = Some("application/json");

fn read(status: u16, body: &str) -> TokenAnswer {
    read_token_answer(
        status,
        JSON,
        body.as_bytes(),
        SENT,
        "asked",
        &AnswerShape::default(),
    )
}

fn grant(body: &str) -> Grant {
    match read(200, body) {
        TokenAnswer::Granted(grant) => grant,
        other => panic!("{body}: {other:?}"),
    }
}

fn tokens_of(grant: &Grant) -> (&str, Option<&str>) {
    let refresh = grant
        .tokens
        .refresh_token
        .as_ref()
        .map(ExposeSecret::expose_secret);
    (grant.tokens.access_token.expose_secret(), refresh)
}

/// `error|description`, or what else it was.
fn told(answer: TokenAnswer) -> String {
    match answer {
        TokenAnswer::Granted(_) => "granted".to_owned(),
        TokenAnswer::Refused { error, description } => format!("{error}|{}", description.unwrap_or_default()),
        TokenAnswer::Unclear { status } => format!("unclear {status}"),
    }
}

#[test]
fn the_answer_of_rfc_6749_section_5_1() {
    let grant = grant(
        r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600,
            "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"}"#,
    );
    assert_eq!(
        tokens_of(&grant),
        ("2YotnFZFEjr1zCsicMWpAA", Some("tGzv3JOkF0XG5Qx2TlKWIA"))
    );
    assert_eq!(grant.tokens.expires_at, Some(SENT + 1.hour()));
    assert_eq!(grant.tokens.scope, "asked");
    assert_eq!(
        grant.extra.iter().collect::<Vec<_>>(),
        [("example_parameter", "example_value"), ("token_type", "example")]
    );
}

#[test]
fn intercoms_answer_never_expires() {
    let both = grant(r#"{"token":"a","access_token":"a","token_type":"Bearer"}"#);
    assert_eq!((tokens_of(&both), both.tokens.expires_at), (("a", None), None));
    assert_eq!(tokens_of(&grant(r#"{"token":"a"}"#)), ("a", None));
    assert_eq!(
        tokens_of(&grant(r#"{"token":"a","access_token":"b"}"#)),
        ("b", None)
    );
    assert_eq!(both.extra.get("token"), None);
}

#[test]
fn a_lifetime_is_read_however_it_is_written() {
    let hour = Some(SENT + 1.hour());
    for (written, want) in [
        ("3600", hour),
        ("3600.0", hour),
        ("3.6e3", hour),
        (r#""3600""#, hour),
        (r#"" 3600 ""#, hour),
        (r#""3600.5""#, Some(SENT + 3_600_500.milliseconds())),
        ("0", None),
        ("-1", None),
        (r#""0""#, None),
        ("null", None),
        ("true", None),
        ("[3600]", None),
        (r#""soon""#, None),
        (r#""NaN""#, None),
        (r#""inf""#, None),
        (r#""""#, None),
        ("1e308", None),
        ("99999999999999999999999999", None),
        ("18446744073709551615", None),
    ] {
        let grant = grant(&format!(r#"{{"access_token":"a","expires_in":{written}}}"#));
        assert_eq!(grant.tokens.expires_at, want, "{written}");
    }
}

#[test]
fn a_scope_is_read_however_it_is_written() {
    for (written, want) in [
        (r#""read write""#, "read write"),
        (r#""read,write""#, "read,write"),
        (r#"["read","write"]"#, "read write"),
        (r#"["read",1,null]"#, "read"),
        ("[]", "asked"),
        (r#""""#, "asked"),
        ("null", "asked"),
        ("7", "asked"),
    ] {
        let grant = grant(&format!(r#"{{"access_token":"a","scope":{written}}}"#));
        assert_eq!(grant.tokens.scope, want, "{written}");
    }
}

#[test]
fn the_body_decides_what_it_is_written_in() {
    let form =
        b"access_token=a%2B1&refresh_token=r&expires_in=60&scope=x+y&instance_url=https%3A%2F%2Fa".as_slice();
    for content_type in [
        None,
        JSON,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let TokenAnswer::Granted(grant) =
            read_token_answer(200, content_type, form, SENT, "", &AnswerShape::default())
        else {
            panic!("{content_type:?}");
        };
        assert_eq!(tokens_of(&grant), ("a+1", Some("r")));
        assert_eq!(grant.tokens.expires_at, Some(SENT + 1.minute()));
        assert_eq!(grant.tokens.scope, "x y");
        assert_eq!(grant.extra.get("instance_url"), Some("https://a"));
    }
    let json = b"\xef\xbb\xbf \n{\"access_token\":\"a\"}\n".as_slice();
    for content_type in [
        None,
        Some("text/html; charset=utf-8"),
        Some("application/x-www-form-urlencoded"),
    ] {
        assert!(matches!(
            read_token_answer(200, content_type, json, SENT, "", &AnswerShape::default()),
            TokenAnswer::Granted(_)
        ));
    }
}

#[test]
fn of_a_repeated_name_the_last_value_counts() {
    assert_eq!(
        tokens_of(&grant(r#"{"access_token":"a","access_token":"b"}"#)),
        ("b", None)
    );
    assert_eq!(tokens_of(&grant("access_token=a&access_token=b")), ("b", None));
}

#[test]
fn an_id_token_is_not_kept_and_odd_fields_do_no_harm() {
    let grant = grant(
        r#"{"access_token":"a","refresh_token":null,"id_token":"i","user":{"id":1},"account_id":42,
            "ok":true,"error":null,"empty":""}"#,
    );
    assert_eq!(tokens_of(&grant), ("a", None));
    assert_eq!(
        grant.extra.iter().collect::<Vec<_>>(),
        [("account_id", "42"), ("user.id", "1")]
    );
}

#[test]
fn a_refusal_is_told_by_status_or_by_error() {
    for (status, body, want) in [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"expired"}"#,
            "invalid_grant|expired",
        ),
        (
            400,
            "error=invalid_grant&error_description=expired+now",
            "invalid_grant|expired now",
        ),
        (400, "", "|"),
        (400, r#"{"access_token":"a"}"#, "|"),
        (401, r#"{"error":"invalid_client"}"#, "invalid_client|"),
        (403, "Forbidden", "|"),
        (403, "<html><body>no</body></html>", "|"),
        (404, "[]", "|"),
        (429, "slow down", "|"),
        (
            200,
            r#"{"error":"bad_verification_code","error_description":"x"}"#,
            "bad_verification_code|x",
        ),
        (200, "error=bad_verification_code", "bad_verification_code|"),
        (200, r#"{"ok":false,"error":"invalid_code"}"#, "invalid_code|"),
        (
            200,
            r#"{"error":"invalid_grant","access_token":"a"}"#,
            "invalid_grant|",
        ),
        (
            400,
            r#"{"error":{"message":"used","type":"OAuthException","code":100}}"#,
            "OAuthException|used",
        ),
        (400, r#"{"error":{"code":190}}"#, "190|"),
        (200, r#"{"error":true}"#, "|"),
        (200, r#"{"error":["x"]}"#, "|"),
    ] {
        assert_eq!(told(read(status, body)), want, "{status} {body}");
    }
}

#[test]
fn no_error_is_no_refusal() {
    for error in ["null", "false", "0", r#""""#] {
        assert_eq!(
            told(read(200, &format!(r#"{{"access_token":"a","error":{error}}}"#))),
            "granted",
            "{error}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_unclear() {
    let deep = format!(
        r#"{{"access_token":"a","x":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    let large = format!(r#"{{"access_token":"a","x":"{}"}}"#, "x".repeat(MAX_ANSWER_BYTES));
    for (status, body) in [
        (200, ""),
        (200, "ok"),
        (200, "null"),
        (200, "[]"),
        (200, "{"),
        (200, "{}"),
        (200, r#"{"access_token":""}"#),
        (200, r#"{"access_token":null}"#),
        (200, r#"{"access_token":{"value":"a"}}"#),
        (200, r#"{"access_token":"a"} trailing"#),
        (200, "<html>access_token=a</html>"),
        (200, "access_token="),
        (200, &deep),
        (200, &large),
        (204, ""),
        (302, ""),
        (500, r#"{"error":"invalid_grant"}"#),
        (502, "<html>Bad gateway</html>"),
        (503, r#"{"access_token":"a"}"#),
        (0, ""),
        (999, r#"{"access_token":"a"}"#),
    ] {
        assert_eq!(told(read(status, body)), format!("unclear {status}"), "{status}");
    }
    assert_eq!(
        told(read_token_answer(
            200,
            Some("text/HTML"),
            b"a=b&access_token=a",
            SENT,
            "",
            &AnswerShape::default(),
        )),
        "unclear 200"
    );
    assert_eq!(
        told(read_token_answer(
            200,
            JSON,
            b"{\"access_token\":\"\xff\"}",
            SENT,
            "",
            &AnswerShape::default(),
        )),
        "unclear 200"
    );
    assert_eq!(told(read(400, &large)), "|");
}

#[test]
fn no_secret_is_shown() {
    let granted = read(
        200,
        r#"{"access_token":"canary","refresh_token":"canary","id_token":"canary","x":"canary"}"#,
    );
    let refused = read(400, r#"{"error":"canary","error_description":"canary"}"#);
    for answer in [granted, refused] {
        assert!(!format!("{answer:?}").contains("canary"), "{answer:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(status: u16, content_type: Option<String>, body: Vec<u8>, second: i32) {
        let sent = Timestamp::from_second(i64::from(second)).unwrap();
        let _ = read_token_answer(status, content_type.as_deref(), &body, sent, "", &AnswerShape::default());
    }

    #[test]
    fn no_fields_make_it_panic(
        name in "access_token|token|refresh_token|expires_in|scope|error|error_description",
        value in r#"null|true|-?[0-9]{1,40}(\.[0-9]{1,5})?|"[a-z0-9.]{0,20}"|\[[0-9]?\]|\{("[a-z]":1)?\}"#,
    ) {
        let body = format!(r#"{{"access_token":"a","{name}":{value}}}"#);
        let _ = read_token_answer(200, JSON, body.as_bytes(), Timestamp::MAX, "", &AnswerShape::default());
    }
}
