use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{Rule, Sandbox};

fn effects() -> Effects {
    let all = |input, fact| Write { input, kind: "task.*", fact };
    let writes = vec![
        all("priority", "task.priority"),
        all("labels", "task.labels"),
        all("status", "task.status"),
        all("project", "project"),
        Write { input: "status", kind: "task.status_changed", fact: "change.to" },
    ];
    let causes = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Effects {
        causes: [
            ("task.create".to_owned(), causes(&["task.created"])),
            ("task.update".to_owned(), causes(&["task.updated", "task.status_changed"])),
            ("task.comment".to_owned(), causes(&["task.commented"])),
        ]
        .into(),
        writes: [("task.create".to_owned(), writes.clone()), ("task.update".to_owned(), writes)].into(),
        changes: [
            ("task.create".to_owned(), causes(&["task.*"])),
            ("task.update".to_owned(), causes(&["task.due_at", "task.priority", "task.custom"])),
        ]
        .into(),
        outward: ["http.request".to_owned()].into(),
        follows: vec![Follows { kind: "sla.breached", after: &["task.created", "task.status_changed"] }],
        moves: [("tasks.open".to_owned(), causes(&["task.created", "task.status_changed"]))].into(),
        asking: causes(&["approval.requested", "approval.timed_out", "approval.decided"]),
        untold: causes(&["approval.decided", "sla.breached", "threshold.crossed"]).into_iter().collect(),
    }
}

fn rule(on: Value, condition: Option<&str>, action: &str, with: Value) -> Compiled {
    let mut rule = json!({ "name": "r", "trigger": on, "policy": { "cause": { "accept_rules": true } },
        "steps": [{ "id": "act", "action": action, "with": with }] });
    if let Some(condition) = condition {
        rule["condition"] = condition.into();
    }
    compiled(&rule)
}

/// A rule of one step that is no action; `accepts` what rules do.
fn doing(name: &str, on: Value, step: Value, accepts: bool) -> Compiled {
    let mut rule =
        json!({ "name": name, "trigger": on, "policy": { "cause": { "accept_rules": accepts } }, "steps": [step] });
    rule["steps"][0]["id"] = "act".into();
    compiled(&rule)
}

