//! The example of the specification, and what a rule's author sees.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_rules::{Compiled, Expr, Facts, ForEach, Kind, RELATIONS, Rule, Sandbox, Source, Template, Vars};

const EXAMPLE: &str = include_str!("example.json");

fn now() -> DateTime<Utc> {
    "2026-03-02T10:00:00Z".parse().expect("a moment")
}

fn facts() -> Value {
    json!({
        "event": {"id": "evt_1", "kind": "task.status_changed"},
        "task": {
            "id": "task_1", "key": "WEB-142", "title": "Pay the bill", "status": "blocked", "priority": "high",
            "labels": ["billing", "urgent"], "due_at": "2026-03-03T09:00:00Z", "points": 5, "estimate": 1.5,
            "assignee": null, "owner": {"name": "Ada"}, "numbers": [3, 1, 2],
        },
        "project": {"key": "WEB", "owner": "user_9"},
        "change": {"field": "status", "from": "in_progress", "to": "blocked"},
        "body": {"commits": [{"id": "a1", "message": "Fix WEB-142 and OPS-7"}, {"id": "b2", "message": "no key"}], "ref": "refs/heads/WEB-9-login"},
    })
}

fn vars() -> Vars {
    Vars::new(Facts::from_json(facts()).expect("facts"), now())
}

fn eval(source: &str) -> Value {
    let expr = Expr::compile(&Sandbox::new(), source).unwrap_or_else(|problem| panic!("{source}: {problem}"));
    expr.eval_json(&vars()).unwrap_or_else(|problem| panic!("{source}: {problem}"))
}

#[test]
fn the_example_parses_and_goes_round_through_json_and_yaml() {
    let rule = Rule::from_json(EXAMPLE).expect("the example");
    let json = serde_json::to_string(&rule).expect("json");
    assert_eq!(Rule::from_json(&json).expect("again"), rule);
    let yaml = rule.to_yaml().expect("yaml");
    assert_eq!(Rule::from_yaml(&yaml).unwrap_or_else(|problems| panic!("{problems:?}\n{yaml}")), rule);
    let original: Value = serde_json::from_str(EXAMPLE).expect("json");
    assert_eq!(Rule::from_value(&original).expect("by value"), rule);
}

#[test]
fn the_example_compiles_and_its_trigger_and_condition_hold() {
    let rule = Arc::new(Rule::from_json(EXAMPLE).expect("the example"));
    let compiled = Compiled::new(rule, &Sandbox::new()).expect("compiles");
    let vars = vars();
    assert!(compiled.trigger.matches("task.status_changed", vars.facts().json()));
    assert!(!compiled.trigger.matches("task.created", vars.facts().json()));
    assert!(compiled.condition.as_ref().expect("a condition").eval_bool(&vars).expect("holds"));
    let Kind::Action(tell) = &compiled.steps[0].kind else { panic!("an action") };
    assert_eq!(
        tell.with.render(&vars).expect("renders"),
        json!({"channel": "#billing", "text": "WEB-142 is blocked: Pay the bill"})
    );
    let Kind::If { branches, .. } = &compiled.steps[1].kind else { panic!("an if") };
    assert!(branches[0].0.eval_bool(&vars).expect("late"));
    let Kind::ForEach { over, name, max, .. } = &compiled.steps[2].kind else { panic!("a for_each") };
    assert!(matches!(&over.source, Source::Relation(relation) if relation == "subtasks"));
    assert_eq!((name.as_str(), *max), ("sub", 500));
    let kept = over
        .keep(&vars, vec![json!({"id": 1, "status": "completed"}), json!({"id": 2, "status": "open"})])
        .expect("filters");
    assert_eq!(kept, [json!({"id": 2, "status": "open"})]);
    assert_eq!(compiled.step("block").expect("found inside").pointer, "/steps/2/do/0");
}

