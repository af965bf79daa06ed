//! Who is asked is told, and answers from a letter; what is settled is not asked any more; and nobody waits for those who left.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::fakes::mail::{Letter, MailServer};
use trackside_tests::harness::{Answer, Api, Database, Server};

use super::approvals::{Office, approve, ended, id, nothing_for, reject};
use super::{PATIENCE, Place};

const MIA: &str = "mia@people.example";

/// An office whose server sends mail.
async fn mailing(db: &Database, mail: &MailServer) -> Office {
    let setup = Server::on(db)
        .env("TRACKSIDE_SMTP_URL", mail.url())
        .env("TRACKSIDE_MAIL_FROM", "Trackside <post@trackside.example>")
        .env("TRACKSIDE_PUBLIC_URL", "https://trackside.example/");
    Office::at(db, Place::on(db, setup).await).await
}

/// The paths of the links to agree and to refuse.
fn links(letter: &Letter) -> [String; 2] {
    let plain = letter.plain();
    let links = plain.split_whitespace().filter_map(|word| word.strip_prefix("https://trackside.example"));
    let mut links: Vec<String> = links.filter(|path| path.starts_with("/decide/")).map(str::to_owned).collect();
    links.dedup();
    links.truncate(2);
    links.try_into().unwrap_or_else(|links| panic!("{links:?} in {plain}"))
}

