//! Whatever cannot be meant is refused: with a problem (RFC 9457) that says where and what to do, without a panic, and
//! with nothing half-written.

mod bodies;
mod broken_rules;
mod requests;
mod trust;

use reqwest::Method;
use serde_json::{Value, json};
use trackside_tests::harness::{Answer, Api, Server};

/// A workspace with a project, a task, a rule and a hook, and what its lists showed when it was made.
struct Place {
    server: Server,
    api: Api,
    rule: String,
    milestone: String,
    hook: String,
    before: Vec<Value>,
}

/// The lists that a refused request must leave as they were.
const LISTS: &[&str] = &[
    "/events?limit=200",
    "/projects",
    "/tasks",
    "/tasks/WEB-1",
    "/tasks/WEB-1/activity",
    "/tasks/WEB-1/attachments",
    "/tasks/WEB-1/comments",
    "/tasks/WEB-1/dependencies",
    "/tasks/WEB-1/links",
    "/projects/WEB/timeline",
    "/projects/WEB/milestones",
    "/projects/WEB/recurrences",
    "/projects/WEB/sprints",
    "/projects/WEB/task-templates",
    "/views",
    "/tasks/WEB-1/time",
    "/tasks/WEB-1/time-entries",
    "/timer",
    "/tasks/WEB-1/schedule",
    "/projects/WEB/plan",
    "/projects/WEB/calendar",
    "/projects/WEB/baselines",
    "/calendar",
    "/projects/WEB/fields",
    "/projects/WEB/types",
    "/labels",
    "/projects/WEB/workflow",
    "/timesheets",
    "/rates",
    "/absences",
    "/resources",
    "/projects/WEB/allocations",
    "/rule-templates",
    "/rule-templates/triage-new-tasks",
    "/rules",
    "/hooks",
    "/audit",
    "/roles",
    "/groups",
    "/assignments",
    "/connections",
    "/notifications",
    "/runs",
];

