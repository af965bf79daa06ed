//! Sensitive fields: what they hold is nowhere to be seen, and not to be guessed, but by those who may see money.

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::Socket;

use super::{Firm, log};

both_databases! {
    async fn what_is_sensitive_is_shown_only_to_those_who_may_see_money(db) {
        let firm = Firm::open(&db).await;
        let field = json!({ "key": "salary", "name": "Salary", "type": "number", "sensitive": true });
        firm.ada.post("/projects/WEB/fields", field.clone()).await.expect_status(201);
        firm.ada.post("/projects/WEB/fields", json!({ "key": "size", "name": "Size", "type": "text" })).await.expect_status(201);
        let made = firm.ada.post("/projects/WEB/tasks", json!({ "title": "Hire", "custom": { "salary": 77123, "size": "big" } })).await.expect_status(201);
        assert_eq!((made.text("/key"), made.at("/custom/salary")), ("WEB-4".into(), &json!(77123)));
        firm.ada.patch("/tasks/WEB-1", json!({ "custom": { "salary": 65000 } })).await.expect_status(200);
        let hidden = |what: &str, body: &Value| assert!(!body.to_string().contains("77123"), "{what}: {body:#}");

        // A rule hears of what is sensitive where it is announced; what its run says is not for everybody, either.
        let rule = json!({ "name": "Raises", "trigger": { "on": "task.sensitive_changed" }, "steps": [
            { "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "It is {{ change.salary.to }} now" } },
            { "id": "touch", "action": "task.update", "with": { "task": "{{ task.id }}", "priority": "high" } } ] });
        let rule = firm.ada.post("/rules", rule).await.expect_status(201).text("/id");
        firm.ada.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        firm.ada.patch("/tasks/WEB-3", json!({ "custom": { "salary": 77123 } })).await.expect_status(200);
        let mut run = String::new();
        for _ in 0..1_000 {
            let runs = firm.ada.get(&format!("/runs?rule_id={rule}")).await.expect_status(200);
            if let Some(done) = runs.at("/items").as_array().unwrap().iter().find(|run| run["state"] == "succeeded") {
                run = done["id"].as_str().unwrap().to_owned();
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(firm.ada.get(&format!("/runs/{run}")).await.expect_status(200).body.to_string().contains("77123"));
        firm.tom.get(&format!("/runs/{run}")).await.expect_problem(404, "run_not_found");
        let touched = firm.ada.get(&format!("/runs/{run}")).await;
        assert!(!touched.at("/steps").as_array().unwrap()[1].to_string().contains("77123"), "{:#}", touched.body);

        // Tom works on tasks, and sees nothing of it: read, listed, searched, in the log, over the socket.
        let mut socket = Socket::hello(&firm.server, firm.tom.token()).await;
        socket.subscribe(&format!("project:{}", firm.web), Some(0)).await;
        let read = firm.tom.get("/tasks/WEB-4").await.expect_status(200);
        assert_eq!(read.at("/custom"), &json!({ "size": "big" }));
        for path in ["/tasks", "/tasks?project=WEB&total=true", "/search?q=hire", "/tasks/WEB-4/activity", "/projects/WEB/timeline"] {
            hidden(path, &firm.tom.get(path).await.expect_status(200).body);
        }
        // Nor may he order by it, or ask whether it is more than that.
        for query in ["custom.salary=77123", "custom.salary.gt=70000", "sort=custom.salary"] {
            firm.tom.get(&format!("/tasks?{query}")).await.expect_problem(403, "denied");
            firm.ada.get(&format!("/tasks?{query}")).await.expect_status(200);
        }
        // What he changes leaves it as it is, and what he may not see he may not write.
        let changed = firm.tom.patch("/tasks/WEB-4", json!({ "custom": { "size": "small" }, "title": "Hire soon" })).await.expect_status(200);
        assert_eq!(changed.at("/custom"), &json!({ "size": "small" }));
        let refused = firm.tom.patch("/tasks/WEB-4", json!({ "custom": { "salary": 1 } })).await.expect_status(403);
        assert_eq!(refused.text("/errors/0/pointer"), "/custom/salary");
        firm.tom.post("/projects/WEB/tasks", json!({ "title": "x", "custom": { "salary": 1 } })).await.expect_status(403);
        firm.tom.patch("/tasks/WEB-4", json!({ "custom": null })).await.expect_status(200);
        assert_eq!(firm.ada.get("/tasks/WEB-4").await.at("/custom"), &json!({ "salary": 77123 }));

        // Who was given to see it sees it, and still may not write it: read-only.
        let given = firm.assign(json!({ "user": firm.tom_id, "permission": "budget.view", "on": "WEB" })).await;
        assert_eq!(firm.tom.get("/tasks/WEB-4").await.at("/custom/salary"), &json!(77123));
        assert_eq!(firm.tom.get("/tasks?project=WEB&sort=-custom.salary,-key").await.expect_status(200).text("/items/0/key"), "WEB-4");
        firm.tom.patch("/tasks/WEB-4", json!({ "custom": { "salary": 1 } })).await.expect_status(403);
        firm.ada.delete(&format!("/assignments/{given}")).await.expect_status(204);

        // The log tells those who may know, and the others only what is theirs to know.
        let mut of_ada = Vec::new();
        for _ in 0..500 {
            of_ada = log(&firm.ada).await;
            if of_ada.iter().filter(|event| event["kind"] == "task.sensitive_changed").count() == 3 && of_ada.iter().any(|event| event["data"]["task"]["custom"] == json!({}) && event["kind"] == "task.updated") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let told: Vec<&Value> = of_ada.iter().filter(|event| event["kind"] == "task.sensitive_changed").collect();
        assert_eq!(told.iter().map(|event| event["data"]["change"]["salary"]["to"].clone()).collect::<Vec<_>>(), [json!(77123), json!(65000), json!(77123)]);
        let of_tom = log(&firm.tom).await;
        assert!(of_tom.iter().all(|event| event["kind"] != "task.sensitive_changed"));
        hidden("the log", &json!(of_tom));
        let mut heard = Vec::new();
        while let Some(Some(message)) = socket.hear_within(std::time::Duration::from_millis(300)).await {
            heard.push(message);
        }
        assert!(heard.len() > 5);
        hidden("the socket", &json!(heard));

        // A field that becomes sensitive takes its values out of sight, and the other way round; who may not see money
        // does neither.
        firm.ada.patch("/tasks/WEB-2", json!({ "custom": { "size": "77123" } })).await.expect_status(200);
        assert_eq!(firm.tom.get("/tasks/WEB-2").await.at("/custom/size"), "77123");
        let role = firm.ada.post("/roles", json!({ "name": "Shaper", "permissions": ["project.*", "task.*"] })).await.expect_status(201).text("/id");
        firm.assign(json!({ "user": firm.gus_id, "role": role, "on": "WEB" })).await;
        firm.gus.patch("/projects/WEB/fields/salary", json!({ "sensitive": false })).await.expect_status(403);
        firm.ada.patch("/projects/WEB/fields/size", json!({ "sensitive": true })).await.expect_status(200);
        assert_eq!(firm.tom.get("/tasks/WEB-2").await.at("/custom"), &json!({}));
        assert_eq!(firm.ada.get("/tasks/WEB-2").await.at("/custom/size"), "77123");
        assert_eq!(firm.ada.get("/tasks?custom.size=77123").await.text("/items/0/key"), "WEB-2");
        firm.ada.patch("/projects/WEB/fields/size", json!({ "sensitive": false })).await.expect_status(200);
        assert_eq!(firm.tom.get("/tasks/WEB-2").await.at("/custom/size"), "77123");
        let both = json!({ "key": "must", "name": "Must", "type": "text", "sensitive": true, "required": true });
        let refused = firm.ada.post("/projects/WEB/fields", both).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/sensitive");
        firm.ada.delete("/projects/WEB/fields/salary").await.expect_status(204);
        assert_eq!(firm.ada.get("/tasks/WEB-4").await.at("/custom"), &json!({}));
    }
}
