//! Codes of an app beside the password.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, People, Server};

use super::{happened, id_of};

const PASSWORD: &str = "correct horse battery";

/// What an app shows, written anew from RFC 6238: `off` steps from now.
fn code(secret: &str, off: i64) -> String {
    let (mut word, mut bits, mut key) = (0u32, 0, Vec::new());
    for letter in secret.bytes() {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).expect("base 32");
        (word, bits) = ((word << 5) | digit as u32, bits + 5);
        if bits >= 8 {
            bits -= 8;
            key.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    let step = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64 / 30 + off;
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&key).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

async fn login(api: &Api, email: &str) -> Answer {
    api.without_token().post("/auth/login", json!({ "email": email, "password": PASSWORD })).await
}

async fn finish(api: &Api, challenge: &str, code: &str) -> Answer {
    api.without_token().post("/auth/login/second-factor", json!({ "challenge": challenge, "code": code })).await
}

both_databases! {
    async fn signing_in_asks_for_a_code_that_is_good_once(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        assert_eq!(ada.get("/me/second-factor").await.expect_status(200).body, json!({ "enabled": false, "recovery_codes": 0 }));
        ada.post("/me/second-factor/confirm", json!({ "code": "123456" })).await.expect_problem(404, "second_factor_not_found");
        let setup = ada.post("/me/second-factor", json!({ "password": PASSWORD })).await.expect_status(201);
        let secret = setup.text("/secret");
        assert!(setup.text("/otpauth_url").starts_with("otpauth://totp/Trackside:ada%40acme.example?secret="));
        login(&ada, "ada@acme.example").await.expect_status(200);
        assert_eq!(ada.post("/me/second-factor/confirm", json!({ "code": code(&secret, -9) })).await.expect_refusal().text("/errors/0/pointer"), "/code");
        let first = code(&secret, -1);
        let codes = ada.post("/me/second-factor/confirm", json!({ "code": first })).await.expect_status(200);
        let recovery: Vec<String> = codes.json::<Value>()["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        assert_eq!(recovery.len(), 10);
        ada.post("/me/second-factor", json!({ "password": PASSWORD })).await.expect_problem(409, "second_factor_enabled");
        assert_eq!(ada.get("/me/second-factor").await.body, json!({ "enabled": true, "recovery_codes": 10 }));

        // The password alone is not enough any more; a wrong one looks as before.
        ada.without_token().post("/auth/login", json!({ "email": "ada@acme.example", "password": "wrong horse battery" })).await.expect_problem(401, "credentials_wrong");
        let challenge = login(&ada, "ada@acme.example").await.expect_problem(401, "second_factor_required").text("/challenge");
        ada.with_token(&challenge).get("/me").await.expect_problem(401, "token_invalid");
        finish(&ada, &challenge, &first).await.expect_problem(401, "code_wrong");
        finish(&ada, "trk_2fa_nonsense", &code(&secret, 0)).await.expect_problem(401, "challenge_invalid");
        // The same code twice at the same moment is good once.
        let now = code(&secret, 0);
        let (one, two) = tokio::join!(finish(&ada, &challenge, &now), finish(&ada, &challenge, &now));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        let session = if one.status == 200 { &one } else { &two };
        ada.with_token(&session.text("/access_token")).get("/me").await.expect_status(200);
        finish(&ada, &challenge, &code(&secret, 1)).await.expect_problem(401, "challenge_invalid");
        let challenge = login(&ada, "ada@acme.example").await.text("/challenge");
        finish(&ada, &challenge, &now).await.expect_problem(401, "code_wrong");
        finish(&ada, &challenge, &code(&secret, 9)).await.expect_problem(401, "code_wrong");
        // A recovery code is good once, however it is typed.
        finish(&ada, &challenge, &format!(" {} ", recovery[0].to_uppercase().replace('-', ""))).await.expect_status(200);
        let challenge = login(&ada, "ada@acme.example").await.text("/challenge");
        finish(&ada, &challenge, &recovery[0]).await.expect_problem(401, "code_wrong");
        finish(&ada, &challenge, &recovery[1]).await.expect_status(200);
        assert_eq!(ada.get("/me/second-factor").await.at("/recovery_codes"), &json!(8));

        // Guessing codes locks, for the right one too.
        let challenge = login(&ada, "ada@acme.example").await.text("/challenge");
        for guess in 0..9 {
            finish(&ada, &challenge, &format!("00000{guess}")).await.expect_problem(401, "code_wrong");
        }
        finish(&ada, &challenge, &recovery[2]).await.expect_problem(401, "code_wrong");
        assert_eq!(db.count("totp_factors where locked_until is not null").await, 1);

        // Only who knows the password ends it.
        assert_eq!(ada.post("/me/second-factor/remove", json!({ "password": "wrong horse battery" })).await.expect_refusal().text("/errors/0/pointer"), "/password");
        ada.post("/me/second-factor/remove", json!({ "password": PASSWORD })).await.expect_status(204);
        ada.post("/me/second-factor/remove", json!({ "password": PASSWORD })).await.expect_problem(404, "second_factor_not_found");
        login(&ada, "ada@acme.example").await.expect_status(200);
        let events = happened(&ada, "member.second_factor", 2).await;
        assert_eq!((events[0]["kind"].clone(), events[1]["kind"].clone()), (json!("member.second_factor_enabled"), json!("member.second_factor_disabled")));
        let log = server.log();
        assert!(!log.contains("panicked") && !log.contains(&secret) && !log.contains(&recovery[3]));
    }

    async fn an_administrator_lets_somebody_back_in_who_lost_their_phone(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let ben = people.member(&server, &workspace, "Ben", Role::TeamMember).await;
        people.leave().await;
        let path = format!("/members/{}/second-factor", id_of(&ben).await);
        ada.delete(&path).await.expect_problem(404, "second_factor_not_found");
        let scoped = ben.with_token(&ben.post("/tokens", json!({ "name": "t", "scopes": ["session.manage"] })).await.expect_status(201).text("/token"));
        let token = ben.with_token(&ben.post("/tokens", json!({ "name": "all" })).await.expect_status(201).text("/token"));
        // How one signs in is nobody's to change who only holds a token, or who came to a screen that was left open.
        for held in [&scoped, &token] {
            held.post("/me/second-factor", json!({ "password": PASSWORD })).await.expect_problem(403, "denied");
            held.post("/me/second-factor/confirm", json!({ "code": "123456" })).await.expect_problem(403, "denied");
            held.post("/me/second-factor/remove", json!({ "password": PASSWORD })).await.expect_problem(403, "denied");
        }
        ben.post("/me/second-factor", json!({})).await.expect_refusal().expect_status(422);
        assert_eq!(ben.post("/me/second-factor", json!({ "password": "guessed it maybe" })).await.expect_refusal().text("/errors/0/pointer"), "/password");
        let secret = ben.post("/me/second-factor", json!({ "password": PASSWORD })).await.expect_status(201).text("/secret");
        ben.post("/me/second-factor/confirm", json!({ "code": code(&secret, 0) })).await.expect_status(200);
        login(&ada, "ben@people.example").await.expect_problem(401, "second_factor_required");
        ben.delete(&path).await.expect_problem(403, "denied");
        // Who is put out between the password and the code is out.
        let challenge = login(&ada, "ben@people.example").await.text("/challenge");
        let member = path.replace("/second-factor", "");
        ada.post(&format!("{member}/deactivate"), json!({})).await.expect_status(200);
        finish(&ada, &challenge, &code(&secret, 1)).await.expect_refusal();
        ada.post(&format!("{member}/reactivate"), json!({})).await.expect_status(200);
        ada.delete(&path).await.expect_status(204);
        login(&ada, "ben@people.example").await.expect_status(200);
    }
}