impl Place {
    async fn of(server: Server) -> Self {
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        let milestone = api.post("/projects/WEB/milestones", json!({ "name": "Beta" })).await.expect_status(201);
        let milestone = milestone.text("/id");
        let rule = api.post("/rules", rule()).await.expect_status(201).text("/id");
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201).text("/path");
        let mut place = Self { server, api, rule, milestone, hook, before: Vec::new() };
        place.post_to_hook(b"{}").await.expect_status(202);
        // The log is complete when each has its position: project, task, milestone, rule and post.
        loop {
            let log = place.api.get("/events?limit=200&wait=5").await.expect_status(200);
            if log.at("/items").as_array().unwrap().len() == 5 {
                break;
            }
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
            "assignees": [], "parent": "WEB-1", "milestone": self.milestone, "start_at": "2026-01-01T00:00:00Z", "due_at": "2026-02-01T00:00:00Z",
            "estimate": 90, "points": 3, "custom": { "size": "large" } });
        let calendar = json!({ "time_zone": "Europe/Berlin", "hours": { "monday": [{ "from": "09:00", "to": "17:00" }] },
            "exceptions": [{ "from": "2026-12-24", "to": "2026-12-26", "name": "Christmas", "hours": [{ "from": "09:00", "to": "10:00" }] }] });
        let schedule = json!({ "constraint": "must_start_on", "constraint_at": "2026-01-01T00:00:00Z", "duration": 480, "progress": 100, "actual_start": "2026-01-01T00:00:00Z",
            "actual_finish": "2026-01-02T00:00:00Z", "calendar": calendar });
        let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
        vec![
            post(
                "/roles",
                json!({ "name": "Editor", "description": "More", "inherits": ["viewer"], "permissions": ["task.edit"] }),
            ),
            post("/groups", json!({ "name": "Editors", "members": [] })),
            post(
                "/projects",
                json!({ "key": "APP", "name": "App", "description": "More", "status": "active",
                "start_at": "2026-01-01T00:00:00Z", "due_at": "2026-02-01T00:00:00Z", "is_template": true }),
            ),
            (
                Method::PATCH,
                "/projects/WEB".into(),
                json!({ "name": "Web", "description": "More", "status": "on_hold", "start_at": "2026-01-01T00:00:00Z",
                    "due_at": "2026-02-01T00:00:00Z", "health": "at_risk", "health_note": "Rain", "is_template": true }),
            ),
            post(
                "/projects/WEB/copy",
                json!({ "key": "APP", "name": "App", "description": "More", "start_at": "2026-01-01T00:00:00Z", "include": ["tasks", "milestones"] }),
            ),
            post("/projects/WEB/tasks", task.clone()),
            (
                Method::PATCH,
                "/tasks/WEB-1".into(),
                json!({ "title": "Uno", "description": "More", "type": "bug", "status": "blocked", "priority": "low",
                "labels": ["a"], "milestone": self.milestone, "start_at": "2026-01-01T00:00:00Z", "due_at": "2026-02-01T00:00:00Z", "custom": { "size": "large" } }),
            ),
            post(
                "/projects/WEB/milestones",
                json!({ "name": "Gamma", "description": "More", "due_at": "2026-02-01T00:00:00Z" }),
            ),
            (
                Method::PATCH,
                format!("/milestones/{}", self.milestone),
                json!({ "name": "Delta", "description": "More", "due_at": "2026-02-01T00:00:00Z", "status": "completed" }),
            ),
            post(
                "/tasks/batch",
                json!({ "atomic": true, "operations": [
                    { "op": "create", "project": "WEB", "task": task.clone() }, { "op": "comment", "task": "WEB-1", "body": "Hello" },
                    { "op": "update", "task": "WEB-1", "version": 1, "patch": { "title": "Uno" } }, { "op": "delete", "task": "WEB-99", "version": 1 } ] }),
            ),
            post("/tasks/WEB-1/comments", json!({ "body": "Hello" })),
            post(
                "/projects/WEB/fields",
                json!({ "key": "severity", "name": "Severity", "description": "How bad", "type": "text", "options": [{ "key": "a", "name": "A" }],
                "required": false, "sensitive": false, "currency": "EUR" }),
            ),
            (
                Method::PUT,
                "/projects/WEB/workflow".into(),
                json!({ "statuses": [{ "key": "a", "name": "A", "category": "todo" }], "transitions": [], "initial": "a", "replace": { "todo": "a" } }),
            ),
            post("/projects/WEB/labels/rename", json!({ "from": "\u{1F600}", "to": "b" })),
            post("/projects/WEB/types", json!({ "key": "bug", "name": "Bug" })),
            post("/tasks/WEB-1/links", json!({ "other": "WEB-1", "type": "blocks" })),
            (Method::PUT, "/tasks/WEB-1/schedule".into(), schedule),
            (Method::PUT, "/projects/WEB/calendar".into(), calendar.clone()),
            (Method::PUT, "/calendar".into(), calendar),
            (
                Method::PUT,
                "/projects/WEB/plan".into(),
                json!({ "start_at": "2026-01-01T00:00:00Z", "status_at": "2026-02-01T00:00:00Z" }),
            ),
            post("/projects/WEB/baselines", json!({ "name": "As agreed" })),
            post("/tasks/WEB-1/dependencies", json!({ "predecessor": "WEB-1", "type": "SS", "lag": -60 })),
            post(
                "/tasks/WEB-1/time-entries",
                json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 30, "note": "Hello", "billable": false, "user": "user_01h455vb4pex5vsknk084sn02q" }),
            ),
            (
                Method::PUT,
                "/projects/WEB/budget".into(),
                json!({ "currency": "EUR", "planned": "1000.00", "thresholds": [50, 80] }),
            ),
            post(
                "/projects/WEB/costs",
                json!({ "amount": "12.50", "currency": "EUR", "date": "2026-11-25", "category": "Travel", "state": "committed", "note": "Hello" }),
            ),
            post(
                "/rates",
                json!({ "project": "WEB", "user": "user_01h455vb4pex5vsknk084sn02q", "amount": "85.00", "currency": "EUR", "valid_from": "2026-01-01", "valid_to": "2026-12-31" }),
            ),
            post("/timesheets/submit", json!({ "week": "2026-W48", "user": "user_01h455vb4pex5vsknk084sn02q" })),
            post(
                "/timesheets/reject",
                json!({ "week": "2026-W48", "user": "user_01h455vb4pex5vsknk084sn02q", "reason": "Hello" }),
            ),
            post(
                "/absences",
                json!({ "user": "user_01h455vb4pex5vsknk084sn02q", "from": "2026-12-01", "to": "2026-12-02", "part": "morning", "kind": "sick", "note": "Hello" }),
            ),
            post(
                "/projects/WEB/allocations",
                json!({ "user": "user_01h455vb4pex5vsknk084sn02q", "task": "WEB-1", "from": "2026-12-01", "to": "2026-12-02", "minutes_per_day": 60, "note": "Hello" }),
            ),
            post("/tasks/WEB-1/timer/start", json!({ "note": "Hello", "billable": false })),
            post("/tasks/WEB-1/timer/stop", json!({ "ended_at": "2026-11-25T09:00:00Z", "note": "Hello" })),
            post(
                "/hooks",
                json!({ "name": "two", "scheme": { "scheme": "hmac", "header": "x-signature", "algorithm": "sha256", "encoding": "hex", "prefix": "v=" },
                "secret": "a secret that is long enough to be one" }),
            ),
            post(
                "/connections",
                json!({ "kind": "slack", "name": "default", "base_url": "https://slack.example.org/api", "token": "xoxb-1" }),
            ),
            post(
                "/recurrences/preview",
                json!({ "rrule": "FREQ=DAILY", "dtstart": "2026-03-01T09:00:00Z", "tz": "Europe/Berlin", "rdates": ["2026-03-01T12:00:00Z"],
                    "exdates": ["2026-03-02T09:00:00"], "count": 3 }),
            ),
            post("/tokens", json!({ "name": "t", "scopes": ["task.*"], "expires_at": "2099-01-01T00:00:00Z" })),
            post(
                "/projects/WEB/task-templates",
                json!({ "name": "New", "task": { "title": "Hello {{ who }}", "description": "More", "checklist": ["One"], "type": "bug", "priority": "low", "labels": ["a"],
                    "assignees": ["applier"], "start_in": "1d", "due_in": "2d", "custom": { "size": "large" }, "subtasks": [{ "title": "Part" }] } }),
            ),
            post(
                "/projects/WEB/recurrences",
                json!({ "name": "Daily", "task": { "title": "Hello {{ who }}" }, "variables": { "who": "you" }, "rrule": "FREQ=DAILY", "dtstart": "2026-03-01T09:00:00Z",
                    "tz": "Europe/Berlin", "exdates": ["2026-03-02T09:00:00"], "paused": true }),
            ),
            post(
                "/projects/WEB/import",
                json!({ "format": "csv", "data": "title\n", "dry_run": true, "mapping": { "title": "title" }, "delimiter": ",", "people": { "x": "x@example.org" } }),
            ),
            post(
                "/imports",
                json!({ "format": "csv", "data": "title\n", "dry_run": true, "create": { "key": "NEW", "name": "New" } }),
            ),
            post("/tasks/bulk", json!({ "filter": "key=WEB-99", "patch": { "title": "Uno" }, "dry_run": true })),
            post(
                "/projects/WEB/sprints",
                json!({ "name": "Seven", "goal": "More", "starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-15T00:00:00Z" }),
            ),
            post(
                "/views",
                json!({ "name": "Mine", "query": "status=todo", "layout": "board", "options": {}, "shared": "project", "project": "WEB" }),
            ),
            post("/workspaces", json!({ "name": "Lab" })),
            post(
                "/rule-templates/triage-new-tasks/apply",
                json!({ "parameters": { "projects": ["WEB"], "label": "new", "who": ["owner"] }, "name": "New", "state": "enabled" }),
            ),
            post("/rules", rule()),
            (Method::PUT, format!("/rules/{}", self.rule), rule()),
            post("/notifications/read", json!({ "ids": ["ntf_01h455vb4pex5vsknk084sn02q"], "all": true })),
            post(
                "/auth/login",
                json!({ "email": "ada@acme.example", "password": "correct horse battery", "workspace_id": "ws_01h455vb4pex5vsknk084sn02q" }),
            ),
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
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match name.parse::<usize>() {
        Ok(index) if parent.is_array() => parent[index] = value,
        _ => parent[name] = value,
    }
    body
}