#[test]
fn expressions_read_what_people_write() {
    for (source, wanted) in [
        (r#"task.priority in ["high", "critical"] && task.labels.contains("billing")"#, json!(true)),
        ("task.priority == 'high'", json!(true)),
        ("task.due_at < now + days(2)", json!(true)),
        ("task.due_at < now", json!(false)),
        ("now + days(2) > task.due_at", json!(true)),
        ("task.done_at < now", json!(false)),
        ("task.done_at > now", json!(false)),
        ("task.assignee.name.first", json!(null)),
        ("task.assignee == ()", json!(true)),
        ("task.due_at - now", json!(82_800)),
        ("(task.due_at - now).hours", json!(23)),
        ("task.due_at + hours(1)", json!("2026-03-03T10:00:00Z")),
        ("date('2026-03-02') <= now", json!(true)),
        ("date(task.due_at) - days(1) == date('2026-03-02T09:00:00Z')", json!(true)),
        ("now.weekday", json!("monday")),
        ("task.points * 2 + task.estimate", json!(11.5)),
        ("task.points > 3 && !(task.points > 10)", json!(true)),
        ("task.numbers.sum() + task.numbers.len", json!(9)),
        ("task.labels.len() == 2", json!(true)),
        ("task.labels.any(|l| l == 'urgent')", json!(true)),
        ("task.labels.all(|l| l.starts_with('u'))", json!(false)),
        ("task.labels.map(|l| upper(l)).join('/')", json!("BILLING/URGENT")),
        ("task.labels.any(|l| l == task.status || l == project.label || task.labels.contains(l))", json!(true)),
        ("task.numbers.filter(|n| n >= task.numbers.first())", json!([3])),
        ("body.commits.map(|c| task_key(c.message))", json!(["WEB-142", null])),
        ("task_keys(body.commits[0].message)", json!(["WEB-142", "OPS-7"])),
        ("task_key(body.ref)", json!("WEB-9")),
        ("default(task.assignee, project.owner)", json!("user_9")),
        ("task.assignee ?? 'nobody'", json!("nobody")),
        ("get(body, 'commits.1.id') + get(body, 'commits.9.id', '-')", json!("b2-")),
        ("'#' + task.points + ' ' + task.title.sub_string(0, 3)", json!("#5 Pay")),
        ("task.title.lower().split(' ').last()", json!("bill")),
        ("replace(task.key, 'WEB', 'OPS')", json!("OPS-142")),
        ("if task.points > 3 { 'big' } else { 'small' }", json!("big")),
        ("comment.text.contains('x')", json!(false)),
        ("missing_things.len()", json!(null)),
        ("#{a: [1, 2.5, \"x\"], b: ()}", json!({"a": [1, 2.5, "x"], "b": null})),
        ("'x' in task", json!(false)),
        ("'title' in task", json!(true)),
        ("task['key']", json!("WEB-142")),
        ("max(task.points, 9)", json!(9)),
        ("'b' in ['a', 'b']", json!(true)),
        ("[1, 2] == [1.0, 2]", json!(true)),
    ] {
        if source.starts_with("missing_things") {
            let expr = Expr::compile(&Sandbox::new(), source).expect("compiles");
            assert_eq!(expr.eval_json(&vars()).expect_err("unknown").code, "unknown_variable");
            continue;
        }
        assert_eq!(eval(source), wanted, "{source}");
    }
}

#[test]
fn loop_items_and_step_results_are_variables() {
    let sandbox = Sandbox::new();
    let mut vars = vars();
    vars.set_output("tell", json!({"ts": "17.5", "list": [1]}));
    let expr = Expr::compile(&sandbox, "steps.tell.output.ts + steps.nothing.output.x").expect("compiles");
    assert_eq!(expr.eval_json(&vars).expect("value"), json!("17.5"));
    let expr = Expr::compile(&sandbox, "sub.id + '/' + task.key").expect("compiles");
    assert_eq!(expr.eval_json(&vars.with("sub", json!({"id": "task_2"}))).expect("value"), json!("task_2/WEB-142"));
    let over =
        ForEach::compile(&sandbox, "body.commits where message.contains('WEB') && now > date('2026-01-01')", RELATIONS)
            .expect("compiles");
    assert_eq!(over.items(&vars).expect("items").expect("an expression").len(), 1);
}

#[test]
fn templates_keep_types_and_say_where_they_are_wrong() {
    let sandbox = Sandbox::new();
    let template = Template::compile(&sandbox, &json!({
        "labels": "{{ task.labels }}", "points": "{{task.points}}", "text": "{{ task.key }}: {{ task.points }} {{ task.assignee }}{{ \"{{ }}\" }}",
        "deep": [{"due": "{{ task.due_at + days(1) }}", "n": 1}], "map": "{{ #{a: #{b: 1}} }}",
    })).expect("compiles");
    assert_eq!(
        template.render(&vars()).expect("renders"),
        json!({"labels": ["billing", "urgent"], "points": 5, "text": "WEB-142: 5 {{ }}", "deep": [{"due": "2026-03-04T09:00:00Z", "n": 1}], "map": {"a": {"b": 1}}})
    );
    let problems =
        Template::compile(&sandbox, &json!({"a/b": ["x", "one\ntwo {{ task. }}"], "c": "{{ open"})).expect_err("wrong");
    assert_eq!((problems[0].pointer.as_str(), problems[0].line), ("/a~1b/1", Some(2)));
    assert!(problems[0].column.expect("a column") >= 7, "{:?}", problems[0]);
    assert_eq!((problems[1].pointer.as_str(), problems[1].line, problems[1].column), ("/c", Some(1), Some(1)));
    let template = Template::compile(&sandbox, &json!({"a": ["{{ task.labels + 1 }}"]})).expect("compiles");
    assert_eq!(template.render(&vars()).expect_err("wrong").pointer, "/a/0");
}

#[test]
fn mistakes_are_named_with_the_nearest_word() {
    for (source, code, pointer, suggestion) in [
        (
            json!({"name": "x", "trigger": {"on": "a"}, "steps": [{"id": "a", "acton": "b"}]}),
            "shape",
            "/steps/0/acton",
            Some("action"),
        ),
        (
            json!({"name": "x", "trigger": {"on": "a"}, "steps": [{"id": "a", "action": "b", "if": "true"}]}),
            "step",
            "/steps/0",
            None,
        ),
        (
            json!({"name": "x", "trigger": {"on": "a"}, "steps": [{"id": "a", "action": "b"}, {"id": "a", "action": "b"}]}),
            "duplicate_id",
            "/steps/1/id",
            None,
        ),
        (
            json!({"name": "x", "trigger": {"on": "a"}, "steps": [{"id": "a", "wait": {"for": "5 parsecs"}}]}),
            "shape",
            "/steps/0/wait/for",
            None,
        ),
        (
            json!({"name": "x", "trigger": {"on": "a"}, "steps": [{"id": "a-b", "action": "b"}]}),
            "name",
            "/steps/0/id",
            None,
        ),
        (
            json!({"name": "x", "trigger": {"on": "a"}, "steps": [{"id": "a", "for_each": "subtasks", "max": 501, "do": []}]}),
            "too_many",
            "/steps/0/max",
            None,
        ),
        (
            json!({"name": "x", "trigger": {"on": "a"}, "steps": [{"id": "a", "action": "b", "on_error": "contine"}]}),
            "shape",
            "/steps/0/on_error",
            Some("continue"),
        ),
        (json!({"name": "x", "trigger": {"on": "a"}, "steps": []}), "missing", "/steps", None),
    ] {
        let problems = Rule::from_value(&source).expect_err("wrong");
        let first = &problems[0];
        assert_eq!(
            (first.code.as_str(), first.pointer.as_str(), first.suggestion.as_deref()),
            (code, pointer, suggestion),
            "{source}: {first}"
        );
    }
}

#[test]
fn yaml_bombs_are_refused_with_their_place() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (one, two) in ('a'..'j').zip('b'..='j') {
        bomb.push_str(&format!("{two}: &{two} [{}]\n", vec![format!("*{one}"); 9].join(", ")));
    }
    let started = std::time::Instant::now();
    assert!(Rule::from_yaml(&bomb).is_err());
    assert!(Rule::from_yaml("name: &n {x: *n}\n").is_err());
    assert!(Rule::from_yaml(&"[".repeat(100_000)).is_err());
    assert!(started.elapsed().as_secs() < 1);
    let problems =
        Rule::from_yaml("name: x\ntrigger:\n  on: task.created\n  mach: {}\nsteps: []\n").expect_err("unknown field");
    assert_eq!((problems[0].line, problems[0].suggestion.as_deref()), (Some(4), Some("match")), "{problems:?}");
}

