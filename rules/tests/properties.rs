//! PRO-08, and that no text and no JSON whatever can make a parser panic.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trackside_rules::{
    Catalogue, Compiled, Expr, Facts, ForEach, RELATIONS, Rule, Sandbox, Script, Template, Vars, check,
};

/// Any JSON, with the words of rules in it so that it gets past the first door.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("task.created".to_owned()),
        Just("{{ task.title }}".to_owned()),
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("5m".to_owned()),
        Just("subtasks where x".to_owned()),
        Just("fail".to_owned()),
        Just("task.x == 1".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        let key = prop::sample::select(vec![
            "name",
            "trigger",
            "on",
            "match",
            "condition",
            "steps",
            "id",
            "action",
            "with",
            "if",
            "then",
            "else",
            "else_if",
            "for_each",
            "do",
            "as",
            "max",
            "wait",
            "for",
            "stop",
            "retry",
            "on_error",
            "policy",
            "all",
            "any",
            "not",
            "field",
            "op",
            "value",
            "approve",
            "parallel",
            "form",
            "type",
            "scope",
            "projects",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>()
            )),
        ]
    })
}

/// Pieces of the language thrown together.
fn any_source() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "task",
        ".",
        "x",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "#{",
        "|",
        "|x|",
        "'",
        "\"",
        "`",
        "${",
        "+",
        "-",
        "!",
        "==",
        "<",
        "&&",
        "||",
        "??",
        "?.",
        "in",
        "if ",
        "else ",
        "switch ",
        "let ",
        "fn ",
        "loop ",
        "for ",
        "now",
        "days(",
        "1",
        "0.5",
        "9223372036854775807",
        "()",
        ",",
        ";",
        ":",
        "=>",
        "=",
        "//",
        "/*",
        "*/",
        " ",
        "\n",
        "ü",
        "\\",
        ".any(",
        ".map(",
        "date(",
        "where ",
        "{{",
        "}}",
        "this",
        "0..5",
        "=..",
        "_",
        "@",
        "~",
    ]);
    prop_oneof![prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat()), ".{0,40}"]
}

fn vars() -> Vars {
    let facts =
        json!({"task": {"title": "a", "x": 1, "labels": ["a"], "due_at": "2026-01-01T00:00:00Z"}, "x": [1, null, "b"]});
    Vars::new(Facts::from_json(facts).expect("facts"), "2026-03-02T10:00:00Z".parse().expect("a moment"))
}

thread_local! {
    static SANDBOX: Sandbox = Sandbox::new();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_json_makes_the_rule_parsers_panic(value in any_json(), steps in any_json()) {
        let sandbox = SANDBOX.with(Clone::clone);
        let rule = json!({"name": "x", "trigger": {"on": "task.created"}, "condition": value, "steps": [steps]});
        for value in [&value, &rule] {
            let _ = Rule::from_json(&value.to_string());
            let _ = Rule::from_yaml(&value.to_string());
            let _ = Template::compile(&sandbox, value).map(|template| template.render(&vars()));
            if let Ok(rule) = Rule::from_value(value) {
                let _ = check(&rule, &Catalogue::default(), &sandbox);
                let again = Rule::from_json(&serde_json::to_string(&rule).expect("a rule is JSON")).expect("what was read can be written and read");
                prop_assert_eq!(&again, &rule);
                let _ = Compiled::new(Arc::new(rule), &sandbox);
            }
        }
    }

    #[test]
    fn no_source_makes_the_expression_parsers_panic_and_equal_facts_give_equal_answers(source in any_source()) {
        let sandbox = SANDBOX.with(Clone::clone);
        let _ = ForEach::compile(&sandbox, &source, RELATIONS);
        let _ = Script::compile(&sandbox, &source).map(|script| script.run(&vars()));
        let _ = Template::text(&sandbox, &format!("a {{{{ {source} }}}}")).map(|template| template.render(&vars()));
        if let Ok(expr) = Expr::compile(&sandbox, &source) {
            let first = expr.eval_json(&vars());
            prop_assert_eq!(&first, &expr.eval_json(&vars()));
            let elsewhere = Expr::compile(&Sandbox::new(), &source).expect("compiles again");
            prop_assert_eq!(&first, &elsewhere.eval_json(&vars()));
            prop_assert!(!matches!(&first, Err(problem) if problem.code == "internal"));
        }
        let rule = json!({"name": "x", "trigger": {"on": "a"}, "condition": source, "steps": [{"id": "a", "action": "b"}]});
        if let Ok(rule) = Rule::from_value(&rule) {
            let _ = check(&rule, &Catalogue::default(), &sandbox);
        }
    }
}
