//! What a stranger gets wrong who has read the documents: each is told what to write instead.

use serde_json::json;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, People, Server};

/// What is said of a time that cannot be read.
const WANTED: &str = "must be a time as RFC 3339 writes it, such as 2026-11-26T09:00:00Z";

#[track_caller]
fn says(answer: Answer, part: &str) {
    let refused = answer.expect_refusal().expect_status(422);
    assert!(refused.text("/detail").contains(part), "{part}: {:#}", refused.body);
}

async fn project(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api
}

fn keys(page: &Answer) -> Vec<&str> {
    page.at("/items").as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect()
}

both_databases! {
    async fn of_a_time_that_cannot_be_read_it_is_said_how_to_write_one(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        for odd in ["", "soon", "2026", "2026-11-26", "2026-11-26T09:00", "2026-11-31T09:00:00Z", "26.11.2026"] {
            let made = api.post("/projects/WEB/tasks", json!({ "title": "x", "due_at": odd })).await.expect_problem(422, "invalid_fields");
            assert_eq!(made.at("/errors"), &json!([{ "pointer": "/due_at", "message": WANTED }]), "{odd}");
            says(api.patch("/tasks/WEB-1", json!({ "start_at": odd })).await, WANTED);
            says(api.get(&format!("/tasks?due_at.lt={odd}")).await, &format!("`due_at.lt` cannot be `{odd}`: {WANTED}"));
            says(api.get(&format!("/audit?from={odd}")).await, &format!("`from`: {WANTED}"));
        }
        let batch = json!({ "operations": [{ "op": "update", "task": "WEB-1", "patch": { "due_at": "soon" } }] });
        let batch = api.post("/tasks/batch", batch).await;
        assert!(batch.body.to_string().contains(WANTED), "{:#}", batch.body);
        says(api.post("/tasks/bulk", json!({ "filter": "due_at.lt=soon", "patch": { "labels": ["a"] } })).await, WANTED);
        says(api.post("/views", json!({ "name": "Late", "query": { "due_at.lt": "soon" } })).await, WANTED);
        // Days are days.
        says(api.post("/absences", json!({ "from": "21.12.2026" })).await, "write it as 2026-11-25");
        says(api.get("/absences?from=2026").await, "write it as 2026-11-25");
        says(api.get("/projects/WEB/metrics?from=soon").await, "such as 2026-03-29");
        let holiday = json!({ "hours": { "monday": [{ "from": "09:00", "to": "17:00" }] }, "exceptions": [{ "from": "soon" }] });
        says(api.put("/calendar", holiday).await, "write it as 2026-11-25");
        api.post("/projects/WEB/fields", json!({ "key": "day", "name": "Day", "type": "date" })).await.expect_status(201);
        says(api.get("/tasks?custom.day=soon").await, "written as 2026-11-26");
        says(api.get("/tasks?custom.day.lt=soon").await, "a day such as 2026-11-26");
        // Documents that are brought in.
        let table = json!({ "format": "csv", "data": "title,due_at\nOne,soon\n" });
        let refused = api.post("/projects/WEB/import", table).await.expect_problem(422, "import_refused");
        assert!(refused.text("/errors/0/message").contains("such as 2026-03-02 or 2026-03-02T09:00:00Z"), "{:#}", refused.body);
        let mut document = api.get("/projects/WEB/export").await.expect_status(200).body;
        document["tasks"][0]["due_at"] = json!("soon");
        let refused = api.post("/projects/WEB/import", json!({ "format": "trackside", "data": document })).await.expect_refusal();
        assert_eq!((refused.text("/errors/0/pointer"), refused.text("/errors/0/message")), ("/data/tasks/0/due_at".into(), WANTED.into()));
        // And what a rule says.
        let rule = json!({ "name": "Soon", "trigger": { "on": "manual" }, "steps": [{ "id": "set", "action": "task.update", "with": { "task": "WEB-1", "due_at": "{{ 'so' + 'on' }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let run = api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202).text("/id");
        let run = loop {
            let run = api.get(&format!("/runs/{run}")).await.expect_status(200);
            if run.body["finished_at"].is_string() { break run; }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        assert!(run.body.to_string().contains(&format!("at `/due_at`: {WANTED}")), "{:#}", run.body);
    }

    async fn me_is_whoever_asks(db) {
        let server = Server::start(&db).await;
        let ada = project(&server).await;
        let me = ada.get("/me").await;
        let (id, workspace) = (me.text("/user/id"), me.text("/workspace/id"));
        let people = People::of(&db).await;
        let tom = people.member(&server, &workspace, "Tom", Role::ProjectManager).await;
        people.leave().await;
        let toms = tom.get("/me").await.text("/user/id");
        ada.post("/projects/WEB/fields", json!({ "key": "tester", "name": "Tester", "type": "user" })).await.expect_status(201);
        for (title, who) in [("Ada's", &id), ("Tom's", &toms)] {
            ada.post("/projects/WEB/tasks", json!({ "title": title, "assignees": [who], "custom": { "tester": who } })).await.expect_status(201);
        }
        ada.post("/projects/WEB/tasks", json!({ "title": "Nobody's" })).await.expect_status(201);
        ada.post("/tasks/WEB-3/watchers/me", json!({})).await.expect_status(200);
        for (api, own) in [(&ada, "WEB-1"), (&tom, "WEB-2")] {
            for filter in ["assignee=me", "custom.tester=me"] {
                let page = api.get(&format!("/tasks?{filter}")).await.expect_status(200);
                assert_eq!(keys(&page), [own], "{filter}");
            }
            assert_eq!(keys(&api.get(&format!("/tasks?assignee=me,{toms}&sort=key")).await).last(), Some(&"WEB-2"));
        }
        assert_eq!(keys(&ada.get("/tasks?watcher=me").await.expect_status(200)), ["WEB-3"]);
        assert_eq!(keys(&tom.get("/tasks?watcher=me").await.expect_status(200)), [] as [&str; 0]);
        ada.delete("/tasks/WEB-3/watchers/me").await.expect_status(204);
        assert_eq!(keys(&ada.get("/tasks?watcher=me").await.expect_status(200)), [] as [&str; 0]);
        // A view that is shared shows everybody their own, and a bulk edit changes one's own.
        let view = ada.post("/views", json!({ "name": "Mine", "query": "assignee=me", "shared": "workspace" })).await.expect_status(201);
        assert_eq!(view.text("/query"), "assignee=me");
        let edit = tom.post("/tasks/bulk", json!({ "filter": "assignee=me", "patch": { "labels": ["mine"] } })).await.expect_status(200);
        assert_eq!((edit.at("/changed"), ada.get("/tasks/WEB-2").await.at("/labels")), (&json!(1), &json!(["mine"])));
        assert_eq!(keys(&ada.get("/projects?owner=me").await.expect_status(200)), ["WEB"]);
        assert_eq!(keys(&tom.get("/projects?owner=me").await.expect_status(200)), [] as [&str; 0]);
        assert_eq!(ada.get("/portfolio?owner=me").await.expect_status(200).at("/total"), &json!(1));
        assert_eq!(tom.get("/members/me").await.expect_status(200).text("/id"), toms);
        ada.put("/projects/WEB/members/me", json!({ "role": "project_manager" })).await.expect_status(200);
        assert_eq!(ada.get("/assignments?user=me").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
        ada.delete("/projects/WEB/members/me").await.expect_status(204);
        for path in ["/absences", "/resources", "/timesheets", "/timesheets/export", "/rates", "/access/explain"] {
            let more = if path == "/access/explain" { "&action=task.view&object=WEB" } else { "" };
            let (said, meant) = (ada.get(&format!("{path}?user=me{more}")).await, ada.get(&format!("{path}?user={id}{more}")).await);
            assert_eq!((said.status, said.body), (200, meant.body), "{path}");
        }
        let (said, meant) = (ada.get("/audit?actor=me").await, ada.get(&format!("/audit?actor={id}")).await);
        assert!(said.at("/items").as_array().is_some_and(|items| !items.is_empty()) && said.body == meant.body);
        // Only this word.
        for path in ["/tasks?assignee=Me", "/tasks?assignee=myself", "/tasks?assignee=me,none", "/projects?owner=ada", "/rates?user=Me"] {
            ada.get(path).await.expect_refusal().expect_status(422);
        }
        ada.get("/members/myself").await.expect_problem(404, "not_found");
    }

    async fn a_parameter_or_field_that_is_not_known_is_named_with_the_nearest(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        for (path, near) in [("/tasks?asignee=me", "assignee"), ("/tasks?due_at.after=2026-11-26T09:00:00Z", "due_at"), ("/projects?stauts=active", "status"), ("/members?stat=active", "state"),
            ("/runs?rule=x", "rule_id"), ("/labels?prefx=a", "prefix"), ("/groups?limits=3", "limit")] {
            let refused = api.get(path).await.expect_problem(422, "unknown_parameter");
            assert!(refused.text("/detail").contains("did you mean `") && refused.text("/detail").contains(near), "{path}: {:#}", refused.body);
        }
        // One that takes none refuses all, before it does anything, and tells strangers nothing.
        for path in ["/roles?name=x", "/hooks?limit=3", "/me?id=1", "/roles?fields=id&name=x"] {
            let refused = api.get(path).await.expect_problem(422, "unknown_parameter");
            assert!(refused.text("/detail").contains("takes none"), "{path}: {:#}", refused.body);
        }
        api.post("/projects?dry_run=true", json!({ "key": "APP", "name": "App" })).await.expect_problem(422, "unknown_parameter");
        api.get("/projects/APP").await.expect_problem(404, "project_not_found");
        api.without_token().get("/roles?name=x").await.expect_problem(401, "token_missing");
        api.without_token().get("/setup?again=1").await.expect_problem(422, "unknown_parameter");
    }

    async fn a_custom_field_that_nobody_has_is_no_filter(db) {
        let server = Server::start(&db).await;
        let ada = project(&server).await;
        ada.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        for field in [json!({ "key": "severity", "name": "Severity", "type": "text" }), json!({ "key": "size", "name": "Size", "type": "number" })] {
            ada.post("/projects/WEB/fields", field).await.expect_status(201);
        }
        for (query, wanted) in [("custom.sevrity=high", "`custom.sevrity` is no field that a project defines, and no task holds it; did you mean `custom.severity`?"), ("custom.zz=1", "`custom.zz`"),
            ("custom.sizes.gt=1", "did you mean `custom.size`?"), ("sort=custom.sizes", "did you mean `custom.size`?"), ("project=APP&custom.zz=1", "`custom.zz`"), ("custom.zz=1&total=true&limit=1", "`custom.zz`")] {
            says(ada.get(&format!("/tasks?{query}")).await, wanted);
        }
        says(ada.post("/tasks/bulk", json!({ "filter": "custom.zz=1", "patch": { "labels": ["a"] } })).await, "`custom.zz`");
        // Across projects it is enough that one has the field; what tasks hold where nothing is defined can be asked for, too.
        for query in ["custom.severity=high", "project=APP&custom.severity=high"] {
            assert_eq!(ada.get(&format!("/tasks?{query}")).await.expect_status(200).at("/items"), &json!([]));
        }
        ada.post("/projects/APP/tasks", json!({ "title": "Free", "custom": { "zz": 2 } })).await.expect_status(201);
        assert_eq!(ada.get("/tasks?custom.zz=1").await.expect_status(200).at("/items"), &json!([]));
        assert_eq!(keys(&ada.get("/tasks?custom.zz=2").await.expect_status(200)), ["APP-1"]);
        // Whoever sees only APP is told of no field of WEB, and nothing of what its tasks hold.
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let gus = people.member(&server, &workspace, "Gus", Role::Guest).await;
        people.leave().await;
        let whom = gus.get("/me").await.text("/user/id");
        ada.put(&format!("/projects/APP/members/{whom}"), json!({ "role": "viewer" })).await.expect_status(200);
        assert_eq!(keys(&gus.get("/tasks?custom.zz=2").await.expect_status(200)), ["APP-1"]);
        let refused = gus.get("/tasks?custom.sevrity=high").await.expect_problem(422, "invalid_parameter");
        assert!(!refused.text("/detail").contains("severity"), "{:#}", refused.body);
    }
}
