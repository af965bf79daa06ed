use serde_json::{Map, Value, json};

use super::*;
use crate::facts::{Facts, Vars};
use crate::{Sandbox, Template};

const YAML: &str = r#"
slug: greet
name: Greet
summary: Greets.
category: people
parameters:
  projects: { type: project, many: true, label: Where, default: [] }
  label: { type: label, label: Which label, default: new }
  words: { type: text, label: What is said, example: Hello }
  idle: { type: duration, label: How long, default: 3d }
  at: { type: time, label: When, default: "08:05" }
  most: { type: number, label: How many, default: 5, min: 1, max: 9 }
rule:
  name: "Greet {{ params.label }}"
  scope: { projects: "{{ params.projects }}" }
  trigger: { on: task.updated, match: { task.labels: "{{ params.label }}" } }
  condition: task.updated_at < now - params.idle && params.label in task.labels && params.label.lower() == 'new'
  steps:
    - id: say
      action: task.comment
      with: { task: "{{ task.id }}", body: "{{ params.words }}, {{ task.title + params.words }}! ({{ params.most }})" }
    - { id: end, stop: "{{ params.words }}" }
"#;

fn template() -> RuleTemplate {
    RuleTemplate::from_yaml(YAML).unwrap()
}

fn given(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[test]
fn values_stand_where_the_template_says_params() {
    let template = template();
    let values = template.read(&given(json!({ "words": "Hi", "projects": ["WEB"], "idle": "48h" }))).unwrap();
    let rule = template.fill(&values).unwrap();
    assert_eq!(rule.name, "Greet new");
    assert_eq!(rule.scope.projects, ["WEB"]);
    assert_eq!(rule.trigger.matches["task.labels"], "new");
    assert_eq!(
        rule.condition.unwrap().expression(),
        r#"task.updated_at < now - seconds(172800) && "new" in task.labels && "new".lower() == 'new'"#
    );
    assert_eq!(rule.steps[0].with["body"], r#"Hi, {{ task.title + "Hi" }}! (5)"#);
    assert_eq!(rule.steps[1].stop.as_ref().unwrap().reason, "Hi");
    let unused: Vec<&str> = template.parameters.keys().map(String::as_str).filter(|name| *name == "at").collect();
    assert_eq!(unused, ["at"]);
    assert!(!template.used().contains("at") && template.used().contains("most"));
}

#[test]
fn braces_and_quotes_stay_words() {
    let template = template();
    for words in ["{{ 1 + 1 }}", "\"}} {{ steps", "a\"b\\c\nd", "{", "}}", "{{", "`${x}`", "' + task.id + '", "ü{{{"] {
        let values = template.read(&given(json!({ "words": words }))).unwrap();
        let rule = template.fill(&values).unwrap();
        let sandbox = Sandbox::new();
        let vars = Vars::new(
            Facts::from_json(json!({ "task": { "id": "t", "title": "T" } })).unwrap(),
            chrono::DateTime::UNIX_EPOCH,
        );
        let body = Template::compile(&sandbox, &rule.steps[0].with["body"]).unwrap().render(&vars).unwrap();
        assert_eq!(body, format!("{words}, T{words}! (5)"));
        let end =
            Template::text(&sandbox, &rule.steps[1].stop.as_ref().unwrap().reason).unwrap().render(&vars).unwrap();
        assert_eq!(end, words);
    }
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    let template = template();
    let refused = |value: Value| {
        let problems = template.read(&given(value)).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(refused(json!({})), "/words: This is needed: What is said.");
    assert!(
        refused(json!({ "wrods": "x", "words": "x" }))
            .contains("/wrods: There is no parameter `wrods`. Did you mean `words`?")
    );
    for (value, said) in [
        (json!({ "words": "" }), "/words: This must be a text of 1 to 1000 characters."),
        (json!({ "words": 7 }), "/words: This must be a text"),
        (json!({ "words": "\u{0}" }), "control characters"),
        (json!({ "words": "x", "most": 10 }), "/most: This must be a whole number from 1 to 9."),
        (json!({ "words": "x", "most": "2" }), "/most: This must be a whole number"),
        (json!({ "words": "x", "idle": "soon" }), "/idle: `soon` is not a length of time"),
        (json!({ "words": "x", "idle": "0s" }), "/idle: This must be at least a second"),
        (json!({ "words": "x", "idle": "1500ms" }), "whole seconds"),
        (json!({ "words": "x", "at": "24:00" }), "/at: This must be a time of day"),
        (json!({ "words": "x", "label": " " }), "/label: This must be a label"),
        (json!({ "words": "x", "projects": "WEB" }), "/projects: This is a list; each item is a project's key or id."),
        (json!({ "words": "x", "projects": ["WEB", 1] }), "/projects/1: This must be a project's key or id."),
        (json!({ "words": "x", "projects": vec!["WEB"; 51] }), "At most 50"),
    ] {
        let told = refused(value.clone());
        assert!(told.contains(said), "{value}: {told}");
    }
    // `*` would be met by anything.
    let values = template.read(&given(json!({ "words": "x", "label": "*" }))).unwrap();
    assert_eq!(template.fill(&values).unwrap_err()[0].pointer, "/label");
}

#[test]
fn each_kind_of_answer_knows_its_own() {
    for (kind, good, bad) in [
        ("status", json!("in_review"), json!("In review")),
        ("person", json!("lea@acme.example"), json!("Lea")),
        ("recipient", json!("role:project_manager"), json!("role:boss")),
        ("recipient", json!("owner"), json!("nobody")),
        ("zone", json!("Europe/Berlin"), json!("Mars/Olympus")),
        ("channel", json!("#general"), json!("two words")),
        ("url", json!("https://example.com/x"), json!("ftp://example.com")),
        ("url", json!("http://example.com"), json!("https://")),
        ("hook", json!("github"), json!("a\nb")),
        ("time", json!("23:59"), json!("9:00")),
    ] {
        let parameter: Parameter = serde_json::from_value(json!({ "type": kind, "label": "X" })).unwrap();
        assert_eq!(parameter.read(&good), Ok(good.clone()), "{kind}");
        assert!(parameter.read(&bad).is_err(), "{kind}: {bad}");
    }
    let choice: Parameter =
        serde_json::from_value(json!({ "type": "choice", "label": "X", "options": ["a", "b"], "many": true })).unwrap();
    assert!(choice.read(&json!(["a", "c"])).unwrap_err().1.contains("`a`, `b`"));
    assert!(choice.read(&json!([])).unwrap_err().1.contains("at least one"));
    assert_eq!(choice.schema()["items"]["enum"], json!(["a", "b"]));
}

#[test]
fn a_time_gives_its_hour_and_its_minute() {
    let yaml = YAML.replace(
        "trigger: { on: task.updated, match: { task.labels: \"{{ params.label }}\" } }",
        "trigger: { on: schedule, cron: \"{{ params.at.minute }} {{ params.at.hour }} * * *\" }",
    );
    let template = RuleTemplate::from_yaml(&yaml).unwrap();
    let rule = template.fill(&template.read(&given(json!({ "words": "x" }))).unwrap()).unwrap();
    assert_eq!(rule.trigger.cron.unwrap(), "5 8 * * *");
}

#[test]
fn the_schema_says_what_is_needed() {
    let schema = template().schema();
    assert_eq!(schema["required"], json!(["words"]));
    assert_eq!(schema["properties"]["most"]["maximum"], 9);
    assert_eq!(schema["properties"]["projects"]["minItems"], 0);
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_template_that_asks_for_what_it_does_not_have_is_refused() {
    let template = RuleTemplate::from_yaml(&YAML.replace("params.most", "params.least")).unwrap();
    let values = template.read(&given(json!({ "words": "x" }))).unwrap();
    let problems = template.fill(&values).unwrap_err();
    assert_eq!(problems[0].pointer, "/steps/0/with/body");
    assert!(problems[0].message.contains("`least`"));
}
