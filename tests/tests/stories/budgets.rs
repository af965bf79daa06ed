//! Budgets over the interface: plans, costs, rates, thresholds, and who may see all that.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

use crate::time_entries::announced;

/// A project `WEB` with a task and a budget of 1000 euros.
async fn project(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
    plan(&api, json!({ "currency": "EUR", "planned": "1000.00" })).await;
    api
}

async fn plan(api: &Api, budget: Value) {
    api.send(reqwest::Method::PUT, "/projects/WEB/budget", Some(budget)).await.expect_status(200);
}

/// Threshold and crossing of everything announced as reached.
async fn reached(api: &Api, count: usize) -> Vec<(i64, i64)> {
    let events = announced(api, "budget.threshold_reached", count).await;
    events
        .iter()
        .map(|event| (event["data"]["threshold"].as_i64().unwrap(), event["data"]["crossing"].as_i64().unwrap()))
        .collect()
}

both_databases! {
    async fn a_budget_is_planned_and_its_sums_are_exact(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        api.get("/projects/WEB/budget").await.expect_problem(404, "budget_not_found");
        api.post("/projects/WEB/costs", json!({ "amount": "1" })).await.expect_problem(404, "budget_not_found");
        plan(&api, json!({ "currency": "EUR", "planned": 1000, "thresholds": [100, 33, 110] })).await;
        let planned = api.get("/projects/WEB/budget").await.expect_status(200);
        assert_eq!((planned.text("/planned"), planned.text("/actual"), planned.text("/used_percent"), planned.at("/thresholds")), ("1000.00".into(), "0.00".into(), "0.00".into(), &json!([33, 100, 110])));

        // Three times 0.1 is 0.3; twenty minutes at 100 an hour are 33.33…, three times that is 100.
        for _ in 0..3 {
            api.post("/projects/WEB/costs", json!({ "amount": "0.10", "category": "Bits" })).await.expect_status(201);
            api.post("/tasks/WEB-1/time-entries", json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 20 })).await.expect_status(201);
        }
        let unpriced = api.get("/projects/WEB/budget").await;
        assert_eq!((unpriced.text("/actual"), unpriced.at("/unpriced_minutes")), ("0.30".into(), &json!(60)));
        api.post("/rates", json!({ "amount": 100, "currency": "EUR", "valid_from": "2026-01-01" })).await.expect_status(201);
        let promised = api.post("/projects/WEB/costs", json!({ "amount": "200", "state": "committed", "currency": "EUR", "date": "2026-12-01", "note": "Order" })).await.expect_status(201);
        assert_eq!((promised.text("/amount"), promised.text("/date"), promised.text("/state")), ("200.00".into(), "2026-12-01".into(), "committed".into()));
        let budget = api.get("/projects/WEB/budget").await;
        let figures = ["/actual", "/actual_time", "/actual_costs", "/committed", "/remaining", "/used_percent", "/billable"].map(|name| budget.text(name));
        assert_eq!(figures, ["100.30", "100.00", "0.30", "200.00", "699.70", "30.03", "100.00"]);
        assert_eq!(budget.at("/unpriced_minutes"), 0);

        let id = promised.text("/id");
        let paid = api.with_header("if-match", "\"1\"").patch(&format!("/costs/{id}"), json!({ "state": "actual", "amount": "250.5" })).await.expect_status(200);
        assert_eq!((paid.text("/amount"), paid.at("/version")), ("250.50".into(), &json!(2)));
        api.with_header("if-match", "\"1\"").delete(&format!("/costs/{id}")).await.expect_problem(412, "stale");
        assert_eq!(api.get("/projects/WEB/budget").await.text("/actual"), "350.80");
        let listed = api.get("/projects/WEB/costs?limit=3").await.expect_status(200);
        let rest = api.get(&format!("/projects/WEB/costs?cursor={}", listed.text("/next_cursor"))).await.expect_status(200);
        assert_eq!((listed.at("/items").as_array().unwrap().len(), rest.text("/items/0/id")), (3, id.clone()));
        api.delete(&format!("/costs/{id}")).await.expect_status(204);
        api.get(&format!("/costs/{id}")).await.expect_problem(404, "cost_not_found");
        assert_eq!(api.get("/projects/WEB/budget").await.text("/actual"), "100.30");
        let kinds: Vec<_> = announced(&api, "budget.", 9).await.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
        let cost = |what: &str| format!("budget.cost_{what}");
        assert_eq!(kinds, ["budget.planned".to_owned(), cost("added"), cost("added"), cost("added"), "budget.rate_added".into(), cost("added"), cost("updated"), "budget.threshold_reached".into(), cost("deleted")]);

        // Rates by the order in which they hold, and from when to when.
        let me = api.get("/me").await.text("/user/id");
        let rate = async |body: Value| api.post("/rates", body).await.expect_status(201).text("/id");
        let actual = async || api.get("/projects/WEB/budget").await.text("/actual_time");
        rate(json!({ "user": me, "amount": "60", "currency": "EUR", "valid_from": "2026-01-01" })).await;
        assert_eq!(actual().await, "60.00");
        let own = rate(json!({ "project": "WEB", "amount": "30.5", "currency": "EUR", "valid_from": "2026-11-01", "valid_to": "2026-11-25" })).await;
        assert_eq!(actual().await, "30.50");
        let both = rate(json!({ "project": "WEB", "user": me, "amount": "1.2345", "currency": "EUR", "valid_from": "2026-11-25" })).await;
        assert_eq!(actual().await, "1.23");
        api.patch(&format!("/rates/{both}"), json!({ "valid_from": "2026-11-26" })).await.expect_status(200);
        assert_eq!(actual().await, "30.50");
        api.patch(&format!("/rates/{own}"), json!({ "valid_to": "2026-11-24" })).await.expect_status(200);
        assert_eq!(actual().await, "60.00");
        api.patch(&format!("/rates/{own}"), json!({ "valid_to": null })).await.expect_status(200);
        api.delete(&format!("/rates/{own}")).await.expect_status(204);
        assert_eq!(actual().await, "60.00");
        assert_eq!(api.get("/rates?project=WEB").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
        assert_eq!(api.get(&format!("/rates?user={me}")).await.expect_status(200).at("/items").as_array().unwrap().len(), 2);
        // Time at a rate in another currency is not in the sums, and said.
        rate(json!({ "user": me, "amount": "60", "currency": "USD", "valid_from": "2026-11-20" })).await;
        let budget = api.get("/projects/WEB/budget").await;
        assert_eq!((budget.text("/actual_time"), budget.at("/unpriced_minutes")), ("0.00".into(), &json!(60)));
    }

    async fn a_threshold_is_announced_once_for_each_crossing(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let cost = api.post("/projects/WEB/costs", json!({ "amount": "499.99" })).await.expect_status(201).text("/id");
        let set = async |amount: &str| drop(api.patch(&format!("/costs/{cost}"), json!({ "amount": amount })).await.expect_status(200));
        set("500").await;
        assert_eq!(reached(&api, 1).await, [(50, 1)]);
        set("700").await;
        // At once past two.
        set("1000").await;
        assert_eq!(reached(&api, 3).await, [(50, 1), (80, 1), (100, 1)]);
        set("1100").await;
        // Below, and up again: that is another crossing.
        set("790").await;
        let budget = api.get("/projects/WEB/budget").await;
        assert_eq!((budget.at("/reached/0/crossings"), budget.at("/reached/1/since"), budget.at("/reached/0/since").is_string()), (&json!(1), &Value::Null, true));
        set("800").await;
        assert_eq!(reached(&api, 4).await, [(50, 1), (80, 1), (100, 1), (80, 2)]);
        // Planning more arms what is not reached any more; planning less crosses.
        plan(&api, json!({ "currency": "EUR", "planned": "2000" })).await;
        plan(&api, json!({ "currency": "EUR", "planned": "1600", "thresholds": [50, 45] })).await;
        let all = reached(&api, 6).await;
        assert_eq!(all[4..], [(45, 1), (50, 2)]);
        // Time crosses as well, and so do rates.
        plan(&api, json!({ "currency": "EUR", "planned": "1600", "thresholds": [60] })).await;
        api.post("/tasks/WEB-1/time-entries", json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 120 })).await.expect_status(201);
        api.post("/rates", json!({ "amount": "80", "currency": "EUR", "valid_from": "2026-11-01" })).await.expect_status(201);
        let budget = api.get("/projects/WEB/budget").await;
        assert_eq!((budget.text("/used_percent"), budget.at("/reached/0/percent")), ("60.00".into(), &json!(60)));
        assert_eq!(reached(&api, 7).await[6..], [(60, 1)]);
        let event = announced(&api, "budget.threshold_reached", 7).await.pop().unwrap();
        assert_eq!((&event["data"]["budget"]["actual"], &event["data"]["project"]["key"]), (&json!("960.00"), &json!("WEB")));
    }

    async fn of_two_costs_at_once_one_announces(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let costs: Vec<_> = (0..12).map(|at| {
            let api = api.clone();
            tokio::spawn(async move {
                if at % 2 == 0 {
                    api.post("/projects/WEB/costs", json!({ "amount": "100" })).await.expect_status(201);
                } else {
                    api.post("/tasks/WEB-1/time-entries", json!({ "minutes": 10 })).await.expect_status(201);
                }
            })
        }).collect();
        for cost in costs {
            cost.await.unwrap();
        }
        assert_eq!(reached(&api, 1).await, [(50, 1)]);
        assert_eq!(api.get("/projects/WEB/budget").await.text("/used_percent"), "60.00");
    }

    async fn what_is_no_money_is_refused(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let me = api.get("/me").await.text("/user/id");
        api.post("/projects/WEB/costs", json!({ "amount": "1" })).await.expect_status(201);
        let rate = api.post("/rates", json!({ "project": "WEB", "user": me, "amount": "1", "currency": "EUR", "valid_from": "2026-01-01" })).await.expect_status(201).text("/id");
        let before = (api.get("/projects/WEB/budget").await.body, api.get("/rates").await.body);
        let put = async |body: Value| api.send(reqwest::Method::PUT, "/projects/WEB/budget", Some(body)).await;
        for (body, pointer) in [
            (json!({ "planned": "1" }), "/currency"), (json!({ "currency": "EUR" }), "/planned"), (json!({ "currency": "EURO", "planned": "1" }), "/currency"), (json!({ "currency": "ABC", "planned": "1" }), "/currency"),
            (json!({ "currency": "eur", "planned": "1" }), "/currency"), (json!({ "currency": "XAU", "planned": "1" }), "/currency"),
            (json!({ "currency": "EUR", "planned": 12.5 }), "/planned"), (json!({ "currency": "EUR", "planned": "1e3" }), "/planned"), (json!({ "currency": "EUR", "planned": 1e3 }), "/planned"), (json!({ "currency": "EUR", "planned": "1.005" }), "/planned"),
            (json!({ "currency": "EUR", "planned": "-1" }), "/planned"), (json!({ "currency": "EUR", "planned": "1000000000000" }), "/planned"), (json!({ "currency": "EUR", "planned": "NaN" }), "/planned"), (json!({ "currency": "EUR", "planned": null }), "/planned"),
            (json!({ "currency": "JPY", "planned": "1.5" }), "/planned"),
            (json!({ "currency": "EUR", "planned": "1", "thresholds": [50, 80, 50] }), "/thresholds/2"), (json!({ "currency": "EUR", "planned": "1", "thresholds": [0] }), "/thresholds/0"), (json!({ "currency": "EUR", "planned": "1", "thresholds": [50, 1001] }), "/thresholds/1"),
            (json!({ "currency": "EUR", "planned": "1", "thresholds": [33.3] }), "/thresholds/0"), (json!({ "currency": "EUR", "planned": "1", "thresholds": (1..=21).collect::<Vec<i64>>() }), "/thresholds"), (json!({ "currency": "EUR", "planned": "1", "spent": "1" }), "/spent"),
        ] {
            let refused = put(body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        put(json!({ "currency": "USD", "planned": "1" })).await.expect_problem(409, "currency_in_use");
        for (body, pointer) in [
            (json!({}), "/amount"), (json!({ "amount": "0" }), "/amount"), (json!({ "amount": "-5" }), "/amount"), (json!({ "amount": -5 }), "/amount"), (json!({ "amount": 0.1 }), "/amount"), (json!({ "amount": "0.001" }), "/amount"), (json!({ "amount": "1,5" }), "/amount"),
            (json!({ "amount": "1", "currency": "USD" }), "/currency"), (json!({ "amount": "1", "currency": "euro" }), "/currency"), (json!({ "amount": "1", "date": "2026-02-30" }), "/date"), (json!({ "amount": "1", "date": "25.11.2026" }), "/date"),
            (json!({ "amount": "1", "state": "paid" }), "/state"), (json!({ "amount": "1", "category": "x".repeat(101) }), "/category"), (json!({ "amount": "1", "note": "a\u{0}" }), "/note"), (json!({ "amount": "1", "amuont": "1" }), "/amuont"),
        ] {
            let refused = api.post("/projects/WEB/costs", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        for (body, pointer) in [
            (json!({ "amount": "1", "currency": "EUR" }), "/valid_from"), (json!({ "amount": "-1", "currency": "EUR", "valid_from": "2026-01-01" }), "/amount"), (json!({ "amount": "0.00001", "currency": "EUR", "valid_from": "2026-01-01" }), "/amount"),
            (json!({ "amount": "1", "currency": "EUR", "valid_from": "2026-01-02", "valid_to": "2026-01-01" }), "/valid_to"), (json!({ "amount": "1", "currency": "EUR", "valid_from": "soon" }), "/valid_from"),
            (json!({ "amount": "1", "currency": "EUR", "valid_from": "2026-01-01", "user": "user_01h455vb4pex5vsknk084sn02q" }), "/user"), (json!({ "project": "WEB", "amount": "1", "currency": "USD", "valid_from": "2026-02-01" }), "/currency"),
        ] {
            let refused = api.post("/rates", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        api.post("/rates", json!({ "project": "WEB", "user": me, "amount": "2", "currency": "EUR", "valid_from": "2026-01-01" })).await.expect_problem(409, "rate_exists");
        api.post("/rates", json!({ "project": "NONE", "amount": "2", "currency": "EUR", "valid_from": "2026-01-01" })).await.expect_problem(404, "project_not_found");
        api.with_header("if-match", "\"7\"").patch(&format!("/rates/{rate}"), json!({ "amount": "2" })).await.expect_problem(412, "stale");
        for path in ["/rates/rate_nonsense", "/rates/rate_01h455vb4pex5vsknk084sn02q", "/costs/cost_nonsense", "/costs/cost_01h455vb4pex5vsknk084sn02q", "/projects/NONE/budget", "/rates?project=NONE"] {
            api.get(path).await.expect_refusal().expect_status(404);
        }
        assert_eq!((api.get("/projects/WEB/budget").await.body, api.get("/rates").await.body), before, "nothing was changed");
    }

    async fn money_is_for_those_who_may_see_it(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let worker = people.member(&server, &workspace, "Wim", Role::TeamMember).await;
        let manager = people.member(&server, &workspace, "Mia", Role::ProjectManager).await;
        people.leave().await;
        let cost = api.post("/projects/WEB/costs", json!({ "amount": "777.77" })).await.expect_status(201).text("/id");
        let rate = api.post("/rates", json!({ "amount": "55.55", "currency": "EUR", "valid_from": "2026-01-01" })).await.expect_status(201).text("/id");
        for path in ["/projects/WEB/budget", "/projects/WEB/costs", &format!("/costs/{cost}"), "/rates", "/rates?project=WEB", &format!("/rates/{rate}")] {
            worker.get(path).await.expect_problem(403, "denied");
            manager.get(path).await.expect_status(200);
        }
        worker.post("/projects/WEB/costs", json!({ "amount": "1" })).await.expect_problem(403, "denied");
        worker.post("/rates", json!({ "amount": "1", "currency": "EUR", "valid_from": "2026-01-01" })).await.expect_problem(403, "denied");
        worker.delete(&format!("/costs/{cost}")).await.expect_problem(403, "denied");
        // Whoever logs time sees no price of it, also not when it crosses a threshold.
        let logged = worker.post("/tasks/WEB-1/time-entries", json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 120 })).await.expect_status(201);
        assert!(logged.body.get("rate").is_none() && !logged.body.to_string().contains("55.55"), "{:#}", logged.body);
        assert_eq!(reached(&api, 2).await, [(50, 1), (80, 1)]);
        let events = announced(&api, "time.", 1).await;
        assert!(!format!("{events:?}").contains("55.55"));
        // A token that may only see time sees no money.
        let token = api.post("/tokens", json!({ "name": "narrow", "scopes": ["time.*", "project.view"] })).await.expect_status(201).text("/token");
        api.with_token(&token).get("/projects/WEB/budget").await.expect_problem(403, "denied");
    }

    async fn a_rule_enters_a_cost_and_hears_of_a_threshold(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        for rule in [
            json!({ "name": "Licence", "trigger": { "on": "task.commented" }, "steps": [{ "id": "add", "action": "budget.add_cost", "with": { "project": "WEB", "amount": "{{ comment.body }}", "category": "Licences" } }] }),
            json!({ "name": "Warn", "trigger": { "on": "budget.threshold_reached" }, "policy": { "cause": { "accept_rules": true } }, "condition": "threshold >= 80 && project.key == \"WEB\"",
                "steps": [{ "id": "say", "action": "task.create", "with": { "project": "WEB", "title": "Budget at {{ threshold }} %" } }] }),
        ] {
            let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
            api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        }
        api.post("/tasks/WEB-1/comments", json!({ "body": "812.40" })).await.expect_status(201);
        assert_eq!(reached(&api, 2).await, [(50, 1), (80, 1)]);
        let start = std::time::Instant::now();
        while api.get("/tasks?q=Budget").await.expect_status(200).at("/items").as_array().unwrap().is_empty() {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(api.get("/projects/WEB/costs").await.text("/items/0/amount"), "812.40");
    }
}
