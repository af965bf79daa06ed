//! Variables: set once, read by every rule.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

use super::{PATIENCE, Place};

async fn set(api: &Api, name: &str, value: Value) {
    api.put(&format!("/variables/{name}"), json!({ "value": value })).await.expect_status(200);
}

/// A rule on new tasks that tells in the reason of its end what it was judged with.
fn rule(condition: &str, reason: &str) -> Value {
    json!({ "name": "Goes by", "trigger": { "on": "task.created" }, "condition": condition,
        "steps": [{ "id": "end", "stop": reason }] })
}

async fn reason(place: &Place, rule: &str, count: usize) -> String {
    place.last(rule, count).await.text("/steps/0/output/reason")
}

both_databases! {
    async fn rules_go_by_variables_and_a_projects_own_come_first(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        api.post("/projects", json!({ "key": "OPS", "name": "Operations" })).await.expect_status(201);
        set(api, "LEAST", json!(2)).await;
        set(api, "TEAM", json!("web")).await;
        set(api, "TEAM?project=OPS", json!("ops")).await;
        let rule = place.rule(rule("task.title.len >= vars.LEAST", "{{ vars.TEAM }} {{ vars.LEAST }}")).await;
        let make = async |project: &str, title: &str| {
            api.post(&format!("/projects/{project}/tasks"), json!({ "title": title })).await.expect_status(201);
        };
        make("WEB", "long").await;
        assert_eq!(reason(&place, &rule, 1).await, "web 2");
        make("OPS", "long").await;
        assert_eq!(reason(&place, &rule, 2).await, "ops 2");
        make("WEB", "x").await;
        place.quiet().await;
        assert_eq!(place.runs(&rule).await.len(), 2, "the condition does not hold");

        // A change counts at once, on every node.
        let other = Server::on(&db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        set(api, "LEAST", json!(1)).await;
        api.at(&other).post("/projects/WEB/tasks", json!({ "title": "y" })).await.expect_status(201);
        assert_eq!(reason(&place, &rule, 3).await, "web 1");
        set(&api.at(&other), "LEAST", json!(5)).await;
        make("WEB", "four").await;
        api.delete("/variables/TEAM?project=OPS").await.expect_status(204);
        make("OPS", "long enough").await;
        assert_eq!(reason(&place, &rule, 4).await, "web 5", "the workspace's counts again");
        drop(other);

        // A dry run says what the condition looked at.
        let saved = api.get(&format!("/rules/{rule}")).await.at("/rule").clone();
        let event = json!({ "kind": "task.created", "data": { "task": { "title": "abc" } } });
        let tried = api.post("/rules/dry-run", json!({ "rule": saved, "event": event })).await.expect_status(200);
        assert!(tried.body.to_string().contains("\"vars.LEAST\":5"), "{:#}", tried.body);

        // By hand it is judged with them as well.
        let by_hand = json!({ "name": "By hand", "trigger": { "on": "manual" }, "condition": "vars.LEAST == 5", "steps": [{ "id": "end", "stop": "{{ vars.TEAM }}" }] });
        let by_hand = place.rule(by_hand).await;
        api.post(&format!("/rules/{by_hand}/run"), json!({})).await.expect_status(202);
        assert_eq!(reason(&place, &by_hand, 1).await, "web");
    }

    async fn the_check_knows_the_names_and_where_secrets_may_stand(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        api.post("/projects", json!({ "key": "OPS", "name": "Operations" })).await.expect_status(201);
        set(api, "BUILD_HOST", json!("https://ci.example.org")).await;
        set(api, "ONLY_OPS?project=OPS", json!(1)).await;
        api.put("/secrets/DEPLOY_TOKEN", json!({ "value": "s3cret-token" })).await.expect_status(200);
        let problems = async |rule: &Value| {
            let verdict = api.post("/rules/check", rule.clone()).await.expect_status(200);
            verdict.at("/problems").as_array().unwrap().clone()
        };
        // code, pointer, line, column, suggestion or words.
        let call = |with: Value| json!({ "id": "call", "action": "http.request", "with": with });
        let on = |condition: &str, steps: Value| json!({ "name": "R", "trigger": { "on": "task.created" }, "condition": condition, "steps": steps });
        let headers = |text: &str| json!([call(json!({ "method": "GET", "url": "https://example.org", "headers": { "A": text } }))]);
        for (rule, code, pointer, place, words) in [
            (on("vars.BUILD_HOTS != ()", json!([{ "id": "end", "stop": "" }])), "no_such_variable", "/condition", (1, 6), "BUILD_HOST"),
            (on("true", headers("x {{ vars.BUILD_HOSTS }}")), "no_such_variable", "/steps/0/with/headers/A", (1, 11), "BUILD_HOST"),
            (on("true", headers("Bearer {{ secrets.DEPLOY_TOKN }}")), "no_such_secret", "/steps/0/with/headers/A", (1, 19), "DEPLOY_TOKEN"),
            (on("secrets.DEPLOY_TOKEN == task.title", json!([{ "id": "end", "stop": "" }])), "secret_misplaced", "/condition", (1, 1), "Secrets may not be read in a condition"),
            (on("true", headers("{{ secrets.DEPLOY_TOKEN.upper() }}")), "secret_not_alone", "/steps/0/with/headers/A", (1, 4), "write `{{ secrets.NAME }}`"),
            (on("true", json!([{ "id": "t", "action": "task.create", "with": { "project": "WEB", "title": "{{ secrets.DEPLOY_TOKEN }}" } }])),
                "secret_misplaced", "/steps/0/with/title", (1, 4), "an input of `task.create`"),
            (on("true", json!([{ "id": "s", "stop": "{{ secrets.DEPLOY_TOKEN }}" }])), "secret_misplaced", "/steps/0/stop", (1, 4), "this step"),
            (on("true", json!([{ "id": "s", "script": "secrets.DEPLOY_TOKEN" }])), "secret_misplaced", "/steps/0/script", (1, 1), "a script"),
        ] {
            let found = problems(&rule).await;
            let found = found.iter().find(|problem| problem["code"] == code).unwrap_or_else(|| panic!("{code}: {found:#?}"));
            assert_eq!((&found["pointer"], &found["line"], &found["column"]), (&json!(pointer), &json!(place.0), &json!(place.1)), "{found:#}");
            assert!(found.to_string().contains(words), "{found:#}");
            api.post("/rules", rule).await.expect_problem(422, "rule_invalid");
        }
        // A type that cannot be meant, and a name that only one project has.
        let found = problems(&on("vars.BUILD_HOST > 3", json!([{ "id": "end", "stop": "" }]))).await;
        assert_eq!(found[0]["code"], "wrong_type", "{found:#?}");
        let mut elsewhere = on("vars.ONLY_OPS == 1", json!([{ "id": "end", "stop": "" }]));
        let found = problems(&elsewhere).await;
        assert_eq!((&found[0]["code"], &found[0]["severity"]), (&json!("not_everywhere"), &json!("warning")), "{found:#?}");
        elsewhere["scope"] = json!({ "projects": ["OPS"] });
        assert_eq!(problems(&elsewhere).await, [] as [Value; 0]);
        elsewhere["scope"] = json!({ "projects": ["WEB"] });
        assert_eq!(problems(&elsewhere).await[0]["code"], "no_such_variable");

        // What has gone since a rule was saved keeps it from being switched on.
        let id = api.post("/rules", on("vars.BUILD_HOST != ()", headers("{{ secrets.DEPLOY_TOKEN }}"))).await.expect_status(201).text("/id");
        api.delete("/secrets/DEPLOY_TOKEN").await.expect_status(204);
        let refused = api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_problem(422, "rule_invalid");
        assert!(refused.text("/errors/0/message").contains("There is no secret `DEPLOY_TOKEN`"), "{:#}", refused.body);
    }

    async fn they_are_listed_and_limited_and_only_managers_set_them(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        let me = api.get("/me").await;
        set(api, "A", json!({ "b": [1, 2] })).await;
        set(api, "B?project=WEB", json!("x")).await;
        let listed = api.get("/variables?limit=1").await.expect_status(200);
        assert_eq!((listed.text("/items/0/name"), listed.at("/items/0/value"), listed.at("/items/0/project")), ("A".into(), &json!({ "b": [1, 2] }), &Value::Null));
        assert_eq!(listed.text("/items/0/set_by"), me.text("/user/id"));
        let next = api.get(&format!("/variables?cursor={}", listed.text("/next_cursor"))).await.expect_status(200);
        assert_eq!((next.text("/items/0/name"), next.text("/items/0/project_key")), ("B".into(), "WEB".into()));
        let own = api.get("/variables?project=WEB").await.expect_status(200);
        assert_eq!(own.at("/items").as_array().unwrap().len(), 1);
        api.get("/variables/B").await.expect_problem(404, "variable_not_found");
        assert_eq!(api.get("/variables/B?project=WEB").await.expect_status(200).text("/value"), "x");

        for name in ["2FA", "a-b", "%C3%A4"] {
            api.put(&format!("/variables/{name}"), json!({ "value": 1 })).await.expect_problem(422, "invalid_name");
        }
        api.put("/variables/LONG", json!({ "value": "x".repeat(8 * 1024) })).await.expect_problem(422, "invalid_fields");
        api.put("/variables/A?project=NONE", json!({ "value": 1 })).await.expect_problem(404, "project_not_found");
        api.delete("/variables/NONE").await.expect_problem(404, "variable_not_found");
        for number in 1..200 {
            set(api, &format!("N_{number}"), json!(number)).await;
        }
        api.put("/variables/ONE_MORE", json!({ "value": 1 })).await.expect_problem(409, "too_many_variables");
        set(api, "ONE_MORE?project=WEB", json!(1)).await;
        set(api, "A", json!("changed")).await;

        let workspace = me.text("/workspace/id");
        let people = People::of(&db).await;
        let mia = people.member(&place.server, &workspace, "Mia", Role::ProjectManager).await;
        let tim = people.member(&place.server, &workspace, "Tim", Role::TeamMember).await;
        people.leave().await;
        set(&mia, "A", json!("Mia's")).await;
        tim.put("/variables/A", json!({ "value": 1 })).await.expect_problem(403, "denied");
        mia.put("/secrets/A", json!({ "value": "long enough" })).await.expect_problem(403, "denied");
        mia.get("/secrets").await.expect_status(200);
        let noted = api.get("/audit?action=variable.*&subject=A").await.expect_status(200);
        let newest = noted.at("/items").as_array().unwrap().iter().filter(|entry| entry["subject"] == "A").count();
        assert_eq!(newest, 3, "each change stands there once");
        assert!(!noted.body.to_string().contains("Mia's"), "without the value");
        // A project takes its variables with it.
        api.delete("/projects/WEB").await.expect_status(204);
        assert_eq!(db.count("variables where project_id is not null").await, 0);
        place.db.quiet(PATIENCE).await;
    }
}
