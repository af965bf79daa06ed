//! Whom a rule tells, by which channel; and all that a request of a rule may hold.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People};

use super::{Place, told};

async fn id(api: &Api) -> String {
    api.get("/me").await.expect_status(200).text("/user/id")
}

/// What somebody was told by rules, oldest first.
async fn heard(api: &Api) -> Vec<String> {
    let page = api.get("/notifications?limit=200").await.expect_status(200);
    let rules = page.at("/items").as_array().unwrap().iter().filter(|note| note["kind"] == "rule");
    let mut said: Vec<String> = rules.map(|note| note["message"].as_str().unwrap().to_owned()).collect();
    said.reverse();
    said
}

both_databases! {
    async fn a_rule_tells_people_roles_groups_and_whoever_has_to_do_with_the_task(db) {
        let place = Place::open(&db).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let mut crew = Vec::new();
        for (name, role) in [("Own", Role::ProjectManager), ("Does", Role::TeamMember), ("Sees", Role::Viewer), ("Grp", Role::Viewer), ("Off", Role::Viewer)] {
            crew.push(people.member(&place.server, &workspace, name, role).await);
        }
        people.leave().await;
        let [own, does, sees, grp, off] = crew.as_slice() else { unreachable!("five of them") };
        place.api.patch("/projects/WEB", json!({ "owner": id(own).await })).await.expect_status(200);
        place.api.post("/groups", json!({ "name": "Night", "members": [id(grp).await] })).await.expect_status(201);
        let new = json!({ "title": "Door", "assignees": [id(does).await], "watchers": [id(sees).await, id(off).await] });
        let task = place.api.post("/projects/WEB/tasks", new).await.expect_status(201).text("/key");
        // Somebody who has left still stands there, and is told nothing.
        place.api.post(&format!("/members/{}/deactivate", id(off).await), json!({})).await.expect_status(200);

        let rule = |name: &str, to: Value, more: Value| {
            let mut with = json!({ "to": to, "message": format!("{name}: {{{{ comment.body }}}}") });
            with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "name": name, "trigger": { "on": "task.commented" }, "steps": [{ "id": "tell", "action": "notify.send", "with": with }] })
        };
        let mut rules = Vec::new();
        for (name, to) in [
            ("assignees", json!(["task.assignees"])), ("watchers", json!(["task.watchers"])), ("owner", json!(["project.owner"])),
            ("group", json!(["group:night"])), ("role", json!(["role:project_manager"])),
            ("all", json!(["task.assignees", "task.watchers", "project.owner", "group:Night", "user:sees@people.example"])),
        ] {
            rules.push(place.rule(rule(name, to, json!({}))).await);
        }
        rules.push(place.rule(rule("app", json!(["group:Night"]), json!({ "channels": ["app"] }))).await);
        let elsewhere = place.rule(rule("push", json!(["group:Night"]), json!({ "channels": ["push", "email"] }))).await;
        let wrong = place.rule(rule("wrong", json!(["group:Ghosts"]), json!({}))).await;
        place.api.post(&format!("/tasks/{task}/comments"), json!({ "body": "hi" })).await.expect_status(201);
        for rule in &rules {
            let run = place.last(rule, 1).await;
            assert_eq!(run.text("/state"), "succeeded", "{:#}", run.body);
        }
        assert_eq!(place.last(&elsewhere, 1).await.text("/state"), "succeeded");
        let run = place.last(&wrong, 1).await;
        assert!(run.text("/error/message").contains("`group:Ghosts` is nobody"), "{:#}", run.body);
        place.quiet().await;
        for (who, wanted) in [
            (own, &["all: hi", "owner: hi", "role: hi"][..]), (does, &["all: hi", "assignees: hi"]),
            (sees, &["all: hi", "watchers: hi"]), (grp, &["all: hi", "app: hi", "group: hi"]),
        ] {
            let mut said = heard(who).await;
            said.sort_unstable();
            assert_eq!(said, wanted);
        }
        // What no task is behind has no assignees.
        let hook = place.on_hook("No task", json!([{ "id": "tell", "action": "notify.send", "with": { "to": ["task.assignees"], "message": "x" } }])).await;
        place.post(json!({})).await;
        let run = place.last(&hook, 1).await;
        assert!(run.text("/error/message").contains("about no task"), "{:#}", run.body);
    }

    async fn a_request_has_a_query_and_a_body_of_its_kind(db) {
        let place = Place::open(&db).await;
        let ask = |id: &str, with: Value| {
            let mut with = with;
            with["url"] = json!(place.sink.url(&format!("/{id}?fixed=1")));
            json!({ "id": id, "action": "http.request", "on_error": "continue", "with": with })
        };
        let query = json!({ "q": "a b&c", "page": "{{ body.page }}", "deep": true });
        let rule = place.on_hook("Asks", json!([
            ask("get", json!({ "method": "GET", "query": query, "headers": { "x-own": "p{{ body.page }}" } })),
            ask("form", json!({ "method": "POST", "form": { "name": "Ä & B", "n": 2 } })),
            ask("text", json!({ "method": "PUT", "text": "plain" })),
            ask("gone", json!({ "method": "DELETE", "expect": [404] })),
            ask("both", json!({ "method": "POST", "text": "x", "form": {} })),
        ])).await;
        place.sink.answer("/gone", [404]);
        place.post(json!({ "page": 2 })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!(told(&run), ["get succeeded", "form succeeded", "text succeeded", "gone succeeded", "both failed"], "{:#}", run.body);
        let hit = |path: &str| place.sink.hits_on(path).pop().unwrap();
        assert_eq!(hit("/get").query, "fixed=1&deep=true&page=2&q=a+b%26c");
        assert_eq!(hit("/get").headers["x-own"], "p2");
        assert_eq!((hit("/form").body, hit("/form").headers["content-type"].as_str()), (json!("n=2&name=%C3%84+%26+B"), "application/x-www-form-urlencoded"));
        assert_eq!((hit("/text").method.as_str(), hit("/text").body), ("PUT", json!("plain")));
        assert_eq!((run.at("/steps/3/output/status"), run.at("/steps/0/output/truncated")), (&json!(404), &json!(false)));
        assert!(run.text("/steps/4/error").contains("give one of body, text and form"));
    }

    async fn the_owner_is_told_when_a_rule_begins_to_fail_unless_it_says_otherwise(db) {
        let place = Place::open(&db).await;
        let fails = json!([{ "id": "fail", "script": "if body.ok { 1 } else { throw \"broken\" }" }]);
        let on = json!({ "on": "hook.received", "match": { "hook": "in" } });
        let plain = place.rule(json!({ "name": "Plain", "trigger": on, "steps": fails })).await;
        let silent = place.rule(json!({ "name": "Silent", "trigger": on, "steps": fails, "on_failure": {} })).await;
        for (n, ok) in [false, false, true, false].into_iter().enumerate() {
            place.post(json!({ "ok": ok })).await;
            let run = place.last(&plain, n + 1).await;
            assert_eq!(run.text("/state"), if ok { "succeeded" } else { "failed" }, "{:#}", run.body);
            place.last(&silent, n + 1).await;
        }
        place.quiet().await;
        let page = place.api.get("/notifications?limit=200").await.expect_status(200);
        let said: Vec<&str> = page.at("/items").as_array().unwrap().iter().map(|note| note["message"].as_str().unwrap()).collect();
        assert!(said.len() == 1 && said[0].contains("“Plain” failed") && said[0].contains("broken"), "once an hour, and not of each run: {said:#?}");
        assert!(page.text("/items/0/subject").starts_with("run_"), "it leads to the run: {:#}", page.body);
    }
}