/// What a person was told, once there is something of this kind.
pub(super) async fn told_of(api: &Api, kind: &str) -> Value {
    let start = Instant::now();
    loop {
        let page = api.get("/notifications").await.expect_status(200);
        let found = page.at("/items").as_array().unwrap().iter().find(|item| item["kind"] == kind).cloned();
        if let Some(found) = found {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{:#}", page.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn says(page: &Answer, words: &str) {
    let text = page.body.as_str().unwrap();
    assert!(text.starts_with("<!doctype html>") && text.contains(words), "{text}");
}

async fn posts(stranger: &Api, path: &str) -> Answer {
    let body = "comment=From+the+train";
    stranger.send_bytes(Method::POST, path, Some("application/x-www-form-urlencoded"), body).await
}

both_databases! {
    /// AUT-15: decided from a mail link. A scanner that follows both links decides nothing; a double click decides once.
    async fn somebody_answers_from_their_letter(db) {
        let mail = MailServer::start().await;
        let office = mailing(&db, &mail).await;
        office.mia.patch("/me", json!({ "locale": "de" })).await.expect_status(200);
        let rule = office.rule(json!({ "by": ["role:project_manager"], "message": "May {{ task.title }} & <co> go out?", "need": 2 }), json!({})).await;
        let key = office.block().await;
        let letter = mail.letters_to(MIA, 1).await.remove(0);
        let plain = letter.plain();
        assert!(plain.contains("Zustimmen") && plain.contains("Ablehnen") && plain.contains("May Fragile & <co> go out?"), "{plain}");
        let [agree, refuse] = links(&letter);
        let stranger = office.place.api.without_token().outside();
        for path in [&agree, &refuse] {
            let page = stranger.get(path).await.expect_status(200);
            says(&page, "May Fragile &amp; &lt;co&gt; go out?");
            says(&page, &format!("{key}: Fragile"));
            says(&page, "<form method=\"post\">");
        }
        assert_eq!(db.count("approval_votes").await, 0, "looking decides nothing");
        let clicks = (0..4).map(|_| { let (api, path) = (stranger.clone(), agree.clone()); async move { posts(&api, &path).await } });
        for answer in futures::future::join_all(clicks).await {
            says(&answer.expect_status(200), "Du hast zugestimmt: May Fragile");
        }
        assert_eq!(db.count("approval_votes where comment = 'From the train'").await, 1);
        says(&stranger.get(&agree).await.expect_status(200), "Du hast zugestimmt");
        says(&posts(&stranger, &refuse).await.expect_status(409), "wird nicht zurückgenommen");
        let path = office.verb(&office.moe, "decide").await;
        office.moe.post(&path, approve()).await.expect_status(200);
        ended(&office, &rule, "succeeded").await;
        says(&stranger.get(&refuse).await.expect_status(409), "Das ist vorbei");
        let audit = office.place.api.get("/audit?action=approval.approved").await.expect_status(200);
        let via: Vec<&Value> = audit.at("/items").as_array().unwrap().iter().map(|entry| &entry["detail"]["via"]).collect();
        assert!(via.contains(&&json!("mail")) && via.contains(&&json!("api")), "{:#}", audit.body);
        // Who caused it is told what became of it.
        let told = told_of(&office.tim, "approval").await;
        assert!(told["message"].as_str().unwrap().contains("agreed: May Fragile"), "{told:#}");
        assert!(!office.place.server.log().contains("panicked"));
        office.people.leave().await;
    }

    /// Forged, expired, of somebody who left, of somebody who may no more: each gets a page that says so.
    async fn a_link_that_is_not_good_says_why(db) {
        let mail = MailServer::start().await;
        let office = mailing(&db, &mail).await;
        let (mia, stranger) = (id(&office.mia).await, office.place.api.without_token().outside());
        let rule = office.rule(json!({ "by": [format!("user:{mia}")], "timeout": "3s" }), json!({})).await;
        office.block().await;
        let [agree, _] = links(&mail.letters_to(MIA, 1).await[0]);
        for wrong in ["/decide/nonsense".to_owned(), format!("{agree}A"), agree[..agree.len() - 4].to_owned()] {
            says(&stranger.get(&wrong).await.expect_status(404), "This link is not whole");
            says(&posts(&stranger, &wrong).await.expect_status(404), "This link is not whole");
        }
        ended(&office, &rule, "timed_out").await;
        says(&stranger.get(&agree).await.expect_status(409), "This is over");
        says(&posts(&stranger, &agree).await.expect_status(409), "This is over");
        office.place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);

        office.rule(json!({ "by": [format!("user:{mia}"), "role:project_manager"] }), json!({})).await;
        office.block().await;
        let letters = mail.letters_to(MIA, 2).await;
        let [agree, _] = links(&letters[1]);
        let deny = json!({ "user": mia, "permission": "task.*", "effect": "deny", "on": "WEB" });
        let deny = office.place.api.post("/assignments", deny).await.expect_status(201).text("/id");
        says(&posts(&stranger, &agree).await.expect_status(404), "You are not asked here");
        office.place.api.delete(&format!("/assignments/{deny}")).await.expect_status(204);
        says(&stranger.get(&agree).await.expect_status(200), "<button>Agree</button>");
        office.mia.post("/me/leave", json!({})).await;
        office.place.api.post(&format!("/members/{mia}/deactivate"), json!({})).await;
        says(&stranger.get(&agree).await.expect_status(403), "You are not asked here");
        says(&posts(&stranger, &agree).await.expect_status(403), "You are not asked here");
        assert_eq!(db.count("approval_votes").await, 0);
        office.people.leave().await;
    }

    /// What is settled is read; and who is delegated to is told, and no more once somebody else is.
    async fn what_is_settled_is_not_asked_any_more(db) {
        let office = Office::at(&db, Place::open(&db).await).await;
        let workspace = office.place.api.get("/me").await.text("/workspace/id");
        let (ann, bob) = (office.people.member(&office.place.server, &workspace, "Ann", Role::Viewer).await,
            office.people.member(&office.place.server, &workspace, "Bob", Role::Viewer).await);
        let rule = office.rule(json!({ "by": ["role:project_manager"] }), json!({})).await;
        office.block().await;
        let asked = office.asked(&office.mia).await;
        for api in [&office.mia, &office.moe] {
            let told = told_of(api, "approval").await;
            assert_eq!((&told["subject"], &told["read_at"], &told["task"]), (&asked["id"], &json!(null), &asked["task"]));
        }
        let path = office.verb(&office.mia, "delegate").await;
        office.mia.post(&path, json!({ "to": id(&ann).await })).await.expect_status(200);
        told_of(&ann, "approval").await;
        office.mia.post(&path, json!({ "to": id(&bob).await })).await.expect_status(200);
        told_of(&bob, "approval").await;
        assert!(told_of(&ann, "approval").await["read_at"].is_string(), "Bob is asked in her place");
        let decide = office.verb(&bob, "decide").await;
        bob.post(&decide, reject()).await.expect_status(200);
        ended(&office, &rule, "skipped").await;
        for api in [&office.mia, &office.moe, &bob] {
            assert!(told_of(api, "approval").await["read_at"].is_string());
        }
        let told = told_of(&office.tim, "approval").await;
        assert!(told["message"].as_str().unwrap().starts_with("Bob refused: "), "{told:#}");
        office.people.leave().await;
    }

    /// `all` does not wait for those who are not there any more, and what nobody can settle is told to the rule's owner.
    async fn nobody_waits_for_those_who_are_gone(db) {
        let office = Office::at(&db, Place::open(&db).await).await;
        let (mia, moe) = (id(&office.mia).await, id(&office.moe).await);
        let rule = office.rule(json!({ "by": [format!("user:{mia}"), format!("user:{moe}")], "need": "all" }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.mia, "decide").await;
        office.mia.post(&path, approve()).await.expect_status(200);
        let deny = json!({ "user": moe, "permission": "task.*", "effect": "deny", "on": "WEB" });
        office.place.api.post("/assignments", deny).await.expect_status(201);
        ended(&office, &rule, "succeeded").await;
        assert_eq!(db.count("events where kind = 'approval.decided'").await, 1);
        assert_eq!(db.count("audit_entries where action = 'approval.settled'").await, 1);

        // Alone again: now Mia goes as well.
        office.block().await;
        office.asked(&office.mia).await;
        let deny = json!({ "user": mia, "permission": "task.*", "effect": "deny", "on": "WEB" });
        let deny = office.place.api.post("/assignments", deny).await.expect_status(201).text("/id");
        let told = told_of(&office.place.api, "escalation").await;
        assert!(told["message"].as_str().unwrap().contains("Nobody is left who may answer this"), "{told:#}");
        let run = office.place.runs(&rule).await[0]["id"].as_str().unwrap().to_owned();
        let run = office.place.run_when(&run, |run| run["waiting"]["until"].is_string()).await;
        assert_eq!(run.text("/state"), "waiting", "for an hour somebody may come in");
        office.place.api.delete(&format!("/assignments/{deny}")).await.expect_status(204);
        let start = Instant::now();
        while db.count("approvals where stuck_at is not null").await > 0 {
            assert!(start.elapsed() < PATIENCE, "somebody is there again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let path = office.verb(&office.mia, "decide").await;
        office.mia.post(&path, approve()).await.expect_status(200);
        assert_eq!(office.place.last(&rule, 2).await.text("/state"), "succeeded");
        office.people.leave().await;
    }

    /// Roles of the workspace's own, and of a project, ask whoever has them there.
    async fn roles_of_ones_own_are_asked(db) {
        let office = Office::at(&db, Place::open(&db).await).await;
        let (mia, tim) = (id(&office.mia).await, id(&office.tim).await);
        let unknown = json!({ "name": "Ask", "trigger": { "on": "manual" }, "steps": [{ "id": "ok", "approve": { "by": ["role:Release bord"] } }] });
        let role = json!({ "name": "Release board", "permissions": ["task.view"] });
        let role = office.place.api.post("/roles", role).await.expect_status(201).text("/id");
        let refused = office.place.api.post("/rules", unknown).await.expect_problem(422, "rule_invalid");
        assert_eq!(refused.text("/errors/0/pointer"), "/steps/0/approve/by/0");
        assert!(refused.text("/errors/0/message").contains("Release board"), "{:#}", refused.body);

        let group = json!({ "name": "Board", "members": [mia] });
        let group = office.place.api.post("/groups", group).await.expect_status(201).text("/id");
        office.place.api.post("/assignments", json!({ "group": group, "role": role })).await.expect_status(201);
        let rule = office.rule(json!({ "by": ["role:release board"] }), json!({})).await;
        office.block().await;
        nothing_for(&office.moe).await;
        let path = office.verb(&office.mia, "decide").await;
        office.moe.post(&path, approve()).await.expect_problem(403, "denied");
        office.mia.post(&path, approve()).await.expect_status(200);
        ended(&office, &rule, "succeeded").await;
        office.place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);

        // A default role that somebody has on this project alone.
        office.place.api.post("/assignments", json!({ "user": tim, "role": "admin", "on": "WEB" })).await.expect_status(201);
        let rule = office.rule(json!({ "by": ["role:admin"], "allow_self": true }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.tim, "decide").await;
        office.tim.post(&path, approve()).await.expect_status(200);
        ended(&office, &rule, "succeeded").await;
        office.people.leave().await;
    }

    /// A token that may not see tasks does not read what an approval says of one.
    async fn a_token_without_tasks_reads_no_message_about_one(db) {
        let office = Office::at(&db, Place::open(&db).await).await;
        office.rule(json!({ "by": ["role:project_manager"], "message": "{{ task.title }}?" }), json!({})).await;
        office.block().await;
        let asked = office.asked(&office.mia).await;
        let path = format!("/approvals/{}", asked["id"].as_str().unwrap());
        let token = async |scopes: Value| {
            let token = office.mia.post("/tokens", json!({ "name": "t", "scopes": scopes })).await.expect_status(201);
            office.mia.with_token(&token.text("/token"))
        };
        let blind = token(json!(["approval.view", "approval.decide"])).await;
        nothing_for(&blind).await;
        blind.get(&path).await.expect_problem(404, "approval_not_found");
        blind.post(&format!("{path}/decide"), approve()).await.expect_problem(404, "approval_not_found");
        let seeing = token(json!(["approval.view", "approval.decide", "task.view"])).await;
        assert_eq!(seeing.get(&path).await.expect_status(200).text("/message"), "Fragile?");
        seeing.post(&format!("{path}/decide"), approve()).await.expect_status(200);
        office.people.leave().await;
    }
}
