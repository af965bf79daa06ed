//! Those who use Trackside meanwhile: senders who repeat what was not answered, under the same key, and people who answer and
//! comment. All of them are sensible: they come back after a while, and never change what they said.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use trackside_tests::harness::{Answer, Api, Server};

/// What was posted, and answered with 202 in the end.
#[derive(Debug, Clone)]
pub struct Posted {
    pub n: i64,
    pub rule: String,
    pub key: i64,
    pub order: i64,
}

/// Where the program is just now, and what was said to it so far.
#[derive(Clone)]
pub struct Crowd {
    api: Arc<Mutex<Api>>,
    hook: String,
    seed: u64,
    stop: Arc<AtomicBool>,
    posted: Arc<Mutex<Vec<Posted>>>,
    repeated: Arc<AtomicUsize>,
}

impl Crowd {
    pub fn new(api: &Api, hook: String, seed: u64) -> Self {
        let api = Arc::new(Mutex::new(api.clone()));
        Self { api, hook, seed, stop: Arc::default(), posted: Arc::default(), repeated: Arc::default() }
    }

    pub fn api(&self) -> Api {
        self.api.lock().unwrap().clone()
    }

    /// The program has another address now.
    pub fn go_to(&self, server: &Server) {
        let mut api = self.api.lock().unwrap();
        *api = api.at(server);
    }

    pub fn posted(&self) -> Vec<Posted> {
        let mut posted = self.posted.lock().unwrap().clone();
        posted.sort_by_key(|posted| posted.n);
        posted
    }

    /// How many requests had to be sent again.
    pub fn repeated(&self) -> usize {
        self.repeated.load(Ordering::SeqCst)
    }

    /// No more answers and comments.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Sends until there is an answer that is no excuse.
    async fn insist(&self, outside: bool, key: &str, path: &str, body: &Value) -> Answer {
        loop {
            let api = self.api().with_header("idempotency-key", key);
            let api = if outside { api.outside() } else { api };
            match api.try_send(Method::POST, path, Some(body.clone())).await {
                Ok(answer) if answer.status == 503 => {
                    assert!(answer.headers.contains_key("retry-after"), "a 503 says when to come back");
                }
                Ok(answer) if answer.body["type"] == "/problems/idempotency_key_in_use" => {}
                Ok(answer) => return answer,
                Err(_) => {}
            }
            self.repeated.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends until it is done: answered so, or said to have been done by a server that died before it could answer.
    async fn do_once(&self, key: &str, path: &str, body: &Value, status: u16) {
        let answer = self.insist(false, key, path, body).await;
        if answer.body["type"] != "/problems/idempotency_answer_lost" {
            answer.expect_status(status);
        }
    }

    /// Posts `count` numbers to rules by chance, spread over so long, by several at once.
    pub async fn post(&self, rules: &[String], count: i64, over: Duration) {
        let senders = 8;
        let pause = over * senders / u32::try_from(count).unwrap();
        let tasks = (0..i64::from(senders)).map(|sender| {
            let (crowd, rules) = (self.clone(), rules.to_vec());
            tokio::spawn(async move {
                let mut dice = StdRng::seed_from_u64(crowd.seed ^ sender as u64);
                for n in (sender..count).step_by(senders as usize) {
                    let rule = rules[dice.random_range(0..rules.len())].clone();
                    let (key, order) = (dice.random_range(0..3), dice.random_range(0..40));
                    let next = tokio::time::Instant::now() + pause;
                    let body = json!({ "n": n, "rule": rule, "key": key, "order": order });
                    crowd.insist(true, &format!("post {n}"), &crowd.hook, &body).await.expect_status(202);
                    crowd.posted.lock().unwrap().push(Posted { n, rule, key, order });
                    tokio::time::sleep_until(next).await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    }

    /// Answers whatever is asked until told to stop: yes, unless the number can be divided by three.
    pub async fn answer(self) {
        while !self.stop.load(Ordering::SeqCst) {
            let asked = self.api().try_send(Method::GET, "/approvals?limit=50", None).await;
            let items = asked.ok().and_then(|page| page.body["items"].as_array().cloned()).unwrap_or_default();
            for one in items {
                let (id, message) = (one["id"].as_str().unwrap(), one["message"].as_str().unwrap());
                let n: i64 = message.split(' ').nth(1).unwrap().parse().unwrap();
                let decision = if n % 3 == 0 { "reject" } else { "approve" };
                let path = format!("/approvals/{id}/decide");
                self.do_once(&format!("decide {id}"), &path, &json!({ "decision": decision }), 200).await;
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    /// Comments on every task that somebody waits at, until told to stop.
    pub async fn comment(self) {
        let mut done = std::collections::HashSet::new();
        while !self.stop.load(Ordering::SeqCst) {
            let path = "/runs?state=waiting&limit=200";
            let waiting = self.api().try_send(Method::GET, path, None).await;
            let runs = waiting.ok().and_then(|page| page.body["items"].as_array().cloned()).unwrap_or_default();
            let heard =
                runs.iter().filter(|run| run["rule_name"].as_str().is_some_and(|name| name.starts_with("heard")));
            for run in heard.filter_map(|run| run["id"].as_str()) {
                if done.contains(run) {
                    continue;
                }
                let run_now = self.api().try_send(Method::GET, &format!("/runs/{run}"), None).await;
                let Ok(run_now) = run_now else { continue };
                let Some(task) = run_now.body["steps"][0]["output"]["id"].as_str() else { continue };
                let path = format!("/tasks/{task}/comments");
                self.do_once(&format!("comment {task}"), &path, &json!({ "body": "heard" }), 201).await;
                done.insert(run.to_owned());
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
}
