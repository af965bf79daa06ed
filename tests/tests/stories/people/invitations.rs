//! How people are asked to join, and do.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::fakes::mail::MailServer;
use trackside_tests::harness::{Api, Database, People, Server};

use super::{happened, id_of};

const PASSWORD: &str = "correct horse battery";

/// A server that sends mail.
pub(super) async fn mailing(db: &Database, mail: &MailServer) -> Server {
    Server::on(db)
        .env("TRACKSIDE_SMTP_URL", mail.url())
        .env("TRACKSIDE_MAIL_FROM", "Trackside <post@trackside.example>")
        .env("TRACKSIDE_PUBLIC_URL", "https://trackside.example/")
        .start()
        .await
}

fn accept(token: &str) -> Value {
    json!({ "token": token, "name": "Bob", "password": PASSWORD })
}

both_databases! {
    async fn somebody_new_joins_by_a_link_that_the_administrator_is_shown(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let stranger = ada.without_token();
        let sent = ada.post("/invitations", json!({ "email": " Bob@Acme.example", "role": "team_member" })).await.expect_status(201);
        let token = sent.text("/token");
        assert_eq!((sent.text("/email"), sent.at("/mailed"), sent.text("/link")), ("bob@acme.example".into(), &json!(false), format!("{}/invitation#token={token}", server.url())));
        let listed = ada.get("/invitations").await.expect_status(200);
        assert!(listed.at("/items").as_array().unwrap().len() == 1 && !listed.body.to_string().contains(&token), "the link is shown once");
        assert_eq!(ada.post("/invitations", json!({ "email": "bob@acme.example", "role": "viewer" })).await.expect_problem(409, "already_invited").text("/errors/0/pointer"), "/email");

        // The newest link is the good one.
        let token = ada.post(&format!("/invitations/{}/resend", sent.text("/id")), json!({})).await.expect_status(200).text("/token");
        stranger.post("/invitations/accept", accept(&sent.text("/token"))).await.expect_problem(404, "invitation_invalid");
        for (body, pointer) in [(json!({ "token": token, "password": PASSWORD }), "/name"), (json!({ "token": token, "name": "Bob" }), "/password"), (json!({ "token": token, "name": "Bob", "password": "short" }), "/password"),
            (json!({ "token": token, "name": "a\u{0}b", "password": PASSWORD }), "/name"), (json!({ "name": "Bob" }), "/token"), (json!({ "token": token, "role": "admin" }), "/role")] {
            assert_eq!(stranger.post("/invitations/accept", body).await.expect_refusal().expect_status(422).text("/errors/0/pointer"), pointer);
        }
        // Many follow the same link at once; one is let in.
        let tries = (0..6).map(|_| stranger.post("/invitations/accept", accept(&token)));
        let answers = futures::future::join_all(tries).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(won.len(), 1);
        for lost in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((lost.status, lost.body["type"].as_str()), (404, Some("/problems/invitation_invalid")), "{:#}", lost.body);
        }
        let bob = stranger.with_token(&won[0].text("/access_token"));
        let me = bob.get("/me").await.expect_status(200);
        assert_eq!((me.text("/user/name"), me.text("/role"), me.at("/email_verified_at")), ("Bob".into(), "team_member".into(), &Value::Null));
        assert!(ada.get("/me").await.at("/email_verified_at").is_string(), "who sets up the installation answers for their address");
        stranger.post("/auth/login", json!({ "email": "bob@acme.example", "password": PASSWORD })).await.expect_status(200);
        assert_eq!(ada.get("/invitations").await.at("/items"), &json!([]));
        ada.post("/invitations", json!({ "email": "bob@acme.example", "role": "admin" })).await.expect_problem(409, "already_member");
        let events = happened(&ada, "member.", 2).await;
        assert_eq!((events[0]["kind"].clone(), events[1]["kind"].clone()), (json!("member.invited"), json!("member.joined")));
        assert_eq!((events[1]["data"]["invitation"].clone(), events[1]["actor"]["id"].clone()), (json!(sent.text("/id")), json!(id_of(&bob).await)));

        // Who was put out is not asked back in, and what was taken back opens nothing.
        let id = id_of(&bob).await;
        ada.post(&format!("/members/{id}/deactivate"), json!({})).await.expect_status(200);
        ada.post("/invitations", json!({ "email": "bob@acme.example", "role": "viewer" })).await.expect_problem(409, "member_inactive");
        let cy = ada.post("/invitations", json!({ "email": "cy@acme.example", "role": "viewer" })).await.expect_status(201);
        ada.delete(&format!("/invitations/{}", cy.text("/id"))).await.expect_status(204);
        ada.delete(&format!("/invitations/{}", cy.text("/id"))).await.expect_problem(404, "invitation_not_found");
        ada.post(&format!("/invitations/{}/resend", cy.text("/id")), json!({})).await.expect_problem(404, "invitation_not_found");
        stranger.post("/invitations/accept", accept(&cy.text("/token"))).await.expect_problem(404, "invitation_invalid");
        for token in ["", "trk_inv_", "nonsense", &format!("trk_inv_{}", "a".repeat(43)), &format!("trk_rst_{}", "a".repeat(43)), "trk_inv_\u{0}"] {
            stranger.post("/invitations/accept", accept(token)).await.expect_problem(404, "invitation_invalid");
        }
        // Asked again and again, an address is left alone.
        let dee = json!({ "email": "dee@acme.example", "role": "viewer" });
        let mut statuses = Vec::new();
        for _ in 0..7 {
            let answer = ada.post("/invitations", dee.clone()).await;
            if answer.status == 201 { ada.delete(&format!("/invitations/{}", answer.text("/id"))).await.expect_status(204); }
            statuses.push(answer.status);
        }
        assert_eq!(statuses, [201, 201, 201, 201, 201, 409, 409]);
        for (body, pointer) in [(json!({ "email": "nobody", "role": "viewer" }), "/email"), (json!({ "email": "a@b.c", "role": "boss" }), "/role"), (json!({ "email": "a@b.c" }), "/role"), (json!({ "email": "a\u{0}@b.c", "role": "viewer" }), "/email")] {
            assert_eq!(ada.post("/invitations", body).await.expect_refusal().text("/errors/0/pointer"), pointer);
        }
        let log = server.log();
        assert!(!log.contains("panicked") && !log.contains(&token));
    }

    async fn somebody_known_joins_another_workspace(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let home = eve.get("/me").await.text("/workspace/id");
        let invite = async |email: &str| ada.post("/invitations", json!({ "email": email, "role": "viewer" })).await.expect_status(201).text("/token");
        let token = invite("eve@people.example").await;
        // Only whom it is for can follow it.
        ada.post("/invitations/accept", json!({ "token": token })).await.expect_problem(403, "invitation_for_another");
        ada.without_token().post("/invitations/accept", json!({ "token": token, "name": "Not Eve" })).await.expect_problem(409, "account_exists");
        ada.without_token().post("/invitations/accept", json!({ "token": token, "password": "wrong horse battery" })).await.expect_problem(401, "credentials_wrong");
        let scoped = eve.with_token(&eve.post("/tokens", json!({ "name": "t", "scopes": ["task.view"] })).await.expect_status(201).text("/token"));
        scoped.post("/invitations/accept", json!({ "token": token })).await.expect_problem(403, "denied");
        let joined = eve.post("/invitations/accept", json!({ "token": token })).await.expect_status(201);
        let there = eve.with_token(&joined.text("/access_token"));
        assert_eq!(there.get("/me").await.text("/role"), "viewer");
        assert_eq!(eve.get("/me").await.text("/workspace/id"), home, "and is still at home");
        // She leaves, is in no workspace that way, and comes back with her password.
        there.post("/me/leave", json!({})).await.expect_status(204);
        let token = invite("eve@people.example").await;
        let back = ada.without_token().post("/invitations/accept", json!({ "token": token, "password": PASSWORD })).await.expect_status(201);
        assert_eq!(eve.with_token(&back.text("/access_token")).get("/me").await.text("/role"), "viewer");
        // An administrator elsewhere reaches nothing of it.
        let token = invite("cy@acme.example").await;
        let id = ada.get("/invitations").await.text("/items/0/id");
        eve.delete(&format!("/invitations/{id}")).await.expect_problem(404, "invitation_not_found");
        eve.post(&format!("/invitations/{id}/resend"), json!({})).await.expect_problem(404, "invitation_not_found");
        assert_eq!(eve.get("/invitations").await.at("/items"), &json!([]));
        assert!(!server.log().contains(&token));
    }

    async fn letters_go_out_after_the_commit_again_and_again_until_they_are_taken(db) {
        let mail = MailServer::start().await;
        let server = mailing(&db, &mail).await;
        let ada = Api::set_up(&server).await;
        mail.answer(["451 4.3.0 Come back later"]);
        let sent = ada.post("/invitations", json!({ "email": "bob@acme.example", "role": "team_member" })).await.expect_status(201);
        assert!(sent.body.get("link").is_none() && sent.body.get("token").is_none(), "what goes by mail is shown to nobody: {:#}", sent.body);
        let letter = mail.letters_to("bob@acme.example", 1).await.remove(0);
        assert_eq!((letter.from.as_str(), letter.header("Subject").as_str(), letter.header("From").as_str()), ("post@trackside.example", "Join Acme on Trackside", "Trackside <post@trackside.example>"));
        assert!(letter.header("Message-ID").starts_with("<job_") && letter.header("Content-Type").starts_with("multipart/alternative"));
        let (plain, token) = (letter.plain(), letter.token());
        assert!(plain.contains("Ada asks you to join Acme") && plain.contains(&format!("<a href=\"https://trackside.example/invitation#token={token}\">")), "{plain}");
        let stranger = ada.without_token();
        let bob = stranger.post("/invitations/accept", accept(&token)).await.expect_status(201);
        assert!(stranger.with_token(&bob.text("/access_token")).get("/me").await.at("/email_verified_at").is_string(), "the letter has proved the address");

        // What the server refuses for good ends among the dead letters, which do not show the link.
        mail.answer(["550 5.1.1 No such person"]);
        ada.post("/invitations", json!({ "email": "nobody@acme.example", "role": "viewer" })).await.expect_status(201);
        let dead = loop {
            let dead = ada.get("/queues/notify/dead").await.expect_status(200);
            if !dead.at("/items").as_array().unwrap().is_empty() { break dead; }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert!(dead.text("/items/0/reason").contains("550") && dead.text("/items/0/payload/to") == "nobody@acme.example" && !dead.body.to_string().contains("trk_inv_"), "{:#}", dead.body);
        assert_eq!(db.count("jobs where cast(payload as text) like '%trk_inv_%'").await, 0);

        // A rule asks somebody, with its owner's rights.
        let rule = json!({ "name": "On-boarding", "trigger": { "on": "manual" }, "steps": [{ "id": "ask", "action": "member.invite", "with": { "email": "dee@acme.example", "role": "viewer" } }] });
        let id = ada.post("/rules", rule).await.expect_status(201).text("/id");
        ada.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        ada.post(&format!("/rules/{id}/run"), json!({})).await.expect_status(202);
        mail.letters_to("dee@acme.example", 1).await;
        assert!(!server.log().contains("panicked") && !server.log().contains(&token));
    }

    async fn a_wrong_mail_server_is_told_at_the_start(db) {
        for (url, from, said) in [("http://mail.example", "a@b.c", "smtp_url must be"), ("smtp://127.0.0.1:1", "nobody", "mail_from must be")] {
            let ended = Server::on(&db).env("TRACKSIDE_SMTP_URL", url).env("TRACKSIDE_MAIL_FROM", from).try_start().await.err().expect("it does not start");
            assert!(ended.code == Some(2) && ended.log.contains(said), "{}", ended.log);
        }
        let ended = Server::on(&db).env("TRACKSIDE_SMTP_URL", "smtp://u:hush@127.0.0.1").try_start().await.err().expect("it does not start");
        assert!(ended.code == Some(2) && ended.log.contains("mail_from is not set") && !ended.log.contains("hush"), "{}", ended.log);
        let ended = Server::on(&db).env("TRACKSIDE_PUBLIC_URL", "trackside.example").try_start().await.err().expect("it does not start");
        assert!(ended.code == Some(2) && ended.log.contains("must be a URL such as"), "{}", ended.log);
        // A password that the server asks for.
        let mail = MailServer::start().await;
        let server = Server::on(&db).env("TRACKSIDE_SMTP_URL", mail.url_with("post", "hush")).env("TRACKSIDE_MAIL_FROM", "post@trackside.example").start().await;
        let ada = Api::set_up(&server).await;
        ada.post("/invitations", json!({ "email": "bob@acme.example", "role": "viewer" })).await.expect_status(201);
        mail.letters_to("bob@acme.example", 1).await;
        assert!(!server.log().contains("hush"));
    }

    async fn nobody_gives_more_than_they_have(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let cy = people.member(&server, &workspace, "Cy", Role::ProjectManager).await;
        people.leave().await;
        let new = json!({ "email": "bob@acme.example", "role": "viewer" });
        cy.post("/invitations", new.clone()).await.expect_problem(403, "denied");
        cy.get("/invitations").await.expect_problem(403, "denied");
        let narrow = ada.post("/tokens", json!({ "name": "narrow", "scopes": ["member.view"] })).await.expect_status(201).text("/token");
        ada.with_token(&narrow).post("/invitations", new).await.expect_problem(403, "denied");
    }
}
