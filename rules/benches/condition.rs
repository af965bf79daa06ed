//! Nanoseconds per condition, scope set-up included: `cargo bench --bench condition`.

use std::{hint::black_box, time::Instant};

use serde_json::json;
use trackside_rules::{Expr, Facts, Sandbox, Template, Vars, matcher::Matcher, model::Trigger};

fn main() {
    let sandbox = Sandbox::new();
    let event = json!({
        "event": {"id": "evt_1", "kind": "task.status_changed"},
        "task": {
            "id": "task_1", "key": "WEB-142", "title": "Pay the bill", "description": "x".repeat(4_000), "status": "blocked",
            "priority": "high", "labels": ["billing", "urgent"], "due_at": "2026-03-03T09:00:00Z", "points": 5, "assignee": {"id": "user_1", "name": "Ada"},
            "fields": (0..50).map(|n| (format!("field_{n}"), json!(n))).collect::<serde_json::Map<_, _>>(),
        },
        "project": {"key": "WEB", "name": "Website"},
        "change": {"from": "in_progress", "to": "blocked"},
    });
    let vars = Vars::new(Facts::from_json(event).expect("facts"), "2026-03-02T10:00:00Z".parse().expect("a moment"));
    for source in [
        "true",
        "task.points > 3",
        "task.priority == 'high'",
        "task.priority in ['high', 'critical'] && task.labels.contains('billing')",
        "task.due_at < now + days(2)",
        "task.assignee.name == 'Ada' && project.key == 'WEB' && change.to == 'blocked'",
        "task.labels.any(|l| l == 'billing')",
        "task.labels.any(|l| l == project.key)",
        "task.assignee.manager.name == 'Ada'",
    ] {
        let expr = Expr::compile(&sandbox, source).expect("compiles");
        measure(source, || drop(black_box(expr.eval_json(black_box(&vars)))));
    }
    let template =
        Template::compile(&sandbox, &json!({"text": "{{ task.key }} is blocked: {{ task.title }}"})).expect("compiles");
    measure("template of two", || drop(black_box(template.render(black_box(&vars)))));
    let trigger: Trigger =
        serde_json::from_value(json!({"on": "task.*", "match": {"to": "blocked"}})).expect("a trigger");
    let matcher = Matcher::new(&trigger);
    measure("match", || {
        black_box(matcher.matches("task.status_changed", black_box(vars.facts().json())));
    });
    measure("vars with a loop item", || drop(black_box(vars.with("sub", json!({"id": 1})))));
}

fn measure(name: &str, mut work: impl FnMut()) {
    for _ in 0..1_000 {
        work();
    }
    let rounds = 50_000_u32;
    let started = Instant::now();
    for _ in 0..rounds {
        work();
    }
    println!("{:>8.0} ns  {name}", started.elapsed().as_nanos() as f64 / f64::from(rounds));
}
