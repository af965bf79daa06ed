//! Custom fields over the interface: defined, held by tasks, filtered and ordered by, changed and taken away.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

/// A project `WEB` with a field of each type.
async fn project(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    let options = json!([{ "key": "high", "name": "High" }, { "key": "mid", "name": "Middling" }, { "key": "low", "name": "Low" }]);
    for field in [
        json!({ "key": "note", "name": "Note", "type": "text" }),
        json!({ "key": "size", "name": "Size", "type": "number" }),
        json!({ "key": "cost", "name": "Cost", "type": "money", "currency": "EUR", "sensitive": true }),
        json!({ "key": "day", "name": "Day", "type": "date", "description": "When it was found" }),
        json!({ "key": "severity", "name": "Severity", "type": "select", "options": options }),
        json!({ "key": "areas", "name": "Areas", "type": "multi_select", "options": options }),
        json!({ "key": "tester", "name": "Tester", "type": "user" }),
        json!({ "key": "link", "name": "Link", "type": "url" }),
        json!({ "key": "billable", "name": "Billable", "type": "checkbox" }),
    ] {
        api.post("/projects/WEB/fields", field).await.expect_status(201);
    }
    api
}

async fn keys(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/tasks?{query}")).await.expect_status(200);
    page.at("/items").as_array().unwrap().iter().map(|task| task["key"].as_str().unwrap().to_owned()).collect()
}

