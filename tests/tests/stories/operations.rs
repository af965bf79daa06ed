//! QUE-03, QUE-04, QUE-06: what whoever looks after an installation sees of its queues and workers, and does about them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::db::{Db, Options, everywhere};
use trackside_tests::both_databases;
use trackside_tests::fakes::sink::Sink;
use trackside_tests::harness::{Answer, Api, Database, People, Server};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with a hook on which rules listen, and a sink that they call.
struct Office {
    db: Database,
    server: Server,
    api: Api,
    sink: Sink,
    hook: String,
}

impl Office {
    async fn open(db: &Database) -> Self {
        let server = Server::on(db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let api = Api::set_up(&server).await;
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201).text("/path");
        Self { db: db.clone(), server, api, sink: Sink::start().await, hook }
    }

    async fn rule(&self, name: &str, steps: Value) -> String {
        let rule = json!({ "name": name, "trigger": { "on": "hook.received" }, "steps": steps });
        let id = self.api.post("/rules", rule).await.expect_status(201).text("/id");
        self.api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        id
    }

    /// A rule that calls the sink.
    async fn calls(&self) -> String {
        let with = json!({ "method": "POST", "url": self.sink.url("/"), "body": {} });
        self.rule("Call", json!([{ "id": "call", "action": "http.request", "timeout": "60s", "with": with }])).await
    }

    async fn post(&self, times: usize) {
        for n in 0..times {
            self.api.outside().post(&self.hook, json!({ "n": n })).await.expect_status(202);
        }
    }

