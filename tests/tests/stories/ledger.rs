//! A workshop: a hook, a rule with steps of every kind behind it, a sink; and the books that must balance.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use trackside_tests::fakes::sink::Sink;
use trackside_tests::harness::{Api, Database, Server, Setup};

/// A short lease, so that a story need not wait long for a takeover.
pub const LEASE: &str = "2s";

/// How long a story waits for everything to come to rest. Generous: a wait that ends is as quick as the work.
pub const REST: Duration = Duration::from_secs(60);

/// Who posts, where it goes, and what was promised to them.
pub struct Workshop {
    pub db: Database,
    pub sink: Sink,
    pub api: Api,
    pub hook: String,
    /// The numbers whose posts were answered with 202.
    pub accepted: BTreeSet<i64>,
    /// The names of rules whose runs are not the workshop's and may fail.
    pub forgive: Vec<String>,
    /// How many tasks were made by hand.
    pub by_hand: i64,
    next: i64,
}

/// `serve` with a short lease, that may call loopback.
pub fn serve(db: &Database) -> Setup {
    Server::on(db).arg("--lease").arg(LEASE).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8")
}

/// The steps of the workshop's rule: inside, outside, outside again, a wait, inside.
fn steps(sink: &Sink) -> Value {
    let call = |id: &str| {
        json!({ "id": id, "action": "http.request", "retry": { "max": 20, "delay": "200ms", "backoff": "constant" },
            "with": { "method": "POST", "url": sink.url(&format!("/{id}")), "body": { "n": "{{ body.n }}" } } })
    };
    json!([
        { "id": "make", "action": "task.create", "with": { "project": "KIL", "title": "n{{ body.n }}" } },
        call("tell"),
        call("again"),
        { "id": "nap", "wait": { "for": "100ms" } },
        { "id": "note", "action": "task.comment", "with": { "task": "{{ steps.make.output.id }}", "body": "n{{ body.n }}" } },
    ])
}

impl Workshop {
    /// Sets everything up on a running server.
    pub async fn open(db: &Database, server: &Server) -> Self {
        let sink = Sink::start().await;
        let api = Api::set_up(server).await;
        api.post("/projects", json!({ "key": "KIL", "name": "Killed" })).await.expect_status(201);
        let hook = api.post("/hooks", json!({ "name": "numbers", "scheme": "none" })).await.expect_status(201);
        let rule = json!({
            "name": "Count", "trigger": { "on": "hook.received", "match": { "hook": "numbers" } },
            "condition": "body.n >= 0", "steps": steps(&sink),
        });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        Self {
            db: db.clone(),
            sink,
            hook: hook.text("/path"),
            api,
            accepted: BTreeSet::new(),
            forgive: Vec::new(),
            by_hand: 0,
            next: 0,
        }
    }

    /// Gives the workshop's rule a policy.
    pub async fn limit(&self, policy: Value) {
        let rules = self.api.get("/rules").await.expect_status(200);
        let id = rules.text("/items/0/id");
        let mut rule = self.api.get(&format!("/rules/{id}")).await.expect_status(200).at("/rule").clone();
        rule["policy"] = policy;
        self.api.put(&format!("/rules/{id}"), rule).await.expect_status(200);
    }

    /// Goes on with another server, or the same one at its new address.
    pub fn at(&mut self, server: &Server) {
        self.api = self.api.at(server);
    }