both_databases! {
    async fn values_are_checked_and_kept_in_one_form(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let ada = api.get("/me").await.text("/user/id");
        let custom = json!({ "billable": true, "size": "3.50", "cost": "12.50", "day": "2026-03-09", "severity": "mid", "areas": ["low", "high", "low"], "tester": ada,
            "link": " https://example.org/a?b=c ", "note": "Text" });
        let task = api.post("/projects/WEB/tasks", json!({ "title": "One", "custom": custom })).await.expect_status(201);
        let kept = json!({ "note": "Text", "size": 3.5, "cost": { "amount": "12.5", "currency": "EUR" }, "day": "2026-03-09", "severity": "mid", "areas": ["high", "low"], "tester": ada,
            "link": "https://example.org/a?b=c", "billable": true });
        assert_eq!(task.at("/custom"), &kept);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/custom"), &kept);
        // The same once more, in other words, is no change.
        let same = json!({ "size": 3.5, "cost": { "amount": 12.5 }, "areas": ["low", "high"] });
        assert_eq!(api.patch("/tasks/WEB-1", json!({ "custom": same })).await.expect_status(200).at("/version"), 1);
        let changed = api.patch("/tasks/WEB-1", json!({ "custom": { "cost": { "amount": "0.01", "currency": "EUR" }, "note": null, "size": 4.0 } })).await.expect_status(200);
        assert_eq!((changed.at("/custom/cost/amount"), changed.at("/custom/size"), changed.body.pointer("/custom/note")), (&json!("0.01"), &json!(4), None));

        for (key, values) in [
            ("note", vec![json!(""), json!(3), json!(["x"]), json!("x".repeat(4001)), json!("a\u{0}b")]),
            ("size", vec![json!("three"), json!(true), json!("1234567890123456"), json!(1e300), json!("NaN"), json!("")]),
            ("cost", vec![json!("12.50 EUR"), json!("1.00001"), json!({ "amount": "1", "currency": "USD" }), json!({ "currency": "EUR" }), json!({ "amount": "1", "tax": "2" }), json!([1])]),
            ("day", vec![json!("2026-02-30"), json!("9.3.2026"), json!("2026-03-09T00:00:00Z"), json!(20260309), json!("12026-03-09")]),
            ("severity", vec![json!("High"), json!("none"), json!(["high"]), json!(1)]),
            ("areas", vec![json!("high"), json!([]), json!(["high", "none"]), json!([1])]),
            ("tester", vec![json!("ada"), json!("user_01h455vb4pex5vsknk084sn02q"), json!(1)]),
            ("link", vec![json!("example.org"), json!("ftp://example.org"), json!("javascript:alert(1)"), json!("https://"), json!(1)]),
            ("billable", vec![json!("yes"), json!(1)]),
            ("unknown", vec![json!(1), json!(null)]),
        ] {
            for value in values {
                for answer in [api.patch("/tasks/WEB-1", json!({ "custom": { key: value } })).await, api.post("/projects/WEB/tasks", json!({ "title": "x", "custom": { key: value } })).await] {
                    let refused = answer.expect_problem(422, "invalid_fields");
                    assert_eq!(refused.text("/errors/0/pointer"), format!("/custom/{key}"), "{value}: {:#}", refused.body);
                }
            }
        }
        // What is required has to be given, and cannot be emptied; what is there already need not be touched.
        api.patch("/projects/WEB/fields/severity", json!({ "required": true })).await.expect_status(200);
        let refused = api.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/custom/severity");
        for custom in [json!(null), json!({ "severity": null })] {
            api.patch("/tasks/WEB-1", json!({ "custom": custom })).await.expect_problem(422, "invalid_fields");
        }
        api.patch("/tasks/WEB-1", json!({ "title": "Uno" })).await.expect_status(200);
        // Another project is as free as before.
        api.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        let free = api.post("/projects/APP/tasks", json!({ "title": "x", "custom": { "anything": { "goes": [1] } } })).await.expect_status(201);
        assert_eq!(free.at("/custom"), &json!({ "anything": { "goes": [1] } }));
    }

    async fn tasks_are_found_and_ordered_by_their_values(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        api.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        let ada = api.get("/me").await.text("/user/id");
        for custom in [
            json!({ "size": 10, "cost": "9.5", "day": "2026-03-01", "severity": "low", "areas": ["low"], "billable": true, "note": "a, b", "link": "https://example.org/x,y" }),
            json!({ "size": 9, "cost": "10", "day": "2026-02-01", "severity": "high", "areas": ["high", "low"], "billable": false, "tester": ada }),
            json!({ "size": -1.5, "cost": "-2", "severity": "mid" }),
            json!({}),
        ] {
            api.post("/projects/WEB/tasks", json!({ "title": "x", "custom": custom })).await.expect_status(201);
        }
        api.post("/projects/APP/tasks", json!({ "title": "free", "custom": { "severity": "high", "size": 10 } })).await.expect_status(201);
        for (query, expected) in [
            ("custom.severity=high", vec!["WEB-2", "APP-1"]), ("custom.severity=low,mid", vec!["WEB-1", "WEB-3"]), ("custom.size=10", vec!["WEB-1", "APP-1"]), ("custom.size=10.0,9", vec!["WEB-1", "WEB-2"]),
            ("custom.size.gte=9", vec!["WEB-1", "WEB-2"]), ("custom.size.gt=9", vec!["WEB-1"]), ("custom.size.lt=0", vec!["WEB-3"]), ("custom.size.lte=9&custom.size.gt=-2", vec!["WEB-2", "WEB-3"]),
            ("custom.cost.gt=9.5", vec!["WEB-2"]), ("custom.cost=9.50", vec!["WEB-1"]), ("custom.day.lt=2026-03-01", vec!["WEB-2"]), ("custom.day=2026-03-01", vec!["WEB-1"]),
            ("custom.areas=low", vec!["WEB-1", "WEB-2"]), ("custom.areas=high,mid", vec!["WEB-2"]), ("custom.billable=true", vec!["WEB-1"]), ("custom.note=a, b", vec!["WEB-1"]),
            ("custom.link=https://example.org/x,y", vec!["WEB-1"]), (&format!("custom.tester={ada}"), vec!["WEB-2"]), ("custom.severity=high&project=WEB", vec!["WEB-2"]),
        ] {
            assert_eq!(keys(&api, &format!("sort=created_at&{query}")).await, expected, "{query}");
        }
        for (sort, expected) in [
            ("custom.size", vec!["WEB-3", "WEB-2", "WEB-1", "WEB-4"]), ("-custom.size", vec!["WEB-1", "WEB-2", "WEB-3", "WEB-4"]), ("custom.severity", vec!["WEB-2", "WEB-3", "WEB-1", "WEB-4"]),
            ("-custom.cost", vec!["WEB-2", "WEB-1", "WEB-3", "WEB-4"]), ("custom.day,-created_at", vec!["WEB-2", "WEB-1", "WEB-4", "WEB-3"]),
        ] {
            assert_eq!(keys(&api, &format!("project=WEB&sort={sort}")).await, expected, "{sort}");
        }
        for query in ["custom.size=large", "custom.size.gte=large", "custom.severity=huge", "custom.severity.gte=high", "custom.note.lt=b", "custom.billable=maybe", "custom.day=soon", "custom.tester=ada",
            "custom.nowhere=1", "custom.nowhere.gte=1", "sort=custom.nowhere", "sort=custom.", "sort=custom.size,-custom.size", "custom.size.between=1", "custom.=1", "custom..gte=1",
            "sort=custom.size,custom.cost,custom.day,custom.note,custom.link"] {
            let refused = api.get(&format!("/tasks?{query}")).await.expect_refusal();
            assert_eq!(refused.status, 422, "{query}: {:#}", refused.body);
        }
        // A cursor of such an order is no cursor of another, nor can it be made up.
        let cursor = api.get("/tasks?limit=1&sort=custom.size").await.text("/next_cursor");
        api.get(&format!("/tasks?limit=1&sort=custom.cost&cursor={cursor}")).await.expect_problem(422, "cursor_of_another_sort");
    }

    async fn rules_read_and_write_fields(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let rule = json!({ "name": "Bad ones", "trigger": { "on": "task.created" }, "condition": "task.custom.severity == \"high\" && task.custom.size > 2", "steps": [
            { "id": "set", "action": "task.update", "with": { "task": "{{ task.id }}", "custom": { "billable": true, "size": "{{ task.custom.size * 2 }}" } } },
            { "id": "bad", "action": "task.update", "with": { "task": "{{ task.id }}", "custom": { "severity": "worse" } }, "on_error": "continue" },
            { "id": "say", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "Sized {{ task.custom.size }}, costs {{ task.custom.cost.amount }}" } } ] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "x", "custom": { "severity": "high", "size": 2.5, "cost": "3" } })).await.expect_status(201);
        let start = std::time::Instant::now();
        while api.get("/tasks/WEB-1/comments").await.at("/items") == &json!([]) {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(api.get("/tasks/WEB-1/comments").await.text("/items/0/body"), "Sized 2.5, costs ", "what is sensitive is in no event that others see");
        let task = api.get("/tasks/WEB-1").await;
        assert_eq!((task.at("/custom/billable"), task.at("/custom/size"), task.text("/custom/severity")), (&json!(true), &json!(5), "high".into()));
    }

    async fn what_changes_a_definition_changes_what_tasks_hold(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        for custom in [json!({ "severity": "low", "areas": ["mid", "low"], "note": "Stays" }), json!({ "severity": "high", "areas": ["low"] })] {
            api.post("/projects/WEB/tasks", json!({ "title": "x", "custom": custom })).await.expect_status(201);
        }
        let option = |key: &str, name: &str| json!({ "key": key, "name": name });
        // Another name changes nothing that is held; another order changes the order.
        let renamed = json!({ "options": [option("low", "Lowest"), option("mid", "Middling"), option("high", "High")] });
        let field = api.patch("/projects/WEB/fields/severity", renamed).await.expect_status(200);
        assert_eq!((field.at("/version"), field.text("/options/0/name")), (&json!(2), "Lowest".into()));
        assert_eq!(keys(&api, "sort=custom.severity").await, ["WEB-1", "WEB-2"]);
        assert_eq!(keys(&api, "custom.severity=low").await, ["WEB-1"]);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/version"), 1);
        // An option that is held goes only if it is said what comes in its place.
        let fewer = json!({ "options": [option("mid", "Middling"), option("high", "High")] });
        let refused = api.patch("/projects/WEB/fields/severity", fewer.clone()).await.expect_problem(409, "option_in_use");
        assert!(refused.text("/detail").contains("1 tasks hold `low`"), "{:#}", refused.body);
        let with = |replace: Value| { let mut body = fewer.clone(); body["replace"] = replace; body };
        api.patch("/projects/WEB/fields/severity", with(json!({ "low": "mid" }))).await.expect_status(200);
        let task = api.get("/tasks/WEB-1").await;
        assert_eq!((task.text("/custom/severity"), task.at("/version")), ("mid".into(), &json!(2)));
        assert_eq!((keys(&api, "custom.severity=mid").await, api.get("/tasks?custom.severity=low").await.status), (vec!["WEB-1".to_owned()], 422));
        api.patch("/projects/WEB/fields/areas", with(json!({ "low": null }))).await.expect_status(200);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/custom/areas"), &json!(["mid"]));
        assert_eq!(api.get("/tasks/WEB-2").await.at("/custom"), &json!({ "severity": "high" }));
        // One that nobody holds just goes.
        api.patch("/projects/WEB/fields/areas", json!({ "options": [option("mid", "Middling")] })).await.expect_status(200);

        // A deleted field takes its values along, and a new one of the same name finds none.
        api.delete("/projects/WEB/fields/severity").await.expect_status(204);
        let task = api.get("/tasks/WEB-1").await;
        assert_eq!(task.at("/custom"), &json!({ "note": "Stays", "areas": ["mid"] }));
        api.delete("/projects/WEB/fields/severity").await.expect_problem(404, "field_not_found");
        api.post("/projects/WEB/fields", json!({ "key": "severity", "name": "Severity", "type": "number" })).await.expect_status(201);
        assert_eq!(keys(&api, "custom.severity.gte=0").await, [] as [&str; 0]);
        let log = api.get("/events?limit=200&after=0").await;
        let seen: Vec<_> = log.at("/items").as_array().unwrap().iter().filter(|event| event["kind"] == "field.deleted").map(|event| (event["data"]["field"]["key"].clone(), event["data"]["tasks"].clone())).collect();
        assert!(seen.is_empty() || seen == [(json!("severity"), json!(2))], "{seen:?}");
    }

    async fn what_was_there_before_a_definition_is_taken_over_where_it_fits(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        for custom in [json!({ "size": "7.0" }), json!({ "size": "large" }), json!({ "size": 8, "old": 1 }), json!({})] {
            api.post("/projects/WEB/tasks", json!({ "title": "x", "custom": custom })).await.expect_status(201);
        }
        api.post("/projects/WEB/fields", json!({ "key": "size", "name": "Size", "type": "number" })).await.expect_status(201);
        assert_eq!(keys(&api, "sort=-custom.size").await, ["WEB-3", "WEB-1", "WEB-2", "WEB-4"]);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/custom/size"), 7);
        // What does not fit stays until somebody changes it, and so does what nobody defined.
        assert_eq!(api.get("/tasks/WEB-2").await.at("/custom/size"), "large");
        api.patch("/tasks/WEB-2", json!({ "title": "y" })).await.expect_status(200);
        assert_eq!(api.patch("/tasks/WEB-3", json!({ "custom": { "size": 1 } })).await.expect_status(200).at("/custom"), &json!({ "size": 1, "old": 1 }));
        assert_eq!(api.patch("/tasks/WEB-3", json!({ "custom": { "old": null } })).await.expect_status(200).at("/custom"), &json!({ "size": 1 }));
    }

    async fn definitions_are_checked_and_only_managers_make_them(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let new = |more: Value| {
            let mut new = json!({ "key": "new", "name": "New", "type": "text" });
            new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            new
        };
        let option = json!({ "key": "a", "name": "A" });
        for (more, pointer) in [
            (json!({ "key": "New" }), "/key"), (json!({ "key": "" }), "/key"), (json!({ "key": "a.b" }), "/key"), (json!({ "key": "x".repeat(65) }), "/key"), (json!({ "name": " " }), "/name"),
            (json!({ "name": "x".repeat(101) }), "/name"), (json!({ "description": "x".repeat(1001) }), "/description"), (json!({ "type": "colour" }), "/type"), (json!({ "options": [option] }), "/options"),
            (json!({ "type": "select" }), "/options"), (json!({ "type": "select", "options": [option, option] }), "/options/1/key"), (json!({ "type": "select", "options": [{ "key": "A", "name": "A" }] }), "/options/0/key"),
            (json!({ "type": "select", "options": [{ "key": "a", "name": "" }] }), "/options/0/name"), (json!({ "type": "select", "options": [{ "key": "a" }] }), "/options/0/name"),
            (json!({ "type": "money" }), "/currency"), (json!({ "type": "money", "currency": "eur" }), "/currency"), (json!({ "currency": "EUR" }), "/currency"), (json!({ "colour": "red" }), "/colour"),
        ] {
            let refused = api.post("/projects/WEB/fields", new(more.clone())).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{more}");
        }
        api.post("/projects/WEB/fields", new(json!({ "key": "note" }))).await.expect_problem(409, "field_key_taken");
        api.patch("/projects/WEB/fields/note", json!({ "key": "other" })).await.expect_problem(422, "invalid_fields");
        api.patch("/projects/WEB/fields/severity", json!({ "replace": { "high": "low" } })).await.expect_problem(422, "invalid_fields");
        api.patch("/projects/WEB/fields/severity", json!({ "options": [option], "replace": { "high": "b" } })).await.expect_problem(422, "invalid_fields");
        api.with_header("if-match", "\"7\"").patch("/projects/WEB/fields/note", json!({ "name": "x" })).await.expect_problem(412, "stale");
        for path in ["/projects/WEB/fields/none", "/projects/NONE/fields/note", "/projects/NONE/fields"] {
            api.get(path).await.expect_status(404).expect_refusal();
        }
        api.get("/projects/WEB/fields/%00").await.expect_refusal();
        let list = api.get("/projects/WEB/fields").await.expect_status(200);
        assert_eq!(list.at("/items").as_array().unwrap().len(), 9);
        assert_eq!((list.text("/items/2/currency"), list.at("/items/2/sensitive")), ("EUR".into(), &json!(true)));

        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let worker = people.member(&server, &workspace, "Wim", Role::TeamMember).await;
        people.leave().await;
        worker.get("/projects/WEB/fields").await.expect_status(200);
        worker.post("/projects/WEB/fields", new(json!({}))).await.expect_problem(403, "denied");
        worker.patch("/projects/WEB/fields/note", json!({ "name": "x" })).await.expect_problem(403, "denied");
        worker.delete("/projects/WEB/fields/note").await.expect_problem(403, "denied");
        for more in 0..91 {
            api.post("/projects/WEB/fields", new(json!({ "key": format!("more_{more}") }))).await.expect_status(201);
        }
        api.post("/projects/WEB/fields", new(json!({}))).await.expect_problem(409, "too_many_fields");
        api.delete("/projects/WEB").await.expect_status(204);
    }
}
