//! The product's main job, from one end to the other, as a client sees it: something happens, a rule judges it, steps
//! run, and everything can be read afterwards.

mod admission;
mod approvals;
mod approvals_told;
mod buttons;
mod chains;
mod circles;
mod control;
mod effects;
mod health;
mod history;
mod indirect;
mod known_faults;
mod lookups;
mod loops;
mod main_job;
mod policies;
mod rights;
mod secrets;
mod steps;
mod telling;
mod together;
mod triggers;
mod turns;
mod variables;
mod versions;
mod waits;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_tests::fakes::sink::Sink;
use trackside_tests::harness::{Answer, Api, Database, Server, Setup};

/// How long anything may take on a busy machine. How fast it should be is measured by the benches.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with an owner, a project `WEB`, a hook `in` that checks nothing, and a sink that rules may call.
struct Place {
    db: Database,
    server: Server,
    api: Api,
    sink: Sink,
    hook: String,
}

impl Place {
    async fn open(db: &Database) -> Self {
        Self::on(db, Server::on(db)).await
    }

    /// The same on a server that is set up like this.
    async fn on(db: &Database, setup: Setup) -> Self {
        let server = setup.env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201).text("/path");
        Self { db: db.clone(), server, api, sink: Sink::start().await, hook }
    }

    /// Saves a rule and puts it to work; its id.
    async fn rule(&self, rule: Value) -> String {
        let id = self.api.post("/rules", rule).await.expect_status(201).text("/id");
        self.api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        id
    }

    /// A rule on the hook `in` with these steps.
    async fn on_hook(&self, name: &str, steps: Value) -> String {
        self.rule(
            json!({ "name": name, "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "steps": steps }),
        )
        .await
    }

    /// Posts to the hook; the id of the event.
    async fn post(&self, body: Value) -> String {
        self.api.outside().post(&self.hook, body).await.expect_status(202).text("/event")
    }

    /// A `http.request` step to the sink.
    fn call(&self, id: &str, more: Value) -> Value {
        let mut step = json!({ "id": id, "action": "http.request",
            "with": { "method": "POST", "url": self.sink.url(&format!("/{id}")), "body": { "from": id } } });
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step
    }

    async fn runs(&self, rule: &str) -> Vec<Value> {
        let page = self.api.get(&format!("/runs?rule_id={rule}&limit=200")).await.expect_status(200);
        page.at("/items").as_array().unwrap().clone()
    }

    /// The run once it is over.
    async fn over(&self, run: &str) -> Answer {
        self.run_when(run, |run| run["finished_at"].is_string()).await
    }

    /// The run once it stands so.
    async fn run_when(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Answer {
        let start = Instant::now();
        loop {
            let answer = self.api.get(&format!("/runs/{run}")).await.expect_status(200);
            if wanted(&answer.body) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "the run stands like this:\n{:#}", answer.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The newest run of a rule once it is over; waits for there to be `count` of them.
    async fn last(&self, rule: &str, count: usize) -> Answer {
        let start = Instant::now();
        loop {
            let runs = self.runs(rule).await;
            if runs.len() == count {
                return self.over(runs[0]["id"].as_str().unwrap()).await;
            }
            assert!(runs.len() < count, "{} runs: {runs:#?}", runs.len());
            assert!(start.elapsed() < PATIENCE, "{} of {count} runs", runs.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The runs of a rule, oldest first, once so many are there and stand so.
    async fn runs_when(&self, rule: &str, count: usize, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        for _ in 0..3_000 {
            let mut runs = self.runs(rule).await;
            runs.reverse();
            if runs.len() == count && wanted(&runs) {
                return runs;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the runs stand like this: {:#?}", self.runs(rule).await);
    }

    /// Waits until nothing happens any more.
    async fn quiet(&self) {
        self.db.quiet(PATIENCE).await;
    }

    /// The titles of all tasks, oldest first.
    async fn titles(&self) -> Vec<String> {
        let page = self.api.get("/tasks?sort=created_at&limit=200").await.expect_status(200);
        page.at("/items").as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect()
    }
}

/// `path state` of every step of a run, in order.
fn told(run: &Answer) -> Vec<String> {
    let word = |step: &Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let steps = run.at("/steps").as_array().unwrap();
    steps.iter().map(|step| format!("{} {}", word(step, "path"), word(step, "state"))).collect()
}
