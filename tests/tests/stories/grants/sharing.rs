//! Whoever runs a project decides over its people, and gives no more than they have.

use serde_json::json;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::People;

use super::Firm;

both_databases! {
    async fn whoever_runs_a_project_decides_over_its_people(db) {
        let firm = Firm::open(&db).await;
        let workspace = firm.ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let pam = people.member(&firm.server, &workspace, "Pam", Role::ProjectManager).await;
        people.leave().await;
        // Pam makes a project of her own and asks nobody.
        pam.post("/projects", json!({ "key": "PAM", "name": "Pam's" })).await.expect_status(201);
        let gus = format!("/projects/PAM/members/{}", firm.gus_id);
        firm.gus.get("/projects/PAM").await.expect_refusal().expect_status(404);
        pam.put(&gus, json!({ "role": "team_member" })).await.expect_status(200);
        firm.gus.post("/projects/PAM/tasks", json!({ "title": "Mine" })).await.expect_status(201);
        // In place of the one role comes the other, up to her own.
        pam.put(&gus, json!({ "role": "project_manager" })).await.expect_status(200);
        let tom = format!("/projects/PAM/members/{}", firm.tom_id);
        pam.put(&gus, json!({ "role": "viewer" })).await.expect_status(200);
        firm.gus.put(&tom, json!({ "role": "team_member" })).await.expect_problem(403, "denied");
        pam.delete(&gus).await.expect_status(204);
        firm.gus.get("/projects/PAM").await.expect_refusal().expect_status(404);
    }

    async fn what_one_has_for_a_time_or_under_a_condition_is_not_given_on(db) {
        let firm = Firm::open(&db).await;
        let me = format!("/projects/WEB/members/{}", firm.gus_id);
        let soon = "2099-01-01T00:00:00Z";
        for only in [json!({ "ends_at": soon }), json!({ "condition": "request.address == '127.0.0.1'" })] {
            let mut given = json!({ "user": firm.gus_id, "role": "project_manager", "on": "WEB" });
            given.as_object_mut().unwrap().extend(only.as_object().unwrap().clone());
            let given = firm.assign(given).await;
            let refused = firm.gus.put(&me, json!({ "role": "project_manager" })).await.expect_problem(403, "denied");
            assert!(refused.text("/detail").contains("for a time or under a condition"));
            firm.ada.delete(&format!("/assignments/{given}")).await.expect_status(204);
        }
        // A workspace's viewer who runs one project gives the roles of a project there.
        firm.assign(json!({ "user": firm.gus_id, "role": "project_manager", "on": "WEB" })).await;
        let tom = format!("/projects/WEB/members/{}", firm.tom_id);
        for role in ["team_member", "project_manager"] {
            firm.gus.put(&tom, json!({ "role": role })).await.expect_status(200);
        }
        // Of several at the same moment one holds.
        let roles = ["viewer", "team_member", "project_manager", "guest", "viewer", "team_member"];
        let put = roles.map(|role| firm.ada.put(&tom, json!({ "role": role })));
        for answer in futures::future::join_all(put).await {
            answer.expect_status(200);
        }
        let members = firm.ada.get("/projects/WEB/members").await.expect_status(200);
        let toms = members.at("/items").as_array().unwrap().iter().filter(|it| it["user"] == json!(firm.tom_id)).count();
        assert_eq!(toms, 1, "{:#}", members.body);
    }

    async fn whoever_runs_one_project_gives_no_more_than_they_have_and_not_elsewhere(db) {
        let firm = Firm::open(&db).await;
        let (gus, tom) = (firm.gus_id.as_str(), firm.tom_id.as_str());
        let member = |project: &str, user: &str| format!("/projects/{project}/members/{user}");
        // Who works on tasks decides over nobody; who runs WEB, over its people and no others.
        firm.tom.put(&member("WEB", gus), json!({ "role": "viewer" })).await.expect_problem(403, "denied");
        firm.assign(json!({ "user": tom, "role": "project_manager", "on": "WEB" })).await;
        firm.tom.put(&member("WEB", gus), json!({ "role": "admin" })).await.expect_problem(403, "denied");
        firm.tom.put(&member("OPS", gus), json!({ "role": "viewer" })).await.expect_problem(403, "denied");
        let big = firm.ada.post("/roles", json!({ "name": "Big", "permissions": ["project.delete"] })).await.expect_status(201).text("/id");
        firm.tom.put(&member("WEB", gus), json!({ "role": big })).await.expect_problem(403, "denied");
        firm.tom.put(&member("WEB", tom), json!({ "role": "admin" })).await.expect_problem(403, "denied");
        firm.tom.put(&member("WEB", gus), json!({ "role": "viewer" })).await.expect_status(200);
        // What more than membership is stays with those who manage access.
        firm.tom.post("/assignments", json!({ "user": gus, "role": "viewer", "on": "WEB" })).await.expect_problem(403, "denied");
        firm.tom.post("/assignments", json!({ "user": gus, "permission": "task.view", "effect": "deny", "on": "WEB" })).await.expect_problem(403, "denied");
        // Nor does he put out who may more than he does.
        let ada = firm.ada.get("/me").await.text("/user/id");
        firm.ada.put(&member("WEB", &ada), json!({ "role": "admin" })).await.expect_status(200);
        firm.tom.delete(&member("WEB", &ada)).await.expect_problem(403, "denied");
        firm.tom.put(&member("WEB", &ada), json!({ "role": "viewer" })).await.expect_problem(403, "denied");
        // A denial of one thing is one thing that he cannot hand on.
        firm.assign(json!({ "user": tom, "permission": "budget.view", "effect": "deny", "on": "WEB" })).await;
        firm.tom.put(&member("WEB", gus), json!({ "role": "project_manager" })).await.expect_problem(403, "denied");
        let scoped = firm.tom.post("/tokens", json!({ "name": "t", "scopes": ["project.*"] })).await.expect_status(201).text("/token");
        firm.tom.with_token(&scoped).put(&member("WEB", gus), json!({ "role": "team_member" })).await.expect_problem(403, "denied");
        assert_eq!(firm.ada.get("/projects/WEB/members").await.at("/items").as_array().unwrap().len(), 3);
    }
}
