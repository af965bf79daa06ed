//! Tokens and signatures that are spent, stale, bent or missing.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::Server;

use super::Place;

both_databases! {
    async fn tokens_that_are_spent_stale_or_bent_open_nothing(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let stranger = api.without_token();
        let soon = from_now(1);
        let token = api.post("/tokens", json!({ "name": "short", "expires_at": soon })).await.expect_status(201).text("/token");
        api.with_token(&token).get("/me").await.expect_status(200);
        api.post("/tokens", json!({ "name": "past", "expires_at": "2020-01-01T00:00:00Z" })).await.expect_refusal().expect_status(422);
        let long = api.post("/tokens", json!({ "name": "long" })).await.expect_status(201);
        let bent = [long.text("/token").to_uppercase(), format!("{}x", long.text("/token")), long.text("/token")[1..].to_owned()];
        for token in bent {
            api.with_token(&token).get("/me").await.expect_problem(401, "token_invalid");
        }
        api.with_token(&long.text("/token")).delete(&format!("/tokens/{}", long.text("/id"))).await.expect_status(204);
        api.with_token(&long.text("/token")).get("/me").await.expect_problem(401, "token_invalid");

        // A refresh token that is used again was copied: the whole family ends.
        let login = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
        let first = stranger.post("/auth/login", login.clone()).await.expect_status(200);
        let spent = json!({ "refresh_token": first.text("/refresh_token") });
        let second = stranger.post("/auth/refresh", spent.clone()).await.expect_status(200);
        stranger.with_token(&first.text("/access_token")).get("/me").await.expect_status(200);
        stranger.post("/auth/refresh", spent).await.expect_problem(401, "refresh_reused");
        for answer in [&first, &second] {
            stranger.with_token(&answer.text("/access_token")).get("/me").await.expect_problem(401, "session_ended");
        }
        stranger.post("/auth/refresh", json!({ "refresh_token": second.text("/refresh_token") })).await.expect_problem(401, "session_ended");
        api.get("/me").await.expect_status(200);

        // Signed out is out; every byte of a token counts.
        let third = stranger.post("/auth/login", login).await.expect_status(200);
        let session = stranger.with_token(&third.text("/access_token"));
        let access = third.text("/access_token");
        for at in (0..access.len()).step_by(23) {
            let mut bytes = access.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            stranger.with_token(std::str::from_utf8(&bytes).unwrap()).get("/me").await.expect_refusal().expect_status(401);
        }
        session.post("/auth/logout", json!({})).await.expect_status(204);
        session.get("/me").await.expect_problem(401, "session_ended");
        for header in ["Basic YTpi", "Bearer", "Bearer ", "bearer", "Token x", &format!("Bearer {}", "x".repeat(9000))] {
            stranger.with_header("authorization", header).get("/me").await.expect_refusal().expect_status(401);
        }
        // Wrong and unknown are told alike.
        let wrong = stranger.post("/auth/login", json!({ "email": "ada@acme.example", "password": "wrong horse battery" })).await.expect_problem(401, "credentials_wrong");
        let unknown = stranger.post("/auth/login", json!({ "email": "nobody@acme.example", "password": "wrong horse battery" })).await.expect_problem(401, "credentials_wrong");
        assert_eq!(wrong.at("/detail"), unknown.at("/detail"));
        stranger.post("/setup", json!({ "workspace": "B", "name": "Bob", "email": "bob@b.example", "password": "correct horse battery" })).await.expect_problem(409, "already_set_up");
        tokio::time::sleep(Duration::from_millis(1200)).await;
        api.with_token(&token).get("/me").await.expect_problem(401, "token_expired");
        place.expect_sound();
    }

    async fn hooks_believe_only_what_is_signed_and_fresh(db) {
        use base64::Engine as _;
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let mac = |key: &[u8], parts: &[&[u8]]| {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().to_vec()
        };
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let new = async |name: &str, scheme: Value, secret: Option<&str>| {
            let mut new = json!({ "name": name, "scheme": scheme });
            if let Some(secret) = secret { new["secret"] = json!(secret); }
            let made = api.post("/hooks", new).await.expect_status(201);
            (made.text("/path"), made.text("/secret"))
        };
        let post = async |path: &str, headers: &[(&str, String)], body: &str| {
            let sender = headers.iter().fold(api.without_token().outside(), |sender, (name, value)| sender.with_header(name, value));
            sender.send_bytes(Method::POST, path, Some("application/json"), body).await
        };
        let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;

        let (slack, secret) = new("slack", json!("slack"), Some("8f742231b10e8888abcd99yyyzzz85a5")).await;
        let signed = |at: i64, body: &str| {
            let signature = format!("v0={}", hex::encode(mac(secret.as_bytes(), &[format!("v0:{at}:{body}").as_bytes()])));
            vec![("x-slack-request-timestamp", at.to_string()), ("x-slack-signature", signature)]
        };
        post(&slack, &signed(now(), "{}"), "{}").await.expect_status(202);
        for stale in [now() - 301, now() + 302, 0, i64::MAX, i64::MIN] {
            post(&slack, &signed(stale, "{}"), "{}").await.expect_problem(401, "timestamp_stale");
        }
        post(&slack, &signed(now(), "{}"), "{ }").await.expect_problem(401, "signature_invalid");
        post(&slack, &signed(now(), "{}")[..1], "{}").await.expect_problem(401, "signature_missing");
        post(&slack, &signed(now(), "{}")[1..], "{}").await.expect_problem(401, "timestamp_invalid");
        let mut moved = signed(now(), "{}");
        moved[0].1 = (now() - 1).to_string();
        post(&slack, &moved, "{}").await.expect_problem(401, "signature_invalid");

        let (standard, secret) = new("standard", json!("standard_webhooks"), None).await;
        let key = base64::prelude::BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = |id: &str, at: i64, body: &str| {
            let signature = base64::prelude::BASE64_STANDARD.encode(mac(&key, &[format!("{id}.{at}.{body}").as_bytes()]));
            vec![("webhook-id", id.to_owned()), ("webhook-timestamp", at.to_string()), ("webhook-signature", format!("v1,AAAA v1,{signature}"))]
        };
        post(&standard, &signed("msg_1", now(), "{}"), "{}").await.expect_status(202);
        assert_eq!(post(&standard, &signed("msg_1", now(), "{}"), "{}").await.expect_status(202).at("/duplicate"), true);
        post(&standard, &signed("msg_2", now() - 400, "{}"), "{}").await.expect_problem(401, "timestamp_stale");
        post(&standard, &signed("msg_2", now(), "{}"), "[]").await.expect_problem(401, "signature_invalid");
        let mut other = signed("msg_2", now(), "{}");
        other[0].1 = "msg_3".into();
        post(&standard, &other, "{}").await.expect_problem(401, "signature_invalid");

        let scheme = json!({ "scheme": "hmac", "header": "X-Signature", "encoding": "base64" });
        let (generic, secret) = new("generic", scheme, None).await;
        let good = base64::prelude::BASE64_STANDARD.encode(mac(secret.as_bytes(), &[b"{}"]));
        post(&generic, &[("x-signature", good.clone())], "{}").await.expect_status(202);
        for bad in [good.to_lowercase(), format!("{good}="), String::new(), good[1..].to_owned(), hex::encode(mac(secret.as_bytes(), &[b"{}"]))] {
            post(&generic, &[("x-signature", bad)], "{}").await.expect_refusal().expect_status(401);
        }
        post(&generic, &[], "{}").await.expect_problem(401, "signature_missing");

        let (token, secret) = new("token", json!("token"), None).await;
        post(&token, &[("authorization", format!("Bearer {secret}"))], "{}").await.expect_status(202);
        post(&token, &[("authorization", format!("Bearer {secret}x"))], "{}").await.expect_problem(401, "token_invalid");
        post(&token, &[], "{}").await.expect_problem(401, "token_missing");

        // A new secret voids the old one at once; a deleted hook takes nothing.
        let id = token.rsplit('/').next().unwrap();
        let rotated = api.post(&format!("/hooks/{id}/rotate"), json!({})).await.expect_status(200).text("/secret");
        post(&token, &[("authorization", format!("Bearer {secret}"))], "{}").await.expect_problem(401, "token_invalid");
        post(&token, &[("authorization", format!("Bearer {rotated}"))], "{}").await.expect_status(202);
        api.delete(&format!("/hooks/{id}")).await.expect_status(204);
        post(&token, &[("authorization", format!("Bearer {rotated}"))], "{}").await.expect_problem(404, "hook_not_found");
        for new in [json!({ "name": "x" }), json!({ "name": "x", "scheme": "md5" }), json!({ "name": "x", "scheme": { "scheme": "hmac" } }), json!({ "name": "in", "scheme": "none" }),
            json!({ "name": "x", "scheme": "none", "secret": "abc" }), json!({ "name": "x", "scheme": { "scheme": "github", "header": "x" } }), json!({ "name": "x", "scheme": "slack" })] {
            api.post("/hooks", new).await.expect_refusal();
        }
        assert!(!place.server.log().contains(&secret) && !place.server.log().contains(&rotated));
        place.expect_sound();
    }
}

/// A time so many seconds from now, as RFC 3339.
fn from_now(seconds: u64) -> String {
    let at =
        std::time::SystemTime::UNIX_EPOCH + std::time::UNIX_EPOCH.elapsed().unwrap() + Duration::from_secs(seconds);
    chrono::DateTime::<chrono::Utc>::from(at).to_rfc3339()
}
