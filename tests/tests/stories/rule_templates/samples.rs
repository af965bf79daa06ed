//! Every template at work: a rule is made of it and switched on, what its sample says is done over the interface, and what must
//! come of it is looked for. The samples stand beside the templates (`engine/src/rule_templates/data`).

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trackside_engine::access::Role;
use trackside_engine::rule_templates::TEMPLATES;
use trackside_tests::both_databases;
use trackside_tests::fakes;
use trackside_tests::fakes::github::Github;
use trackside_tests::fakes::sink::Sink;
use trackside_tests::fakes::slack::Slack;
use trackside_tests::harness::{Answer, Api, Database, People, Server};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is done to a rule that was made of a template, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    /// The story in a sentence or two.
    what: String,
    parameters: Map<String, Value>,
    /// What is there before the rule is.
    #[serde(default)]
    given: Vec<Act>,
    when: Vec<Act>,
    /// How many runs there must be, all of which succeed; or how many end how.
    #[serde(default)]
    runs: Runs,
    then: Vec<Act>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Runs {
    Succeeded(usize),
    States(BTreeMap<String, usize>),
}

impl Default for Runs {
    fn default() -> Self {
        Self::Succeeded(1)
    }
}

impl Runs {
    fn wanted(&self) -> BTreeMap<String, usize> {
        match self {
            Self::Succeeded(count) => BTreeMap::from([("succeeded".to_owned(), *count)]),
            Self::States(states) => states.clone(),
        }
    }
}

/// One thing that is done or looked for. In every text `${name}` stands for what the world knows by that name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Act {
    /// Who does it; the owner when left out.
    by: Option<String>,
    get: Option<String>,
    post: Option<String>,
    put: Option<String>,
    patch: Option<String>,
    body: Option<Value>,
    status: Option<u16>,
    /// What must stand at these places of the answer: a value, `{ contains: … }` or `{ length: … }`. Asked until it does.
    expect: BTreeMap<String, Value>,
    /// Name → place in the answer, for later.
    save: BTreeMap<String, String>,
    /// A post to the sample's hook.
    hook: Option<Value>,
    /// The rule is started by hand with these inputs.
    run: Option<Value>,
    /// The rule's clock comes, in two seconds.
    clock: Option<String>,
    /// Somebody of this name joins.
    joins: Option<String>,
    /// So many runs are over before anything else is done.
    settled: Option<usize>,
    /// This person is told what `says` says.
    told: Option<String>,
    says: Option<String>,
    /// The sink was called once on this path, with a body as `expect` says.
    sink: Option<String>,
    /// Slack was told this.
    slack: Option<String>,
    /// GitHub has one issue of this title.
    issue: Option<String>,
}

/// Where samples play: one server, people, and services that are played.
struct World {
    server: Server,
    owner: Api,
    people: People,
    workspace: String,
    clients: BTreeMap<String, Api>,
    known: BTreeMap<String, String>,
    sink: Sink,
    slack: fakes::Server<Slack>,
    github: fakes::Server<Github>,
}

