//! What nobody may get round: the owner's rights behind a rule, a token's scopes, and limits on what one sender can fill.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Server};

use super::{Place, told};

/// Writes behind the program's back.
async fn meddle(db: &Database, sql: &str) {
    assert!(!db.rows(&format!("{sql} returning 'x', cast(1 as bigint)")).await.is_empty(), "`{sql}` changed nothing");
}

/// Bob, with Ada's password and this role.
async fn bob(db: &Database, place: &Place, role: &str) -> Api {
    let id = if db.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let insert = format!(
        "insert into users (id, email, name, password_hash, created_at) \
        select {id}, 'bob@acme.example', 'Bob', password_hash, created_at from users"
    );
    meddle(db, &insert).await;
    let join = format!(
        "insert into members (workspace_id, user_id, role, created_at) \
        select w.id, u.id, '{role}', u.created_at from workspaces w, users u where u.name = 'Bob'"
    );
    meddle(db, &join).await;
    let login = json!({ "email": "bob@acme.example", "password": "correct horse battery" });
    let signed_in = place.api.without_token().post("/auth/login", login).await.expect_status(200);
    place.api.with_token(&signed_in.text("/access_token"))
}

both_databases! {
    async fn a_rule_whose_owner_lost_the_right_calls_nobody(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Call", json!([place.call("tell", json!({}))])).await;
        place.post(json!({})).await;
        assert_eq!(place.last(&rule, 1).await.text("/state"), "succeeded");
        let before = "update members set role = 'viewer'";
        for (change, said) in [(before, "connection.use"), ("delete from members", "no longer a member")] {
            meddle(&db, change).await;
            place.post(json!({})).await;
            place.db.quiet(Duration::from_secs(20)).await;
            let failed = db.rows("select error, cast(1 as bigint) from runs where state = 'failed' order by id desc limit 1").await;
            assert!(failed[0].0.contains(said), "{failed:?}");
        }
        assert_eq!(place.sink.hits().len(), 1);
    }

    async fn nobody_writes_a_rule_that_acts_with_more_rights_than_theirs(db) {
        let place = Place::open(&db).await;
        let bob = bob(&db, &place, "project_manager").await;
        let rule = place.on_hook("Ada's", json!([place.call("tell", json!({}))])).await;
        let other = json!({ "name": "Bob's", "trigger": { "on": "hook.received" }, "steps": [place.call("other", json!({}))] });
        let refused = bob.put(&format!("/rules/{rule}"), other.clone()).await.expect_status(403);
        assert!(refused.text("/detail").contains("rights of its owner"), "{:#}", refused.body);
        let own = bob.post("/rules", other.clone()).await.expect_status(201).text("/id");
        place.api.put(&format!("/rules/{own}"), json!({ "name": "Better", "trigger": { "on": "hook.received" }, "steps": other["steps"] })).await.expect_status(200);
    }

    async fn a_token_puts_no_rule_to_work_that_does_more_than_its_scopes_cover(db) {
        let place = Place::open(&db).await;
        let token = async |scopes: Value| {
            let made = place.api.post("/tokens", json!({ "name": "t", "scopes": scopes })).await.expect_status(201);
            place.api.with_token(&made.text("/token"))
        };
        let narrow = token(json!(["rule.edit", "rule.view"])).await;
        let wide = token(json!(["rule.*", "task.create", "connection.use"])).await;
        let make = json!({ "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "x" } });
        let inside = json!([{ "id": "if", "if": "true", "then": [make, place.call("tell", json!({}))] }]);
        let rule = json!({ "name": "Does", "trigger": { "on": "hook.received" }, "steps": inside });
        let id = narrow.post("/rules", rule.clone()).await.expect_status(201).text("/id");
        let refused = narrow.post(&format!("/rules/{id}/enable"), json!({})).await.expect_problem(403, "denied");
        assert!(refused.text("/detail").contains("`make` needs `task.create`"), "{:#}", refused.body);
        narrow.post(&format!("/rules/{id}/shadow"), json!({})).await.expect_status(200);
        wide.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        let mut changed = rule.clone();
        changed["name"] = json!("Does it still");
        narrow.put(&format!("/rules/{id}"), changed.clone()).await.expect_problem(403, "denied");
        wide.put(&format!("/rules/{id}"), changed).await.expect_status(200);
        narrow.post(&format!("/rules/{id}/pause"), json!({})).await.expect_status(200);

        // Nor by repeating a run on a version that could not be switched on.
        let runner = token(json!(["rule.*", "run.*", "notification.send"])).await;
        let quiet = json!({ "name": "Quiet", "trigger": { "on": "manual" }, "steps": [{ "id": "end", "stop": "done" }] });
        let id = runner.post("/rules", quiet).await.expect_status(201).text("/id");
        runner.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        let run = runner.post(&format!("/rules/{id}/run"), json!({})).await.expect_status(202).text("/id");
        place.over(&run).await;
        runner.post(&format!("/rules/{id}/pause"), json!({})).await.expect_status(200);
        let evil = json!({ "name": "Quiet", "trigger": { "on": "manual" }, "steps": [rule["steps"][0]["then"][0]] });
        runner.put(&format!("/rules/{id}"), evil).await.expect_status(200);
        let again = format!("/runs/{run}/rerun");
        runner.post(&again, json!({ "version": "newest" })).await.expect_problem(403, "denied");
        runner.post(&again, json!({})).await.expect_status(202);
        place.quiet().await;
        assert!(place.titles().await.is_empty());
    }

    async fn a_token_does_not_read_what_one_with_more_rights_was_answered(db) {
        let place = Place::open(&db).await;
        let narrow = place.api.post("/tokens", json!({ "name": "n", "scopes": ["rule.view"] })).await.expect_status(201).text("/token");
        let keyed = place.api.with_header("Idempotency-Key", "k-1");
        let task = json!({ "title": "Secret" });
        keyed.post("/projects/WEB/tasks", task.clone()).await.expect_status(201);
        keyed.post("/projects/WEB/tasks", task.clone()).await.expect_status(201);
        let refused = keyed.with_token(&narrow).post("/projects/WEB/tasks", task).await;
        assert!((400..500).contains(&refused.status) && !refused.body.to_string().contains("Secret"), "{refused:?}");
    }

    async fn an_event_that_cannot_be_judged_is_seen_as_failed_runs(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Any", json!([place.call("tell", json!({}))])).await;
        let other = place.rule(json!({ "name": "Other", "trigger": { "on": "hook.received", "match": { "hook": "elsewhere" } },
            "steps": [place.call("more", json!({}))] })).await;
        place.post(Value::Array(vec![json!(1); 60_000])).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state").as_str(), run.text("/error/code").as_str()), ("failed", "facts"));
        place.quiet().await;
        assert!(place.runs(&other).await.is_empty() && place.sink.hits().is_empty());
    }

    async fn a_nul_in_what_came_in_ends_a_step_and_nothing_else(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Nul", json!([
            { "id": "tell", "action": "notify.send", "with": { "to": ["{{ body.x }}"], "message": "x" }, "on_error": "continue" },
            { "id": "make", "action": "task.create", "with": { "project": "{{ body.x }}", "title": "x" }, "on_error": "continue" },
            { "id": "judge", "if": "body.x.to_int() > 1", "then": [] },
        ])).await;
        place.post(json!({ "x": "a\0b" })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/error/code").as_str(), run.text("/error/step").as_str()), ("step_failed", "judge"), "{:#}", run.body);
        assert_eq!(told(&run), ["tell failed", "make failed", "judge failed"]);
    }

    async fn loops_in_loops_end_where_a_run_has_taken_enough_steps(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Loops", json!([
            { "id": "a", "for_each": "body.items", "as": "x", "max": 500, "do": [
                { "id": "b", "for_each": "body.items", "as": "y", "max": 500, "do": [
                    { "id": "c", "if": "y == -1", "then": [] } ] } ], "on_error": "continue" },
        ])).await;
        place.post(json!({ "items": (0..500).collect::<Vec<i32>>() })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state").as_str(), run.text("/error/code").as_str()), ("failed", "too_many_iterations"));
        assert!(run.at("/steps").as_array().unwrap().len() <= 5_020);

        let judge = |id: &str| json!({ "id": id, "if": "y == -1", "then": [] });
        let rule = place.on_hook("Steps", json!([
            { "id": "a", "for_each": "body.few", "as": "x", "do": [
                { "id": "b", "for_each": "body.few", "as": "y", "do": (0..5).map(|at| judge(&format!("c{at}"))).collect::<Vec<_>>() } ] },
        ])).await;
        place.post(json!({ "items": [], "few": vec![1; 68] })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state").as_str(), run.text("/error/code").as_str()), ("failed", "too_many_steps"));
    }

    async fn what_a_run_writes_down_has_a_limit(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Large", json!([
            { "id": "a", "for_each": "body.times", "do": [
                { "id": "b", "for_each": "body.times", "do": [{ "id": "c", "script": "body.words" }] } ], "on_error": "continue" },
        ])).await;
        place.post(json!({ "times": vec![1; 60], "words": vec!["x".repeat(1_000); 20] })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state").as_str(), run.text("/error/code").as_str()), ("failed", "too_large"));
        let steps = run.at("/steps").as_array().unwrap();
        // Twenty thousand characters each.
        let outputs = steps.iter().filter(|step| step["kind"] == "script").count();
        assert!((800..=850).contains(&outputs), "{outputs}");
        // A page of it shows the first of what was written, and says of the others how large they are.
        assert!(run.body.to_string().len() < 6 * 1024 * 1024);
        let last = steps.iter().rfind(|step| step["kind"] == "script").unwrap();
        assert_eq!(last["output"]["truncated"], true, "{last}");
        // Page by page it is there whole, in the same order.
        let (id, mut cursor, mut whole) = (run.text("/id"), String::new(), Vec::new());
        loop {
            let page = place.api.get(&format!("/runs/{id}/steps?limit=200{cursor}")).await.expect_status(200);
            assert!(page.body.to_string().len() < 6 * 1024 * 1024);
            whole.extend(page.at("/items").as_array().unwrap().clone());
            match page.at("/next_cursor").as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let paths = |steps: &[Value]| steps.iter().map(|step| step["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(paths(&whole), paths(steps));
        assert!(whole.iter().filter(|step| step["kind"] == "script").all(|step| step["output"].as_array().is_some_and(|words| words.len() == 20)));
        place.api.get(&format!("/runs/{id}/steps?cursor=x")).await.expect_problem(422, "invalid_cursor");
    }

    async fn a_lease_from_before_the_clock_went_back_holds_nobody_up(db) {
        let place = Place::open(&db).await;
        place.api.post("/queues/runs/pause", json!({})).await.expect_status(204);
        let rule = place.on_hook("Late", json!([place.call("tell", json!({}))])).await;
        place.post(json!({})).await;
        let later = if db.is_postgres() { "now() + interval '6 hours'" } else { "(unixepoch() + 21600) * 1000000" };
        let start = Instant::now();
        while db.count("jobs").await == 0 {
            assert!(start.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        meddle(&db, &format!("update jobs set lease_until = {later}, lease_owner = 'dead', epoch = 1, attempts = 1")).await;
        place.api.post("/queues/runs/resume", json!({})).await.expect_status(204);
        assert_eq!(place.last(&rule, 1).await.text("/state"), "succeeded");
    }

    async fn a_page_of_the_log_ends_early_when_its_events_are_large(db) {
        let place = Place::open(&db).await;
        let large = json!({ "text": "x".repeat(1_000_000) });
        let mut posted = Vec::new();
        for _ in 0..12 {
            posted.push(place.post(large.clone()).await);
        }
        place.quiet().await;
        let (mut seen, mut after, mut pages) = (Vec::new(), "0".to_owned(), 0);
        loop {
            let page = place.api.get(&format!("/events?limit=200&after={after}")).await.expect_status(200);
            let items = page.at("/items").as_array().unwrap();
            if items.is_empty() {
                break;
            }
            seen.extend(items.iter().filter(|event| event["kind"] == "hook.received").map(|event| event["id"].as_str().unwrap().to_owned()));
            (after, pages) = (page.text("/next_cursor"), pages + 1);
        }
        assert_eq!((seen, pages > 2), (posted, true));
    }

    async fn made_up_tokens_are_no_new_callers_where_nobody_is_known(db) {
        let server = Server::on(&db).env("TRACKSIDE_RATE_LIMIT", "5/m").start().await;
        let guess = json!({ "email": "ada@acme.example", "password": "a guess too many" });
        for n in 0..6 {
            let status = if n < 5 { 401 } else { 429 };
            Api::new(&server).with_token(&format!("made-up-{n}")).post("/auth/login", guess.clone()).await.expect_status(status);
        }
    }

    async fn a_connection_that_asks_nothing_is_closed_and_so_is_a_body_that_does_not_come(db) {
        let place = Place::open(&db).await;
        let address = place.server.url().trim_start_matches("http://").to_owned();
        let half = format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab", place.hook);
        let start = Instant::now();
        let closed = ["", "P", "PRI * HT", &half].map(|said| {
            let (address, said) = (address.clone(), said.to_owned());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(said.as_bytes()).await.unwrap();
                let mut answer = String::new();
                let read = tokio::time::timeout(Duration::from_secs(40), stream.read_to_string(&mut answer)).await;
                assert!(read.is_ok(), "`{said}` is still waited for");
                answer
            })
        });
        for (at, closed) in closed.into_iter().enumerate() {
            let answer = closed.await.unwrap();
            assert!(at < 3 || answer.contains("body_too_slow"), "{answer}");
        }
        assert!(start.elapsed() > Duration::from_secs(10), "somebody slow is not nobody");
    }
}
