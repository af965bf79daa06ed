//! Whatever is given for a parameter of a template, it stays data: the rule asks and does what it asked and did, and the value
//! arrives as it is.

use std::sync::Arc;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trackside_rules::{Compiled, Expr, Facts, Rule, RuleTemplate, Sandbox, Template, Vars};

const TEMPLATE: &str = r#"
slug: any
name: Any
summary: Any.
category: triage
parameters:
  words: { type: text, label: Words }
  list: { type: text, many: true, label: List }
rule:
  name: "Any {{ params.words }}"
  trigger: { on: hook.received, match: { body.kind: "{{ params.words }}" } }
  condition: body.title == params.words || params.list.contains(body.title)
  policy: { dedupe: { key: "params.words + body.id" } }
  steps:
    - id: look
      if: "!is_empty(params.words) && body.title != params.words"
      then:
        - id: each
          for_each: "params.list.filter(|one| one != 'where')"
          as: one
          do:
            - { id: say, action: task.comment, with: { task: WEB-1, body: "{{ params.words }} {{ one + params.words }} {{ params.words }}{{ params.words }}", all: "{{ params.list }}", alone: "{{ params.words }}" } }
    - { id: script, script: "let said = params.words; said", with: { list: "{{ params.list }}" } }
    - { id: wait, wait: { event: { on: "task.*", match: { task: "{{ params.words }}" }, if: comment.body == params.words, timeout: 1h } } }
    - { id: ask, approve: { by: [owner], message: "May {{ params.words }}?" } }
    - { id: end, stop: "{{ params.words }}" }
"#;

/// Pieces of what somebody might try, in any order.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("`".to_owned()),
        Just("\\".to_owned()),
        Just("\n".to_owned()),
        Just("\t".to_owned()),
        Just("${".to_owned()),
        Just(" where ".to_owned()),
        Just("//".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just(" || true".to_owned()),
        Just("\" || true || \"".to_owned()),
        Just("{{ 7 * 6 }}".to_owned()),
        Just("params.words".to_owned()),
        Just("{{ params.list }}".to_owned()),
        Just("2026-01-01T00:00:00Z".to_owned()),
        Just("*".to_owned()),
        Just("user_".to_owned()),
        Just("\u{202e}".to_owned()),
        "\\PC{0,6}",
    ];
    prop::collection::vec(pieces, 1..12)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("a text", |text| !text.trim().is_empty() && text != "*")
}

fn filled(words: &str, list: &[String]) -> Rule {
    let template = RuleTemplate::from_yaml(TEMPLATE).unwrap();
    let given: Map<String, Value> = json!({ "words": words, "list": list }).as_object().cloned().unwrap();
    let values = template.read(&given).unwrap();
    template.fill(&values).unwrap_or_else(|problems| panic!("{words:?} {list:?}: {problems:?}"))
}

/// Which variables each expression of a rule uses, by the place of the expression.
fn reads(rule: &Rule, sandbox: &Sandbox) -> Vec<Vec<String>> {
    let look = &rule.steps[0];
    let each = &look.then.as_ref().unwrap()[0];
    let expressions = [
        rule.condition.as_ref().unwrap().expression(),
        rule.policy.dedupe.as_ref().unwrap().key.clone(),
        look.condition.clone().unwrap(),
        each.for_each.clone().unwrap(),
        rule.steps[2].wait.as_ref().unwrap().event.as_ref().unwrap().condition.clone().unwrap(),
    ];
    let of = |source: &String| {
        let expr = Expr::compile(sandbox, source).unwrap_or_else(|problem| panic!("{source}: {problem}"));
        expr.variables().map(str::to_owned).collect()
    };
    expressions.iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_value_changes_nothing_but_itself(words in hostile(), list in prop::collection::vec(hostile(), 1..4)) {
        let sandbox = Sandbox::new();
        let (plain, rule) = (filled("plain", &["plain".to_owned()]), filled(&words, &list));

        // It compiles, and asks the same of the same.
        let compiled = Compiled::new(Arc::new(rule.clone()), &sandbox);
        prop_assert!(compiled.is_ok(), "{words:?} {list:?}: {:?}", compiled.err());
        prop_assert_eq!(reads(&rule, &sandbox), reads(&plain, &sandbox));
        prop_assert_eq!(rule.walk().len(), plain.walk().len());
        prop_assert_eq!(&rule.trigger.matches["body.kind"], &json!(words));
        prop_assert_eq!(&rule.name, &format!("Any {words}"));

        // A condition is met by the value itself, and by nothing else.
        let vars = |title: &str| Vars::new(Facts::from_json(json!({ "body": { "title": title, "id": "7" } })).unwrap(), DateTime::UNIX_EPOCH);
        let condition = Expr::compile(&sandbox, &rule.condition.as_ref().unwrap().expression()).unwrap();
        prop_assert!(condition.eval_bool(&vars(&words)).unwrap());
        prop_assert!(condition.eval_bool(&vars(&list[0])).unwrap());
        let other = format!("{words}{}x", list.concat());
        prop_assert!(!condition.eval_bool(&vars(&other)).unwrap());
        let key = Expr::compile(&sandbox, &rule.policy.dedupe.as_ref().unwrap().key).unwrap();
        prop_assert_eq!(key.eval_json(&vars("")).unwrap(), json!(format!("{words}7")));

        // Texts say what was given.
        let say = &rule.steps[0].then.as_ref().unwrap()[0].body.as_ref().unwrap()[0];
        let inside = vars("").with("one", json!("1"));
        let render = |name: &str| Template::compile(&sandbox, &say.with[name]).unwrap().render(&inside).unwrap();
        prop_assert_eq!(render("body"), json!(format!("{words} 1{words} {words}{words}")));
        prop_assert_eq!(render("alone"), json!(words.clone()));
        prop_assert_eq!(render("all"), json!(list));
        let stop = Template::text(&sandbox, &rule.steps[4].stop.as_ref().unwrap().reason).unwrap();
        prop_assert_eq!(stop.render(&inside).unwrap(), json!(words.clone()));
        let message = Template::text(&sandbox, rule.steps[3].approve.as_ref().unwrap().message.as_ref().unwrap()).unwrap();
        prop_assert_eq!(message.render(&inside).unwrap(), json!(format!("May {words}?")));

        // And what was made is a rule that can be written down and read again.
        let yaml = rule.to_yaml().unwrap();
        prop_assert_eq!(Rule::from_yaml(&yaml).map_err(|problems| format!("{problems:?}\n{yaml}")), Ok(rule));
    }
}
