//! Every vendor's published example, and the promise that one changed byte is refused.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn check(
    scheme: &Scheme,
    secret: &str,
    headers: &[(&str, &str)],
    raw: &[u8],
    now: DateTime<Utc>,
) -> Result<Verified, Refused> {
    let find = |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
    verify(scheme, secret, &find, raw, now)
}

fn code(outcome: Result<Verified, Refused>) -> &'static str {
    outcome.expect_err("must be refused").code
}

const GITHUB_SECRET: &str = "It's a Secret to Everybody";
const GITHUB_SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STANDARD_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const STANDARD_BODY: &[u8] = br#"{"test": 2432232314}"#;
const SLACK_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const SLACK_BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SLACK_SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

fn standard_headers(signature: &str) -> [(&'static str, &str); 3] {
    [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", signature),
    ]
}

#[test]
fn github_accepts_its_documented_example() {
    let headers = [("X-Hub-Signature-256", GITHUB_SIGNATURE), ("X-GitHub-Delivery", "72d3162e")];
    let verified = check(&Scheme::Github, GITHUB_SECRET, &headers, b"Hello, World!", at(0)).unwrap();
    assert_eq!(verified.delivery_id.as_deref(), Some("72d3162e"));
}

#[test]
fn github_refuses_what_is_missing_or_spelt_otherwise() {
    let body = b"Hello, World!";
    let upper = GITHUB_SIGNATURE.to_uppercase().replace("SHA256", "sha256");
    for (headers, expected) in [
        (vec![], "signature_missing"),
        (vec![("X-Hub-Signature", GITHUB_SIGNATURE)], "signature_missing"),
        (vec![("X-Hub-Signature-256", "sha256=")], "signature_invalid"),
        (vec![("X-Hub-Signature-256", &GITHUB_SIGNATURE[7..])], "signature_invalid"),
        (vec![("X-Hub-Signature-256", upper.as_str())], "signature_invalid"),
    ] {
        assert_eq!(code(check(&Scheme::Github, GITHUB_SECRET, &headers, body, at(0))), expected, "{headers:?}");
    }
    let right = [("X-Hub-Signature-256", GITHUB_SIGNATURE)];
    assert_eq!(code(check(&Scheme::Github, "", &right, body, at(0))), "secret_invalid");
    assert_eq!(code(check(&Scheme::Github, "other", &right, body, at(0))), "signature_invalid");
}

#[test]
fn standard_webhooks_accepts_its_reference_vector_within_five_minutes() {
    let headers = standard_headers(STANDARD_SIGNATURE);
    let sent = at(1_614_265_330);
    for (seconds, accepted) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let now = sent + TimeDelta::seconds(seconds);
        let outcome = check(&Scheme::StandardWebhooks, STANDARD_SECRET, &headers, STANDARD_BODY, now);
        match accepted {
            true => assert_eq!(outcome.unwrap().delivery_id.as_deref(), Some("msg_p5jXN8AQM9LWM0D4loKWxJek")),
            false => assert_eq!(code(outcome), "timestamp_stale"),
        }
    }
}

#[test]
fn standard_webhooks_takes_the_matching_one_of_several_signatures() {
    let now = at(1_614_265_330);
    let rotated = format!("v1a,aGVsbG8= v1,d3Jvbmc= {STANDARD_SIGNATURE}");
    assert!(check(&Scheme::StandardWebhooks, STANDARD_SECRET, &standard_headers(&rotated), STANDARD_BODY, now).is_ok());
    for wrong in [
        "",
        "v1,",
        "v1",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ] {
        let outcome = check(&Scheme::StandardWebhooks, STANDARD_SECRET, &standard_headers(wrong), STANDARD_BODY, now);
        assert_eq!(code(outcome), "signature_invalid", "{wrong}");
    }
    // Unused base64 bits would decode to the same bytes; the text differs, so it is refused.
    let twin = STANDARD_SIGNATURE.replace("1OE=", "1OF=");
    let outcome = check(&Scheme::StandardWebhooks, STANDARD_SECRET, &standard_headers(&twin), STANDARD_BODY, now);
    assert_eq!(code(outcome), "signature_invalid");
}