    /// Posts `count` numbers, eight at a time, once each. What was answered with 202 is a promise from now on; every
    /// other answer must say that it was none, and an answer that never came says nothing.
    pub async fn post(&mut self, count: i64) -> usize {
        let (api, hook) = (self.api.outside(), self.hook.clone());
        let numbers: Vec<i64> = (self.next..self.next + count).collect();
        self.next += count;
        let (api, hook) = (&api, &hook);
        let posts = futures::stream::iter(numbers).map(async move |n| {
            match api.try_send(reqwest::Method::POST, hook, Some(json!({ "n": n }))).await {
                Ok(answer) if answer.status == 202 => Some(n),
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "{:#}", answer.body);
                    assert!(answer.headers.contains_key("retry-after"), "a 503 says when to come back");
                    None
                }
                Err(_) => None,
            }
        });
        let accepted: Vec<i64> = posts.buffer_unordered(8).filter_map(async |n| n).collect().await;
        self.accepted.extend(&accepted);
        accepted.len()
    }

    /// Posts while the queue is paused and lets it go on then: a worker claims all at once, more than it can begin.
    /// Waits until it is at it.
    pub async fn post_together(&mut self, count: i64) {
        self.api.post("/queues/runs/pause", json!({})).await;
        assert_eq!(self.post(count).await, count as usize);
        while self.db.count("jobs").await < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.api.post("/queues/runs/resume", json!({})).await;
        while self.sink.hits().len() < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Posts like [`Workshop::post`] in the background until told to stop, to whatever address stands in `Load::api`.
    pub fn load(&self) -> Load {
        Load {
            api: Arc::new(std::sync::Mutex::new(self.api.outside())),
            hook: self.hook.clone(),
            next: Arc::new(AtomicI64::new(self.next)),
            stop: Arc::default(),
            accepted: Arc::default(),
        }
    }

    /// Takes over what a load was promised.
    pub fn take(&mut self, load: &Load) {
        self.next = load.next.load(Ordering::SeqCst);
        self.accepted.extend(load.accepted.lock().unwrap().iter());
    }

    /// Waits until nothing happens any more, and checks the books.
    pub async fn balance(&self) {
        self.db.quiet(REST).await;
        let problems = self.problems().await;
        assert!(
            problems.is_empty(),
            "{} problems, such as:\n{}",
            problems.len(),
            problems[..problems.len().min(12)].join("\n")
        );
    }

    /// What is wrong with the books; nothing, if every promise was kept.
    pub async fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut wrong = |text: String| problems.push(text);
        let db = &self.db;

        let mut runs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let received = "select cast(e.payload as text), (select count(*) from runs r where r.event_id = e.id) \
             from events e where e.kind = 'hook.received'";
        for (payload, count) in db.rows(received).await {
            let payload: Value = serde_json::from_str(&payload).expect("a payload is JSON");
            runs.entry(payload["body"]["n"].as_i64().expect("n is a number")).or_default().push(count);
        }
        for (n, counts) in &runs {
            if counts != &[1] {
                wrong(format!("n{n}: events with these many runs each: {counts:?}, not one event with one run"));
            }
        }
        for n in self.accepted.iter().filter(|n| !runs.contains_key(n)) {
            wrong(format!("n{n} was accepted and is gone"));
        }
        let states = "select u.name || ' is ' || r.state || coalesce(': ' || r.error, ''), count(*) from runs r join rules u on u.id = r.rule_id \
             where r.state <> 'succeeded' group by u.name, r.state, r.error";
        for (state, count) in db.rows(states).await {
            if !self.forgive.iter().any(|name| state.starts_with(name)) {
                wrong(format!("{count} runs of {state}"));
            }
        }
        for (what, sql) in [
            ("tasks", "select title, count(*) from tasks where title like 'n%' group by title"),
            (
                "comments",
                "select c.body, count(*) from comments c join tasks t on t.id = c.task_id and t.title = c.body group by c.body",
            ),
        ] {
            let made: HashMap<String, i64> = db.rows(sql).await.into_iter().collect();
            for n in runs.keys() {
                let count = made.get(&format!("n{n}")).copied().unwrap_or(0);
                if count != 1 {
                    wrong(format!("n{n}: {count} {what}"));
                }
            }
            if made.len() != runs.len() {
                wrong(format!("{} {what} for {} events", made.len(), runs.len()));
            }
        }
        // A change and its event commit together.
        for (table, kind) in [("tasks", "task.created"), ("comments", "task.commented")] {
            let (rows, events) = (db.count(table).await, db.count(&format!("events where kind = '{kind}'")).await);
            if rows != events {
                wrong(format!("{rows} {table} and {events} events {kind}"));
            }
        }
        let tasks = db.count("tasks").await;
        if tasks != runs.len() as i64 + self.by_hand {
            wrong(format!("{tasks} tasks for {} events and {} made by hand", runs.len(), self.by_hand));
        }
        let positions = db.rows("select 'last', coalesce(max(position), 0) - count(*) from events").await;
        if positions[0].1 != 0 {
            wrong(format!("the log has {} gaps", positions[0].1));
        }
        for (what, count) in [
            ("dead letters", db.count("dead_jobs").await),
            (
                "unfinished steps",
                db.count("run_steps where state in ('running', 'retrying', 'unknown', 'waiting')").await,
            ),
        ] {
            if count != 0 {
                wrong(format!("{count} {what}"));
            }
        }
        for path in ["/tell", "/again"] {
            let mut keys: HashMap<i64, BTreeSet<String>> = HashMap::new();
            for hit in self.sink.hits_on(path) {
                keys.entry(hit.body["n"].as_i64().expect("n is a number")).or_default().insert(hit.key);
            }
            for n in runs.keys() {
                match keys.get(n) {
                    None => wrong(format!("n{n} never got to {path}")),
                    Some(keys) if keys.len() > 1 => wrong(format!("n{n} got to {path} under several keys: {keys:?}")),
                    Some(keys) if keys.contains("") => wrong(format!("n{n} got to {path} without a key")),
                    Some(_) => {}
                }
            }
            let all: BTreeSet<&String> = keys.values().flatten().collect();
            if all.len() != keys.len() {
                wrong(format!("{} numbers got to {path} under {} keys", keys.len(), all.len()));
            }
        }
        problems
    }
}

/// Posts that go on while servers come and go.
#[derive(Clone)]
pub struct Load {
    api: Arc<std::sync::Mutex<Api>>,
    hook: String,
    next: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    accepted: Arc<std::sync::Mutex<BTreeSet<i64>>>,
}

impl Load {
    /// Starts `posters` tasks that post one number after another.
    pub fn start(&self, posters: usize) -> Vec<tokio::task::JoinHandle<()>> {
        (0..posters)
            .map(|_| {
                let load = self.clone();
                tokio::spawn(async move {
                    while !load.stop.load(Ordering::SeqCst) {
                        load.one().await;
                    }
                })
            })
            .collect()
    }

    async fn one(&self) {
        let n = self.next.fetch_add(1, Ordering::SeqCst);
        let api = self.api.lock().unwrap().clone();
        match api.try_send(reqwest::Method::POST, &self.hook, Some(json!({ "n": n }))).await {
            Ok(answer) if answer.status == 202 => {
                self.accepted.lock().unwrap().insert(n);
            }
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{:#}", answer.body);
                assert!(answer.headers.contains_key("retry-after"), "a 503 says when to come back");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }

    /// How many posts were answered with 202 so far.
    pub fn accepted(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    /// Posts to another address from now on.
    pub fn go_to(&self, server: &Server) {
        let mut api = self.api.lock().unwrap();
        *api = api.at(server);
    }

    /// No more posts.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}
