//! What rules would do, and why they did what they did, or nothing.

mod backtests;
mod dry_runs;
mod shadows;
mod why;
mod why_not;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::fakes::sink::Sink;
use trackside_tests::harness::{Answer, Api, Database, People, Server};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// An event that nobody has.
const NO_EVENT: &str = "evt_01h455vb4pex5vsknk084sn02q";

/// A workspace with the projects `WEB` and `OPS`, a guest, somebody elsewhere, and a sink that rules may call.
struct Place {
    db: Database,
    #[allow(dead_code, reason = "it ends when dropped")]
    server: Server,
    api: Api,
    sink: Sink,
    /// May nothing but what is assigned.
    gus: Api,
    gus_id: String,
    /// Owns another workspace.
    eve: Api,
}

impl Place {
    async fn open(db: &Database) -> Self {
        let server = Server::on(db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let api = Api::set_up(&server).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let gus = people.member(&server, &workspace, "Gus", Role::Guest).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        for key in ["WEB", "OPS"] {
            api.post("/projects", json!({ "key": key, "name": key })).await.expect_status(201);
        }
        let gus_id = gus.get("/me").await.text("/user/id");
        Self { db: db.clone(), server, api, sink: Sink::start().await, gus, gus_id, eve }
    }

    /// Makes a task in `WEB`; its key.
    async fn task(&self, task: Value) -> String {
        self.api.post("/projects/WEB/tasks", task).await.expect_status(201).text("/key")
    }

    /// Changes a task.
    async fn patch(&self, key: &str, patch: Value) {
        self.api.patch(&format!("/tasks/{key}"), patch).await.expect_status(200);
    }

    /// Saves a rule as a draft; its id.
    async fn draft(&self, rule: Value) -> String {
        self.api.post("/rules", rule).await.expect_status(201).text("/id")
    }

    /// Saves a rule and switches it: `enable`, `shadow`; its id.
    async fn rule(&self, verb: &str, rule: Value) -> String {
        let id = self.draft(rule).await;
        self.switch(&id, verb).await;
        id
    }

    async fn switch(&self, id: &str, verb: &str) {
        self.api.post(&format!("/rules/{id}/{verb}"), json!({})).await.expect_status(200);
    }

    async fn quiet(&self) {
        self.db.quiet(PATIENCE).await;
    }

    /// The events of a kind, oldest first, once all is dispatched.
    async fn events(&self, kind: &str) -> Vec<Value> {
        self.quiet().await;
        let (mut found, mut after) = (Vec::new(), "0".to_owned());
        loop {
            let page = self.api.get(&format!("/events?limit=200&after={after}")).await.expect_status(200);
            let items = page.at("/items").as_array().unwrap().clone();
            if items.is_empty() {
                return found;
            }
            found.extend(items.into_iter().filter(|event| event["kind"] == kind));
            after = page.text("/next_cursor");
        }
    }

    /// The id of the last event of a kind.
    async fn last(&self, kind: &str) -> String {
        self.events(kind).await.pop().unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn dry_run(&self, body: Value) -> Answer {
        self.api.post("/rules/dry-run", body).await
    }

    /// A back-test once it is over.
    async fn over(&self, rule: &str, id: &str) -> Answer {
        let start = Instant::now();
        loop {
            let answer = self.api.get(&format!("/rules/{rule}/backtests/{id}")).await.expect_status(200);
            if answer.body["finished_at"].is_string() {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{:#}", answer.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A rule on events of a kind, that notifies its owner.
fn tells(name: &str, trigger: Value, condition: Value) -> Value {
    let steps =
        json!([{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ event.kind }}" } }]);
    let mut rule = json!({ "name": name, "trigger": trigger, "steps": steps });
    if !condition.is_null() {
        rule["condition"] = condition;
    }
    rule
}
