//! Whatever cannot be meant is refused: with a problem (RFC 9457) that says where and what to do, without a panic, and
//! with nothing half-written.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Server};

/// A workspace with a project, a task, a rule and a hook, and what its lists showed when it was made.
struct Place {
    server: Server,
    api: Api,
    rule: String,
    hook: String,
    before: Vec<Value>,
}

/// The lists that a refused request must leave as they were.
const LISTS: &[&str] = &[
    "/events?limit=200", "/projects", "/tasks", "/tasks/WEB-1", "/tasks/WEB-1/comments", "/rules", "/hooks", "/connections", "/notifications", "/runs",
];

impl Place {
    async fn of(server: Server) -> Self {
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        let rule = api.post("/rules", rule()).await.expect_status(201).text("/id");
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201).text("/path");
        let mut place = Self { server, api, rule, hook, before: Vec::new() };
        // The log is complete when everything before has its position.
        let last = place.post_to_hook(b"{}").await.expect_status(202).text("/event");
        loop {
            let log = place.api.get("/events?limit=200&wait=5").await.expect_status(200);
            if log.at("/items").as_array().unwrap().iter().any(|event| event["id"] == last) { break; }
        }
        place.before = place.lists().await;
        place
    }

    async fn lists(&self) -> Vec<Value> {
        let mut lists = Vec::new();
        for path in LISTS {
            lists.push(self.api.get(path).await.expect_status(200).body);
        }
        lists
    }

    async fn post_to_hook(&self, body: &[u8]) -> Answer {
        self.api.without_token().outside().send_bytes(Method::POST, &self.hook, Some("application/json"), body).await
    }

    /// The requests that take a body, each with every field it knows, all good.
    fn bodies(&self) -> Vec<(Method, String, Value)> {
        let task = json!({ "title": "Two", "description": "More", "type": "bug", "status": "todo", "priority": "high", "labels": ["a", "b"],
            "assignees": [], "parent": "WEB-1", "start_at": "2026-01-01T00:00:00Z", "due_at": "2026-02-01T00:00:00Z", "custom": { "size": "large" } });
        let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
        vec![
            post("/projects", json!({ "key": "APP", "name": "App", "description": "More", "status": "active" })),
            (Method::PATCH, "/projects/WEB".into(), json!({ "name": "Web", "description": "More", "status": "on_hold" })),
            post("/projects/WEB/tasks", task.clone()),
            (Method::PATCH, "/tasks/WEB-1".into(), json!({ "title": "Uno", "description": "More", "type": "bug", "status": "blocked", "priority": "low",
                "labels": ["a"], "start_at": "2026-01-01T00:00:00Z", "due_at": "2026-02-01T00:00:00Z", "custom": { "size": "large" } })),
            post("/tasks/WEB-1/comments", json!({ "body": "Hello" })),
            post("/hooks", json!({ "name": "two", "scheme": { "scheme": "hmac", "header": "x-signature", "algorithm": "sha256", "encoding": "hex", "prefix": "v=" },
                "secret": "a secret that is long enough to be one" })),
            post("/connections", json!({ "kind": "slack", "name": "default", "base_url": "https://slack.example.org/api", "token": "xoxb-1" })),
            post("/tokens", json!({ "name": "t", "scopes": ["task.*"], "expires_at": "2099-01-01T00:00:00Z" })),
            post("/workspaces", json!({ "name": "Lab" })),
            post("/rules", rule()),
            (Method::PUT, format!("/rules/{}", self.rule), rule()),
            post("/notifications/read", json!({ "ids": ["ntf_01h455vb4pex5vsknk084sn02q"], "all": true })),
            post("/auth/login", json!({ "email": "ada@acme.example", "password": "correct horse battery", "workspace_id": "ws_01h455vb4pex5vsknk084sn02q" })),
            post("/auth/refresh", json!({ "refresh_token": "trk_ref_nonsense" })),
            post("/auth/logout", json!({ "refresh_token": "trk_ref_nonsense" })),
            post("/auth/switch", json!({ "workspace_id": "ws_01h455vb4pex5vsknk084sn02q" })),
            post("/queues/runs/requeue", json!({ "jobs": ["job_01h455vb4pex5vsknk084sn02q"] })),
        ]
    }

    /// Nothing was written and nothing broke.
    async fn expect_untouched(&self) {
        let now = self.lists().await;
        for ((path, before), now) in LISTS.iter().zip(&self.before).zip(&now) {
            assert_eq!(before, now, "{path} has changed");
        }
        self.expect_sound();
    }

    fn expect_sound(&self) {
        let log = self.server.log();
        let bad: Vec<&str> = log.lines().filter(|line| line.contains("panicked") || line.contains("ERROR")).collect();
        assert!(bad.is_empty(), "{}", bad.join("\n"));
    }
}

fn rule() -> Value {
    json!({
        "name": "Escalate", "description": "More", "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
        "condition": "task.priority == \"high\"",
        "steps": [{ "id": "say", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "Blocked" } }],
    })
}

