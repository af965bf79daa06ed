//! Members that are programs.

use serde_json::json;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

use super::{happened, id_of};

both_databases! {
    async fn a_program_works_under_its_own_name_and_never_signs_in(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        ada.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        for (body, pointer) in [(json!({ "name": "", "role": "viewer" }), "/name"), (json!({ "name": "x", "role": "boss" }), "/role"), (json!({ "name": "x" }), "/role"), (json!({ "name": "x", "role": "viewer", "password": "x" }), "/password")] {
            assert_eq!(ada.post("/service-accounts", body).await.expect_refusal().text("/errors/0/pointer"), pointer);
        }
        let made = ada.post("/service-accounts", json!({ "name": "Robot", "role": "team_member" })).await.expect_status(201);
        let id = made.text("/id");
        assert_eq!((made.text("/kind"), made.at("/email")), ("service".into(), &serde_json::Value::Null));
        let tokens = format!("/service-accounts/{id}/tokens");
        let token = ada.post(&tokens, json!({ "name": "CI", "scopes": ["task.*", "member.view"], "expires_at": "2099-01-01T00:00:00Z" })).await.expect_status(201);
        assert!(token.text("/token").starts_with("trk_pat_"));
        let robot = ada.with_token(&token.text("/token"));
        let task = robot.post("/projects/WEB/tasks", json!({ "title": "Built" })).await.expect_status(201);
        robot.post("/projects", json!({ "key": "OWN", "name": "x" })).await.expect_problem(403, "denied");
        let event = happened(&ada, "task.created", 1).await.remove(0);
        assert_eq!((event["subject"].clone(), event["actor"].clone()), (task.body["id"].clone(), json!({ "type": "user", "id": id })));
        // Seen among the members, by name; with when its token was last used.
        assert_eq!(ada.get(&format!("/members/{id}")).await.expect_status(200).text("/name"), "Robot");
        let listed = ada.get(&tokens).await.expect_status(200);
        assert!(listed.at("/items/0/last_used_at").is_string() && !listed.body.to_string().contains("trk_pat_"));
        assert_eq!(ada.get("/tokens").await.at("/items"), &json!([]), "they are not Ada's");

        // It is no person: whatever it tries.
        let whole = ada.with_token(&ada.post(&tokens, json!({ "name": "whole" })).await.expect_status(201).text("/token"));
        let workspace = ada.get("/me").await.text("/workspace/id");
        whole.post("/auth/switch", json!({ "workspace_id": workspace })).await.expect_problem(403, "denied");
        whole.post("/workspaces", json!({ "name": "Mine" })).await.expect_problem(403, "denied");
        whole.post("/tokens", json!({ "name": "more" })).await.expect_problem(403, "denied");
        let address = whole.get("/me").await.text("/user/email");
        let stranger = ada.without_token();
        for password in ["", "correct horse battery"] {
            stranger.post("/auth/login", json!({ "email": address, "password": password })).await.expect_problem(401, "credentials_wrong");
        }
        ada.post(&format!("/members/{id}/password-reset"), json!({})).await.expect_problem(403, "denied");

        // Revoked, deactivated, reactivated.
        ada.delete(&format!("{tokens}/{}", token.text("/id"))).await.expect_status(204);
        ada.delete(&format!("{tokens}/{}", token.text("/id"))).await.expect_problem(404, "token_not_found");
        robot.get("/tasks").await.expect_problem(401, "token_invalid");
        ada.post(&format!("/members/{id}/deactivate"), json!({})).await.expect_status(200);
        whole.get("/me").await.expect_problem(401, "member_inactive");
        ada.post(&tokens, json!({ "name": "late" })).await.expect_problem(409, "member_inactive");
        assert_eq!(ada.get("/service-accounts").await.text("/items/0/state"), "deactivated");
        ada.post(&format!("/members/{id}/reactivate"), json!({})).await.expect_status(200);
        whole.get("/me").await.expect_problem(401, "token_invalid");
        ada.post(&tokens, json!({ "name": "new" })).await.expect_status(201);
        // An administrator that is a program does not count as one who is left.
        let second = ada.post("/service-accounts", json!({ "name": "Root", "role": "admin" })).await.expect_status(201).text("/id");
        ada.post("/me/leave", json!({})).await.expect_problem(409, "last_administrator");
        for path in ["/service-accounts/user_01h455vb4pex5vsknk084sn02q/tokens".to_owned(), format!("/service-accounts/{}/tokens", id_of(&ada).await)] {
            ada.get(&path).await.expect_problem(404, "service_account_not_found");
            ada.post(&path, json!({ "name": "t" })).await.expect_problem(404, "service_account_not_found");
        }
        ada.post(&format!("/service-accounts/{second}/tokens"), json!({ "name": "t", "expires_at": "2020-01-01T00:00:00Z" })).await.expect_refusal().expect_status(422);
        let narrow = ada.with_token(&ada.post("/tokens", json!({ "name": "n", "scopes": ["member.manage"] })).await.expect_status(201).text("/token"));
        narrow.post(&format!("/service-accounts/{second}/tokens"), json!({ "name": "wide" })).await.expect_problem(403, "denied");

        let people = People::of(&db).await;
        let cy = people.member(&server, &workspace, "Cy", Role::ProjectManager).await;
        people.leave().await;
        cy.post("/service-accounts", json!({ "name": "x", "role": "viewer" })).await.expect_problem(403, "denied");
        cy.post(&tokens, json!({ "name": "x" })).await.expect_problem(403, "denied");
        assert!(!server.log().contains("panicked"));
    }
}