    /// What a path answers once it is so.
    async fn when(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Answer {
        let start = Instant::now();
        loop {
            let answer = self.api.get(path).await.expect_status(200);
            if wanted(&answer.body) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{path} answers:\n{:#}", answer.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn hits(&self, count: usize) {
        let start = Instant::now();
        while self.sink.hits().len() < count {
            assert!(start.elapsed() < PATIENCE, "{} of {count} calls came", self.sink.hits().len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The one node that works, once it has reported.
    async fn worker(&self) -> String {
        self.when("/workers", |page| page["items"].as_array().unwrap().len() == 1).await.text("/items/0/name")
    }

    /// Lets all jobs of runs be given up with these reasons, one after another, as if they had failed for good.
    async fn bury(&self, reasons: &[&str]) {
        let hand = Db::open(&Options::new(self.db.url())).await.unwrap();
        for reason in reasons {
            let reason: String = (*reason).to_owned();
            everywhere(hand.write(async move |tx: &mut trackside_engine::db::Tx| {
                let (id,): (uuid::Uuid,) = tx.one("select id from jobs where queue = 'runs' order by id limit 1", ()).await?;
                tx.execute(
                    "insert into dead_jobs (id, workspace_id, queue, kind, payload, key, priority, attempts, max_attempts, epoch, reason, created_at, died_at) \
                     select id, workspace_id, queue, kind, payload, key, priority, 6, max_attempts, epoch, $2, created_at, created_at from jobs where id = $1",
                    (id, reason.as_str()),
                )
                .await?;
                tx.execute("delete from jobs where id = $1", (id,)).await.map(drop)
            }))
            .await
            .unwrap();
        }
        hand.close().await;
    }
}

/// A rule that waits for an hour.
fn waits() -> Value {
    json!([{ "id": "pause", "wait": { "for": "1h" } }])
}

both_databases! {
    async fn one_call_tells_how_everything_stands(db) {
        let office = Office::open(&db).await;
        let name = office.worker().await;
        office.rule("No", json!([{ "id": "no", "stop": { "outcome": "failed", "reason": "no" } }])).await;
        office.post(3).await;
        let page = office.when("/operations", |page| page["failing_rules"][0]["figure"] == 3 && page["installation"]["dispatcher"]["undispatched"] == 0).await;
        let queues: Vec<&str> = page.at("/installation/queues").as_array().unwrap().iter().map(|queue| queue["queue"].as_str().unwrap()).collect();
        assert_eq!(queues, ["deliveries", "maintenance", "notify", "runs", "schedule", "sync"]);
        assert_eq!(page.at("/installation/queues/3/limits"), &json!({ "concurrency": 512, "timeout": "2m", "rate": null, "priority": 0, "set": [] }));
        assert_eq!((page.text("/installation/workers/0/name"), page.text("/installation/workers/0/state")), (name, "working".into()));
        assert_eq!(page.at("/installation/workers/0/queues").as_array().unwrap().len(), 6);
        assert_eq!(page.at("/installation/dispatcher/undispatched"), &json!(0));
        assert_eq!((page.at("/dead_letters"), page.text("/failing_rules/0/name")), (&json!([]), "No".into()));
        // An administrator of another workspace sees their own part of it.
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&office.server, "Eve").await;
        people.leave().await;
        let page = eve.get("/operations").await.expect_status(200);
        assert_eq!((page.at("/installation"), page.at("/failing_rules")), (&Value::Null, &json!([])));
        for path in ["/workers", "/queues", "/queues/runs", "/dead-jobs?installation=true"] {
            eve.get(path).await.expect_problem(403, "denied");
        }
        eve.post("/queues/runs/drain", json!({})).await.expect_problem(403, "denied");
        eve.patch("/queues/runs", json!({ "concurrency": 1 })).await.expect_problem(403, "denied");
        assert_eq!(office.api.get("/queues/runs").await.expect_status(200).at("/paused"), &json!(false));
        // A node that ends in good order is not listed any more.
        let mut office = office;
        office.server.stop().await;
        assert_eq!(db.count("nodes").await, 0);
    }

    async fn how_a_queue_is_worked_on_is_changed_while_it_is(db) {
        let office = Office::open(&db).await;
        office.worker().await;
        office.calls().await;
        let changed = office.api.patch("/queues/runs", json!({ "concurrency": 1, "timeout": "50s", "priority": 5 })).await.expect_status(200);
        assert_eq!(changed.at("/limits"), &json!({ "concurrency": 1, "timeout": "50s", "rate": null, "priority": 5, "set": ["concurrency", "priority", "timeout"] }));
        office.when("/workers", |page| page["items"][0]["queues"][3]["concurrency"] == 1).await;
        office.sink.dawdle(Duration::from_secs(20));
        office.post(5).await;
        office.hits(1).await;
        let full = office.when("/queues/runs", |queue| queue["running"] == 1 && queue["ready"] == 4).await;
        assert!(full.at("/oldest_seconds").is_i64() && full.at("/oldest_at").is_string(), "{:#}", full.body);
        assert_eq!(office.sink.hits().len(), 1, "one at a time");
        // As usual again: all of them go out while the first still hangs.
        office.api.patch("/queues/runs", json!({ "concurrency": null, "timeout": null, "priority": null })).await.expect_status(200);
        office.hits(5).await;
        // A rate holds back whatever room there is.
        office.api.patch("/queues/runs", json!({ "rate": { "jobs": 1, "per": "1h" } })).await.expect_status(200);
        office.when("/workers", |page| page["items"][0]["seen_at"].is_string()).await;
        for (wrong, at) in [(json!({ "concurrency": 0 }), "/concurrency"), (json!({ "timeout": "1ms" }), "/timeout"),
            (json!({ "rate": { "jobs": 1, "per": "1d" } }), "/rate/per"), (json!({ "priority": 1000 }), "/priority"), (json!({ "speed": 1 }), "/speed")] {
            let refused = office.api.patch("/queues/runs", wrong).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), at);
        }
        office.api.patch("/queues/nothing", json!({})).await.expect_problem(404, "queue_not_found");
        let told = office.api.get("/audit?action=queue.changed").await.expect_status(200);
        assert_eq!(told.at("/items").as_array().unwrap().len(), 3);
        let mut office = office;
        office.server.kill9();
    }

    async fn a_node_that_drains_finishes_what_it_runs_and_takes_nothing_new(db) {
        let office = Office::open(&db).await;
        let worker = office.worker().await;
        office.calls().await;
        office.sink.dawdle(Duration::from_secs(6));
        office.post(1).await;
        office.hits(1).await;
        let draining = office.api.post(&format!("/workers/{worker}/drain"), json!({})).await.expect_status(200);
        assert_eq!((draining.text("/state"), draining.at("/running")), ("draining".into(), &json!(1)));
        office.when("/workers", |page| page["items"][0]["queues"][3]["concurrency"] == 0).await;
        office.post(3).await;
        office.sink.dawdle(Duration::ZERO);
        office.when("/workers", |page| page["items"][0]["state"] == "drained").await;
        let queue = office.api.get("/queues/runs").await.expect_status(200);
        assert_eq!((queue.at("/ready"), queue.at("/running")), (&json!(3), &json!(0)), "what came later waits for others");
        assert_eq!((office.sink.hits().len(), db.count("runs where state = 'succeeded'").await), (1, 1));
        let working = office.api.post(&format!("/workers/{worker}/resume"), json!({})).await.expect_status(200);
        assert_eq!(working.text("/state"), "working");
        office.hits(4).await;
        office.api.post("/workers/node_of_nobody/drain", json!({})).await.expect_problem(404, "worker_not_found");
    }

    async fn a_queue_is_drained_and_goes_on_later(db) {
        let office = Office::open(&db).await;
        office.calls().await;
        office.sink.dawdle(Duration::from_secs(2));
        office.post(1).await;
        office.hits(1).await;
        let at_once = office.api.post("/queues/runs/drain", json!({})).await.expect_status(200);
        assert_eq!((at_once.at("/paused"), at_once.at("/drained"), at_once.at("/running")), (&json!(true), &json!(false), &json!(1)));
        office.post(1).await;
        let drained = office.api.post("/queues/runs/drain?wait=30", json!({})).await.expect_status(200);
        assert_eq!((drained.at("/drained"), drained.at("/running")), (&json!(true), &json!(0)));
        assert_eq!(office.sink.hits().len(), 1);
        office.api.post("/queues/runs/drain?wait=300", json!({})).await.expect_problem(422, "invalid_parameter");
        office.api.post("/queues/runs/resume", json!({})).await.expect_status(204);
        office.hits(2).await;
    }

    async fn dead_letters_are_found_put_back_and_discarded(db) {
        let office = Office::open(&db).await;
        let rule = office.rule("Wait", waits()).await;
        office.post(4).await;
        office.when(&format!("/runs?rule_id={rule}&state=waiting"), |page| page["items"].as_array().unwrap().len() == 4).await;
        office.bury(&["connection refused by a", "connection refused by b", "no route", "no route"]).await;
        let all = office.api.get("/dead-jobs?sort=created_at&total=true").await.expect_status(200);
        assert_eq!(all.at("/total"), &json!(4));
        assert_eq!((all.text("/items/0/kind"), all.text("/items/0/reason")), ("advance_run".into(), "connection refused by a".into()));
        let run = all.text("/items/0/about");
        office.api.get(&format!("/runs/{run}")).await.expect_status(200);
        let groups = office.api.get("/dead-jobs/groups").await.expect_status(200);
        assert_eq!((groups.at("/items/0/count"), groups.text("/items/0/reason")), (&json!(2), "no route".into()));
        assert_eq!(office.api.get("/operations").await.expect_status(200).at("/dead_letters/0/count"), &json!(2));
        for (query, count) in [("q=REFUSED", 2), ("kind=advance_run&queue=runs", 4), ("kind=send_mail", 0), ("queue=notify", 0), ("until=2020-01-01T00:00:00Z", 0), ("since=2020-01-01T00:00:00Z", 4), ("installation=true", 4)] {
            let found = office.api.get(&format!("/dead-jobs?{query}")).await.expect_status(200);
            assert_eq!(found.at("/items").as_array().unwrap().len(), count, "{query}");
        }
        office.api.get("/dead-jobs?queue=nothing").await.expect_problem(404, "queue_not_found");
        office.api.get("/dead-jobs?kind=A%20B").await.expect_problem(422, "invalid_parameter");
        let (jobs, other) = (all.text("/items/0/id"), "job_01h455vb4pex5vsknk084sn02q");

        // Nobody else's.
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&office.server, "Eve").await;
        people.leave().await;
        assert_eq!(eve.get("/dead-jobs").await.expect_status(200).at("/items"), &json!([]));
        for verb in ["requeue", "discard"] {
            eve.post(&format!("/dead-jobs/{verb}"), json!({ "jobs": [jobs] })).await.expect_problem(404, "dead_job_not_found");
            eve.post(&format!("/dead-jobs/{verb}"), json!({ "filter": {}, "all": true, "installation": true })).await.expect_problem(403, "denied");
            assert_eq!(eve.post(&format!("/dead-jobs/{verb}"), json!({ "filter": {}, "all": true })).await.expect_status(200).at("/matched"), &json!(0));
            eve.post(&format!("/dead-jobs/{verb}"), json!({ "filter": {} })).await.expect_problem(422, "invalid_fields");
            eve.post(&format!("/dead-jobs/{verb}"), json!({ "filter": {}, "dry_run": true })).await.expect_status(200);
            office.api.post(&format!("/dead-jobs/{verb}"), json!({ "jobs": [other] })).await.expect_problem(404, "dead_job_not_found");
            office.api.post(&format!("/dead-jobs/{verb}"), json!({})).await.expect_problem(422, "invalid_fields");
            office.api.post(&format!("/dead-jobs/{verb}"), json!({ "jobs": [jobs], "filter": {} })).await.expect_problem(422, "invalid_fields");
        }

        let refused = json!({ "q": "refused" });
        let tried = office.api.post("/dead-jobs/requeue", json!({ "filter": refused, "dry_run": true })).await.expect_status(200);
        assert_eq!(tried.body, json!({ "matched": 2, "done": 0, "left": 0 }));
        let back = office.api.post("/dead-jobs/requeue", json!({ "filter": refused })).await.expect_status(200);
        assert_eq!(back.body, json!({ "matched": 2, "done": 2, "left": 0 }));
        // The runs go on where they were: they wait.
        office.when("/queues/runs", |queue| queue["delayed"] == 2 && queue["dead"] == 2).await;
        let gone = office.api.post("/dead-jobs/discard", json!({ "filter": { "kind": "advance_run" } })).await.expect_status(200);
        assert_eq!(gone.body, json!({ "matched": 2, "done": 2, "left": 0 }));
        let failed = office.api.get(&format!("/runs?rule_id={rule}&state=failed")).await.expect_status(200);
        assert_eq!((failed.at("/items").as_array().unwrap().len(), failed.text("/items/0/error/code")), (2, "discarded".into()));
        assert_eq!(office.api.get(&format!("/runs?rule_id={rule}&state=waiting")).await.expect_status(200).at("/items").as_array().unwrap().len(), 2);
        for (action, count) in [("dead_jobs.requeued", 2), ("dead_jobs.discarded", 2)] {
            let told = office.api.get(&format!("/audit?action={action}")).await.expect_status(200);
            assert_eq!(told.at("/items/0/detail/count"), &json!(count), "{:#}", told.body);
        }
    }
}
