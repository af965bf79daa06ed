//! The walls between strangers, workspaces and roles, walked along the whole interface: whatever the OpenAPI document
//! lists is tried, so that a new route cannot be forgotten.

mod needs;
mod roles;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

/// What strangers may ask.
const OPEN: &[&str] = &[
    "/setup",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/auth/login/second-factor",
    "/auth/oidc",
    "/auth/oidc/{id}/start",
    "/auth/oidc/callback",
    "/auth/oidc/ticket",
    "/auth/password/forgot",
    "/auth/password/reset",
    "/auth/email/verify",
    "/invitations/accept",
];
/// What even a viewer may change: only what is their own.
const OWN: &[&str] = &[
    "POST /approvals/{id}/decide",
    "POST /approvals/{id}/delegate",
    "POST /auth/login",
    "POST /auth/logout",
    "POST /auth/refresh",
    "POST /auth/switch",
    "PUT /notification-preferences",
    "POST /push-subscriptions",
    "DELETE /push-subscriptions/{id}",
    "POST /notifications/read",
    "PUT /notifications/{id}/snooze",
    "DELETE /notifications/{id}/snooze",
    "POST /recurrences/preview",
    "POST /rule-templates/{id}/preview",
    "POST /rules/check",
    "POST /rules/dry-run",
    "POST /schedules/preview",
    "POST /setup",
    "POST /tokens",
    "POST /views",
    "POST /workspaces",
    "PATCH /me",
    "POST /me/leave",
    "POST /me/email",
    "POST /me/second-factor",
    "POST /me/second-factor/confirm",
    "POST /me/second-factor/remove",
    "POST /auth/oidc/ticket",
    "POST /auth/password",
    "POST /auth/password/forgot",
    "POST /auth/password/reset",
    "POST /auth/email/verify",
    "POST /auth/login/second-factor",
    "POST /invitations/accept",
    "DELETE /sessions/{id}",
    "DELETE /tokens/{id}",
];

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    example: Option<Value>,
    /// What the document says of it.
    about: String,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The permissions that the document says it needs.
    fn needs(&self) -> BTreeSet<String> {
        let said = self.about.lines().find(|line| line.starts_with("Needs ")).expect("it says what it needs");
        if said.contains("sign-in") {
            return ["sign in".to_owned()].into();
        }
        said.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }
}

/// Every operation below `/api/v1`.
async fn operations(api: &Api) -> Vec<Operation> {
    let document = api.without_token().outside().get("/api/openapi.json").await.expect_status(200);
    let mut operations = Vec::new();
    for (path, item) in document.at("/paths").as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                continue;
            }
            let example = operation.pointer("/requestBody/content/application~1json/example").cloned();
            let about = operation["description"].as_str().unwrap_or_default().to_owned();
            operations.push(Operation { method, path: path.to_owned(), example, about });
        }
    }
    assert!(operations.len() > 40, "{} operations", operations.len());
    operations
}

