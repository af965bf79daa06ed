//! Conditions of assignments, explanations, and the log of it all.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::{Firm, log, seen};

both_databases! {
    async fn own_tasks_only(db) {
        let firm = Firm::open(&db).await;
        let own = "actor.id in task.assignees || task.created_by == actor.id";
        firm.assign(json!({ "user": firm.gus_id, "permission": "task.view", "on": "WEB", "condition": own })).await;
        firm.assign(json!({ "user": firm.gus_id, "permission": "task.edit", "on": "WEB", "condition": "actor.id in task.assignees" })).await;
        assert_eq!(seen(&firm.gus, "").await, (vec![], 0));
        firm.ada.patch("/tasks/WEB-2", json!({ "assignees": [firm.gus_id] })).await.expect_status(200);
        firm.ada.patch("/tasks/OPS-2", json!({ "assignees": [firm.gus_id] })).await.expect_status(200);
        assert_eq!(seen(&firm.gus, "").await, (vec!["WEB-2".into()], 1));
        firm.gus.patch("/tasks/WEB-2", json!({ "title": "Mine" })).await.expect_status(200);
        firm.gus.patch("/tasks/WEB-1", json!({ "title": "Mine" })).await.expect_problem(404, "task_not_found");
        firm.gus.patch("/tasks/OPS-2", json!({ "title": "Mine" })).await.expect_problem(404, "task_not_found");
        // Given away, and it is out of sight.
        firm.gus.patch("/tasks/WEB-2", json!({ "assignees": [firm.tom_id] })).await.expect_status(200);
        firm.gus.get("/tasks/WEB-2").await.expect_problem(404, "task_not_found");

        // A long list, of which every seventh may be seen: each once, on pages of any size.
        let mut own = Vec::new();
        for at in 0..60 {
            let assignees = if at % 7 == 0 { json!([firm.gus_id]) } else { json!([]) };
            let made = firm.ada.post("/projects/WEB/tasks", json!({ "title": "many", "assignees": assignees })).await.expect_status(201);
            if at % 7 == 0 { own.push(made.text("/key")); }
        }
        for limit in [1, 2, 4, 100] {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = firm.gus.get(&format!("/tasks?sort=key&limit={limit}{cursor}")).await.expect_status(200);
                let items = page.at("/items").as_array().unwrap();
                assert!(items.len() <= limit);
                found.extend(items.iter().map(|task| task["key"].as_str().unwrap().to_owned()));
                match page.at("/next_cursor").as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(found, own, "pages of {limit}");
        }
        assert_eq!(seen(&firm.gus, "&limit=3").await, (own[..3].to_vec(), own.len() as i64));
        assert_eq!(seen(&firm.gus, "&limit=3&offset=4").await.0, own[4..7].to_vec());
    }

    async fn while_the_project_is_active_and_from_the_right_address(db) {
        let firm = Firm::open(&db).await;
        let active = "project.status == \"active\" && request.address.starts_with(\"127.\")";
        firm.assign(json!({ "user": firm.gus_id, "role": "team_member", "on": "workspace", "condition": active })).await;
        firm.gus.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_status(201);
        assert_eq!(firm.gus.get("/projects").await.expect_status(200).at("/items").as_array().unwrap().len(), 2);
        firm.ada.patch("/projects/WEB", json!({ "status": "on_hold" })).await.expect_status(200);
        firm.gus.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_problem(404, "project_not_found");
        assert_eq!(firm.gus.get("/projects").await.text("/items/0/key"), "OPS");
        assert_eq!(seen(&firm.gus, "").await.0, ["OPS-1", "OPS-2"].map(String::from));
        let elsewhere = "request.address.starts_with(\"10.\")";
        let firm_two = firm.assign(json!({ "user": firm.tom_id, "permission": "task.*", "effect": "deny", "condition": "!request.address.starts_with(\"10.\")" })).await;
        firm.tom.get("/tasks/OPS-1").await.expect_problem(404, "task_not_found");
        firm.ada.delete(&format!("/assignments/{firm_two}")).await.expect_status(204);
        // A condition that fails allows nothing, and denies what it denies.
        firm.assign(json!({ "user": firm.gus_id, "permission": "project.delete", "condition": elsewhere })).await;
        firm.gus.delete("/projects/OPS").await.expect_problem(403, "denied");
        firm.assign(json!({ "user": firm.tom_id, "permission": "task.edit", "effect": "deny", "condition": "task.nothing.deeper + 1 > 0" })).await;
        firm.tom.patch("/tasks/OPS-1", json!({ "title": "x" })).await.expect_problem(403, "denied");
        firm.tom.get("/tasks/OPS-1").await.expect_status(200);
    }

    async fn the_explanation_is_true(db) {
        let firm = Firm::open(&db).await;
        let (one, two) = (firm.task("WEB-1").await, firm.task("WEB-2").await);
        let soon = "2036-01-01T00:00:00Z";
        firm.assign(json!({ "user": firm.gus_id, "role": "viewer", "on": "WEB" })).await;
        firm.assign(json!({ "user": firm.gus_id, "role": "project_manager", "on": "OPS", "starts_at": soon })).await;
        firm.assign(json!({ "user": firm.gus_id, "permission": "task.edit", "on": two })).await;
        firm.assign(json!({ "user": firm.tom_id, "permission": "task.edit", "effect": "deny", "on": "WEB", "condition": "task.status == \"todo\"" })).await;
        let denied = firm.assign(json!({ "user": firm.tom_id, "permission": "task.view", "effect": "deny", "on": one })).await;
        firm.ada.patch("/tasks/WEB-3", json!({ "status": "in_progress" })).await.expect_status(200);
        let three = firm.task("WEB-3").await;
        // What is explained is what happens.
        for (name, person, id) in [("gus", &firm.gus, &firm.gus_id), ("tom", &firm.tom, &firm.tom_id)] {
            for task in [&one, &two, &three, &firm.task("OPS-1").await] {
                for (action, permission) in [("view", "task.view"), ("edit", "task.edit")] {
                    let explained = firm.ada.get(&format!("/access/explain?user={id}&action={permission}&object={task}")).await.expect_status(200);
                    let answer = match action {
                        "view" => person.get(&format!("/tasks/{task}")).await,
                        _ => person.patch(&format!("/tasks/{task}"), json!({ "priority": "low" })).await,
                    };
                    assert_eq!(explained.at("/allowed") == true, answer.status == 200, "{name} {action} {task}: {:#}", explained.body);
                }
            }
            for project in [&firm.web, &firm.ops] {
                let explained = firm.ada.get(&format!("/access/explain?user={id}&action=project.view&object={project}")).await.expect_status(200);
                let answer = person.get(&format!("/projects/{project}")).await;
                assert_eq!(explained.at("/allowed") == true, answer.status == 200, "{name} {project}");
            }
        }
        let explain = async |query: &str| firm.ada.get(&format!("/access/explain?{query}")).await.expect_status(200);
        let why = explain(&format!("user={}&action=task.view&object={one}", firm.tom_id)).await;
        assert_eq!((why.text("/because"), why.text("/assignment")), ("assignment".into(), denied));
        let why = explain(&format!("user={}&action=task.view&object={two}", firm.tom_id)).await;
        assert_eq!((why.text("/because"), why.text("/role")), ("role".into(), "team_member".into()));
        let why = explain(&format!("user={}&action=task.edit&object=OPS", firm.gus_id)).await;
        assert_eq!((why.at("/allowed"), why.text("/because"), why.text("/weighed/0/outcome")), (&json!(false), "nothing".into(), "not_yet".into()));
        // About oneself anybody may ask; about others, and about what one does not see, not.
        assert_eq!(firm.gus.get("/access/explain?action=task.view&object=WEB").await.expect_status(200).at("/allowed"), true);
        firm.gus.get(&format!("/access/explain?user={}&action=task.view&object=WEB", firm.tom_id)).await.expect_problem(403, "denied");
        firm.gus.get("/access/explain?action=task.view&object=OPS").await.expect_problem(404, "project_not_found");
        for (query, code) in [("action=task.fly&object=WEB", "invalid_fields"), ("action=task.*&object=WEB", "invalid_fields"), ("action=task.view&object=task_1", "invalid_fields"),
            ("action=task.view", "invalid_parameter"), ("action=task.view&object=WEB&user=user_01h455vb4pex5vsknk084sn02q", "member_not_found")] {
            let answer = firm.ada.get(&format!("/access/explain?{query}")).await.expect_refusal();
            assert_eq!(answer.text("/type"), format!("/problems/{code}"), "{query}: {:#}", answer.body);
        }
    }

    async fn every_change_stands_in_the_audit_log_and_is_announced_to_those_who_may_know(db) {
        let firm = Firm::open(&db).await;
        let role = firm.ada.post("/roles", json!({ "name": "Own", "permissions": ["task.*"] })).await.expect_status(201).text("/id");
        firm.ada.patch(&format!("/roles/{role}"), json!({ "name": "Mine" })).await.expect_status(200);
        let group = firm.ada.post("/groups", json!({ "name": "Team" })).await.expect_status(201).text("/id");
        firm.ada.patch(&format!("/groups/{group}"), json!({ "add": [firm.gus_id] })).await.expect_status(200);
        let assignment = firm.assign(json!({ "group": group, "role": role, "on": "WEB", "note": "for the launch" })).await;
        firm.ada.delete(&format!("/assignments/{assignment}")).await.expect_status(204);
        firm.ada.delete(&format!("/groups/{group}")).await.expect_status(204);
        firm.ada.delete(&format!("/roles/{role}")).await.expect_status(204);
        let entries = firm.ada.get("/audit?limit=200").await.expect_status(200);
        let actions: Vec<&str> = entries.at("/items").as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        for action in ["role.created", "role.updated", "role.deleted", "group.created", "group.updated", "group.deleted", "assignment.created", "assignment.ended"] {
            assert!(actions.contains(&action), "{action} in {actions:?}");
        }
        let access = |events: &[Value]| events.iter().filter(|event| event["kind"].as_str().unwrap().starts_with("access.")).count();
        let mut known = 0;
        for _ in 0..500 {
            known = access(&log(&firm.ada).await);
            if known == 8 { break; }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(known, 8);
        assert_eq!(access(&log(&firm.tom).await), 0, "a team member does not see who was given what");
        firm.tom.get("/assignments").await.expect_problem(403, "denied");
    }
}