#[test]
fn standard_webhooks_names_what_is_wrong_with_timestamp_and_secret() {
    let now = at(1_614_265_330);
    for bad in ["", "now", "1614265330.5", "99999999999999999999"] {
        let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", bad), ("webhook-signature", STANDARD_SIGNATURE)];
        let outcome = check(&Scheme::StandardWebhooks, STANDARD_SECRET, &headers, STANDARD_BODY, now);
        assert_eq!(code(outcome), "timestamp_invalid", "{bad}");
    }
    let headers = standard_headers(STANDARD_SIGNATURE);
    let outcome = check(&Scheme::StandardWebhooks, "whsec_not base64", &headers, STANDARD_BODY, now);
    assert_eq!(code(outcome), "secret_invalid");
    assert!(Scheme::StandardWebhooks.check_secret("whsec_not base64").is_err());
    assert!(Scheme::StandardWebhooks.check_secret(STANDARD_SECRET).is_ok());
}

#[test]
fn slack_accepts_its_documented_example_while_fresh() {
    let headers = [("X-Slack-Signature", SLACK_SIGNATURE), ("X-Slack-Request-Timestamp", "1531420618")];
    let verified = check(&Scheme::Slack, SLACK_SECRET, &headers, SLACK_BODY, at(1_531_420_618)).unwrap();
    assert_eq!(verified.delivery_id, None, "a slash command carries no event id");
    let late = check(&Scheme::Slack, SLACK_SECRET, &headers, SLACK_BODY, at(1_531_420_618 + 301));
    assert_eq!(code(late), "timestamp_stale");
}

#[test]
fn slack_events_are_known_by_their_event_id() {
    let body = br#"{"type":"event_callback","event_id":"Ev0PV52K25","event":{"type":"message"}}"#;
    let signature = format!("v0={}", mac("s", &[b"v0:100:", body]));
    let headers = [("X-Slack-Signature", signature.as_str()), ("X-Slack-Request-Timestamp", "100")];
    let verified = check(&Scheme::Slack, "s", &headers, body, at(100)).unwrap();
    assert_eq!(verified.delivery_id.as_deref(), Some("Ev0PV52K25"));
}

#[test]
fn gitlab_takes_a_token_or_a_standard_webhooks_signature() {
    let headers = [("X-Gitlab-Token", "s3cret"), ("X-Gitlab-Event-UUID", "e1"), ("Idempotency-Key", "d1")];
    let verified = check(&Scheme::Gitlab, "s3cret", &headers, b"{}", at(0)).unwrap();
    assert_eq!(verified.delivery_id.as_deref(), Some("d1"), "recursive hooks share the event's id");
    assert_eq!(code(check(&Scheme::Gitlab, "other", &headers, b"{}", at(0))), "token_invalid");
    assert_eq!(code(check(&Scheme::Gitlab, "other", &[], b"{}", at(0))), "token_missing");
    let signed = standard_headers(STANDARD_SIGNATURE);
    assert!(check(&Scheme::Gitlab, STANDARD_SECRET, &signed, STANDARD_BODY, at(1_614_265_330)).is_ok());
    assert_eq!(code(check(&Scheme::Gitlab, STANDARD_SECRET, &signed, b"{}", at(1_614_265_330))), "signature_invalid");
}

