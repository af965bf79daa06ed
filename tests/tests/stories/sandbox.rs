//! Scripts that try to stop the machine, posted as people would: as conditions and templates of rules. Each is refused,
//! or stopped when an event runs it, while the server goes on answering.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use trackside_rules::hostile::{HOSTILE, parse_bombs};
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Server};

/// From the event to the end of what it started.
const STOPPED_WITHIN: Duration = Duration::from_secs(1);
/// What the server may grow by.
const GROWTH: u64 = 64 * 1024 * 1024;

/// An event that invites abuse: long texts, long lists.
fn bait() -> Value {
    json!({
        "text": "a".repeat(15_000), "sharp": "ŉ".repeat(8_000), "list": (0..500).collect::<Vec<_>>(),
        "objects": (0..500).map(|n| json!({ "id": n, "text": "b".repeat(100) })).collect::<Vec<_>>(),
    })
}

/// The most memory that a process has had, in bytes (`VmHWM` of proc(5)).
fn most_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Asks `/healthz` without a pause until it is dropped, and remembers the longest that an answer took.
struct Pulse {
    asking: tokio::task::JoinHandle<()>,
    slowest: Arc<AtomicU64>,
}

impl Pulse {
    fn of(api: &Api) -> Self {
        let slowest = Arc::<AtomicU64>::default();
        let (noted, api) = (slowest.clone(), api.without_token().outside());
        let asking = tokio::spawn(async move {
            loop {
                let start = Instant::now();
                match api.try_send(Method::GET, "/healthz", None).await {
                    Ok(answer) => drop(answer.expect_status(200)),
                    // When the story is over, so is the server; before that it is a fault, which `slowest` sees.
                    Err(error) => return eprintln!("/healthz: {error:?}"),
                }
                noted.fetch_max(start.elapsed().as_micros() as u64, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Self { asking, slowest }
    }

    fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest.load(Ordering::Relaxed))
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

struct Place {
    server: Server,
    api: Api,
    hook: String,
    pulse: Pulse,
    /// A rule that every event starts: when its run is there, the event has been judged by all rules.
    witness: String,
}

impl Place {
    async fn save(api: &Api, rule: &Value) -> Answer {
        let start = Instant::now();
        let answer = api.post("/rules", rule.clone()).await;
        assert!(start.elapsed() < STOPPED_WITHIN, "saving took {:?}: {:#}", start.elapsed(), answer.body);
        answer
    }

    async fn enable(&self, id: &str) {
        self.api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
    }

    /// Runs a saved rule by an event and removes it; its run, if its condition did not simply say no.
    async fn try_out(&self, name: &str, id: &str) -> Option<Value> {
        self.enable(id).await;
        let event = self.api.outside().post(&self.hook, bait()).await.expect_status(202).text("/event");
        let start = Instant::now();
        let run = loop {
            let page = self.api.get(&format!("/runs?event_id={event}")).await.expect_status(200);
            let runs = page.at("/items").as_array().unwrap();
            let judged = runs.iter().any(|run| run["rule"] == self.witness);
            let own = runs.iter().find(|run| run["rule"] == id);
            if judged && own.is_none_or(|run| run["finished_at"].is_string()) {
                break own.cloned();
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{name} still goes on: {:#}", page.body);
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        assert!(start.elapsed() < STOPPED_WITHIN, "{name} was stopped after {:?}", start.elapsed());
        self.api.delete(&format!("/rules/{id}")).await.expect_status(204);
        run
    }
}

/// A refusal of a rule says where it is wrong.
fn told_why(name: &str, answer: Answer) {
    let answer = answer.expect_refusal();
    if answer.status == 422 {
        let said = answer.at("/errors/0/message").as_str().unwrap();
        assert!(said.len() > 20, "{name}: {said}");
        assert!(!said.contains("internal"), "{name}: {said}");
    }
}

both_databases! {
    async fn whatever_a_script_tries_it_is_refused_or_stopped_and_the_server_goes_on(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201).text("/path");
        let trigger = json!({ "on": "hook.received", "match": { "hook": "in" } });
        let stop = json!([{ "id": "end", "stop": "succeeded" }]);
        let witness = json!({ "name": "witness", "trigger": trigger, "steps": stop });
        let witness = api.post("/rules", witness).await.expect_status(201).text("/id");
        let place = Place { pulse: Pulse::of(&api), server, api, hook, witness };
        place.enable(&place.witness).await;
        let harmless = json!({ "name": "harmless", "trigger": trigger, "condition": "body.list.len() == 500", "steps": stop });
        let harmless = Place::save(&place.api, &harmless).await.expect_status(201).text("/id");
        assert_eq!(place.try_out("harmless", &harmless).await.unwrap()["state"], "succeeded");
        let before = most_memory(place.server.pid());

        let (mut refused, mut stopped, mut harmed) = (0, 0, 0);
        for (name, source) in HOSTILE {
            let condition = json!({ "name": name, "trigger": trigger, "condition": source, "steps": stop });
            let message = json!({ "name": name, "trigger": trigger, "steps": [
                { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": format!("{{{{ {source} }}}} and {{{{ {source} }}}}") } },
            ] });
            for (part, rule) in [("condition", condition), ("message", message)] {
                let name = format!("{name} as a {part}");
                let answer = Place::save(&place.api, &rule).await;
                if answer.status != 201 {
                    told_why(&name, answer);
                    refused += 1;
                    continue;
                }
                match place.try_out(&name, &answer.text("/id")).await {
                    // It said no, or it did no harm.
                    None => harmed += usize::from(part == "message"),
                    Some(run) if run["state"] == "succeeded" => {}
                    Some(run) => {
                        assert_eq!(run["state"], "failed", "{name}: {run:#}");
                        let why = run["error"]["message"].as_str().unwrap_or_default();
                        assert!(why.len() > 20, "{name} does not say why: {run:#}");
                        if part == "condition" {
                            assert_eq!(run["error"]["code"], "condition", "{name}: {run:#}");
                        }
                        stopped += 1;
                    }
                }
            }
        }
        assert_eq!(harmed, 0, "a rule without a condition always runs");
        assert!(refused >= 40 && stopped >= 5, "{refused} refused, {stopped} stopped");

        // Parse bombs, through the check as well: it is what an editor asks with every keystroke.
        for (name, source) in parse_bombs() {
            let rule = json!({ "name": "bomb", "trigger": trigger, "condition": source, "steps": stop });
            let start = Instant::now();
            let checked = place.api.post("/rules/check", json!({ "rule": rule })).await;
            assert!(start.elapsed() < STOPPED_WITHIN, "checking {name} took {:?}", start.elapsed());
            assert!(checked.status < 500, "{name}: {:#}", checked.body);
            let saved = Place::save(&place.api, &rule).await;
            if saved.status == 201 {
                place.try_out(&name, &saved.text("/id")).await;
            } else {
                told_why(&name, saved);
            }
        }

        let grown = most_memory(place.server.pid()).saturating_sub(before);
        assert!(grown < GROWTH, "the server grew by {grown} bytes");
        assert!(!place.pulse.asking.is_finished(), "/healthz was not answered");
        assert!(place.pulse.slowest() < Duration::from_secs(1), "/healthz took {:?}", place.pulse.slowest());
        assert!(!place.server.log().contains("panicked"), "{}", place.server.log());
        println!("{refused} refused, {stopped} stopped, grown by {grown} bytes, /healthz at most {:?}", place.pulse.slowest());
        place.api.send(Method::GET, "/me", None).await.expect_status(200);
    }
}