fn compiled(rule: &Value) -> Compiled {
    let rule = Rule::from_json(&rule.to_string()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    Compiled::new(Arc::new(rule), &Sandbox::new()).unwrap()
}

fn found(rules: &[(&str, &Compiled)]) -> Option<Vec<String>> {
    let nodes: Vec<Node<'_>> = rules.iter().map(|(id, compiled)| Node { id, compiled }).collect();
    let path = shortest_loop(rules[0].0, &nodes, &effects())?;
    Some(
        path.into_iter()
            .map(|link| format!("{} {} {}", link.rule, link.step.unwrap_or_default(), link.event.unwrap_or_default()))
            .collect(),
    )
}

#[test]
fn a_rule_that_does_what_starts_it_is_a_loop() {
    let one = rule(json!({ "on": "task.created" }), None, "task.create", json!({ "project": "WEB", "title": "again" }));
    assert_eq!(found(&[("a", &one)]), Some(vec!["a act task.created".to_owned()]));
    // But not when it takes nothing from rules, which is usual.
    let mut quiet = Rule::clone(&one.rule);
    quiet.policy.cause.accept_rules = false;
    let quiet = Compiled::new(Arc::new(quiet), &Sandbox::new()).unwrap();
    assert_eq!(found(&[("a", &quiet)]), None);
}

#[test]
fn the_shortest_way_round_is_named() {
    let ping =
        rule(json!({ "on": "task.created" }), None, "task.comment", json!({ "task": "{{ task.id }}", "body": "x" }));
    let pong = rule(json!({ "on": "task.commented" }), None, "task.create", json!({ "project": "WEB", "title": "x" }));
    let long =
        rule(json!({ "on": "task.commented" }), None, "task.update", json!({ "task": "WEB-1", "status": "done" }));
    let way = found(&[("ping", &ping), ("long", &long), ("pong", &pong)]).unwrap();
    assert_eq!(way, ["ping act task.commented", "pong act task.created"]);
    assert_eq!(found(&[("long", &long), ("ping", &ping)]), None);
}

#[test]
fn constants_of_the_step_are_held_against_match_scope_and_condition() {
    let creates = |labels: Value| json!({ "project": "WEB", "title": "x", "priority": "low", "labels": labels });
    let cases: [(Value, Option<&str>, Value, bool); 14] = [
        (json!({ "on": "task.created", "match": { "task.priority": "high" } }), None, json!([]), false),
        (json!({ "on": "task.created", "match": { "task.priority": ["high", "low"] } }), None, json!([]), true),
        (json!({ "on": "task.created", "match": { "task.labels": "a" } }), None, json!(["b"]), false),
        (json!({ "on": "task.created", "match": { "task.labels": "a" } }), None, json!(["b", "a"]), true),
        (json!({ "on": "task.created" }), Some("task.priority == \"high\""), json!([]), false),
        (json!({ "on": "task.created" }), Some("task.priority != \"low\" && task.title == \"x\""), json!([]), false),
        (json!({ "on": "task.created" }), Some("task.title == \"y\""), json!([]), true),
        (json!({ "on": "task.created" }), Some("task.priority in [\"high\", \"critical\"]"), json!([]), false),
        (json!({ "on": "task.created" }), Some("!(task.priority in [\"high\", \"critical\"])"), json!([]), true),
        (json!({ "on": "task.created" }), Some("task.labels.contains(\"a\")"), json!(["b"]), false),
        (
            json!({ "on": "task.created" }),
            Some("task.labels.contains(\"a\") || task.priority == \"low\""),
            json!(["b"]),
            true,
        ),
        (json!({ "on": "task.created" }), Some("!task.labels.contains(\"done\")"), json!(["done"]), false),
        // What is computed may be anything.
        (json!({ "on": "task.created" }), Some("task.labels.contains(\"a\")"), json!(["{{ task.key }}"]), true),
        (json!({ "on": "task.updated" }), None, json!([]), false),
    ];
    for (on, condition, labels, loops) in cases {
        let one = rule(on.clone(), condition, "task.create", creates(labels.clone()));
        assert_eq!(found(&[("a", &one)]).is_some(), loops, "{on} {condition:?} {labels}");
    }
    let mut elsewhere =
        Rule::clone(&rule(json!({ "on": "task.created" }), None, "task.create", creates(json!([]))).rule);
    elsewhere.scope.projects = vec!["OPS".to_owned()];
    let elsewhere = Compiled::new(Arc::new(elsewhere), &Sandbox::new()).unwrap();
    assert_eq!(found(&[("a", &elsewhere)]), None);
    let status = |to: &str| {
        rule(
            json!({ "on": "task.status_changed", "match": { "to": "done" } }),
            None,
            "task.update",
            json!({ "task": "{{ task.id }}", "status": to }),
        )
    };
    assert!(found(&[("a", &status("done"))]).is_some());
    assert!(found(&[("a", &status("todo"))]).is_none());
}

#[test]
fn who_listens_to_failures_is_set_off_by_any_other_rule() {
    let failures = rule(json!({ "on": "run.failed" }), None, "task.create", json!({ "project": "WEB", "title": "x" }));
    let other =
        rule(json!({ "on": "task.created" }), None, "task.comment", json!({ "task": "{{ task.id }}", "body": "x" }));
    assert_eq!(found(&[("f", &failures)]), None);
    assert_eq!(found(&[("f", &failures), ("o", &other)]).unwrap(), ["f act task.created", "o  run.failed"]);
}

#[test]
fn two_rules_that_set_one_field_differently_are_found_with_a_witness() {
    let sets = |on: Value, condition: Option<&str>, priority: &str| {
        rule(on, condition, "task.update", json!({ "task": "{{ task.id }}", "priority": priority }))
    };
    let (on, kinds) = (json!({ "on": "task.created" }), ["task.created", "task.updated"]);
    let against = |one: &Compiled, two: &Compiled| {
        let nodes = [Node { id: "one", compiled: one }, Node { id: "two", compiled: two }];
        conflicts(nodes[0], &nodes, &effects(), &kinds)
    };
    let bugs = sets(on.clone(), Some("task.type == \"bug\""), "high");
    let found = against(&bugs, &sets(on.clone(), Some("task.title == \"x\""), "low"));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule.as_str(), found[0].field.as_str()), ("two", "task.priority"));
    assert_eq!((&found[0].ours.value, &found[0].theirs.value), (&json!("high"), &json!("low")));
    assert_eq!(found[0].witness.kind, "task.created");
    assert_eq!(
        found[0].witness.facts,
        [("task.title".to_owned(), json!("x")), ("task.type".to_owned(), json!("bug"))].into()
    );
    // The same value, another event, or conditions that never hold at once: no conflict.
    assert!(against(&bugs, &sets(on.clone(), None, "high")).is_empty());
    assert!(against(&bugs, &sets(json!({ "on": "task.updated" }), None, "low")).is_empty());
    assert!(against(&bugs, &sets(on.clone(), Some("task.type == \"task\""), "low")).is_empty());
    assert!(against(&bugs, &sets(on.clone(), Some("task.type != \"bug\""), "low")).is_empty());
    assert!(against(&bugs, &rule(on, None, "task.update", json!({ "task": "WEB-1", "priority": "low" }))).is_empty());
}

#[test]
fn calls_are_followed_by_id_and_by_name_and_whatever_the_rules_accept() {
    let setter = doing(
        "Setter",
        json!({ "on": "manual" }),
        json!({ "action": "task.comment", "with": { "task": "WEB-1", "body": "x" } }),
        false,
    );
    let echo = |call: &str| doing("Echo", json!({ "on": "task.commented" }), json!({ "call": call }), true);
    let way = ["echo act ", "s act task.commented"].map(str::to_owned).to_vec();
    assert_eq!(found(&[("echo", &echo("Setter")), ("s", &setter)]), Some(way.clone()));
    assert_eq!(found(&[("echo", &echo("s")), ("s", &setter)]), Some(way.clone()));
    assert_eq!(found(&[("echo", &echo("{{ task.title }}")), ("s", &setter)]), Some(way));
    assert_eq!(found(&[("echo", &echo("Another")), ("s", &setter)]), None);
    let own = doing("Rec", json!({ "on": "manual" }), json!({ "call": "Rec" }), false);
    assert_eq!(found(&[("r", &own)]), Some(vec!["r act ".to_owned()]));
}

