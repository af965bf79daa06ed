//! Bodies that are not what they should be.

use std::time::Duration;

use serde_json::{Map, Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::Server;

use super::{Place, places, rule, with};

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
                    // Fields of the workspace's own may hold anything.
                    if same && (wrong.is_boolean() || pointer.ends_with("/custom") || pointer == "/options") { continue; }
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
            "/tasks?sort=%00", "/projects?cursor=%00", "/projects?q=%00", "/projects?sort=%00", "/projects?owner=%00", "/rules?state=%00", "/rules?cursor=%00", "/runs?state=%00", "/runs?rule_id=%00", "/runs?event_id=%00",
            "/events?after=%00", "/notifications?cursor=%00", "/members?cursor=%00", "/milestones/%00", "/projects/WEB/milestones?status=%00", "/projects/WEB/milestones?cursor=%00", "/tasks?milestone=%00"] {
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
                // Signing out takes its token from the header when there is no body; a timer need be told nothing.
                if (path == "/auth/logout" || path.contains("/timer/")) && bytes.is_empty() { continue; }
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
                let answer = send(json, bytes).await.expect_refusal();
                assert!(statuses.contains(&answer.status), "{method} {path} with {shown}: {:#}", answer.body);
            }
            for kind in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "text/html; charset=utf-8", "nonsense"] {
                send(Some(kind), text.clone().into_bytes()).await.expect_problem(415, "unsupported_media_type");
            }
            send(None, text.clone().into_bytes()).await.expect_problem(415, "unsupported_media_type");
            let most = if path.ends_with("/import") || path == "/imports" { 32 * 1024 * 1024 } else { 1024 * 1024 };
            let long = json!({ "name": "x".repeat(most) }).to_string();
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
}