/// The pointers of everything in a value that is no list or object, and of those as well.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            into.push(format!("{at}/{name}"));
            places(value, &format!("{at}/{name}"), into);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| {
            into.push(format!("{at}/{index}"));
            places(value, &format!("{at}/{index}"), into);
        }),
        _ => {}
    }
}

fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

both_databases! {
    async fn a_field_of_the_wrong_kind_is_named(db) {
        let place = Place::of(Server::start(&db).await).await;
        for (method, path, body) in place.bodies() {
            // What a rule's steps are given is text or a template, and what a match wants may be anything.
            let free = |pointer: &str| pointer.contains("/with/") || pointer.contains("/match/") || pointer.contains("/custom/");
            let mut pointers = Vec::new();
            places(&body, "", &mut pointers);
            for pointer in pointers.iter().filter(|pointer| !free(pointer)) {
                for wrong in [json!({ "odd": [[1]] }), json!([{ "odd": 1 }]), json!(1e300), json!(true)] {
                    let same = std::mem::discriminant(&wrong) == std::mem::discriminant(body.pointer(pointer).unwrap());
                    if same && wrong.is_boolean() { continue; }
                    let answer = place.api.send(method.clone(), &path, Some(with(&body, pointer, wrong.clone()))).await.expect_refusal();
                    assert!([400, 422].contains(&answer.status), "{method} {path} with {wrong} at {pointer}: {:#}", answer.body);
                    let named = answer.body.pointer("/errors/0/pointer").and_then(Value::as_str).unwrap_or("(none)");
                    assert!(named.starts_with(pointer.as_str()) || pointer.starts_with(named) && !named.is_empty(),
                        "{method} {path} with {wrong} at {pointer} names {named}: {:#}", answer.body);
                }
            }
            // A field too many, at every depth; the nearest one that exists is offered.
            let mut odd = body.clone();
            odd.as_object_mut().unwrap().insert("nmae".into(), json!(1));
            let answer = place.api.send(method.clone(), &path, Some(odd)).await.expect_refusal().expect_status(422);
            assert_eq!(answer.text("/errors/0/pointer"), "/nmae", "{method} {path}: {:#}", answer.body);
        }
        place.expect_untouched().await;
    }

    async fn a_nul_in_any_text_is_refused_by_both_databases_alike(db) {
        let place = Place::of(Server::start(&db).await).await;
        for (method, path, body) in place.bodies() {
            let mut pointers = Vec::new();
            places(&body, "", &mut pointers);
            for pointer in &pointers {
                let Some(Value::String(text)) = body.pointer(pointer) else { continue };
                for text in [format!("{text}\0"), format!("\0{text}"), "\0".to_owned()] {
                    let answer = place.api.send(method.clone(), &path, Some(with(&body, pointer, json!(text)))).await;
                    assert!((400..500).contains(&answer.status), "{method} {path} with a NUL at {pointer} answered {}: {:#}", answer.status, answer.body);
                    answer.expect_refusal();
                }
            }
            // As a name, too.
            let mut odd = body.clone();
            odd.as_object_mut().unwrap().insert("\0".into(), json!(1));
            place.api.send(method.clone(), &path, Some(odd)).await.expect_refusal();
        }
        let custom = [json!({ "a\u{0}": 1 }), json!({ "a": { "b": ["\u{0}"] } }), json!({ "a": { "\u{0}": 1 } })];
        for custom in custom {
            place.api.patch("/tasks/WEB-1", json!({ "custom": custom })).await.expect_refusal();
        }
        let matched = json!({ "name": "n", "trigger": { "on": "hook.received", "match": { "body.a\u{0}": "x\u{0}" } }, "steps": [{ "id": "end", "stop": "succeeded" }] });
        place.api.post("/rules", matched).await.expect_refusal();
        for path in ["/projects/%00", "/projects/WEB%00", "/tasks/WEB-1%00", "/tasks/%00", "/rules/%00", "/runs/%00", "/events/%00", "/queues/%00/dead",
            "/tasks?q=%00", "/tasks?label=%00", "/tasks?key=%00", "/tasks?project=%00", "/tasks?parent=%00", "/tasks?cursor=%00", "/tasks?custom.a=%00", "/tasks?custom.%00=a",
            "/tasks?sort=%00", "/projects?cursor=%00", "/rules?state=%00", "/rules?cursor=%00", "/runs?state=%00", "/runs?rule_id=%00", "/runs?event_id=%00",
            "/events?after=%00", "/notifications?cursor=%00", "/members?cursor=%00"] {
            place.api.get(path).await.expect_refusal();
        }
        place.expect_untouched().await;
    }

    async fn a_nul_that_a_webhook_brings_is_kept_and_stops_only_the_step_that_cannot_take_it(db) {
        let place = Place::of(Server::start(&db).await).await;
        let rule = json!({ "name": "n", "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "steps": [
            { "id": "bad", "action": "task.create", "with": { "project": "WEB", "title": "{{ body.text }}" }, "on_error": "continue" },
            { "id": "keys", "action": "task.update", "with": { "task": "{{ body.text }}", "status": "blocked" }, "on_error": "continue" },
            { "id": "good", "action": "task.create", "with": { "project": "WEB", "title": "{{ body.other }}" } } ] });
        let rule = place.api.post("/rules", rule).await.expect_status(201).text("/id");
        place.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let event = place.post_to_hook(br#"{"text": "a\u0000b", "\u0000": "\u0000", "other": "whole"}"#).await.expect_status(202).text("/event");
        place.post_to_hook(b"a\0b \xff\xfe").await.expect_status(202);
        let run = loop {
            let page = place.api.get(&format!("/runs?event_id={event}")).await.expect_status(200);
            if let Some(run) = page.at("/items").as_array().unwrap().iter().find(|run| run["finished_at"].is_string()) { break run.clone(); }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let run = place.api.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await.expect_status(200);
        let state = |at: usize| run.body["steps"][at]["state"].as_str().unwrap().to_owned();
        assert_eq!([state(0), state(1), state(2)], ["failed", "failed", "succeeded"], "{:#}", run.body);
        assert!(run.text("/steps/0/error").contains("U+0000"), "{:#}", run.body);
        let event = place.api.get(&format!("/events/{event}")).await.expect_status(200);
        assert_eq!(event.at("/data/body/text"), "a\u{0}b");
        place.expect_sound();
    }

    async fn what_cannot_be_read_is_refused_before_anything_is_done(db) {
        let place = Place::of(Server::start(&db).await).await;
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for (method, path, body) in place.bodies() {
            let send = async |kind: Option<&str>, bytes: Vec<u8>| place.api.send_bytes(method.clone(), &path, kind, bytes).await;
            let json = Some("application/json");
            let text = body.to_string();
            for cut in [1, text.len() / 2, text.len() - 1] {
                send(json, text.as_bytes()[..cut].to_vec()).await.expect_refusal().expect_status(400);
            }
            for (bytes, statuses) in [
                (b"".to_vec(), &[400][..]), (b" \n".to_vec(), &[400]), (b"null".to_vec(), &[422]), (b"[]".to_vec(), &[422]), (b"3".to_vec(), &[422]), (b"\"x\"".to_vec(), &[422]),
                (format!("{text}{text}").into_bytes(), &[400]), (format!("{text},").into_bytes(), &[400]),
                (text.replacen('"', "'", 2).into_bytes(), &[400]), (b"{\"a\": \xff}".to_vec(), &[400, 422]), (b"\xef\xbb\xbf{}".to_vec(), &[400, 422]),
                ("{".repeat(100_000).into_bytes(), &[400, 422]), (format!("{{\"x\":{}}}", deep(100_000)).into_bytes(), &[400, 422]),
                (format!("{{\"name\":{}}}", deep(200)).into_bytes(), &[400, 422]),
            ] {
                // Signing out takes its token from the header when there is no body.
                if path == "/auth/logout" && bytes.is_empty() { continue; }
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
                let answer = send(json, bytes).await.expect_refusal();
                assert!(statuses.contains(&answer.status), "{method} {path} with {shown}: {:#}", answer.body);
            }
            for kind in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "text/html; charset=utf-8", "nonsense"] {
                send(Some(kind), text.clone().into_bytes()).await.expect_problem(415, "unsupported_media_type");
            }
            send(None, text.clone().into_bytes()).await.expect_problem(415, "unsupported_media_type");
            let long = json!({ "name": "x".repeat(1_100_000) }).to_string();
            send(json, long.into_bytes()).await.expect_problem(413, "body_too_large");
        }
        place.expect_untouched().await;
    }

    async fn what_is_too_much_is_refused(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let long = "ä".repeat(300_000);
        for (method, path, body) in place.bodies() {
            let mut pointers = Vec::new();
            places(&body, "", &mut pointers);
            for pointer in &pointers {
                if body.pointer(pointer).is_some_and(Value::is_string) {
                    api.send(method.clone(), &path, Some(with(&body, pointer, json!(long)))).await.expect_refusal();
                }
            }
        }
        let labels = |count: usize| (0..count).map(|at| format!("label {at}")).collect::<Vec<_>>();
        let custom = |count: usize| (0..count).map(|at| (format!("f{at}"), json!("x".repeat(100)))).collect::<Map<_, _>>();
        for change in [json!({ "labels": labels(51) }), json!({ "labels": labels(10_000) }), json!({ "custom": custom(500) }), json!({ "custom": { "UPPER": 1 } }),
            json!({ "due_at": "9999999-01-01T00:00:00Z" }), json!({ "due_at": "-0001-01-01T00:00:00Z" }), json!({ "due_at": "+12000-01-01T00:00:00Z" }), json!({ "due_at": "2026-02-30T00:00:00Z" }),
            json!({ "due_at": "tomorrow" }), json!({ "title": null }), json!({ "status": null }), json!({ "title": "  " }), json!({ "parent": "WEB-1" }), json!({ "parent": "WEB-99" })] {
            api.patch("/tasks/WEB-1", change).await.expect_refusal();
        }
        for key in ["web", "W", "1WEB", "WEB-1", "", "TOOLONGAKEY", "WÉB"] {
            api.post("/projects", json!({ "key": key, "name": "x" })).await.expect_refusal().expect_status(422);
        }
        // A rule is at most 256 KiB, a hook's body 1 MiB.
        let mut large = rule();
        large["steps"][0]["with"]["body"] = json!("x".repeat(256 * 1024));
        let refused = api.post("/rules", large.clone()).await.expect_refusal();
        assert!(refused.body.to_string().contains("262144"), "{:#}", refused.body);
        api.put(&format!("/rules/{}", place.rule), large).await.expect_refusal();
        let hook = |length: usize| format!("\"{}\"", "x".repeat(length - 2)).into_bytes();
        place.post_to_hook(&hook(1024 * 1024 + 1)).await.expect_refusal().expect_status(413);
        place.post_to_hook(&format!("{}1{}", "[".repeat(200), "]".repeat(200)).into_bytes()).await.expect_problem(422, "body_too_deep");
        let far = json!({ "name": "many", "trigger": { "on": "manual" },
            "steps": (0..500).map(|at| json!({ "id": format!("s{at}"), "stop": "succeeded" })).collect::<Vec<_>>() });
        api.post("/rules", far).await.expect_problem(422, "rule_invalid");
        place.expect_untouched().await;
        place.post_to_hook(&hook(1024 * 1024)).await.expect_status(202);
    }

    async fn ids_that_name_nothing_are_not_found(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let task = api.get("/tasks/WEB-1").await.text("/id");
        for kind in ["projects", "tasks", "rules", "runs", "hooks", "connections", "events"] {
            let prefix = match kind { "connections" => "conn", "projects" => "proj", "events" => "evt", other => other.trim_end_matches('s') };
            for id in [format!("{prefix}_01h455vb4pex5vsknk084sn02q"), "nonsense".into(), format!("{prefix}_nonsense"), format!("{prefix}_"), "1".into(), "-1".into(), "null".into(),
                "%F0%9F%92%A9".into(), "%FF".into(), "..%2f..%2fetc".into(), "x".repeat(5_000), format!("{prefix}_8zzzzzzzzzzzzzzzzzzzzzzzzz"), "00000000-0000-0000-0000-000000000000".into()] {
                let answer = api.get(&format!("/{kind}/{id}")).await.expect_refusal().expect_status(404);
                assert!(answer.text("/detail").len() < 400, "{:#}", answer.body);
            }
            // An id of another kind.
            let other = if kind == "tasks" { place.rule.clone() } else { task.clone() };
            api.get(&format!("/{kind}/{other}")).await.expect_refusal().expect_status(404);
            if kind != "events" && kind != "runs" {
                api.delete(&format!("/{kind}/{other}")).await.expect_refusal().expect_status(404);
            }
        }
        for path in [format!("/rules/{task}/enable"), format!("/rules/{task}/run"), format!("/runs/{task}/cancel"), "/runs/run_01h455vb4pex5vsknk084sn02q/rerun".into(),
            "/hooks/hook_01h455vb4pex5vsknk084sn02q/rotate".into(), "/queues/nothing/pause".into()] {
            api.post(&path, json!({})).await.expect_refusal().expect_status(404);
        }
        for path in ["/hooks/hook_01h455vb4pex5vsknk084sn02q", "/hooks/nonsense", "/hooks/%00"] {
            api.without_token().outside().post(path, json!({})).await.expect_refusal().expect_status(404);
        }
        place.expect_untouched().await;
    }

    async fn queries_methods_and_headers_that_mean_nothing_are_refused(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        for path in ["/projects", "/tasks", "/rules", "/runs", "/events", "/notifications", "/members", "/tasks/WEB-1/comments"] {
            for query in ["odd=1", "limit=0", "limit=-1", "limit=201", "limit=many", "limit=99999999999999999999", "limit=1e3", "limit="] {
                let answer = api.get(&format!("{path}?{query}")).await.expect_refusal().expect_status(422);
                let name = query.split('=').next().unwrap();
                assert!(answer.text("/detail").contains(name), "{path}?{query}: {:#}", answer.body);
            }
            let cursor = if path == "/events" { "after" } else { "cursor" };
            for value in ["nonsense", "-1", "%FF", "e30", "bnVsbA", "99999999999999999999", &"x".repeat(3000)] {
                api.get(&format!("{path}?{cursor}={value}")).await.expect_refusal().expect_status(422);
            }
        }
        for query in ["stauts=todo", "status=done", "priority=urgent", "due_at.lt=soon", "due_at.near=2026-01-01T00:00:00Z", "sort=colour", "sort=-", "assignee=ada", "total=maybe",
            "offset=-1", "offset=100000", "custom.=1", "type=epic", "cursor=x&offset=3"] {
            api.get(&format!("/tasks?{query}")).await.expect_refusal().expect_status(422);
        }
        for query in ["wait=long", "wait=-1", "after=tomorrow", "limit=1000"] {
            api.get(&format!("/events?{query}")).await.expect_refusal().expect_status(422);
        }
        // A cursor of another list, or of another order.
        for title in ["Two", "Three"] {
            api.post("/projects/WEB/tasks", json!({ "title": title })).await.expect_status(201);
        }
        let cursor = api.get("/tasks?limit=1&sort=title").await.text("/next_cursor");
        api.get(&format!("/tasks?limit=1&sort=title&cursor={cursor}")).await.expect_status(200);
        api.get(&format!("/tasks?limit=1&sort=-priority&cursor={cursor}")).await.expect_refusal().expect_status(422);
        api.get(&format!("/projects?cursor={cursor}")).await.expect_refusal().expect_status(422);

        for (method, path, allow) in [(Method::PUT, "/tasks", "GET"), (Method::PATCH, "/projects", "POST"), (Method::DELETE, "/me", "GET"), (Method::POST, "/rules/x", "PUT"),
            (Method::OPTIONS, "/tasks", "GET"), (Method::TRACE, "/tasks", "GET")] {
            let answer = api.send(method, path, None).await.expect_problem(405, "method_not_allowed");
            assert!(answer.headers["allow"].to_str().unwrap().contains(allow));
        }
        let head = api.send(Method::HEAD, "/tasks", None).await.expect_status(200);
        assert_eq!(head.body, Value::Null);
        api.outside().send(Method::GET, &place.hook, None).await.expect_problem(405, "method_not_allowed");
        for path in ["/nothing", "/tasks/", "//tasks", "/tasks/WEB-1/nothing", "/../tasks"] {
            api.get(path).await.expect_refusal().expect_status(404);
        }
        for seen in ["1", "W/\"1\"", "\"one\"", "\"1\", \"2\"", "\"\"", "\"99999999999999999999\""] {
            for path in ["/tasks/WEB-1", "/projects/WEB"] {
                api.with_header("if-match", seen).patch(path, json!({ "description": "x" })).await.expect_problem(400, "invalid_if_match");
            }
        }
        for (seen, status) in [("\"0\"", 412), ("\"-1\"", 412), ("\"2\"", 412), ("\"9223372036854775807\"", 412)] {
            api.with_header("if-match", seen).patch("/tasks/WEB-1", json!({ "title": "x" })).await.expect_refusal().expect_status(status);
            api.with_header("if-match", seen).delete("/tasks/WEB-1").await.expect_refusal().expect_status(status);
        }
        assert_eq!(api.get("/tasks/WEB-1").await.text("/title"), "One");
        let project = json!({ "key": "APP", "name": "App" });
        for key in ["", " ", "\"\"", &"k".repeat(256)] {
            api.with_header("idempotency-key", key).post("/projects", project.clone()).await.expect_problem(400, "invalid_idempotency_key");
        }
        let keyed = api.with_header("idempotency-key", "k");
        keyed.post("/projects", json!({ "key": "app" })).await.expect_status(422);
        keyed.post("/projects", project.clone()).await.expect_problem(422, "idempotency_key_reused");
        keyed.post("/workspaces", project).await.expect_problem(422, "idempotency_key_reused");
        let again = keyed.post("/projects", json!({ "key": "app" })).await.expect_status(422);
        assert_eq!(again.headers["idempotency-replayed"], "true");
        place.expect_sound();
    }

    async fn tokens_that_are_spent_stale_or_bent_open_nothing(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let stranger = api.without_token();
        let soon = from_now(1);
        let token = api.post("/tokens", json!({ "name": "short", "expires_at": soon })).await.expect_status(201).text("/token");
        api.with_token(&token).get("/me").await.expect_status(200);
        api.post("/tokens", json!({ "name": "past", "expires_at": "2020-01-01T00:00:00Z" })).await.expect_refusal().expect_status(422);
        let long = api.post("/tokens", json!({ "name": "long" })).await.expect_status(201);
        let bent = [long.text("/token").to_uppercase(), format!("{}x", long.text("/token")), long.text("/token")[1..].to_owned()];
        for token in bent {
            api.with_token(&token).get("/me").await.expect_problem(401, "token_invalid");
        }
        api.with_token(&long.text("/token")).delete(&format!("/tokens/{}", long.text("/id"))).await.expect_status(204);
        api.with_token(&long.text("/token")).get("/me").await.expect_problem(401, "token_invalid");

        // A refresh token that is used again was copied: the whole family ends.
        let login = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
        let first = stranger.post("/auth/login", login.clone()).await.expect_status(200);
        let spent = json!({ "refresh_token": first.text("/refresh_token") });
        let second = stranger.post("/auth/refresh", spent.clone()).await.expect_status(200);
        stranger.with_token(&first.text("/access_token")).get("/me").await.expect_status(200);
        stranger.post("/auth/refresh", spent).await.expect_problem(401, "refresh_reused");
        for answer in [&first, &second] {
            stranger.with_token(&answer.text("/access_token")).get("/me").await.expect_problem(401, "session_ended");
        }
        stranger.post("/auth/refresh", json!({ "refresh_token": second.text("/refresh_token") })).await.expect_problem(401, "session_ended");
        api.get("/me").await.expect_status(200);

        // Signed out is out; every byte of a token counts.
        let third = stranger.post("/auth/login", login).await.expect_status(200);
        let session = stranger.with_token(&third.text("/access_token"));
        let access = third.text("/access_token");
        for at in (0..access.len()).step_by(23) {
            let mut bytes = access.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            stranger.with_token(std::str::from_utf8(&bytes).unwrap()).get("/me").await.expect_refusal().expect_status(401);
        }
        session.post("/auth/logout", json!({})).await.expect_status(204);
        session.get("/me").await.expect_problem(401, "session_ended");
        for header in ["Basic YTpi", "Bearer", "Bearer ", "bearer", "Token x", &format!("Bearer {}", "x".repeat(9000))] {
            stranger.with_header("authorization", header).get("/me").await.expect_refusal().expect_status(401);
        }
        // Wrong and unknown are told alike.
        let wrong = stranger.post("/auth/login", json!({ "email": "ada@acme.example", "password": "wrong horse battery" })).await.expect_problem(401, "credentials_wrong");
        let unknown = stranger.post("/auth/login", json!({ "email": "nobody@acme.example", "password": "wrong horse battery" })).await.expect_problem(401, "credentials_wrong");
        assert_eq!(wrong.at("/detail"), unknown.at("/detail"));
        stranger.post("/setup", json!({ "workspace": "B", "name": "Bob", "email": "bob@b.example", "password": "correct horse battery" })).await.expect_problem(409, "already_set_up");
        tokio::time::sleep(Duration::from_millis(1200)).await;
        api.with_token(&token).get("/me").await.expect_problem(401, "token_expired");
        place.expect_sound();
    }

    async fn hooks_believe_only_what_is_signed_and_fresh(db) {
        use base64::Engine as _;
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let mac = |key: &[u8], parts: &[&[u8]]| {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().to_vec()
        };
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let new = async |name: &str, scheme: Value, secret: Option<&str>| {
            let mut new = json!({ "name": name, "scheme": scheme });
            if let Some(secret) = secret { new["secret"] = json!(secret); }
            let made = api.post("/hooks", new).await.expect_status(201);
            (made.text("/path"), made.text("/secret"))
        };
        let post = async |path: &str, headers: &[(&str, String)], body: &str| {
            let sender = headers.iter().fold(api.without_token().outside(), |sender, (name, value)| sender.with_header(name, value));
            sender.send_bytes(Method::POST, path, Some("application/json"), body).await
        };
        let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;

        let (slack, secret) = new("slack", json!("slack"), Some("8f742231b10e8888abcd99yyyzzz85a5")).await;
        let signed = |at: i64, body: &str| {
            let signature = format!("v0={}", hex::encode(mac(secret.as_bytes(), &[format!("v0:{at}:{body}").as_bytes()])));
            vec![("x-slack-request-timestamp", at.to_string()), ("x-slack-signature", signature)]
        };
        post(&slack, &signed(now(), "{}"), "{}").await.expect_status(202);
        for stale in [now() - 301, now() + 302, 0, i64::MAX, i64::MIN] {
            post(&slack, &signed(stale, "{}"), "{}").await.expect_problem(401, "timestamp_stale");
        }
        post(&slack, &signed(now(), "{}"), "{ }").await.expect_problem(401, "signature_invalid");
        post(&slack, &signed(now(), "{}")[..1], "{}").await.expect_problem(401, "signature_missing");
        post(&slack, &signed(now(), "{}")[1..], "{}").await.expect_problem(401, "timestamp_invalid");
        let mut moved = signed(now(), "{}");
        moved[0].1 = (now() - 1).to_string();
        post(&slack, &moved, "{}").await.expect_problem(401, "signature_invalid");

        let (standard, secret) = new("standard", json!("standard_webhooks"), None).await;
        let key = base64::prelude::BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = |id: &str, at: i64, body: &str| {
            let signature = base64::prelude::BASE64_STANDARD.encode(mac(&key, &[format!("{id}.{at}.{body}").as_bytes()]));
            vec![("webhook-id", id.to_owned()), ("webhook-timestamp", at.to_string()), ("webhook-signature", format!("v1,AAAA v1,{signature}"))]
        };
        post(&standard, &signed("msg_1", now(), "{}"), "{}").await.expect_status(202);
        assert_eq!(post(&standard, &signed("msg_1", now(), "{}"), "{}").await.expect_status(202).at("/duplicate"), true);
        post(&standard, &signed("msg_2", now() - 400, "{}"), "{}").await.expect_problem(401, "timestamp_stale");
        post(&standard, &signed("msg_2", now(), "{}"), "[]").await.expect_problem(401, "signature_invalid");
        let mut other = signed("msg_2", now(), "{}");
        other[0].1 = "msg_3".into();
        post(&standard, &other, "{}").await.expect_problem(401, "signature_invalid");

        let scheme = json!({ "scheme": "hmac", "header": "X-Signature", "encoding": "base64" });
        let (generic, secret) = new("generic", scheme, None).await;
        let good = base64::prelude::BASE64_STANDARD.encode(mac(secret.as_bytes(), &[b"{}"]));
        post(&generic, &[("x-signature", good.clone())], "{}").await.expect_status(202);
        for bad in [good.to_lowercase(), format!("{good}="), String::new(), good[1..].to_owned(), hex::encode(mac(secret.as_bytes(), &[b"{}"]))] {
            post(&generic, &[("x-signature", bad)], "{}").await.expect_refusal().expect_status(401);
        }
        post(&generic, &[], "{}").await.expect_problem(401, "signature_missing");

        let (token, secret) = new("token", json!("token"), None).await;
        post(&token, &[("authorization", format!("Bearer {secret}"))], "{}").await.expect_status(202);
        post(&token, &[("authorization", format!("Bearer {secret}x"))], "{}").await.expect_problem(401, "token_invalid");
        post(&token, &[], "{}").await.expect_problem(401, "token_missing");

        // A new secret voids the old one at once; a deleted hook takes nothing.
        let id = token.rsplit('/').next().unwrap();
        let rotated = api.post(&format!("/hooks/{id}/rotate"), json!({})).await.expect_status(200).text("/secret");
        post(&token, &[("authorization", format!("Bearer {secret}"))], "{}").await.expect_problem(401, "token_invalid");
        post(&token, &[("authorization", format!("Bearer {rotated}"))], "{}").await.expect_status(202);
        api.delete(&format!("/hooks/{id}")).await.expect_status(204);
        post(&token, &[("authorization", format!("Bearer {rotated}"))], "{}").await.expect_problem(404, "hook_not_found");
        for new in [json!({ "name": "x" }), json!({ "name": "x", "scheme": "md5" }), json!({ "name": "x", "scheme": { "scheme": "hmac" } }), json!({ "name": "in", "scheme": "none" }),
            json!({ "name": "x", "scheme": "none", "secret": "abc" }), json!({ "name": "x", "scheme": { "scheme": "github", "header": "x" } }), json!({ "name": "x", "scheme": "slack" })] {
            api.post("/hooks", new).await.expect_refusal();
        }
        assert!(!place.server.log().contains(&secret) && !place.server.log().contains(&rotated));
        place.expect_sound();
    }

    async fn a_broken_rule_is_refused_at_its_line_and_column(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let yaml = Some("application/yaml");
        let change = |pointer: &str, value: Value| with(&rule(), pointer, value);
        for (rule, pointer, said) in [
            (change("/condition", json!("task.priorty == \"high\"")), "/condition", "Did you mean `priority`"),
            (change("/condition", json!("task.priority ==")), "/condition", "line 1, column"),
            (change("/condition", json!("uper(task.title) == 'X'")), "/condition", "Did you mean `upper`"),
            (change("/condition", json!("task.key == 'X'\n  && tsk.key == 'X'")), "/condition", "line 2, column 6"),
            (change("/trigger/on", json!("task.crated")), "/trigger/on", "Did you mean `task.created`"),
            (change("/steps/0/action", json!("task.coment")), "/steps/0/action", "Did you mean `task.comment`"),
            (change("/steps/0/with", json!({ "task": "x", "bdy": "y" })), "/steps/0/with", "Did you mean `body`"),
            (change("/steps/0/with/body", json!("{{ task.titel }}")), "/steps/0/with/body", "Did you mean `title`"),
            (change("/steps/0/with/body", json!("{{ task.title")), "/steps/0/with/body", ""),
            (change("/steps/0/id", json!("1st")), "/steps/0/id", ""),
            (change("/steps", json!([])), "/steps", ""),
            (change("/name", json!(" ")), "/name", ""),
        ] {
            let answer = api.post("/rules", rule.clone()).await.expect_problem(422, "rule_invalid");
            let (at, message) = (answer.text("/errors/0/pointer"), answer.text("/errors/0/message"));
            assert!(at.starts_with(pointer) && message.contains(said), "{at}: {message}");
            let checked = api.post("/rules/check", json!({ "rule": rule })).await.expect_status(200);
            assert_eq!((checked.at("/ok"), checked.at("/problems/0/severity")), (&json!(false), &json!("error")), "{:#}", checked.body);
            api.put(&format!("/rules/{}", place.rule), rule).await.expect_problem(422, "rule_invalid");
        }
        let bomb: String = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
            let before = level - 1;
            format!("{text}a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 9].join(", "))
        });
        for (text, status) in [
            ("name: x\ntrigger: [unclosed", 400), ("name: x\n\ttrigger: y", 400), ("&a [*a]", 400), ("name: &x\n  a: *x\nsteps: *x", 400), ("name: x\nname: y", 400),
            ("", 400), ("--- 1\n--- 2\n", 400), ("name: !!python/object:os.system x", 400), ("just text", 400), ("? [a]\n: b", 400),
            (bomb.as_str(), 400), (&format!("x: {}", "[".repeat(50_000)), 400), (&format!("x: {}", "- ".repeat(50_000)), 400), (&format!("{}x: 1", "a: {".repeat(5_000)), 400),
            ("name: x\ntrigger: { on: task.created, }\nsteps: [ { id: a, stop: succeeded } ]\nodd: 1", 400),
        ] {
            let answer = api.send_bytes(Method::POST, "/rules", yaml, text).await.expect_refusal();
            assert!(answer.status == status || answer.status == 422, "{}: {:#}", text.chars().take(60).collect::<String>(), answer.body);
            let said = answer.text("/errors/0/message");
            assert!(said.len() > 10 && said.len() < 1000, "{said}");
        }
        let odd = api.send_bytes(Method::POST, "/rules", yaml, "name: x\ntrigger: { on: task.created }\nsteps:\n- id: a\n  stp: succeeded\n").await.expect_refusal();
        let said = odd.text("/errors/0/message");
        assert!(said.contains("line 5") && said.contains("Did you mean `stop`"), "{said}");
        api.send_bytes(Method::POST, "/rules", yaml, &b"name: \xff"[..]).await.expect_problem(400, "malformed_rule");
        place.expect_untouched().await;
    }

    async fn a_database_that_goes_away_is_told_and_comes_back(db) {
        let place = Place::of(Server::start(&db).await).await;
        let calls: Vec<_> = (0..8).map(|worker| {
            let api = place.api.clone();
            tokio::spawn(async move {
                let mut made = Vec::new();
                for number in 0..60 {
                    let title = format!("Task {worker}.{number}");
                    let answer = api.post("/projects/WEB/tasks", json!({ "title": title })).await;
                    match answer.status {
                        201 => made.push(title),
                        _ => {
                            assert_eq!(answer.status, 503, "{:#}", answer.body);
                            assert!(answer.headers.contains_key("retry-after") && answer.body["detail"].as_str().unwrap().len() > 15, "{:#}", answer.body);
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                made
            })
        }).collect();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            if db.is_postgres() {
                use sqlx::Connection as _;
                let mut admin = sqlx::PgConnection::connect(db.url()).await.unwrap();
                sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
                    .execute(&mut admin).await.unwrap();
                admin.close().await.ok();
            } else {
                let path = db.url().strip_prefix("sqlite://").unwrap().to_owned();
                tokio::task::spawn_blocking(move || {
                    let other = rusqlite::Connection::open(path).unwrap();
                    other.busy_timeout(Duration::from_secs(10)).unwrap();
                    other.execute_batch("begin immediate").unwrap();
                    std::thread::sleep(Duration::from_millis(300));
                    other.execute_batch("rollback").unwrap();
                }).await.unwrap();
            }
        }
        let mut made = Vec::new();
        for call in calls {
            made.extend(call.await.unwrap());
        }
        assert!(made.len() > 100, "{} made", made.len());
        // What was answered is there, and each task has its event.
        let (mut titles, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = place.api.get(&format!("/tasks?limit=200{cursor}")).await.expect_status(200);
            titles.extend(page.at("/items").as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()));
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        for title in &made {
            assert!(titles.contains(title), "{title} was answered and is not there");
        }
        let start = std::time::Instant::now();
        loop {
            let (mut created, mut after) = (Vec::new(), "0".to_owned());
            loop {
                let page = place.api.get(&format!("/events?limit=200&after={after}")).await.expect_status(200);
                let items = page.at("/items").as_array().unwrap();
                if items.is_empty() { break; }
                created.extend(items.iter().filter(|event| event["kind"] == "task.created").map(|event| event["data"]["task"]["title"].as_str().unwrap().to_owned()));
                after = page.text("/next_cursor");
            }
            created.sort();
            titles.sort();
            if created == titles { break; }
            assert!(start.elapsed() < Duration::from_secs(40), "{} tasks, {} events", titles.len(), created.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!place.server.log().contains("panicked"));
    }
}

/// A time so many seconds from now, as RFC 3339.
fn from_now(seconds: u64) -> String {
    let at = std::time::SystemTime::UNIX_EPOCH + std::time::UNIX_EPOCH.elapsed().unwrap() + Duration::from_secs(seconds);
    chrono::DateTime::<chrono::Utc>::from(at).to_rfc3339()
}
