//! What GitHub really sends: all the example payloads of `@octokit/webhooks-examples`, signed by `@octokit/webhooks`
//! (see `tests/octokit/`).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Server};

const SECRET: &str = "It's a Secret to Everybody";
const EXAMPLES: usize = 329;
const PATIENCE: Duration = Duration::from_secs(60);

/// A delivery, as GitHub's library signs it.
#[derive(Deserialize)]
struct Delivery {
    event: String,
    body: String,
    signature: String,
}

impl Delivery {
    /// One of our own making, signed as GitHub does.
    fn new(event: &str, payload: &Value) -> Self {
        let body = payload.to_string();
        let signature = sign(&body);
        Self { event: event.to_owned(), body, signature }
    }

    fn payload(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Sends it under this delivery id.
    async fn send(&self, api: &Api, path: &str, id: &str) -> Answer {
        send(api, path, &self.event, id, self.body.as_bytes(), &self.signature).await
    }
}

async fn send(api: &Api, path: &str, event: &str, id: &str, body: &[u8], signature: &str) -> Answer {
    let headers = [
        ("x-github-event", event),
        ("x-github-delivery", id),
        ("x-hub-signature-256", signature),
        ("user-agent", "GitHub-Hookshot/044aadd"),
    ];
    let sender = headers.iter().fold(api.without_token().outside(), |api, (name, value)| api.with_header(name, value));
    sender.send_bytes(Method::POST, path, Some("application/json"), body).await
}

fn sign(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Every example, signed.
fn deliveries() -> Vec<Delivery> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("octokit");
    assert!(
        folder.join("node_modules").is_dir(),
        "GitHub's examples are not installed; run `make test`, or scripts/install-test-tools.sh before the tests"
    );
    let output = Command::new("node").arg(folder.join("sign.js")).env("SECRET", SECRET).output().expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let deliveries: Vec<Delivery> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(deliveries.len(), EXAMPLES);
    deliveries
}

async fn hook(api: &Api) -> String {
    let new = json!({ "name": "github", "scheme": "github", "secret": SECRET });
    api.post("/hooks", new).await.expect_status(201).text("/path")
}

async fn enabled(api: &Api, rule: Value) -> String {
    let id = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
    id
}

/// Every event of the log, page by page.
async fn log(api: &Api) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let page = api.get(&format!("/events?limit=200&after={after}")).await.expect_status(200);
        let items = page.at("/items").as_array().unwrap().clone();
        if items.is_empty() {
            return events;
        }
        events.extend(items);
        after = page.text("/next_cursor");
    }
}

/// The log once it holds this event, and so everything accepted before it.
async fn log_with(api: &Api, event: &str) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let events = log(api).await;
        if events.iter().any(|known| known["id"] == event) {
            return events;
        }
        assert!(start.elapsed() < PATIENCE, "{event} never came to the log");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The runs of a rule, once there are so many and all are over.