#[test]
fn generic_hmac_takes_either_hash_either_encoding_and_a_prefix() {
    // RFC 2202 section 3 and RFC 4231 section 4.3, test case 2 of each.
    let body = b"what do ya want for nothing?";
    let sha1 = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
    let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let base64 = STANDARD.encode(hex::decode(sha256).unwrap());
    for (settings, value) in [
        (r#"{"scheme":"hmac","header":"X-Sig"}"#, sha256.to_owned()),
        (r#"{"scheme":"hmac","header":"X-Sig","encoding":"hex"}"#, sha256.to_uppercase()),
        (r#"{"scheme":"hmac","header":"X-Sig","encoding":"base64"}"#, base64),
        (r#"{"scheme":"hmac","header":"X-Sig","algorithm":"sha1","prefix":"sha1="}"#, format!("sha1={sha1}")),
    ] {
        let scheme: Scheme = serde_json::from_str(settings).unwrap();
        let headers = [("x-sig", value.as_str()), ("idempotency-key", "k")];
        let verified = check(&scheme, "Jefe", &headers, body, at(0)).unwrap();
        assert_eq!(verified.delivery_id.as_deref(), Some("k"));
        assert_eq!(code(check(&scheme, "Jefe", &headers, b"other", at(0))), "signature_invalid");
        assert_eq!(code(check(&scheme, "Jefe", &[], body, at(0))), "signature_missing");
    }
}

#[test]
fn tokens_come_as_bearer_or_in_a_named_header() {
    let bearer = Scheme::Token { header: None };
    assert!(check(&bearer, "abc", &[("Authorization", "bearer abc")], b"", at(0)).is_ok());
    for wrong in ["abc", "Basic abc", "Bearer abcd", "Bearer ", ""] {
        assert_eq!(code(check(&bearer, "abc", &[("Authorization", wrong)], b"", at(0))), "token_invalid", "{wrong}");
    }
    assert_eq!(code(check(&bearer, "abc", &[], b"", at(0))), "token_missing");
    let named = Scheme::Token { header: Some("X-Token".into()) };
    assert!(check(&named, "abc", &[("x-token", "abc")], b"", at(0)).is_ok());
    assert_eq!(code(check(&named, "abc", &[("authorization", "Bearer abc")], b"", at(0))), "token_missing");
    assert_eq!(code(check(&named, "", &[("x-token", "")], b"", at(0))), "secret_invalid");
}

#[test]
fn overlong_delivery_ids_are_kept_as_a_digest() {
    let long = "x".repeat(5_000);
    let verified = check(&Scheme::None, "", &[("idempotency-key", &long)], b"", at(0)).unwrap();
    assert_eq!(verified.delivery_id.map(|id| id.len()), Some(71));
}

#[test]
fn schemes_read_back_as_they_were_written() {
    for text in [
        r#""github""#,
        r#""gitlab""#,
        r#""slack""#,
        r#""standard_webhooks""#,
        r#""token""#,
        r#""none""#,
        r#"{"scheme":"token","header":"X-Token"}"#,
        r#"{"scheme":"hmac","header":"X-Sig","algorithm":"sha1","encoding":"base64","prefix":"v1="}"#,
    ] {
        let scheme: Scheme = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&scheme).unwrap(), text);
    }
    let object: Scheme = serde_json::from_str(r#"{"scheme":"github"}"#).unwrap();
    assert_eq!(object, Scheme::Github);
}

#[test]
fn mistakes_in_a_scheme_say_what_to_write() {
    for (text, hint) in [
        (r#""svn""#, "use one of github, gitlab"),
        (r#""hmac""#, "needs `header`"),
        (r#"{"scheme":"github","header":"X-Sig"}"#, "`header` does not go with"),
        (r#"{"scheme":"token","encoding":"hex"}"#, "`encoding` does not go with"),
        (r#"{"scheme":"hmac","header":"a b"}"#, "not a header name"),
        (r#"{"scheme":"hmac","header":"X","algorithm":"md5"}"#, "unknown variant `md5`"),
        (r#"{"scheme":"hmac","header":"X","hash":"sha1"}"#, "unknown field `hash`"),
        (r#"{"header":"X"}"#, "missing field `scheme`"),
        ("7", "a scheme name"),
    ] {
        let error = serde_json::from_str::<Scheme>(text).unwrap_err().to_string();
        assert!(error.contains(hint), "{text}: {error}");
    }
}

#[test]
fn generated_secrets_fit_their_scheme_and_differ() {
    for scheme in [Scheme::Github, Scheme::Gitlab, Scheme::StandardWebhooks, Scheme::Token { header: None }] {
        let secret = generate_secret(&scheme).unwrap();
        assert!(scheme.check_secret(&secret).is_ok());
        assert_ne!(generate_secret(&scheme), Some(secret));
    }
    assert_eq!(generate_secret(&Scheme::Slack), None);
    assert_eq!(generate_secret(&Scheme::None), None);
    assert!(Scheme::Slack.check_secret("").is_err());
    assert!(Scheme::None.check_secret("").is_ok());
}

fn mac(key: &str, parts: &[&[u8]]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    hex::encode(mac.finalize().into_bytes())
}

/// Changes one byte of a header value into another byte a header may hold.
fn with_byte(text: &str, index: usize, byte: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let index = index % bytes.len();
    let byte = 0x20 + byte % 0x5f;
    (bytes[index] != byte).then(|| {
        bytes[index] = byte;
        String::from_utf8(bytes).unwrap()
    })
}

proptest! {
    #[test]
    fn one_changed_byte_of_the_body_is_refused(body in proptest::collection::vec(any::<u8>(), 1..200), index: usize, flip in 1u8..) {
        let mut changed = body.clone();
        let index = index % changed.len();
        changed[index] ^= flip;
        let hex = mac("secret", &[&body]);
        let github = format!("sha256={hex}");
        let slack = format!("v0={}", mac("secret", &[b"v0:100:", &body]));
        let headers = [
            ("x-hub-signature-256", github.as_str()),
            ("x-sig", hex.as_str()),
            ("x-slack-signature", slack.as_str()),
            ("x-slack-request-timestamp", "100"),
        ];
        let generic = Scheme::Hmac { header: "X-Sig".into(), algorithm: Algorithm::Sha256, encoding: Encoding::Hex, prefix: None };
        for scheme in [Scheme::Github, Scheme::Slack, generic] {
            prop_assert!(check(&scheme, "secret", &headers, &body, at(100)).is_ok());
            prop_assert_eq!(code(check(&scheme, "secret", &headers, &changed, at(100))), "signature_invalid");
        }
    }

    #[test]
    fn one_changed_byte_of_a_standard_webhooks_body_is_refused(body in proptest::collection::vec(any::<u8>(), 1..200), index: usize, flip in 1u8..) {
        let mut changed = body.clone();
        let index = index % changed.len();
        changed[index] ^= flip;
        let signature = format!("v1,{}", STANDARD.encode(hex::decode(mac("secret", &[b"m.100.", &body])).unwrap()));
        let headers = [("webhook-id", "m"), ("webhook-timestamp", "100"), ("webhook-signature", signature.as_str())];
        let secret = format!("whsec_{}", STANDARD.encode("secret"));
        prop_assert!(check(&Scheme::StandardWebhooks, &secret, &headers, &body, at(100)).is_ok());
        prop_assert_eq!(code(check(&Scheme::StandardWebhooks, &secret, &headers, &changed, at(100))), "signature_invalid");
    }

    #[test]
    fn one_changed_byte_of_the_signature_is_refused(index: usize, byte: u8) {
        if let Some(changed) = with_byte(GITHUB_SIGNATURE, index, byte) {
            let headers = [("x-hub-signature-256", changed.as_str())];
            prop_assert!(check(&Scheme::Github, GITHUB_SECRET, &headers, b"Hello, World!", at(0)).is_err());
        }
        if let Some(changed) = with_byte(STANDARD_SIGNATURE, index, byte) {
            let outcome = check(&Scheme::StandardWebhooks, STANDARD_SECRET, &standard_headers(&changed), STANDARD_BODY, at(1_614_265_330));
            prop_assert!(outcome.is_err());
        }
        if let Some(changed) = with_byte(SLACK_SIGNATURE, index, byte) {
            let headers = [("x-slack-signature", changed.as_str()), ("x-slack-request-timestamp", "1531420618")];
            prop_assert!(check(&Scheme::Slack, SLACK_SECRET, &headers, SLACK_BODY, at(1_531_420_618)).is_err());
        }
    }
}