/// A workspace with one of everything.
struct World {
    api: Api,
    /// What stands for `{id}`, by the first word of the path.
    ids: Vec<(&'static str, String)>,
    /// What stands behind the `{id}`; `{predecessor}` and `{other}` are a task that the task waits for and is linked with.
    behind: Vec<(&'static str, String)>,
    /// What must never be seen outside.
    marks: BTreeSet<String>,
}

impl World {
    async fn of(server: &Server, api: Api, mark: &str) -> Self {
        let project = api
            .post("/projects", json!({ "key": "WEB", "name": format!("{mark} project") }))
            .await
            .expect_status(201)
            .text("/id");
        let task = api
            .post("/projects/WEB/tasks", json!({ "title": format!("{mark} task") }))
            .await
            .expect_status(201)
            .text("/id");
        let predecessor = api
            .post("/projects/WEB/tasks", json!({ "title": format!("{mark} task before") }))
            .await
            .expect_status(201)
            .text("/id");
        api.post("/tasks/WEB-1/dependencies", json!({ "predecessor": predecessor })).await.expect_status(201);
        let milestone = api
            .post("/projects/WEB/milestones", json!({ "name": format!("{mark} milestone") }))
            .await
            .expect_status(201)
            .text("/id");
        api.post("/tasks/WEB-1/links", json!({ "other": predecessor, "type": "blocks" })).await.expect_status(201);
        let baseline = api
            .post("/projects/WEB/baselines", json!({ "name": format!("{mark} baseline") }))
            .await
            .expect_status(201)
            .text("/id");
        let kind = json!({ "key": "mark", "name": format!("{mark} type") });
        api.post("/projects/WEB/types", kind).await.expect_status(201);
        let field = json!({ "key": "mark", "name": format!("{mark} field"), "type": "text" });
        api.post("/projects/WEB/fields", field).await.expect_status(201);
        let comment = api
            .post("/tasks/WEB-1/comments", json!({ "body": format!("{mark} comment") }))
            .await
            .expect_status(201)
            .text("/id");
        let entry = json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 90, "note": format!("{mark} time") });
        let time = api.post("/tasks/WEB-1/time-entries", entry).await.expect_status(201).text("/id");
        let budget = json!({ "currency": "EUR", "planned": "1000.00" });
        api.send(Method::PUT, "/projects/WEB/budget", Some(budget)).await.expect_status(200);
        let cost = json!({ "amount": "12.50", "note": format!("{mark} cost") });
        let cost = api.post("/projects/WEB/costs", cost).await.expect_status(201).text("/id");
        api.put("/variables/MARK", json!({ "value": format!("{mark} variable") })).await.expect_status(200);
        api.put("/secrets/MARK", json!({ "value": format!("{mark} secret") })).await.expect_status(200);
        let rate = json!({ "amount": "85.00", "currency": "EUR", "valid_from": "2026-01-01" });
        let rate = api.post("/rates", rate).await.expect_status(201).text("/id");
        let absence = json!({ "from": "2026-12-21", "note": format!("{mark} absence") });
        let absence = api.post("/absences", absence).await.expect_status(201).text("/id");
        let own = api.get("/me").await.text("/user/id");
        let plan = json!({ "user": own, "from": "2026-12-01", "to": "2026-12-24", "percent": 50, "note": format!("{mark} plan") });
        let allocation = api.post("/projects/WEB/allocations", plan).await.expect_status(201).text("/id");
        api.post("/tasks/WEB-1/timer/start", json!({ "note": format!("{mark} timer") })).await.expect_status(201);
        let sprint = json!({ "name": format!("{mark} sprint") });
        let sprint = api.post("/projects/WEB/sprints", sprint).await.expect_status(201).text("/id");
        let view = json!({ "name": format!("{mark} view"), "query": "status=todo", "shared": "workspace" });
        let view = api.post("/views", view).await.expect_status(201).text("/id");
        let template = json!({ "name": format!("{mark} template"), "task": { "title": "Made" } });
        let template = api.post("/projects/WEB/task-templates", template).await.expect_status(201).text("/id");
        let recurrence = json!({ "name": format!("{mark} recurrence"), "rrule": "FREQ=YEARLY", "dtstart": "2090-01-01T00:00:00Z", "task": { "title": "Made" } });
        let recurrence = api.post("/projects/WEB/recurrences", recurrence).await.expect_status(201).text("/id");
        let bulk = json!({ "filter": "key=WEB-2", "patch": { "labels": ["b"] } });
        let bulk = api.post("/tasks/bulk", bulk).await.expect_status(200).text("/id");
        let hook =
            api.post("/hooks", json!({ "name": format!("{mark} hook"), "scheme": "none" })).await.expect_status(201);
        let connection = json!({ "kind": "slack", "name": format!("{mark} connection"), "token": "xoxb-1" });
        let connection = api.post("/connections", connection).await.expect_status(201).text("/id");
        let token =
            api.post("/tokens", json!({ "name": format!("{mark} token") })).await.expect_status(201).text("/id");
        let rule = json!({ "name": format!("{mark} rule"), "trigger": { "on": "hook.received", "match": { "hook": hook.text("/id") } },
            "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": format!("{mark} message") } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let asks = json!({ "name": format!("{mark} asks"), "trigger": { "on": "manual" },
            "steps": [{ "id": "ok", "approve": { "by": ["owner"], "allow_self": true, "message": format!("{mark} question") } }] });
        let asks = api.post("/rules", asks).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{asks}/enable"), json!({})).await.expect_status(200);
        api.post(&format!("/rules/{asks}/run"), json!({})).await.expect_status(202);
        let start = Instant::now();
        let approval = loop {
            let page = api.get("/approvals").await.expect_status(200);
            if let Some(asked) = page.body["items"].as_array().unwrap().first() {
                break asked["id"].as_str().unwrap().to_owned();
            }
            assert!(start.elapsed() < Duration::from_secs(30), "nobody is asked");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let event = Api::new(server)
            .outside()
            .post(&hook.text("/path"), json!({ "mark": mark }))
            .await
            .expect_status(202)
            .text("/event");
        let start = Instant::now();
        let run = loop {
            let page = api.get(&format!("/runs?rule_id={rule}")).await.expect_status(200);
            if let Some(run) = page.body["items"].as_array().unwrap().iter().find(|run| run["state"] == "succeeded") {
                break run["id"].as_str().unwrap().to_owned();
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{:#}", page.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let backtest = api.post(&format!("/rules/{rule}/backtest"), json!({})).await.expect_status(202).text("/id");
        while api.get(&format!("/rules/{rule}/backtests/{backtest}")).await.expect_status(200).text("/state")
            != "finished"
        {
            assert!(start.elapsed() < Duration::from_secs(60), "the back-test does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let role = json!({ "name": format!("{mark} role"), "permissions": ["task.view"] });
        let role = api.post("/roles", role).await.expect_status(201).text("/id");
        let group =
            api.post("/groups", json!({ "name": format!("{mark} group") })).await.expect_status(201).text("/id");
        let assignment = json!({ "group": group, "role": role, "on": "WEB", "note": format!("{mark} note") });
        let assignment = api.post("/assignments", assignment).await.expect_status(201).text("/id");
        let notification = loop {
            let told = api.get("/notifications").await.expect_status(200);
            if told.body.pointer("/items/0").is_some() {
                break told.text("/items/0/id");
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{:#}", told.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let browser = json!({ "endpoint": format!("https://push.example/{mark}"), "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg" } });
        let browser = api.post("/push-subscriptions", browser).await.expect_status(201).text("/id");
        let session = api.get("/sessions").await.expect_status(200).text("/items/0/id");
        let me = api.get("/me").await.expect_status(200);
        let hook = hook.text("/id");
        let invitation = json!({ "email": format!("{mark}@invited.example"), "role": "viewer" });
        let invitation = api.post("/invitations", invitation).await.expect_status(201).text("/id");
        let program = json!({ "name": format!("{mark} program"), "role": "viewer" });
        let program = api.post("/service-accounts", program).await.expect_status(201).text("/id");
        let its_token = api.post(&format!("/service-accounts/{program}/tokens"), json!({ "name": mark })).await;
        let its_token = its_token.expect_status(201).text("/id");
        let file = format!("/tasks/WEB-1/attachments?name={mark}.txt");
        let bytes = format!("{mark} bytes").into_bytes();
        let attachment =
            api.send_bytes(Method::POST, &file, Some("text/plain"), bytes).await.expect_status(201).text("/id");
        // What strangers see of a provider bears no mark.
        let provider =
            json!({ "name": "Provider", "issuer": "https://accounts.acme.invalid", "client_id": "trackside" });
        // Providers are the installation's: only the administrators of the first workspace make one.
        let provider = api.post("/identity-providers", provider).await;
        let provider = match provider.status {
            201 => provider.text("/id"),
            _ => "idp_01h455vb4pex5vsknk084sn02q".to_owned(),
        };
        let rota = json!({ "name": format!("{mark} rota"), "people": [me.text("/user/id")], "rotation": { "start": "2026-01-05T09:00:00", "every": "1w" } });
        let rota = api.post("/rotas", rota).await.expect_status(201).text("/id");
        let instead =
            json!({ "user": me.text("/user/id"), "from": "2090-01-01T00:00:00Z", "to": "2090-01-02T00:00:00Z" });
        let instead = api.post(&format!("/rotas/{rota}/overrides"), instead).await.expect_status(201).text("/id");
        let sla = json!({ "name": format!("{mark} sla"), "project": "WEB", "targets": { "default": "4h" }, "filter": "task.priority == \"critical\"" });
        let sla = api.post("/slas", sla).await.expect_status(201).text("/id");
        let ids = vec![
            ("auth", provider.clone()),
            ("approvals", approval),
            ("assignments", assignment),
            ("groups", group),
            ("roles", role),
            ("attachments", attachment),
            ("comments", comment.clone()),
            ("baselines", baseline),
            ("connections", connection),
            ("events", event),
            ("hooks", hook),
            ("identity-providers", provider),
            ("invitations", invitation),
            ("members", me.text("/user/id")),
            ("milestones", milestone),
            ("notifications", notification.clone()),
            ("recurrences", recurrence),
            ("slas", sla),
            ("sprints", sprint),
            ("task-templates", template),
            ("tasks/bulk", bulk),
            ("views", view),
            ("projects", project),
            ("push-subscriptions", browser),
            ("queues", "runs".to_owned()),
            ("rotas", rota),
            ("rule-templates", "triage-new-tasks".to_owned()),
            ("rules", rule),
            ("runs", run),
            ("service-accounts", program),
            ("sessions", session),
            ("secrets", "MARK".to_owned()),
            ("variables", "MARK".to_owned()),
            ("absences", absence),
            ("allocations", allocation),
            ("costs", cost),
            ("rates", rate),
            ("tasks", task),
            ("time-entries", time),
            ("tokens", token),
            ("workers", "node_of_nobody".to_owned()),
        ];
        let mut marks: BTreeSet<String> = ids
            .iter()
            .filter(|(kind, _)| !["queues", "rule-templates", "secrets", "variables", "workers"].contains(kind))
            .map(|(_, id)| id.clone())
            .collect();
        marks.extend([
            mark.to_owned(),
            predecessor.clone(),
            comment,
            notification,
            me.text("/workspace/id"),
            me.text("/user/id"),
        ]);
        let behind = vec![
            ("{backtest}", backtest),
            ("{field}", "mark".to_owned()),
            ("{type}", "mark".to_owned()),
            ("{override}", instead),
            ("{name}", "MARK".to_owned()),
            ("{other}", predecessor.clone()),
            ("{predecessor}", predecessor),
            ("{token}", its_token),
            ("{user}", me.text("/user/id")),
            ("{version}", "1".to_owned()),
        ];
        Self { api, ids, behind, marks }
    }

    /// What stands for this word of a path.
    fn standing(&self, word: &str) -> String {
        self.behind.iter().find(|(known, _)| *known == word).unwrap().1.clone()
    }

    /// The path with this world's own id in it.
    fn path(&self, path: &str) -> String {
        if path == "/search" {
            return "/search?q=Acmemark&total=true".into();
        }
        // What cannot be asked without saying what.
        if path == "/access/explain" {
            return format!("{path}?action=task.view&object=workspace");
        }
        let query = match path {
            "/rules/{id}/why-not" => "?task=WEB-1",
            // What is asked of now is another answer each time.
            "/rotas/{id}/on-call" => "?at=2026-12-01T09:00:00Z",
            "/slas/{id}/report" => "?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z",
            _ => "",
        };
        let path = &format!("{path}{query}");
        let kind = path.split('/').nth(1).unwrap();
        let kind = if path.starts_with("/tasks/bulk/") { "tasks/bulk" } else { kind };
        match self.ids.iter().find(|(known, _)| *known == kind) {
            Some((_, id)) => {
                self.behind.iter().fold(path.replace("{id}", id), |path, (word, thing)| path.replace(word, thing))
            }
            None if path.contains("{id}") => panic!("say in World what {{id}} is in {path}"),
            None => path.to_owned(),
        }
    }

    /// Everything that its lists show: to see later whether something was changed from outside.
    async fn state(&self, operations: &[Operation]) -> Vec<(String, Value)> {
        let mut state = Vec::new();
        let asked =
            |operation: &&Operation| operation.method == Method::GET && !OPEN.contains(&operation.path.as_str());
        for operation in operations.iter().filter(asked) {
            let path = self.path(&operation.path);
            // Sessions and tokens say when they were last used; queues and workers are the installation's; what rules cost is
            // added up by itself.
            if !["/sessions", "/tokens", "/queues", "/operations", "/workers"].iter().any(|own| path.starts_with(own))
                && !path.ends_with("/health")
            {
                let mut body = self.api.get(&path).await.expect_status(200).body;
                // How far the log is, is the installation's, too.
                if let Some(me) = body.as_object_mut().filter(|_| path == "/me") {
                    me.remove("position");
                }
                state.push((path.clone(), body));
            }
        }
        state
    }
}

/// A body that the route reads, so that it comes to the question who may.
fn body(operation: &Operation) -> Option<Value> {
    (operation.method != Method::GET && operation.method != Method::DELETE)
        .then(|| operation.example.clone().unwrap_or_else(|| json!({})))
}

both_databases! {
    async fn a_stranger_gets_nowhere(db) {
        let server = Server::start(&db).await;
        let world = World::of(&server, Api::set_up(&server).await, "Acmemark").await;
        for operation in operations(&world.api).await {
            let path = world.path(&operation.path);
            if OPEN.contains(&operation.path.as_str()) {
                let answer = world.api.without_token().send(operation.method.clone(), &path, body(&operation)).await;
                assert!(!answer.body.to_string().contains("Acmemark"), "{}", operation.name());
                continue;
            }
            for (token, code) in [(None, "token_missing"), (Some("nonsense"), "token_invalid"), (Some("trk_pat_nonsense"), "token_invalid"),
                (Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."), "token_invalid")] {
                let stranger = token.map_or_else(|| world.api.without_token(), |token| world.api.with_token(token));
                let answer = stranger.send(operation.method.clone(), &path, body(&operation)).await.expect_problem(401, code);
                assert!(answer.headers.contains_key("www-authenticate"));
                // Nor is the body looked at, nor a key kept.
                if operation.method == Method::POST {
                    let keyed = stranger.with_header("idempotency-key", "k");
                    keyed.send_bytes(Method::POST, &path, Some("application/json"), "{").await.expect_problem(401, code);
                }
            }
        }
    }

    async fn a_member_of_another_workspace_sees_and_changes_nothing(db) {
        let server = Server::start(&db).await;
        let world = World::of(&server, Api::set_up(&server).await, "Acmemark").await;
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let operations = operations(&world.api).await;
        let hidden = |name: &str, answer: &Value| {
            let text = answer.to_string();
            let seen: Vec<_> = world.marks.iter().filter(|mark| text.contains(*mark)).collect();
            assert!(seen.is_empty(), "{name} shows {seen:?} to a stranger: {text}");
        };
        let before = world.state(&operations).await;

        for path in ["/projects/WEB", "/projects/WEB/timeline", "/projects/WEB/fields", "/projects/WEB/fields/mark", "/projects/WEB/workflow", "/projects/WEB/types", "/tasks/WEB-1", "/tasks/WEB-1/activity", "/tasks/WEB-1/attachments", "/tasks/WEB-1/comments", "/tasks/WEB-1/dependencies"] {
            eve.get(path).await.expect_status(404).expect_refusal();
        }
        for operation in &operations {
            // What makes something of Eve's own is for the stories of each area.
            let makes = operation.method == Method::POST && !operation.path.contains("{id}");
            if OPEN.contains(&operation.path.as_str()) || makes { continue; }
            let (name, path) = (operation.name(), world.path(&operation.path));
            let answer = eve.send(operation.method.clone(), &path, body(operation)).await;
            if operation.path == "/queues/{id}/dead" {
                assert_eq!(answer.expect_status(200).at("/items"), &json!([]), "dead letters belong to workspaces");
            } else if operation.path.starts_with("/rule-templates/") {
                // Templates are the program's; what Eve puts into them is not hers.
                assert_eq!(answer.status, if operation.method == Method::GET { 200 } else { 422 }, "{name}");
                hidden(&name, &answer.body);
            } else if ["/identity-providers", "/queues", "/queues/{id}/pause", "/queues/{id}/resume", "/workers"].contains(&operation.path.as_str()) {
                // The queues are the installation's, and Eve is an administrator only at home.
                answer.expect_problem(403, "denied");
            } else if operation.path.contains("{id}") || (operation.method == Method::GET && operation.path.contains("{name}")) {
                let answer = answer.expect_refusal();
                assert!([403, 404].contains(&answer.status), "{name}: {:#}", answer.body);
                // The id that was asked for may be said again; nothing else.
                let text = answer.body["detail"].as_str().unwrap();
                assert!(!text.contains("Acmemark"), "{name}: {text}");
            } else if operation.method == Method::GET {
                let answer = answer.expect_status(200);
                hidden(&name, &answer.body);
            }
        }
        // And through what refers to other things.
        let own = eve.post("/projects", json!({ "key": "EVE", "name": "Eve's" })).await.expect_status(201).text("/id");
        let id = |kind: &str| world.ids.iter().find(|(known, _)| *known == kind).unwrap().1.clone();
        let me = world.api.get("/me").await;
        let (ada, workspace) = (me.text("/user/id"), me.text("/workspace/id"));
        let new = |more: Value| {
            let mut new = json!({ "title": "Mine" });
            new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            new
        };
        for more in [json!({ "parent": id("tasks") }), json!({ "parent": "WEB-1" }), json!({ "assignees": [ada] }), json!({ "milestone": id("milestones") })] {
            eve.post("/projects/EVE/tasks", new(more)).await.expect_refusal();
        }
        let mine = eve.post("/projects/EVE/tasks", new(json!({}))).await.expect_status(201).text("/key");
        for more in [json!({ "parent": id("tasks") }), json!({ "assignees": [ada] }), json!({ "milestone": id("milestones") })] {
            eve.patch(&format!("/tasks/{mine}"), more).await.expect_refusal();
        }
        for other in [id("tasks"), "WEB-1".into(), world.standing("{predecessor}")] {
            let refused = eve.post(&format!("/tasks/{mine}/links"), json!({ "other": other, "type": "blocks" })).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/other");
            eve.delete(&format!("/tasks/{mine}/links/{other}")).await.expect_problem(404, "task_not_found");
            let refused = eve.post(&format!("/tasks/{mine}/dependencies"), json!({ "predecessor": other })).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/predecessor");
            eve.delete(&format!("/tasks/{mine}/dependencies/{other}")).await.expect_problem(404, "task_not_found");
        }
        eve.post(&format!("/tasks/{mine}/watchers/{ada}"), json!({})).await.expect_problem(404, "user_not_found");
        eve.patch(&format!("/projects/{own}"), json!({ "owner": ada })).await.expect_refusal();
        eve.post("/auth/switch", json!({ "workspace_id": workspace })).await.expect_problem(404, "workspace_not_found");
        let login = json!({ "email": "eve@people.example", "password": "correct horse battery", "workspace_id": workspace });
        eve.without_token().post("/auth/login", login).await.expect_refusal();
        // Filters by what is another's find nothing, and do not tell that it is there.
        for query in [format!("/tasks?project={}", id("projects")), "/tasks?project=WEB".into(), format!("/tasks?parent={}", id("tasks")),
            format!("/tasks?assignee={ada}"), format!("/tasks?watcher={ada}"), format!("/tasks?milestone={}", id("milestones")), "/tasks?q=Acmemark".into(), format!("/runs?rule_id={}", id("rules")), format!("/runs?event_id={}", id("events")),
            "/events?after=0&limit=200".into()] {
            let answer = eve.get(&query).await.expect_status(200);
            hidden(&query, &answer.body);
        }
        // A rule of Eve's that reaches for it fails, and changes nothing.
        let rule = json!({ "name": "Reach", "trigger": { "on": "manual" }, "steps": [
            { "id": "a", "action": "task.update", "with": { "task": id("tasks"), "status": "completed" }, "on_error": "continue" },
            { "id": "b", "action": "task.comment", "with": { "task": "WEB-1", "body": "hello" }, "on_error": "continue" },
            { "id": "c", "action": "task.create", "with": { "project": id("projects"), "title": "mine" }, "on_error": "continue" },
            { "id": "e", "action": "task.link", "with": { "task": id("tasks"), "other": "WEB-2", "type": "blocks" }, "on_error": "continue" },
            { "id": "f", "action": "task.add_watcher", "with": { "task": "WEB-1", "user": ada }, "on_error": "continue" },
            { "id": "g", "action": "task.delete", "with": { "task": id("tasks") }, "on_error": "continue" },
            { "id": "d", "action": "notify.send", "with": { "to": [ada], "message": "hello" }, "on_error": "continue" },
        ] });
        let rule = eve.post("/rules", rule).await.expect_status(201).text("/id");
        eve.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let run = eve.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202).text("/id");
        let start = Instant::now();
        let run = loop {
            let run = eve.get(&format!("/runs/{run}")).await.expect_status(200);
            if run.body["finished_at"].is_string() { break run; }
            assert!(start.elapsed() < Duration::from_secs(30), "{:#}", run.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        for step in run.at("/steps").as_array().unwrap() {
            assert_eq!(step["state"], "failed", "{step:#}");
            assert!(!step["output"].to_string().contains("Acmemark"), "{step:#}");
        }
        // Eve sees her own.
        assert_eq!(eve.get("/projects").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
        assert_eq!(before, world.state(&operations).await, "nothing was changed");
    }

    async fn a_viewer_changes_nothing(db) {
        let server = Server::start(&db).await;
        let world = World::of(&server, Api::set_up(&server).await, "Acmemark").await;
        let workspace = world.api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let viewer = people.member(&server, &workspace, "Vic", Role::Viewer).await;
        people.leave().await;
        let operations = operations(&world.api).await;
        let before = world.state(&operations).await;
        for operation in &operations {
            let (name, path) = (operation.name(), world.path(&operation.path));
            if OWN.contains(&name.as_str()) || OPEN.contains(&operation.path.as_str()) { continue; }
            let answer = viewer.send(operation.method.clone(), &path, body(operation)).await;
            if operation.method == Method::GET {
                let secret = ["/assignments", "/audit", "/groups", "/roles", "/hooks", "/connections", "/identity-providers", "/invitations", "/queues", "/workers", "/operations", "/dead-jobs", "/secrets", "/service-accounts", "/variables"].iter().any(|kind| path.starts_with(kind)) || path.ends_with("/history") || path.ends_with("/buttons")
                    || ["/rates", "/costs", "/timesheets/submitted"].iter().any(|kind| path.starts_with(kind)) || ["/budget", "/costs"].iter().any(|end| path.ends_with(end));
                if secret { answer.expect_problem(403, "denied"); } else { answer.expect_status(200); }
            } else {
                answer.expect_problem(403, "denied");
            }
        }
        // Somebody else's tokens and sessions are not theirs, either.
        for kind in ["tokens", "sessions"] {
            viewer.delete(&world.path(&format!("/{kind}/{{id}}"))).await.expect_status(404).expect_refusal();
        }
        assert_eq!(before, world.state(&operations).await, "nothing was changed");

        // A token may no more than its scopes, whoever made it; and cannot make one that may more.
        let scoped = world.api.post("/tokens", json!({ "name": "narrow", "scopes": ["task.view", "token.create"] })).await.expect_status(201).text("/token");
        let scoped = world.api.with_token(&scoped);
        scoped.get("/tasks").await.expect_status(200);
        scoped.get("/projects").await.expect_problem(403, "denied");
        scoped.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_problem(403, "denied");
        scoped.post("/tokens", json!({ "name": "wide" })).await.expect_problem(403, "denied");
        scoped.post("/tokens", json!({ "name": "wide", "scopes": ["*"] })).await.expect_problem(403, "denied");
        scoped.post("/auth/switch", json!({ "workspace_id": workspace })).await.expect_problem(403, "denied");
        scoped.post("/workspaces", json!({ "name": "out" })).await.expect_problem(403, "denied");
    }
}