async fn runs(api: &Api, rule: &str, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let page = api.get(&format!("/runs?rule_id={rule}&limit=200")).await.expect_status(200);
        let runs = page.at("/items").as_array().unwrap().clone();
        assert!(runs.len() <= count, "{} runs instead of {count}: {runs:#?}", runs.len());
        if runs.len() == count && runs.iter().all(|run| run["finished_at"].is_string()) {
            return runs;
        }
        assert!(start.elapsed() < PATIENCE, "{} of {count} runs: {runs:#?}", runs.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The same text with one byte of it changed to another.
fn changed(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
    bytes
}

both_databases! {
    async fn every_example_of_github_is_accepted_and_any_changed_byte_is_not(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let path = hook(&api).await;
        let mut accepted = BTreeMap::new();
        for (at, delivery) in deliveries().iter().enumerate() {
            let (id, body) = (format!("delivery-{at}"), delivery.body.as_bytes());
            assert_eq!(sign(&delivery.body), delivery.signature, "their library and RFC 2104 agree");
            // One byte of the body, anywhere, and one of the signature; before and after the good one is known.
            let middle = (at * 7919) % body.len();
            for place in [0, middle, body.len() - 1] {
                let refused = send(&api, &path, &delivery.event, &id, &changed(body, place), &delivery.signature).await;
                refused.expect_problem(401, "signature_invalid");
            }
            let digit = "sha256=".len() + at % 64;
            let signature = String::from_utf8(changed(delivery.signature.as_bytes(), digit)).unwrap();
            send(&api, &path, &delivery.event, &id, body, &signature).await.expect_problem(401, "signature_invalid");

            let answer = delivery.send(&api, &path, &id).await.expect_status(202);
            assert_eq!(answer.at("/duplicate"), false);
            send(&api, &path, &delivery.event, &id, &changed(body, middle), &delivery.signature).await.expect_status(401);
            let again = delivery.send(&api, &path, &id).await.expect_status(202);
            assert_eq!((again.at("/duplicate"), again.at("/event")), (&json!(true), answer.at("/event")));
            accepted.insert(answer.text("/event"), delivery.body.clone());
        }
        for cut in ["", "sha256=", "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "sha256=é"] {
            let delivery = Delivery::new("ping", &json!({}));
            send(&api, &path, "ping", "cut", delivery.body.as_bytes(), cut).await.expect_status(401).expect_refusal();
        }

        assert_eq!(accepted.len(), EXAMPLES);
        let last = accepted.keys().next_back().unwrap().clone();
        let events = log_with(&api, &last).await;
        let received: Vec<&Value> = events.iter().filter(|event| event["kind"] == "hook.received").collect();
        assert_eq!(received.len(), EXAMPLES, "each became one event, and nothing refused or repeated did");
        for event in received {
            let sent: Value = serde_json::from_str(&accepted[event["id"].as_str().unwrap()]).unwrap();
            assert_eq!(event["data"]["body"], sent, "the payload is as it was sent");
        }
        assert!(!server.log().contains("panicked") && !server.log().contains(SECRET));
    }

    async fn an_opened_issue_becomes_a_task_and_a_merged_pull_request_completes_one(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let path = hook(&api).await;
        let intake = enabled(&api, json!({
            "name": "An issue becomes a task",
            "trigger": { "on": "hook.received", "match": { "hook": "github", "headers.x-github-event": "issues", "body.action": "opened" } },
            "steps": [{ "id": "make", "action": "task.create", "with": {
                "project": "WEB", "title": "{{ body.issue.title }}", "labels": "{{ body.issue.labels.map(|label| label.name) }}",
                "custom": { "issue": "{{ body.issue.number }}" } } }],
        })).await;
        let merged = enabled(&api, json!({
            "name": "What is merged is done",
            "trigger": { "on": "hook.received", "match": { "hook": "github", "headers.x-github-event": "pull_request", "body.action": "closed" } },
            "condition": "body.pull_request.merged && task_key(body.pull_request.title) != ()",
            "steps": [{ "id": "done", "action": "task.update", "with": { "task": "{{ task_key(body.pull_request.title) }}", "status": "completed" } }],
        })).await;

        let deliveries = deliveries();
        let opened: Vec<Value> = deliveries.iter().filter(|delivery| delivery.event == "issues")
            .map(Delivery::payload).filter(|payload| payload["action"] == "opened").collect();
        assert!(opened.len() >= 3);
        for (at, delivery) in deliveries.iter().enumerate() {
            delivery.send(&api, &path, &format!("delivery-{at}")).await.expect_status(202);
        }
        // GitHub sends again what it believes lost.
        for (at, delivery) in deliveries.iter().enumerate().filter(|(_, delivery)| delivery.event == "issues") {
            assert_eq!(delivery.send(&api, &path, &format!("delivery-{at}")).await.expect_status(202).at("/duplicate"), true);
        }
        for run in runs(&api, &intake, opened.len()).await {
            assert_eq!(run["state"], "succeeded", "{run:#}");
        }
        let tasks = api.get("/tasks?sort=key&limit=200").await.expect_status(200);
        let made: Vec<(Value, Value, Value)> = tasks.at("/items").as_array().unwrap().iter()
            .map(|task| (task["title"].clone(), task["labels"].clone(), task["custom"]["issue"].clone())).collect();
        let mut wanted: Vec<(Value, Value, Value)> = opened.iter().map(|payload| {
            let labels: Vec<&Value> = payload["issue"]["labels"].as_array().unwrap().iter().map(|label| &label["name"]).collect();
            (payload["issue"]["title"].clone(), json!(labels), payload["issue"]["number"].clone())
        }).collect();
        let mut found = made.clone();
        found.sort_by_key(|task| format!("{task:?}"));
        wanted.sort_by_key(|task| format!("{task:?}"));
        assert_eq!(found, wanted, "one task per opened issue, with its title and labels");
        // No example is of a merged pull request, so the condition held for none.
        assert!(runs(&api, &merged, 0).await.is_empty());

        let closed = deliveries.iter().find(|delivery| delivery.event == "pull_request" && delivery.payload()["action"] == "closed");
        let mut payload = closed.expect("an example of a closed pull request").payload();
        payload["pull_request"]["title"] = json!("Fix WEB-2: update the README");
        let unmerged = Delivery::new("pull_request", &payload);
        unmerged.send(&api, &path, "unmerged").await.expect_status(202);
        payload["pull_request"]["merged"] = json!(true);
        let good = Delivery::new("pull_request", &payload);
        for _ in 0..2 {
            good.send(&api, &path, "merged").await.expect_status(202);
        }
        let run = runs(&api, &merged, 1).await.remove(0);
        assert_eq!(run["state"], "succeeded", "{run:#}");
        assert_eq!(api.get("/tasks/WEB-2").await.text("/status"), "completed");
        for other in ["/tasks/WEB-1", "/tasks/WEB-3"] {
            assert_eq!(api.get(other).await.text("/status"), "todo");
        }
    }
}
