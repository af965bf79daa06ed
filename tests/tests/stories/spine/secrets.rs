//! Secrets: what rules hand to other services is found nowhere else.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Database, People};

use super::{Place, told};

const TOKEN: &str = "s3cr\"t/Token&Plant";
const PASSWORD: &str = "another-0ne-Planted";

async fn keep(api: &Api, name: &str, value: &str) -> Answer {
    api.put(&format!("/secrets/{name}"), json!({ "value": value })).await.expect_status(200)
}

/// Everything that the database holds, as bytes or as text.
async fn everything(db: &Database) -> String {
    if let Some(file) = db.url().strip_prefix("sqlite://") {
        let mut all = Vec::new();
        for end in ["", "-wal"] {
            all.extend(std::fs::read(format!("{file}{end}")).unwrap_or_default());
        }
        return String::from_utf8_lossy(&all).into_owned();
    }
    let mut connection = PgConnection::connect(db.url()).await.unwrap();
    let tables = sqlx::query("select cast(tablename as text) from pg_tables where schemaname = current_schema()");
    let mut all = String::new();
    for table in tables.fetch_all(&mut connection).await.unwrap() {
        let sql = format!("select cast(t as text) from {} t", table.get::<String, _>(0));
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap() {
            all.push_str(&row.get::<String, _>(0));
        }
    }
    assert!(all.contains("secret.set"), "the audit log is among it");
    all
}

/// The texts in which a secret would be found.
fn planted() -> Vec<String> {
    let json = Value::from(TOKEN).to_string();
    let twice = Value::from(json[1..json.len() - 1].to_owned()).to_string();
    vec![
        TOKEN.to_owned(),
        json[1..json.len() - 1].to_owned(),
        twice[1..twice.len() - 1].to_owned(),
        "Token&Plant".to_owned(),
        "Token%26Plant".to_owned(),
        PASSWORD.to_owned(),
    ]
}

fn clean(what: &str, text: &str) {
    for secret in planted() {
        assert!(!text.contains(&secret), "{what} shows `{secret}`");
    }
}