#[test]
fn threads_judging_one_event_do_not_wait_for_each_other() {
    let sandbox = Sandbox::new();
    let vars = vars();
    let source =
        "task.labels.any(|l| l == task.status || task.labels.contains(project.key)) || task.priority == 'high'";
    let expr = Expr::compile(&sandbox, source).expect("compiles");
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for _ in 0..500 {
                    assert!(expr.eval_bool(&vars).expect("no lock is ever missed"));
                }
            });
        }
    });
}

#[test]
fn many_slow_expressions_together_end_soon() {
    let sandbox = Sandbox::new();
    let list: Vec<_> = (0..500).collect();
    let vars = Vars::new(Facts::from_json(json!({"body": {"list": list}})).expect("facts"), now());
    let slow = "body.list.all(|a| body.list.all(|b| a + b >= 0))";
    let started = std::time::Instant::now();
    let template = Template::compile(&sandbox, &json!(vec![format!("{{{{ {slow} ?? 1 }}}}"); 400])).expect("compiles");
    assert_eq!(template.render(&vars).expect_err("too long").code, "too_long");
    let over = ForEach::compile(&sandbox, "body.list where item >= 0", RELATIONS).expect("compiles");
    assert_eq!(over.items(&vars).expect("quick enough").expect("a list").len(), 500);
    assert!(started.elapsed().as_secs() < 2);
}