#[test]
fn what_comes_of_asking_people_is_followed_and_tells_whether_it_is_counted() {
    let asks = |on: &str, accepts| {
        doing("r", json!({ "on": on }), json!({ "approve": { "by": ["owner"] }, "then": [] }), accepts)
    };
    assert_eq!(found(&[("a", &asks("approval.timed_out", true))]).unwrap(), ["a act approval.timed_out"]);
    assert_eq!(found(&[("a", &asks("approval.timed_out", false))]), None);
    // A person is behind the answer: that a rule asked is not known of it.
    let decided = asks("approval.decided", false);
    let nodes = [Node { id: "a", compiled: &decided }];
    assert!(!shortest_loop("a", &nodes, &effects()).unwrap()[0].counted);
}

#[test]
fn a_date_that_is_set_starts_who_goes_by_it_but_not_who_set_it() {
    let by = |field: &str, accepts, with: Value| {
        doing("r", json!({ "on": "date", "field": field }), json!({ "action": "task.update", "with": with }), accepts)
    };
    let moves = json!({ "task": "{{ task.id }}", "due_at": "{{ now + days(1) }}" });
    assert_eq!(found(&[("a", &by("due_at", true, moves.clone()))]).unwrap(), ["a act task.date_reached"]);
    assert_eq!(found(&[("a", &by("due_at", false, moves.clone()))]), None);
    assert_eq!(found(&[("a", &by("start_at", true, moves.clone()))]), None);
    let (one, two) = (by("due_at", false, moves.clone()), by("due_at", false, moves));
    assert_eq!(found(&[("a", &one), ("b", &two)]).unwrap().len(), 2);
    let custom = |set: &str| by("custom.review", true, json!({ "task": "WEB-1", "custom": { set: "2026-01-01" } }));
    assert!(found(&[("a", &custom("review"))]).is_some() && found(&[("a", &custom("other"))]).is_none());
}

#[test]
fn what_follows_later_and_figures_that_go_both_ways_are_followed() {
    let breach = doing(
        "r",
        json!({ "on": "sla.breached" }),
        json!({ "action": "task.create", "with": { "project": "WEB", "title": "x" } }),
        false,
    );
    assert_eq!(found(&[("a", &breach)]).unwrap(), ["a act sla.breached"]);
    let above = |action: &str, with: Value| {
        doing(
            "r",
            json!({ "on": "threshold", "metric": "tasks.open", "above": 3 }),
            json!({ "action": action, "with": with }),
            false,
        )
    };
    let makes = above("task.create", json!({ "project": "WEB", "title": "x" }));
    assert_eq!(found(&[("a", &makes)]), None, "it rises, and never falls back");
    let ends = above("task.update", json!({ "task": "WEB-1", "status": "done" }));
    assert_eq!(found(&[("a", &makes), ("b", &ends)]).unwrap(), ["a act threshold.crossed"]);
}

#[test]
fn what_goes_out_may_come_back_by_a_hook_and_otherwise_who_knows() {
    let posts = |url: &str, accepts| {
        doing(
            "r",
            json!({ "on": "hook.received" }),
            json!({ "action": "http.request", "with": { "url": url } }),
            accepts,
        )
    };
    let out = |rule: &Compiled| reaches_out("a", &[Node { id: "a", compiled: rule }], &effects());
    let own = posts("https://here.example/hooks/hook_01h455vb4pex5vsknk084sn02q", true);
    assert_eq!(found(&[("a", &own)]).unwrap(), ["a act hook.received"]);
    assert!(found(&[("a", &posts("{{ body.url }}", true))]).is_some());
    assert_eq!(found(&[("a", &posts("{{ body.url }}", false))]), None);
    let other = posts("https://other.example/", true);
    assert_eq!((found(&[("a", &other)]), out(&other)), (None, true));
    assert!(!out(&rule(json!({ "on": "task.created" }), None, "task.comment", json!({}))));
}

#[test]
fn a_look_that_takes_too_long_is_ended_and_says_so() {
    let one = rule(
        json!({ "on": "task.updated" }),
        None,
        "task.update",
        json!({ "task": "{{ task.id }}", "priority": "high" }),
    );
    let nodes = [Node { id: "one", compiled: &one }];
    let look = || shortest_loop("one", &nodes, &effects());
    let (cut, is_all) = within(std::time::Duration::ZERO, look);
    assert!(cut.is_none() && !is_all);
    let (found, is_all) = within(std::time::Duration::from_secs(60), look);
    assert!(found.is_some() && is_all);
}