both_databases! {
    /// What belongs to a project is not there for a rule whose owner may not see the project.
    async fn what_belongs_to_a_project_is_for_those_who_see_it(db) {
        let place = Place::open(&db).await;
        let people = People::of(&db).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        place.api.post("/projects", json!({ "key": "PRIV", "name": "Private" })).await.expect_status(201);
        let pia = people.member(&place.server, &workspace, "Pia", Role::ProjectManager).await;
        let user = pia.get("/me").await.text("/user/id");
        for permission in ["project.*", "task.*"] {
            let deny = json!({ "user": user, "permission": permission, "effect": "deny", "on": "PRIV" });
            place.api.post("/assignments", deny).await.expect_status(201);
        }
        keep(&place.api, "TOKEN", "of-the-workspace").await;
        place.api.put("/secrets/TOKEN?project=PRIV", json!({ "value": "of-the-project" })).await.expect_status(200);
        place.api.put("/variables/HOST?project=PRIV", json!({ "value": "private.example" })).await.expect_status(200);
        assert_eq!(pia.get("/secrets").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
        assert_eq!(pia.get("/variables").await.expect_status(200).at("/items"), &json!([]));

        let rule = json!({ "name": "Send", "trigger": { "on": "manual" }, "scope": { "projects": ["PRIV"] }, "steps": [
            { "id": "send", "action": "http.request", "with": { "method": "POST", "url": place.sink.url("/in"),
                "body": { "token": "{{ secrets.TOKEN }}", "host": "{{ vars.HOST ?? \"none\" }}" } } }] });
        let id = pia.post("/rules", rule.clone()).await.expect_status(201).text("/id");
        pia.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        pia.post(&format!("/rules/{id}/run"), json!({})).await.expect_status(202);
        let begun = Instant::now();
        while place.sink.hits_on("/in").is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing was sent");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(place.sink.hits_on("/in")[0].body, json!({ "token": "of-the-workspace", "host": "none" }));

        let project = place.api.get("/projects/PRIV").await.text("/id");
        let rule = json!({ "name": "Try", "trigger": { "on": "task.created" },
            "steps": [{ "id": "note", "action": "task.create", "with": { "project": "WEB", "title": "{{ vars.HOST ?? \"none\" }}" } }] });
        let event = json!({ "kind": "task.created", "data": { "project": { "id": project }, "task": { "title": "x" } } });
        let tried = pia.post("/rules/dry-run", json!({ "rule": rule, "event": event })).await;
        assert!(!tried.body.to_string().contains("private.example"), "{:#}", tried.body);
        people.leave().await;
    }

    async fn a_secret_goes_out_and_is_found_nowhere_else(db) {
        let mut place = Place::open(&db).await;
        let shown = keep(&place.api, "DEPLOY_TOKEN", TOKEN).await;
        clean("the answer", &shown.body.to_string());
        keep(&place.api, "PASSWORD", PASSWORD).await;
        for path in ["/echo", "/fails", "/later"] {
            place.sink.echo(path);
        }
        place.sink.answer("/fails", [400]);
        let with = |path: &str| json!({ "method": "POST", "url": format!("{}?token={{{{ secrets.PASSWORD }}}}", place.sink.url(path)),
            "headers": { "Authorization": "Bearer {{ secrets.PASSWORD }}" }, "body": { "token": "{{ secrets.DEPLOY_TOKEN }}" } });
        let rule = json!({ "name": "Deploy", "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "steps": [
            { "id": "echo", "action": "http.request", "with": with("/echo") },
            { "id": "note", "action": "task.create", "with": { "project": "WEB", "title": "It said {{ steps.echo.output.body.body.token }}" } },
            // It sends no secret, and gets one back all the same.
            { "id": "later", "action": "http.request", "with": { "method": "POST", "url": place.sink.url("/later"), "text": "{{ body.text }}" } },
            { "id": "fails", "action": "http.request", "with": with("/fails"), "on_error": [
                { "id": "told", "action": "task.create", "with": { "project": "WEB", "title": "{{ steps.fails.error.message }}" } },
                { "id": "end", "stop": { "outcome": "failed", "reason": "It failed: {{ steps.fails.error.message }}" } }] }] });
        let id = place.rule(rule).await;
        place.api.outside().post(&place.hook, json!({ "text": "nothing" })).await.expect_status(202);
        let run = place.last(&id, 1).await;
        assert_eq!((run.text("/state"), told(&run)), ("failed".into(), vec!["echo succeeded".into(), "note succeeded".into(), "later succeeded".into(), "fails failed".into(), "told succeeded".into(), "end succeeded".into()]), "{:#}", run.body);

        // The service has them as they are.
        let hits = place.sink.hits_on("/echo");
        assert_eq!((hits.len(), hits[0].headers["authorization"].clone(), hits[0].query.clone()), (1, format!("Bearer {PASSWORD}"), format!("token={PASSWORD}")));
        assert_eq!(hits[0].body, json!({ "token": TOKEN }));
        // The run says where they stood.
        assert_eq!(run.at("/steps/0/input/headers/Authorization"), "Bearer ***");
        assert_eq!(run.at("/steps/0/input/body/token"), "***");
        assert_eq!(run.at("/steps/0/output/body"), &json!({ "query": "token=***", "headers": run.at("/steps/0/output/body/headers"), "body": { "token": "***" } }));
        assert_eq!(run.at("/steps/0/output/body/headers/authorization"), "Bearer ***");
        assert!(run.text("/steps/3/error").contains("***"), "{:#}", run.body);
        assert!(place.titles().await.contains(&"It said ***".to_owned()));

        // And they are found nowhere.
        clean("the run", &run.body.to_string());
        for path in ["/events?after=0&limit=200", "/audit?limit=200", "/tasks?limit=200", "/notifications", "/secrets", "/secrets/PASSWORD", &format!("/rules/{id}"), &format!("/rules/{id}/versions"), "/rules?limit=200"] {
            clean(path, &place.api.get(path).await.expect_status(200).body.to_string());
        }
        let export = place.api.with_header("Accept", "application/yaml").get(&format!("/rules/{id}")).await.expect_status(200);
        clean("the rule as YAML", &export.body.to_string());
        let noted = place.api.get("/audit?action=secret.set").await.expect_status(200);
        assert_eq!(noted.at("/items").as_array().unwrap().len(), 2);
        place.quiet().await;
        clean("the log", &place.server.log());
        assert!(place.server.stop().await.success());
        clean("the log at the end", &place.server.log());
        clean("the database", &everything(&db).await);
    }

    async fn rehearsals_and_shadows_know_no_secret(db) {
        let place = Place::open(&db).await;
        keep(&place.api, "PASSWORD", PASSWORD).await;
        let step = json!({ "id": "call", "action": "http.request", "with": { "method": "POST", "url": place.sink.url("/call"), "text": "p={{ secrets.PASSWORD }}" } });
        let rule = json!({ "name": "Call", "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "steps": [step] });
        let event = json!({ "kind": "hook.received", "data": { "hook": { "name": "in" }, "body": {} } });
        let tried = place.api.post("/rules/dry-run", json!({ "rule": rule, "event": event })).await.expect_status(200);
        assert_eq!(tried.at("/run/steps/0/input/text"), "p=***", "{:#}", tried.body);
        let id = place.api.post("/rules", rule).await.expect_status(201).text("/id");
        place.api.post(&format!("/rules/{id}/shadow"), json!({})).await.expect_status(200);
        place.post(json!({})).await;
        let run = place.last(&id, 1).await;
        assert_eq!((run.text("/steps/0/state"), run.text("/steps/0/input/text")), ("recorded".into(), "p=***".into()));
        assert!(place.sink.hits().is_empty());
        clean("the database", &everything(&db).await);
    }

    async fn a_secret_that_is_gone_fails_its_step_and_a_projects_comes_first(db) {
        let place = Place::open(&db).await;
        keep(&place.api, "PASSWORD", PASSWORD).await;
        keep(&place.api, "PASSWORD?project=WEB", "the-one-of-the-project").await;
        let rule = json!({ "name": "Call", "trigger": { "on": "task.created" }, "steps": [
            { "id": "call", "action": "http.request", "with": { "method": "POST", "url": place.sink.url("/call"), "text": "{{ secrets.PASSWORD }}" } }] });
        let id = place.rule(rule).await;
        let make = async || place.api.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_status(201);
        make().await;
        assert_eq!(place.last(&id, 1).await.text("/state"), "succeeded");
        place.api.delete("/secrets/PASSWORD?project=WEB").await.expect_status(204);
        make().await;
        assert_eq!(place.last(&id, 2).await.text("/state"), "succeeded");
        let sent: Vec<Value> = place.sink.hits().into_iter().map(|hit| hit.body).collect();
        assert_eq!(sent, ["the-one-of-the-project", PASSWORD]);
        place.api.delete("/secrets/PASSWORD").await.expect_status(204);
        make().await;
        let run = place.last(&id, 3).await;
        assert_eq!(run.text("/state"), "failed");
        assert!(run.text("/error/message").contains("there is no secret `PASSWORD` any more") && run.text("/error/message").contains("set it again"), "{:#}", run.body);
        assert_eq!(place.sink.hits().len(), 2);
    }

    async fn what_may_be_a_secret_is_limited_and_who_may_use_it_is_asked(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        for (value, words) in [("short", "8 to 8192 bytes"), (&"x".repeat(8193), "8 to 8192 bytes"), (" padded with space ", "begin or end with space")] {
            let refused = api.put("/secrets/A", json!({ "value": value })).await.expect_problem(422, "invalid_fields");
            assert!(refused.text("/errors/0/message").contains(words), "{:#}", refused.body);
        }
        api.put("/secrets/no-name", json!({ "value": PASSWORD })).await.expect_problem(422, "invalid_name");
        api.get("/secrets/A").await.expect_problem(404, "secret_not_found");
        api.delete("/secrets/A").await.expect_problem(404, "secret_not_found");
        for number in 0..100 {
            keep(api, &format!("N_{number}"), PASSWORD).await;
        }
        api.put("/secrets/ONE_MORE", json!({ "value": PASSWORD })).await.expect_problem(409, "too_many_secrets");
        keep(api, "N_7", "a new value").await;
        // A token that may not use secrets switches no rule on that does.
        let scopes = json!(["rule.*", "connection.use"]);
        let token = api.post("/tokens", json!({ "name": "t", "scopes": scopes })).await.expect_status(201).text("/token");
        let rule = json!({ "name": "Call", "trigger": { "on": "hook.received" }, "steps": [
            { "id": "call", "action": "http.request", "with": { "method": "POST", "url": place.sink.url("/call"), "text": "{{ secrets.N_7 }}" } }] });
        let id = api.post("/rules", rule).await.expect_status(201).text("/id");
        let refused = api.with_token(&token).post(&format!("/rules/{id}/enable"), json!({})).await.expect_problem(403, "denied");
        assert!(refused.text("/detail").contains("secret.use"), "{:#}", refused.body);
    }
}
