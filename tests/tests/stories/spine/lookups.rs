//! Names in a rule that lead nowhere are told when it is checked, saved and switched on, not when its runs fail.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Place;

/// The warnings as code, pointer and suggestion.
fn told(problems: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let one = |problem: &Value| {
        assert_eq!(problem["severity"], "warning", "{problem:#}");
        (text(&problem["code"]).unwrap(), text(&problem["pointer"]).unwrap(), text(&problem["suggestion"]))
    };
    problems.as_array().unwrap().iter().map(one).collect()
}

fn warning(code: &str, pointer: &str, near: Option<&str>) -> (String, String, Option<String>) {
    (code.to_owned(), pointer.to_owned(), near.map(str::to_owned))
}

both_databases! {
    async fn names_that_lead_nowhere_are_warnings_at_their_place(db) {
        let place = Place::open(&db).await;
        place.api.post("/groups", json!({ "name": "Board" })).await.expect_status(201);
        let form = json!({ "title": { "type": "string", "required": true } });
        place.rule(json!({ "name": "Setter", "trigger": { "on": "manual", "form": form }, "steps": [{ "id": "say", "action": "notify.send", "with": { "to": ["owner"], "message": "x" } }] })).await;
        place.rule(json!({ "name": "Listener", "trigger": { "on": "project.created" }, "steps": [{ "id": "say", "action": "notify.send", "with": { "to": ["owner"], "message": "x" } }] })).await;
        let rule = json!({ "name": "lost", "trigger": { "on": "hook", "match": { "hook": "inn" } }, "scope": { "projects": ["WEBB"] }, "steps": [
            { "id": "ask", "approve": { "by": ["group:Bord", "user:nobody@x.example", "owner"], "message": "?" }, "then": [] },
            { "id": "make", "action": "task.create", "with": { "project": "NOPE", "title": "x" } },
            { "id": "set", "call": "Seter" },
            { "id": "ask2", "call": "Setter", "with": { "titel": "x" } },
            { "id": "hear", "call": "Listener" },
        ] });
        let expected = [
            warning("no_such_project", "/scope/projects/0", Some("WEB")),
            warning("no_such_hook", "/trigger/match/hook", Some("in")),
            warning("nobody_here", "/steps/0/approve/by/0", Some("group:Board")),
            warning("nobody_here", "/steps/0/approve/by/1", None),
            warning("no_such_project", "/steps/1/with/project", None),
            warning("no_such_rule", "/steps/2/call", Some("Setter")),
            warning("unknown_input", "/steps/3/with/titel", Some("title")),
            warning("missing_input", "/steps/3/with", None),
            warning("rule_not_callable", "/steps/4/call", None),
        ];
        let checked = place.api.post("/rules/check", rule.clone()).await.expect_status(200);
        assert_eq!((checked.at("/ok"), told(checked.at("/problems"))), (&json!(true), expected.to_vec()));
        let saved = place.api.post("/rules", rule).await.expect_status(201);
        assert_eq!(told(saved.at("/warnings")), expected);
        let on = place.api.post(&format!("/rules/{}/enable", saved.text("/id")), json!({})).await.expect_status(200);
        assert_eq!(told(on.at("/warnings")), expected);
    }

    async fn a_clock_that_never_comes_is_told_and_a_preview_leaves_days_out(db) {
        let place = Place::open(&db).await;
        let rule = json!({ "name": "late", "trigger": { "on": "schedule", "once": "2020-01-01T09:00:00Z" }, "steps": [{ "id": "say", "action": "notify.send", "with": { "to": ["owner"], "message": "x" } }] });
        let saved = place.api.post("/rules", rule.clone()).await.expect_status(201);
        assert_eq!(told(saved.at("/warnings")), [warning("never_due", "/trigger", None)]);
        let shown = json!({ "cron": "0 9 * * *", "exclude": "workspace", "from": "2026-11-27T00:00:00Z", "count": 2 });
        let shown = place.api.post("/schedules/preview", shown).await.expect_status(200);
        assert_eq!(shown.at("/times"), &json!(["2026-11-27T09:00:00Z", "2026-11-30T09:00:00Z"]), "a weekend lies between");
        let wrong = json!({ "cron": "0 9 * * *", "exclude": "NOPE" });
        let wrong = place.api.post("/schedules/preview", wrong).await.expect_problem(422, "invalid_fields");
        assert_eq!(wrong.at("/errors/0/pointer"), &json!("/exclude"));
        // A rule that is saved is tried by its id.
        let tried = json!({ "rule_id": saved.text("/id"), "event": { "kind": "schedule.occurred", "data": {} } });
        place.api.post("/rules/dry-run", tried).await.expect_status(200);
        let neither = json!({ "event": { "kind": "schedule.occurred", "data": {} } });
        place.api.post("/rules/dry-run", neither).await.expect_problem(422, "invalid_fields");
    }

    async fn a_form_that_is_not_filled_in_right_is_told_as_such(db) {
        let place = Place::open(&db).await;
        let form = json!({ "title": { "type": "string", "required": true } });
        let rule = place.rule(json!({ "name": "Asks", "trigger": { "on": "manual", "form": form }, "steps": [{ "id": "say", "action": "notify.send", "with": { "to": ["owner"], "message": "x" } }] })).await;
        let wrong = place.api.post(&format!("/rules/{rule}/run"), json!({ "inputs": { "titel": "beer" } })).await.expect_problem(422, "invalid_inputs");
        assert_eq!(wrong.text("/errors/0/pointer"), "/inputs/titel");
        assert_eq!(wrong.text("/errors/0/message"), "The form does not ask for `titel`. Did you mean `title`?");
        assert!(wrong.text("/detail").starts_with("The form"), "{:#}", wrong.body);
    }
}
