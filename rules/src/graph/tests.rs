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
    }
}

fn rule(on: Value, condition: Option<&str>, action: &str, with: Value) -> Compiled {
    let mut rule = json!({ "name": "r", "trigger": on, "policy": { "cause": { "accept_rules": true } },
        "steps": [{ "id": "act", "action": action, "with": with }] });
    if let Some(condition) = condition {
        rule["condition"] = condition.into();
    }
    let rule = Rule::from_json(&rule.to_string()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    Compiled::new(Arc::new(rule), &Sandbox::new()).unwrap()
}

fn found(rules: &[(&str, &Compiled)]) -> Option<Vec<String>> {
    let nodes: Vec<Node<'_>> = rules.iter().map(|(id, compiled)| Node { id, compiled }).collect();
    let path = shortest_loop(rules[0].0, &nodes, &effects())?;
    Some(
        path.into_iter()
            .map(|link| format!("{} {} {}", link.rule, link.step.unwrap_or_default(), link.event))
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
