//! How members change and go.

use std::time::Duration;

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server, Socket};

use super::{happened, id_of};

both_databases! {
    async fn a_member_who_is_deactivated_is_out_at_once_and_their_work_stays(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let ben = people.member(&server, &workspace, "Ben", Role::TeamMember).await;
        people.leave().await;
        let id = id_of(&ben).await;
        ada.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        ben.post("/projects/WEB/tasks", json!({ "title": "Ben's", "assignees": [id] })).await.expect_status(201);
        let token = ben.with_token(&ben.post("/tokens", json!({ "name": "script" })).await.expect_status(201).text("/token"));
        let login = json!({ "email": "ben@people.example", "password": "correct horse battery" });
        let session = ben.without_token().post("/auth/login", login.clone()).await.expect_status(200);
        let mut socket = Socket::hello(&server, ben.token()).await;
        socket.subscribe("project:WEB", None).await;
        let mut bystander = Socket::hello(&server, ada.token()).await;
        bystander.subscribe("project:WEB", None).await;

        let gone = ada.post(&format!("/members/{id}/deactivate"), json!({})).await.expect_status(200);
        assert_eq!((gone.text("/state"), gone.text("/name")), ("deactivated".into(), "Ben".into()));
        // Nothing that Ben holds opens anything, and the open socket closes without waiting for its beat.
        ben.get("/me").await.expect_problem(401, "session_ended");
        let told = token.get("/me").await.expect_problem(401, "member_inactive");
        assert!(told.text("/detail").contains("deactivated"), "whoever has the token is told what is so: {:#}", told.body);
        ben.with_token(&format!("{}x", token.token())).get("/me").await.expect_problem(401, "token_invalid");
        ben.without_token().post("/auth/refresh", json!({ "refresh_token": session.text("/refresh_token") })).await.expect_problem(401, "session_ended");
        ben.without_token().post("/auth/login", login.clone()).await.expect_problem(403, "no_workspace");
        let told = socket.hear().await;
        assert_eq!((told["type"].clone(), told["code"].clone()), (json!("error"), json!("session_ended")));
        assert_eq!(socket.hear_within(Duration::from_secs(20)).await, Some(None), "the server hangs up");
        ada.patch("/tasks/WEB-1", json!({ "title": "Ben's, still" })).await.expect_status(200);
        bystander.event().await;
        assert_eq!(ada.get("/tasks/WEB-1").await.at("/assignees"), &json!([id]), "the work stays");
        assert_eq!(ada.get(&format!("/members/{id}")).await.expect_status(200).text("/name"), "Ben", "and so does the name");
        ada.post("/projects/WEB/tasks", json!({ "title": "For Ben", "assignees": [id] })).await.expect_refusal().expect_status(422);
        // Lists show who is there; who was is asked for.
        let listed = async |query: &str| ada.get(&format!("/members{query}")).await.expect_status(200).at("/items").as_array().unwrap().len();
        assert_eq!((listed("").await, listed("?state=active").await, listed("?state=deactivated").await, listed("?state=left").await), (1, 1, 1, 0));
        ada.get("/members?state=gone").await.expect_refusal().expect_status(422);
        ada.post(&format!("/members/{id}/deactivate"), json!({})).await.expect_problem(409, "member_inactive");
        ada.patch(&format!("/members/{id}"), json!({ "role": "admin" })).await.expect_problem(409, "member_inactive");

        // What ended stays ended; Ben signs in anew, as what he was.
        ada.post(&format!("/members/{id}/reactivate"), json!({})).await.expect_status(200);
        ada.post(&format!("/members/{id}/reactivate"), json!({})).await.expect_problem(409, "member_active");
        ben.get("/me").await.expect_problem(401, "session_ended");
        token.get("/me").await.expect_problem(401, "token_invalid");
        let back = ben.without_token().post("/auth/login", login).await.expect_status(200);
        let ben = ben.with_token(&back.text("/access_token"));
        assert_eq!(ben.get("/me").await.expect_status(200).text("/role"), "team_member");

        // And leaves by himself.
        ben.with_token(&ben.post("/tokens", json!({ "name": "t" })).await.expect_status(201).text("/token")).post("/me/leave", json!({})).await.expect_status(204);
        ben.get("/me").await.expect_problem(401, "session_ended");
        ada.post(&format!("/members/{id}/reactivate"), json!({})).await.expect_problem(409, "member_left");
        assert_eq!(listed("?state=left").await, 1);
        let events = happened(&ada, "member.", 4).await;
        let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["member.joined", "member.deactivated", "member.reactivated", "member.departed"]);
        assert!(events.iter().all(|event| event["data"]["member"]["id"] == id), "{events:#?}");
    }

    async fn a_workspace_always_has_an_administrator(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let ben = people.member(&server, &workspace, "Ben", Role::Admin).await;
        let cy = people.member(&server, &workspace, "Cy", Role::ProjectManager).await;
        people.leave().await;
        let (a, b, c) = (id_of(&ada).await, id_of(&ben).await, id_of(&cy).await);
        cy.patch(&format!("/members/{c}"), json!({ "role": "admin" })).await.expect_problem(403, "denied");
        cy.post(&format!("/members/{a}/deactivate"), json!({})).await.expect_problem(403, "denied");
        ada.post(&format!("/members/{a}/deactivate"), json!({})).await.expect_problem(409, "own_membership");
        for (body, pointer) in [(json!({}), "/role"), (json!({ "role": "owner" }), "/role"), (json!({ "role": null }), "/role"), (json!({ "role": "admin", "name": "x" }), "/name")] {
            assert_eq!(ada.patch(&format!("/members/{c}"), body).await.expect_refusal().body["errors"][0]["pointer"], pointer);
        }
        ada.patch("/members/user_01h455vb4pex5vsknk084sn02q", json!({ "role": "admin" })).await.expect_problem(404, "member_not_found");
        ada.post("/members/user_01h455vb4pex5vsknk084sn02q/deactivate", json!({})).await.expect_problem(404, "member_not_found");
        assert_eq!(ada.patch(&format!("/members/{c}"), json!({ "role": "viewer" })).await.expect_status(200).text("/role"), "viewer");
        cy.post("/projects", json!({ "key": "CY", "name": "Cy's" })).await.expect_problem(403, "denied");

        // Two administrators put each other out at the same moment, again and again: one of them is always left.
        for _ in 0..5 {
            let (down, up) = (json!({ "role": "viewer" }), json!({ "role": "admin" }));
            let (path_a, path_b) = (format!("/members/{a}"), format!("/members/{b}"));
            let (one, two) = tokio::join!(ada.patch(&path_b, down.clone()), ben.patch(&path_a, down));
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert!(statuses == [200, 403] || statuses == [200, 409], "{statuses:?}: {:#} {:#}", one.body, two.body);
            let (left, other) = if one.status == 200 { (&ada, path_b) } else { (&ben, path_a) };
            left.patch(&other, up).await.expect_status(200);
        }
        ada.patch(&format!("/members/{b}"), json!({ "role": "viewer" })).await.expect_status(200);
        ada.patch(&format!("/members/{a}"), json!({ "role": "viewer" })).await.expect_problem(409, "last_administrator");
        ada.post("/me/leave", json!({})).await.expect_problem(409, "last_administrator");
        assert!(!server.log().contains("panicked"));
    }

    async fn whose_rules_go_on_without_them_is_told_and_another_takes_them(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let mia = people.member(&server, &workspace, "Mia", Role::ProjectManager).await;
        people.leave().await;
        let id = mia.get("/me").await.text("/user/id");
        let rule = json!({ "name": "Welcome", "trigger": { "on": "project.created" }, "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "hello" } }] });
        let rule = mia.post("/rules", rule).await.expect_status(201).text("/id");
        mia.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let gone = ada.post(&format!("/members/{id}/deactivate"), json!({})).await.expect_status(200);
        assert_eq!(gone.at("/rules"), &json!([{ "id": rule, "name": "Welcome" }]), "{:#}", gone.body);
        let audit = ada.get("/audit?action=rules.owner_gone").await.expect_status(200);
        assert_eq!(audit.at("/items/0/detail/rules/0/id"), &json!(rule), "{:#}", audit.body);
        let told = loop {
            let told = ada.get("/notifications").await.expect_status(200);
            if !told.at("/items").as_array().unwrap().is_empty() { break told.text("/items/0/message"); }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(told.contains("Mia is no longer a member") && told.contains("“Welcome”") && told.contains("/take"), "{told}");
        // What it misses stands there as runs that failed, and says what helps.
        ada.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let run = loop {
            let runs = ada.get(&format!("/runs?rule_id={rule}&state=failed")).await.expect_status(200);
            if !runs.at("/items").as_array().unwrap().is_empty() { break runs.at("/items/0").clone(); }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(run["error"]["message"].as_str().unwrap().contains(&format!("POST /rules/{rule}/take")), "{run:#}");
        let refused = ada.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_problem(409, "rule_owner_gone");
        assert!(refused.text("/detail").contains(&format!("/rules/{rule}/take")), "{:#}", refused.body);
        ada.post(&format!("/rules/{rule}/take"), json!({})).await.expect_status(200);
        ada.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        ada.post(&format!("/runs/{}/rerun", run["id"].as_str().unwrap()), json!({})).await.expect_status(202);
    }

    async fn a_rule_puts_somebody_out_with_its_owners_rights(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let ben = people.member(&server, &workspace, "Ben", Role::TeamMember).await;
        let cy = people.member(&server, &workspace, "Cy", Role::ProjectManager).await;
        people.leave().await;
        let rule = json!({ "name": "Off-boarding", "trigger": { "on": "manual" },
            "steps": [{ "id": "out", "action": "member.deactivate", "with": { "member": "Ben@People.example" } }] });
        let run = async |api: &Api| {
            let id = api.post("/rules", rule.clone()).await.expect_status(201).text("/id");
            api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
            let run = api.post(&format!("/rules/{id}/run"), json!({})).await.expect_status(202).text("/id");
            loop {
                let run = api.get(&format!("/runs/{run}")).await.expect_status(200).body;
                if run["finished_at"].is_string() { return run["steps"][0].clone(); }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert_eq!(run(&cy).await["state"], "failed", "Cy may not do it, and so Cy's rule may not");
        ben.get("/me").await.expect_status(200);
        let step: Value = run(&ada).await;
        assert_eq!((step["state"].clone(), step["output"]["state"].clone()), (json!("succeeded"), json!("deactivated")), "{step:#}");
        ben.get("/me").await.expect_problem(401, "session_ended");
    }
}
