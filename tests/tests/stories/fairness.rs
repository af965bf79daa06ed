//! QUE-03, REL-05: one workspace does not starve another, whatever its rules do.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::fakes::sink::Sink;
use trackside_tests::harness::{Api, Database, People, Server};

/// A workspace with one rule that calls a sink.
struct Tenant {
    api: Api,
    sink: Sink,
    hook: String,
}

impl Tenant {
    async fn open(api: Api, rule: Value) -> Self {
        let sink = Sink::start().await;
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201);
        api.post("/projects", json!({ "key": "FAIR", "name": "Fair" })).await.expect_status(201);
        let mut rule = rule;
        rule["steps"] = json!([{ "id": "call", "action": "http.request", "timeout": "60s",
            "with": { "method": "POST", "url": sink.url("/"), "body": {} } }]);
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        Self { api, sink, hook: hook.text("/path") }
    }

    async fn post(&self, count: usize, body: Value) {
        let (api, hook, body) = (self.api.outside(), &self.hook, &body);
        let post = async |_| drop(api.post(hook, body.clone()).await.expect_status(202));
        futures::stream::iter(0..count).map(post).buffer_unordered(16).collect::<Vec<()>>().await;
    }

    async fn called(&self, times: usize) {
        let patience = tokio::time::Instant::now() + Duration::from_secs(40);
        while self.sink.hits().len() < times {
            assert!(tokio::time::Instant::now() < patience, "{} of {times} calls came", self.sink.hits().len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn two_tenants(db: &Database, server: &Server, first: Value, second: Value) -> (Tenant, Tenant) {
    let owner = Api::set_up(server).await;
    let people = People::of(db).await;
    let other = people.owner_elsewhere(server, "Other").await;
    people.leave().await;
    (Tenant::open(owner, first).await, Tenant::open(other, second).await)
}

both_databases! {
    async fn calls_that_hang_leave_room_for_other_workspaces(db) {
        let mut server = Server::on(&db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let on_hook = json!({ "name": "Call", "trigger": { "on": "hook.received" } });
        let (hangs, other) = two_tenants(&db, &server, on_hook.clone(), on_hook).await;
        hangs.sink.dawdle(Duration::from_secs(50));
        hangs.post(600, json!({})).await;
        hangs.called(150).await;
        // They have to stand in line, behind hundreds of runs of somebody else.
        other.post(60, json!({})).await;
        other.called(60).await;
        assert!(hangs.sink.hits().len() <= 256, "half of the places at the most: {}", hangs.sink.hits().len());
        while db.count("runs where state = 'succeeded'").await < 60 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(hangs.sink.hits().len() < 600, "the others were not done before");
        server.kill9();
    }

    async fn a_flood_of_ten_thousand_events_lets_another_workspace_begin_soon(db) {
        let mut server = Server::on(&db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let on_hook = json!({ "name": "Call", "trigger": { "on": "hook.received" } });
        let (floods, other) = two_tenants(&db, &server, on_hook.clone(), on_hook).await;
        // Slow enough that they cannot be through, quick enough that places become free all the time.
        floods.sink.dawdle(Duration::from_secs(2));
        floods.post(10_000, json!({})).await;
        floods.called(100).await;
        for n in 1..=3 {
            let before = floods.sink.hits().len();
            other.post(1, json!({})).await;
            other.called(n).await;
            let meanwhile = floods.sink.hits().len() - before;
            assert!(meanwhile < 2_000, "{meanwhile} of the flood went before one run of another workspace");
        }
        assert!(db.count("jobs where queue = 'runs'").await > 2_000, "the flood was not over before");
        server.kill9();
    }

    async fn one_event_that_hundreds_of_slow_rules_hear_does_not_either(db) {
        let mut server = Server::on(&db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let slow = "body.list.filter(|x| body.list.filter(|y| y + x > 3).len() > 9000).len() > 5";
        let slow = json!({ "name": "Slow", "trigger": { "on": "hook.received" }, "condition": slow });
        let quick = json!({ "name": "Quick", "trigger": { "on": "task.created" } });
        let (tenant, quick) = two_tenants(&db, &server, slow.clone(), quick).await;
        for n in 0..100 {
            let mut rule = slow.clone();
            rule["name"] = json!(format!("Slow {n}"));
            rule["steps"] = json!([{ "id": "end", "stop": "done" }]);
            let rule = tenant.api.post("/rules", rule).await.expect_status(201).text("/id");
            tenant.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        }
        let list: Vec<u32> = (0..512).collect();
        tenant.post(1, json!({ "list": list })).await;
        quick.api.post("/projects/FAIR/tasks", json!({ "title": "now" })).await.expect_status(201);
        quick.called(1).await;
        let waiting = "events where position is null and kind = 'hook.received'";
        assert_eq!(db.count(waiting).await, 1, "the slow one was not judged before");
        server.kill9();
    }

    async fn slow_conditions_do_not_hold_up_the_events_of_other_workspaces(db) {
        let mut server = Server::on(&db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let slow = "body.list.filter(|x| body.list.filter(|y| x == y).len() > 1).len() > 0";
        let slow = json!({ "name": "Slow", "trigger": { "on": "hook.received" }, "condition": slow });
        let quick = json!({ "name": "Quick", "trigger": { "on": "task.created" } });
        let (slow, quick) = two_tenants(&db, &server, slow, quick).await;
        let list: Vec<u32> = (0..150).collect();
        slow.post(400, json!({ "list": list })).await;
        for n in 1..=3 {
            quick.api.post("/projects/FAIR/tasks", json!({ "title": "now" })).await.expect_status(201);
            quick.called(n).await;
        }
        assert!(db.count("events where position is null").await > 0, "the slow ones were not done before");
        server.kill9();
    }

    async fn runs_that_compute_for_long_leave_room_for_other_workspaces(db) {
        let mut server = Server::on(&db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let on_hook = json!({ "name": "Call", "trigger": { "on": "hook.received" } });
        let (floods, other) = two_tenants(&db, &server, on_hook.clone(), on_hook).await;
        let sum = "let x = 0; for i in 0..9000 { x += i % 7; } x";
        let rule = json!({ "name": "Sums", "trigger": { "on": "hook.received", "match": { "body.sum": true } }, "steps": [
            { "id": "a", "for_each": "body.times", "do": [{ "id": "b", "for_each": "body.times", "do": [{ "id": "c", "script": sum }] }] } ] });
        let rule = floods.api.post("/rules", rule).await.expect_status(201).text("/id");
        floods.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        floods.post(6, json!({ "sum": true, "times": vec![1; 70] })).await;
        floods.called(6).await;
        other.post(20, json!({})).await;
        other.called(20).await;
        floods.api.get("/me").await.expect_status(200);
        assert_eq!(db.count("runs where finished_at is not null and rule_id in (select id from rules where name = 'Sums')").await, 0);
        server.kill9();
    }

    async fn waits_with_slow_conditions_hold_up_no_other_workspace(db) {
        let mut server = Server::on(&db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let on_hook = json!({ "name": "Call", "trigger": { "on": "hook.received" } });
        let (floods, other) = two_tenants(&db, &server, on_hook.clone(), on_hook).await;
        let list = format!("{:?}", (1..=20).collect::<Vec<i32>>());
        let slow = format!("{list}.all(|a| {list}.all(|b| {list}.all(|c| a + b + c > 0))) && comment.body == 'never'");
        let waits = |name: String, only_if: &str| json!({ "name": name, "trigger": { "on": "manual" }, "steps": [
            { "id": "w", "wait": { "event": { "on": "task.commented", "if": only_if, "timeout": "1h" } } } ] });
        let mut started = 0;
        for (tenant, rule) in (0..20).map(|at| (&floods, waits(format!("Slow {at}"), &slow)))
            .chain([(&floods, waits("Last".into(), "comment.body == 'last'")), (&other, waits("Quick".into(), "comment.body == 'go'"))])
        {
            let rule = tenant.api.post("/rules", rule).await.expect_status(201).text("/id");
            tenant.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
            tenant.api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202);
            started += 1;
        }
        while db.count("run_waits where open").await < started {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut tasks = Vec::new();
        for tenant in [&floods, &other] {
            tasks.push(tenant.api.post("/projects/FAIR/tasks", json!({ "title": "T" })).await.expect_status(201).text("/id"));
        }
        let say = async |tenant: &Tenant, task: &str, body: &str| {
            tenant.api.post(&format!("/tasks/{task}/comments"), json!({ "body": body })).await.expect_status(201);
        };
        for _ in 0..60 {
            say(&floods, &tasks[0], "c").await;
        }
        say(&floods, &tasks[0], "last").await;
        say(&other, &tasks[1], "go").await;
        let patience = tokio::time::Instant::now() + Duration::from_secs(40);
        let over = async |name: &str| {
            db.count(&format!("runs where state = 'succeeded' and rule_id in (select id from rules where name = '{name}')")).await
        };
        while over("Quick").await == 0 {
            assert!(tokio::time::Instant::now() < patience, "it was not woken");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(over("Last").await, 0, "the others were not looked at before");
        server.kill9();
    }
}
