//! New passwords, proved addresses, and ways back in.

use std::time::Instant;

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::fakes::mail::MailServer;
use trackside_tests::harness::{Api, People, Server};

use super::id_of;
use super::invitations::mailing;

const OLD: &str = "correct horse battery";
const NEW: &str = "a better horse battery";

fn login(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

both_databases! {
    async fn a_new_password_ends_the_other_sessions(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let stranger = ada.without_token();
        let other = stranger.with_token(&stranger.post("/auth/login", login("ada@acme.example", OLD)).await.expect_status(200).text("/access_token"));
        let change = json!({ "current_password": OLD, "password": NEW });
        for (body, pointer) in [(json!({ "current_password": "wrong horse battery", "password": NEW }), "/current_password"), (json!({ "current_password": OLD, "password": "short" }), "/password"), (json!({ "password": NEW }), "/current_password")] {
            assert_eq!(ada.post("/auth/password", body).await.expect_refusal().expect_status(422).text("/errors/0/pointer"), pointer);
        }
        let token = ada.with_token(&ada.post("/tokens", json!({ "name": "t" })).await.expect_status(201).text("/token"));
        token.post("/auth/password", change.clone()).await.expect_problem(403, "denied");
        ada.post("/auth/password", change).await.expect_status(204);
        ada.get("/me").await.expect_status(200);
        other.get("/me").await.expect_problem(401, "session_ended");
        stranger.post("/auth/login", login("ada@acme.example", OLD)).await.expect_problem(401, "credentials_wrong");
        stranger.post("/auth/login", login("ada@acme.example", NEW)).await.expect_status(200);
        // Guessing the current password locks as guessing at the door does.
        for _ in 0..6 {
            ada.post("/auth/password", json!({ "current_password": "wrong horse battery", "password": OLD })).await.expect_status(422);
        }
        ada.post("/auth/password", json!({ "current_password": NEW, "password": OLD })).await.expect_status(422);
        stranger.post("/auth/login", login("ada@acme.example", NEW)).await.expect_problem(401, "credentials_wrong");
    }

    async fn a_forgotten_password_is_set_anew_by_a_letter(db) {
        let mail = MailServer::start().await;
        let server = mailing(&db, &mail).await;
        let ada = Api::set_up(&server).await;
        let stranger = ada.without_token();
        // Known or not, the answer is the same and takes about as long.
        let mut times = Vec::new();
        for email in ["nobody@acme.example", "ADA@acme.example", "nobody@acme.example", "ada@acme.example"] {
            let start = Instant::now();
            let answer = stranger.post("/auth/password/forgot", json!({ "email": email })).await.expect_status(204);
            assert_eq!(answer.body, Value::Null);
            times.push(start.elapsed());
        }
        assert!(times.iter().all(|time| time.as_millis() >= 150), "{times:?}");
        // Asked twice within a minute, one letter goes out.
        let letter = mail.letters_to("ada@acme.example", 1).await.remove(0);
        let token = letter.token();
        assert!(letter.plain().contains("https://trackside.example/reset-password#token=trk_rst_"));
        let reset = |token: &str, password: &str| json!({ "token": token, "password": password });
        assert_eq!(stranger.post("/auth/password/reset", reset(&token, "short")).await.expect_refusal().text("/errors/0/pointer"), "/password");
        for wrong in ["", "nonsense", &format!("trk_rst_{}", "a".repeat(43)), &token.replacen("trk_rst_", "trk_adr_", 1)] {
            stranger.post("/auth/password/reset", reset(wrong, NEW)).await.expect_problem(422, "link_invalid");
        }
        stranger.post("/auth/email/verify", json!({ "token": token })).await.expect_problem(422, "link_invalid");
        // Used many times at once, it is good once; and every session ends.
        let tries = (0..5).map(|_| stranger.post("/auth/password/reset", reset(&token, NEW)));
        let mut statuses: Vec<u16> = futures::future::join_all(tries).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 422, 422, 422, 422]);
        stranger.post("/auth/password/reset", reset(&token, OLD)).await.expect_problem(422, "link_invalid");
        ada.get("/me").await.expect_problem(401, "session_ended");
        stranger.post("/auth/login", login("ada@acme.example", OLD)).await.expect_problem(401, "credentials_wrong");
        stranger.post("/auth/login", login("ada@acme.example", NEW)).await.expect_status(200);
        assert_eq!(stranger.post("/auth/password/forgot", json!({ "email": "nobody" })).await.expect_refusal().text("/errors/0/pointer"), "/email");
        assert_eq!(mail.letters().len(), 1);
        assert!(!server.log().contains(&token) && !server.log().contains("panicked"));
    }

    async fn without_mail_an_administrator_makes_the_link(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let ben = people.member(&server, &workspace, "Ben", Role::TeamMember).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let stranger = ada.without_token();
        for email in ["ada@acme.example", "nobody@acme.example"] {
            stranger.post("/auth/password/forgot", json!({ "email": email })).await.expect_problem(409, "mail_not_configured");
        }
        let path = format!("/members/{}/password-reset", id_of(&ben).await);
        ben.post(&path, json!({})).await.expect_problem(403, "denied");
        eve.post(&path, json!({})).await.expect_problem(404, "member_not_found");
        let made = ada.post(&path, json!({})).await.expect_status(201);
        assert_eq!((made.at("/mailed"), made.text("/link")), (&json!(false), format!("{}/reset-password#token={}", server.url(), made.text("/token"))));
        let newer = ada.post(&path, json!({})).await.expect_status(201).text("/token");
        stranger.post("/auth/password/reset", json!({ "token": made.text("/token"), "password": NEW })).await.expect_problem(422, "link_invalid");
        stranger.post("/auth/password/reset", json!({ "token": newer, "password": NEW })).await.expect_status(204);
        ben.get("/me").await.expect_problem(401, "session_ended");
        let signed_in = stranger.post("/auth/login", login("ben@people.example", NEW)).await.expect_status(200);
        let ben = ben.with_token(&signed_in.text("/access_token"));
        assert_eq!(ben.get("/me").await.at("/email_verified_at"), &Value::Null, "a link that an administrator saw proves nothing");

        // Eve's administrators cannot open Ada's workspace by way of somebody who belongs to both.
        let token = eve.post("/invitations", json!({ "email": "ben@people.example", "role": "viewer" })).await.expect_status(201).text("/token");
        ben.post("/invitations/accept", json!({ "token": token })).await.expect_status(201);
        eve.post(&path, json!({})).await.expect_problem(403, "denied");
        eve.delete(&path.replace("password-reset", "second-factor")).await.expect_problem(403, "denied");
        // Those who run the installation may.
        ada.post(&path, json!({})).await.expect_status(201);
    }

    async fn an_address_is_proved_and_changed_by_a_letter(db) {
        let mail = MailServer::start().await;
        let server = mailing(&db, &mail).await;
        let ada = Api::set_up(&server).await;
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let change = |email: &str, password: &str| json!({ "email": email, "password": password });
        for (body, pointer) in [(change("ada@new.example", "wrong horse battery"), "/password"), (change("ada", OLD), "/email")] {
            assert_eq!(ada.post("/me/email", body).await.expect_refusal().text("/errors/0/pointer"), pointer);
        }
        let asked = ada.post("/me/email", change("Ada@New.example", OLD)).await.expect_status(200);
        assert_eq!((asked.text("/email"), asked.at("/mailed")), ("ada@acme.example".into(), &json!(true)), "not before the link is used");
        let first = mail.letters_to("ada@new.example", 1).await.remove(0).token();
        ada.post("/me/email", change("ada@newer.example", OLD)).await.expect_status(200);
        let token = mail.letters_to("ada@newer.example", 1).await.remove(0).token();
        let verify = async |token: &str| ada.without_token().post("/auth/email/verify", json!({ "token": token })).await;
        verify(&first).await.expect_problem(422, "link_invalid");
        verify(&token).await.expect_status(204);
        verify(&token).await.expect_problem(422, "link_invalid");
        let me = ada.get("/me").await.expect_status(200);
        assert_eq!(me.text("/user/email"), "ada@newer.example");
        // Somebody else's address is answered as a free one, and nothing comes of it.
        assert_eq!(eve.post("/me/email", change("ada@newer.example", OLD)).await.expect_status(200).at("/mailed"), &json!(true));
        eve.post("/me/email", change("eve@people.example", OLD)).await.expect_status(200);
        verify(&mail.letters_to("eve@people.example", 1).await.remove(0).token()).await.expect_status(204);
        assert!(eve.get("/me").await.at("/email_verified_at").is_string());
        assert_eq!(mail.letters_to("ada@newer.example", 1).await.len(), 1);
    }
}