impl World {
    async fn open(db: &Database) -> Self {
        let server = Server::on(db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await;
        let owner = Api::set_up(&server).await;
        let me = owner.get("/me").await.expect_status(200);
        let workspace = me.text("/workspace/id");
        let people = People::of(db).await;
        let lea = people.member(&server, &workspace, "Lea", Role::TeamMember).await;
        let pia = people.member(&server, &workspace, "Pia", Role::ProjectManager).await;
        let (slack, github) = (Slack::new("xoxb-good"), Github::new("ghp_good", &["octocat/hello-world"]));
        let (slack, github) = (fakes::Server::start(slack).await.unwrap(), fakes::Server::start(github).await.unwrap());
        for (kind, url, token) in
            [("slack", slack.url.clone(), "xoxb-good"), ("github", github.url.clone(), "ghp_good")]
        {
            let connection = json!({ "kind": kind, "name": "default", "base_url": url, "token": token });
            owner.post("/connections", connection).await.expect_status(201);
        }
        let sink = Sink::start().await;
        let now: DateTime<Utc> = trackside_engine::Source::default().now();
        let moment = |minutes| (now + TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut known = BTreeMap::from([
            ("owner".to_owned(), me.text("/user/id")),
            ("sink".to_owned(), sink.url("")),
            ("hour_ago".to_owned(), moment(-60)),
            ("in_hour".to_owned(), moment(60)),
        ]);
        for (name, client) in [("lea", &lea), ("pia", &pia)] {
            known.insert(name.to_owned(), client.get("/me").await.text("/user/id"));
        }
        let clients = BTreeMap::from([("owner", &owner), ("lea", &lea), ("pia", &pia)]);
        let clients = clients.into_iter().map(|(name, client)| (name.to_owned(), client.clone())).collect();
        Self { server, owner, people, workspace, clients, known, sink, slack, github }
    }

    /// Plays a sample in a project of its own.
    async fn play(&mut self, number: usize, slug: &str, sample: &Sample) {
        let project = format!("T{number:02}");
        self.owner.post("/projects", json!({ "key": project, "name": "Samples" })).await.expect_status(201);
        let hook = json!({ "name": format!("hook {number}"), "scheme": "none" });
        let hook = self.owner.post("/hooks", hook).await.expect_status(201);
        self.known.insert("project".to_owned(), project);
        self.known.insert("hook".to_owned(), hook.text("/name"));
        self.known.insert("hook_path".to_owned(), hook.text("/path"));
        for act in &sample.given {
            self.act(act, "").await;
        }
        let given = self.fill(&Value::Object(sample.parameters.clone()));
        let shown = self.owner.post(&format!("/rule-templates/{slug}/preview"), json!({ "parameters": given })).await;
        let shown = shown.expect_status(200);
        assert_eq!((shown.at("/ok"), shown.at("/problems")), (&json!(true), &json!([])), "{:#}", shown.body);
        assert!(shown.text("/analysis/loops/detail").starts_with("Cannot loop"), "{:#}", shown.body);
        let made = json!({ "parameters": given, "name": format!("Sample of {slug}") });
        let rule = self.owner.post(&format!("/rule-templates/{slug}/apply"), made).await.expect_status(201);
        assert_eq!((rule.text("/state"), rule.at("/rule/steps")), ("draft".into(), shown.at("/rule/steps")));
        let rule = rule.text("/id");
        self.owner.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        for act in &sample.when {
            self.act(act, &rule).await;
        }
        let wanted = sample.runs.wanted();
        self.settled(&rule, wanted.values().sum(), Some(&wanted)).await;
        for act in &sample.then {
            self.act(act, &rule).await;
        }
        // What came meanwhile counts as well.
        self.settled(&rule, wanted.values().sum(), Some(&wanted)).await;
        self.owner.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
    }

    /// Waits until so many runs are over.
    async fn settled(&self, rule: &str, count: usize, wanted: Option<&BTreeMap<String, usize>>) {
        let start = Instant::now();
        loop {
            let page = self.owner.get(&format!("/runs?rule_id={rule}&limit=50")).await.expect_status(200);
            let runs = page.at("/items").as_array().unwrap();
            if runs.len() == count && runs.iter().all(|run| run["finished_at"].is_string()) {
                let mut states = BTreeMap::new();
                for run in runs {
                    *states.entry(run["state"].as_str().unwrap().to_owned()).or_insert(0) += 1;
                }
                if wanted.is_none_or(|wanted| *wanted == states) {
                    return;
                }
            }
            let over = start.elapsed() > PATIENCE || runs.len() > count;
            let failed = runs.iter().find(|run| run["state"] == "failed");
            if over || failed.is_some() {
                let told = match failed {
                    Some(run) => self.owner.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await.body,
                    None => page.body.clone(),
                };
                panic!("{count} runs are wanted ({wanted:?}), there are {}: {told:#}", runs.len());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn act(&mut self, act: &Act, rule: &str) {
        if let Some(count) = act.settled {
            return self.settled(rule, count, None).await;
        }
        if act.clock.is_some() {
            return self.ring(rule).await;
        }
        if let Some(inputs) = &act.run {
            let inputs = json!({ "inputs": self.fill(inputs) });
            return drop(self.owner.post(&format!("/rules/{rule}/run"), inputs).await.expect_status(202));
        }
        if let Some(body) = &act.hook {
            let body = self.fill(body);
            return drop(self.owner.outside().post(&self.known["hook_path"], body).await.expect_status(202));
        }
        if let Some(name) = &act.joins {
            return drop(self.people.member(&self.server, &self.workspace, name, Role::Viewer).await);
        }
        if let Some(who) = &act.told {
            return self.told(who, &self.text(act.says.as_deref().unwrap_or_default())).await;
        }
        if let Some(path) = &act.sink {
            let hits = self.sink.hits_on(path);
            assert_eq!(hits.len(), 1, "{hits:?}");
            assert_eq!(self.differences(&act.expect, &hits[0].body), Vec::<String>::new());
            return;
        }
        if let Some(text) = &act.slack {
            let (messages, text) = (self.slack.service.messages(), self.text(text));
            assert!(messages.iter().any(|message| message["text"] == text), "{text}: {messages:?}");
            return;
        }
        if let Some(title) = &act.issue {
            let issues = self.github.service.issues("octocat/hello-world");
            assert_eq!(issues.iter().filter(|issue| issue["title"] == **title).count(), 1, "{issues:?}");
            return;
        }
        self.call(act).await;
    }

    async fn call(&mut self, act: &Act) {
        let paths =
            [(Method::GET, &act.get), (Method::POST, &act.post), (Method::PUT, &act.put), (Method::PATCH, &act.patch)];
        let (method, path) =
            paths.into_iter().find_map(|(method, path)| Some((method, path.as_ref()?))).expect("something to do");
        let (path, body) = (self.text(path), act.body.as_ref().map(|body| self.fill(body)));
        let client = self.clients[act.by.as_deref().unwrap_or("owner")].clone();
        let start = Instant::now();
        let answer: Answer = loop {
            let answer = client.send(method.clone(), &path, body.clone()).await;
            let wrong = self.differences(&act.expect, &answer.body);
            if wrong.is_empty() || method != Method::GET {
                assert_eq!(wrong, Vec::<String>::new());
                break answer;
            }
            assert!(start.elapsed() < PATIENCE, "{path}: {}\n{:#}", wrong.join("\n"), answer.body);
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let usual = if method == Method::POST { 201 } else { 200 };
        let answer = answer.expect_status(act.status.unwrap_or(usual));
        for (name, pointer) in &act.save {
            self.known.insert(name.clone(), answer.text(pointer));
        }
    }

    /// Lets the rule's clock come once, and soon: all else of its rule stays.
    async fn ring(&self, id: &str) {
        let mut rule = self.owner.get(&format!("/rules/{id}")).await.expect_status(200).at("/rule").clone();
        let soon: DateTime<Utc> = trackside_engine::Source::default().now() + TimeDelta::seconds(2);
        assert_eq!(rule["trigger"]["on"], "schedule");
        rule["trigger"] = json!({ "on": "schedule", "once": soon.format("%Y-%m-%dT%H:%M:%SZ").to_string() });
        self.owner.put(&format!("/rules/{id}"), rule).await.expect_status(200);
    }

    async fn told(&self, who: &str, says: &str) {
        let start = Instant::now();
        loop {
            let told = self.clients[who].get("/notifications?limit=100").await.expect_status(200);
            let items = told.at("/items").as_array().unwrap();
            if items.iter().any(|item| item["message"].as_str().is_some_and(|message| message.contains(says))) {
                return;
            }
            let messages: Vec<&Value> = items.iter().map(|item| &item["message"]).collect();
            assert!(start.elapsed() < PATIENCE, "{who} was not told “{says}”, but {messages:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What stands otherwise in a body than is expected.
    fn differences(&self, expect: &BTreeMap<String, Value>, body: &Value) -> Vec<String> {
        let differs = |(pointer, wanted): (&String, &Value)| {
            let (wanted, found) = (self.fill(wanted), body.pointer(pointer).unwrap_or(&Value::Null));
            let same = match (wanted.get("contains"), wanted.get("length")) {
                (Some(part), _) => {
                    found.as_str().is_some_and(|found| found.contains(part.as_str().unwrap_or_default()))
                }
                (_, Some(length)) => found.as_array().map(Vec::len) == length.as_u64().map(|length| length as usize),
                _ => *found == wanted,
            };
            (!same).then(|| format!("{pointer} is {found}, not {wanted}"))
        };
        expect.iter().filter_map(differs).collect()
    }

    fn text(&self, text: &str) -> String {
        self.known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
    }

    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect())
            }
            other => other.clone(),
        }
    }
}

fn sample(slug: &str) -> Sample {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../engine/src/rule_templates/data");
    let text = std::fs::read_to_string(format!("{folder}/{slug}.sample.yaml")).unwrap();
    let sample: Sample = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{slug}: {error}"));
    assert!(!sample.what.is_empty() && !sample.then.is_empty(), "{slug}");
    sample
}

/// Plays the samples of some templates one after another, and tells of all that went wrong at the end.
async fn play(db: &Database, part: usize) {
    let mut world = World::open(db).await;
    let only = std::env::var("SAMPLE").ok();
    let mut wrong = Vec::new();
    for (number, (slug, _)) in TEMPLATES.iter().enumerate().filter(|(number, _)| number % PARTS == part) {
        if only.as_deref().is_some_and(|only| only != *slug) {
            continue;
        }
        let sample = sample(slug);
        let played = AssertUnwindSafe(world.play(number, slug, &sample)).catch_unwind().await;
        if let Err(panic) = played {
            let told = panic.downcast_ref::<String>().cloned();
            wrong.push(format!("{slug}: {}", told.unwrap_or_else(|| "see above".to_owned())));
        }
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    assert_eq!((world.slack.refusals(), world.github.refusals()), (Vec::new(), Vec::new()));
    world.people.leave().await;
}

/// So that no story is long.
const PARTS: usize = 3;

both_databases! {
    async fn every_template_works_on_its_sample_1(db) {
        play(&db, 0).await;
    }

    async fn every_template_works_on_its_sample_2(db) {
        play(&db, 1).await;
    }

    async fn every_template_works_on_its_sample_3(db) {
        play(&db, 2).await;
    }
}
