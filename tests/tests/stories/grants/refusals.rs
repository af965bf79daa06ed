//! What is refused about roles, groups and assignments, and that nobody gives what they do not have.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Firm;

both_databases! {
    async fn nobody_decides_over_more_than_they_have(db) {
        let firm = Firm::open(&db).await;
        // Tom looks after the access to WEB, as a project manager there.
        firm.assign(json!({ "user": firm.tom_id, "role": "project_manager", "on": "WEB" })).await;
        firm.assign(json!({ "user": firm.tom_id, "permission": "access.manage", "on": "WEB" })).await;
        let given = firm.tom.post("/assignments", json!({ "user": firm.gus_id, "role": "team_member", "on": "WEB" })).await.expect_status(201).text("/id");
        firm.gus.get("/tasks/WEB-1").await.expect_status(200);
        for beyond in [json!({ "user": firm.gus_id, "role": "admin", "on": "WEB" }), json!({ "user": firm.gus_id, "permission": "*", "on": "WEB" }),
            json!({ "user": firm.tom_id, "permission": "project.delete", "on": "WEB" }), json!({ "user": firm.gus_id, "role": "team_member", "on": "OPS" }),
            json!({ "user": firm.gus_id, "role": "viewer", "on": "workspace" }), json!({ "user": firm.gus_id, "role": "viewer" })] {
            firm.tom.post("/assignments", beyond).await.expect_status(403);
        }
        // Nor does he lift what was taken by somebody who may more, from himself least of all.
        let taken = firm.assign(json!({ "user": firm.tom_id, "permission": "project.edit", "effect": "deny", "on": "WEB" })).await;
        firm.tom.delete(&format!("/assignments/{taken}")).await.expect_status(403);
        firm.tom.delete(&format!("/assignments/{given}")).await.expect_status(204);
        let elsewhere = firm.assign(json!({ "user": firm.gus_id, "role": "viewer", "on": "OPS" })).await;
        firm.tom.delete(&format!("/assignments/{elsewhere}")).await.expect_status(403);
        // A token without the scope cannot hand on what its owner has.
        let narrow = firm.ada.post("/tokens", json!({ "name": "narrow", "scopes": ["access.*", "task.view"] })).await.expect_status(201).text("/token");
        let narrow = firm.ada.with_token(&narrow);
        narrow.post("/assignments", json!({ "user": firm.gus_id, "permission": "task.delete" })).await.expect_status(403);
        narrow.post("/assignments", json!({ "user": firm.gus_id, "permission": "task.view" })).await.expect_status(201);
        narrow.post("/roles", json!({ "name": "Big", "permissions": ["*"] })).await.expect_status(403);
        // Administrators are not locked out.
        let ada = firm.ada.get("/me").await.text("/user/id");
        for locks in [json!({ "user": ada, "permission": "*", "effect": "deny" }), json!({ "user": ada, "role": "admin", "effect": "deny", "on": "workspace" })] {
            firm.ada.post("/assignments", locks).await.expect_problem(409, "locks_out");
        }
        // On a project they may be kept from everything but giving it back.
        let kept = firm.assign(json!({ "user": ada, "permission": "*", "effect": "deny", "on": "WEB" })).await;
        firm.ada.get("/projects/WEB").await.expect_refusal().expect_status(404);
        firm.ada.get("/assignments").await.expect_status(200);
        let other = firm.assign(json!({ "user": firm.gus_id, "permission": "task.view", "on": "OPS" })).await;
        for id in [other, kept] {
            firm.ada.delete(&format!("/assignments/{id}")).await.expect_status(204);
        }
        firm.ada.get("/projects/WEB").await.expect_status(200);
    }

    async fn roles_do_not_go_in_circles_or_without_end(db) {
        let firm = Firm::open(&db).await;
        let mut ids: Vec<String> = Vec::new();
        for at in 0..8 {
            let inherits: Vec<&String> = ids.last().into_iter().collect();
            ids.push(firm.ada.post("/roles", json!({ "name": format!("Role {at}"), "inherits": inherits })).await.expect_status(201).text("/id"));
        }
        let deep = firm.ada.post("/roles", json!({ "name": "Too deep", "inherits": [ids[7]] })).await.expect_problem(422, "invalid_fields");
        assert_eq!(deep.text("/errors/0/pointer"), "/inherits");
        for (from, to) in [(0, 0), (0, 1), (0, 7), (3, 5)] {
            let circle = firm.ada.patch(&format!("/roles/{}", ids[from]), json!({ "inherits": ["viewer", ids[to]] })).await.expect_problem(409, "role_cycle");
            assert_eq!(circle.text("/errors/0/pointer"), "/inherits/1");
        }
        assert_eq!(firm.ada.get(&format!("/roles/{}", ids[0])).await.at("/inherits"), &json!([]), "nothing half-done");
    }

    async fn wrong_requests_are_named(db) {
        let firm = Firm::open(&db).await;
        let long = "x".repeat(300);
        let gus = &firm.gus_id;
        let role = firm.ada.post("/roles", json!({ "name": "Taken" })).await.expect_status(201).text("/id");
        firm.ada.post("/groups", json!({ "name": "Taken" })).await.expect_status(201);
        let wrong: Vec<(&str, Value, u16, &str)> = vec![
            ("/roles", json!({}), 422, "/name"),
            ("/roles", json!({ "name": "" }), 422, "/name"),
            ("/roles", json!({ "name": long }), 422, "/name"),
            ("/roles", json!({ "name": "a\u{0}b" }), 422, "/name"),
            ("/roles", json!({ "name": "taken" }), 409, "/name"),
            ("/roles", json!({ "name": "Admin" }), 409, "/name"),
            ("/roles", json!({ "name": "x", "permissions": ["task.view", "task.fly"] }), 422, "/permissions/1"),
            ("/roles", json!({ "name": "x", "permissions": [""] }), 422, "/permissions/0"),
            ("/roles", json!({ "name": "x", "inherits": ["chief"] }), 422, "/inherits/0"),
            ("/roles", json!({ "name": "x", "inherits": ["role_01h455vb4pex5vsknk084sn02q"] }), 422, "/inherits/0"),
            ("/roles", json!({ "name": "x", "template": "chief" }), 422, "/template"),
            ("/roles", json!({ "name": "x", "description": "y".repeat(1_001) }), 422, "/description"),
            ("/roles", json!({ "name": "x", "colour": "red" }), 422, "/colour"),
            ("/groups", json!({ "name": "taken" }), 409, "/name"),
            ("/groups", json!({ "name": "x", "members": ["user_01h455vb4pex5vsknk084sn02q"] }), 422, "/members/0"),
            ("/assignments", json!({ "role": "viewer" }), 422, "/user"),
            ("/assignments", json!({ "user": gus, "group": "grp_01h455vb4pex5vsknk084sn02q", "role": "viewer" }), 422, "/user"),
            ("/assignments", json!({ "group": "grp_01h455vb4pex5vsknk084sn02q", "role": "viewer" }), 422, "/group"),
            ("/assignments", json!({ "user": "user_01h455vb4pex5vsknk084sn02q", "role": "viewer" }), 422, "/user"),
            ("/assignments", json!({ "user": gus }), 422, "/role"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "permission": "task.view" }), 422, "/role"),
            ("/assignments", json!({ "user": gus, "role": "chief" }), 422, "/role"),
            ("/assignments", json!({ "user": gus, "permission": "task.fly" }), 422, "/permission"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "on": "task_1" }), 422, "/on"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "ends_at": "2020-01-01T00:00:00Z" }), 422, "/ends_at"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "starts_at": "2037-01-01T00:00:00Z", "ends_at": "2036-01-01T00:00:00Z" }), 422, "/ends_at"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "condition": "1 +" }), 422, "/condition"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "condition": "weather == \"fine\"" }), 422, "/condition"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "condition": "x".repeat(2_001) }), 422, "/condition"),
            ("/assignments", json!({ "user": gus, "role": "viewer", "note": "y".repeat(1_001) }), 422, "/note"),
        ];
        for (path, body, status, pointer) in wrong {
            let answer = firm.ada.post(path, body.clone()).await.expect_refusal();
            assert_eq!((answer.status, answer.text("/errors/0/pointer")), (status, pointer.to_owned()), "{path} {body}: {:#}", answer.body);
        }
        for on in ["NONE", "proj_01h455vb4pex5vsknk084sn02q", "task_01h455vb4pex5vsknk084sn02q", "rule_01h455vb4pex5vsknk084sn02q"] {
            firm.ada.post("/assignments", json!({ "user": gus, "role": "viewer", "on": on })).await.expect_status(404).expect_refusal();
        }
        for path in ["/roles/viewer", "/roles/admin"] {
            firm.ada.patch(path, json!({ "name": "x" })).await.expect_problem(409, "role_built_in");
            firm.ada.delete(path).await.expect_problem(409, "role_built_in");
        }
        firm.ada.patch(&format!("/roles/{role}"), json!({ "name": null })).await.expect_problem(422, "invalid_fields");
        for path in ["/roles/role_01h455vb4pex5vsknk084sn02q", "/groups/grp_01h455vb4pex5vsknk084sn02q", "/assignments/asg_01h455vb4pex5vsknk084sn02q", "/roles/nobody"] {
            firm.ada.delete(path).await.expect_status(404).expect_refusal();
        }
        assert_eq!(firm.ada.get("/assignments").await.expect_status(200).at("/items"), &json!([]), "nothing half-done");
    }
}
