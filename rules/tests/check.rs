//! What an author is told about a rule that does not fit the events and actions there are.

use serde_json::{Value, json};
use trackside_rules::{Catalogue, Names, Problem, Rule, Sandbox, check, check_names};

fn catalogue() -> Catalogue {
    let event = json!({
        "type": "object",
        "properties": {
            "task": {"$ref": "#/$defs/Task"},
            "project": {"anyOf": [{"$ref": "#/$defs/Project"}, {"type": "null"}]},
            "change": {"type": "object", "properties": {"field": {"type": "string"}, "from": {"$ref": "#/$defs/Status"}, "to": {"$ref": "#/$defs/Status"}}},
        },
        "$defs": {
            "Status": {"type": "string", "enum": ["open", "blocked", "completed"]},
            "Task": {"type": "object", "properties": {
                "id": {"type": "string"}, "key": {"type": "string"}, "title": {"type": "string"}, "status": {"$ref": "#/$defs/Status"},
                "priority": {"oneOf": [{"type": "string", "const": "low"}, {"type": "string", "const": "high"}, {"type": "string", "const": "critical"}]},
                "labels": {"type": "array", "items": {"type": "string"}}, "due_at": {"type": ["string", "null"], "format": "date-time"},
                "points": {"type": ["integer", "null"]}, "done": {"type": "boolean"}, "custom": {"type": "object", "additionalProperties": true},
                "assignee": {"anyOf": [{"$ref": "#/$defs/User"}, {"type": "null"}]},
                "watchers": {"type": "array", "items": {"$ref": "#/$defs/User"}},
            }},
            "User": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}},
            "Project": {"type": "object", "properties": {"key": {"type": "string"}}},
        },
    });
    let hook = json!({"type": "object", "properties": {"hook": {"type": "object", "properties": {"name": {"type": "string"}}}, "body": true, "headers": true}});
    let action = |schema: Value| schema;
    Catalogue {
        events: [("task.status_changed", event.clone()), ("task.created", event), ("hook.received", hook)].map(|(kind, schema)| (kind.to_owned(), schema)).into(),
        actions: [
            ("slack.post_message", action(json!({"type": "object", "properties": {"channel": {"type": "string"}, "text": {"type": "string"}}, "required": ["channel", "text"], "additionalProperties": false}))),
            ("task.update", action(json!({"type": "object", "properties": {"task": {"type": "string"}, "status": {"$ref": "#/$defs/S"}, "points": {"type": ["integer", "null"]}, "labels": {"type": "array", "items": {"type": "string"}}}, "required": ["task"], "$defs": {"S": {"type": "string", "enum": ["open", "blocked"]}}}))),
            ("task.assign", action(json!({"type": "object", "properties": {"pick": {"type": "string"}}}))),
            ("notify.send", action(json!({"type": "object", "properties": {"to": {"type": "array", "items": {"type": "string"}}, "message": {"type": "string"}}}))),
        ]
        .map(|(name, schema)| (name.to_owned(), schema))
        .into(),
        outputs: [("slack.post_message".to_owned(), json!({"type": "object", "properties": {"ts": {"type": "string"}}}))].into(),
        outward: ["slack.post_message".to_owned()].into(),
    }
}

fn checked(change: impl FnOnce(&mut Value)) -> Vec<Problem> {
    let mut rule = json!({
        "name": "x", "trigger": {"on": "task.status_changed"},
        "steps": [{"id": "tell", "action": "slack.post_message", "with": {"channel": "#a", "text": "{{ task.key }}"}}],
    });
    change(&mut rule);
    let rule = Rule::from_value(&rule).unwrap_or_else(|problems| panic!("{problems:?}"));
    check(&rule, &catalogue(), &Sandbox::new())
}

fn condition(source: &str) -> Vec<Problem> {
    checked(|rule| rule["condition"] = json!(source))
}

#[test]
fn the_example_has_nothing_wrong_in_it() {
    let rule = Rule::from_json(include_str!("example.json")).expect("the example");
    assert_eq!(check(&rule, &catalogue(), &Sandbox::new()), []);
}

#[test]
fn what_is_right_passes() {
    for source in [
        "task.priority == 'high' && task.points > 3 && task.due_at < now + days(2)",
        "task.assignee.name == 'Ada' || task.assignee == ()",
        "task.labels.any(|l| l == 'x') && task.watchers.any(|w| w.name == task.title)",
        "task.custom.anything.at.all == 5",
        "task.status in ['open', 'blocked'] && change.to == 'blocked'",
        "task.title.lower().contains('x') && task.labels.len > 2 && task.title.len() > 1",
        "default(task.points, 0) > 2 && (task.due_at - now).hours < 3",
        "project.key == 'WEB' && event.id != 'x' && actor.id == task.id",
        "(if task.done { task.title } else { task.key }) == 'x'",
        "task.watchers.filter(|w| w.id != '').first().name == 'x'",
        "!task.done && 'x' + task.points == 'x5' && task.watchers[0].name == 'x'",
        "steps.tell.output.ts == 'x' && steps.tell.error == ()",
    ] {
        assert_eq!(condition(source), [], "{source}");
    }
}

#[test]
fn mistakes_in_expressions_are_found_with_place_and_nearest_name() {
    for (source, code, column, suggestion) in [
        ("task.priorty == 'high'", "unknown_field", 6, Some("priority")),
        ("task.assignee.nmae == 'x'", "unknown_field", 15, Some("name")),
        ("tsk.title == 'x'", "unknown_variable", 1, Some("task")),
        ("task.points == 'five'", "wrong_type", 13, None),
        ("task.title > 3", "wrong_type", 12, None),
        ("task.done == 'yes'", "wrong_type", 11, None),
        ("task.status == 'bloked'", "unknown_constant", 16, Some("blocked")),
        ("task.priority in ['high', 'critcal']", "unknown_constant", 27, Some("critical")),
        ("task.labels.contains(5)", "wrong_type", 13, None),
        ("task.title.containz('x')", "unknown_function", 12, Some("contains")),
        ("task.title.x == 1", "unknown_field", 12, None),
        ("task.title", "wrong_type", 1, None),
        ("task.title && true", "wrong_type", 1, None),
        ("task.watchers.any(|w| w.nam == 'x')", "unknown_field", 25, Some("name")),
        ("task.watchers.any(|w| w.id == task.titel)", "unknown_field", 36, Some("title")),
        ("steps.tel.output.ts == 'x'", "unknown_step", 7, Some("tell")),
        ("steps.tell.output.tx == 'x'", "unknown_field", 19, Some("ts")),
        ("task.status = 'x'", "syntax", 13, None),
        ("task.labels * 2 == 4", "wrong_type", 1, None),
        ("comment.text == 'x'", "unknown_variable", 1, None),
    ] {
        let problems = condition(source);
        let first = problems.first().unwrap_or_else(|| panic!("nothing found in {source}"));
        assert_eq!(
            (first.code.as_str(), first.column, first.suggestion.as_deref()),
            (code, Some(column), suggestion),
            "{source}: {first}"
        );
        assert_eq!((first.pointer.as_str(), first.line), ("/condition", Some(1)), "{source}");
    }
}

#[test]
fn mistakes_elsewhere_are_found_too() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str, &str, Option<&str>); 15] = [
        (
            |rule| rule["trigger"]["on"] = json!("task.status_chnged"),
            "unknown_event",
            "/trigger/on",
            Some("task.status_changed"),
        ),
        (
            |rule| rule["trigger"]["match"] = json!({"too": "blocked"}),
            "unknown_field",
            "/trigger/match/too",
            Some("to"),
        ),
        (
            |rule| rule["trigger"]["match"] = json!({"to": ["open", "blockd"]}),
            "unknown_constant",
            "/trigger/match/to/1",
            Some("blocked"),
        ),
        (
            |rule| rule["trigger"]["match"] = json!({"task.points": "x"}),
            "wrong_type",
            "/trigger/match/task.points",
            None,
        ),
        (
            |rule| rule["steps"][0]["action"] = json!("slack.post_mesage"),
            "unknown_action",
            "/steps/0/action",
            Some("slack.post_message"),
        ),
        (
            |rule| rule["steps"][0]["with"] = json!({"chanel": "x", "channel": "x", "text": "x"}),
            "unknown_input",
            "/steps/0/with/chanel",
            Some("channel"),
        ),
        (|rule| rule["steps"][0]["with"] = json!({"channel": "x"}), "missing_input", "/steps/0/with", None),
        (|rule| rule["steps"][0]["with"]["text"] = json!(5), "wrong_type", "/steps/0/with/text", None),
        (
            |rule| rule["steps"][0]["with"]["text"] = json!("{{ task.labels }}"),
            "wrong_type",
            "/steps/0/with/text",
            None,
        ),
        (
            |rule| rule["steps"][0]["with"]["text"] = json!("a {{ task.keey }}"),
            "unknown_field",
            "/steps/0/with/text",
            Some("key"),
        ),
        (
            |rule| {
                rule["steps"][0] = json!({"id": "u", "action": "task.update", "with": {"task": "x", "status": "opn"}})
            },
            "unknown_constant",
            "/steps/0/with/status",
            Some("open"),
        ),
        (
            |rule| {
                rule["steps"][0] =
                    json!({"id": "u", "action": "task.update", "with": {"task": "x", "labels": ["a", 5]}})
            },
            "wrong_type",
            "/steps/0/with/labels/1",
            None,
        ),
        (
            |rule| rule["steps"][0] = json!({"id": "u", "for_each": "task.watchers where nme == 'x'", "do": []}),
            "unknown_variable",
            "/steps/0/for_each",
            Some("name"),
        ),
        (
            |rule| rule["steps"][0] = json!({"id": "u", "for_each": "subtaks", "do": []}),
            "unknown_variable",
            "/steps/0/for_each",
            Some("subtasks"),
        ),
        (
            |rule| rule["steps"][0] = json!({"id": "u", "for_each": "task.watchers", "as": "w", "do": [{"id": "v", "action": "task.assign", "with": {"pick": "{{ w.idd }}"}}]}),
            "unknown_field",
            "/steps/0/do/0/with/pick",
            Some("id"),
        ),
    ];
    for (change, code, pointer, suggestion) in cases {
        let problems = checked(change);
        let first = problems.first().unwrap_or_else(|| panic!("nothing found for {code} at {pointer}"));
        assert_eq!(
            (first.code.as_str(), first.pointer.as_str(), first.suggestion.as_deref()),
            (code, pointer, suggestion),
            "{first}"
        );
    }
}

#[test]
fn a_hook_is_untyped_and_a_form_is_typed() {
    let problems = checked(|rule| {
        rule["trigger"] = json!({"on": "hook", "match": {"body.action": "opened"}});
        rule["condition"] = json!("body.pull_request.merged && headers['x-event'] == 'pr' && hook.name == 'x'");
        rule["steps"][0]["with"]["text"] = json!("{{ body.x.y[0].z }}");
    });
    assert_eq!(problems, []);
    let form = json!({"on": "manual", "form": {"severity": {"type": "choice", "options": ["low", "high"], "required": true}, "note": {"type": "string"}}});
    let problems = checked(|rule| {
        rule["trigger"] = form.clone();
        rule["condition"] = json!("inputs.severity == 'hgh'");
        rule["steps"][0]["with"]["text"] = json!("{{ inputs.nte }}");
    });
    let found: Vec<_> = problems.iter().map(|problem| (problem.code.as_str(), problem.suggestion.as_deref())).collect();
    assert_eq!(found, [("unknown_constant", Some("high")), ("unknown_field", Some("note"))]);
}

#[test]
fn secrets_stand_alone_and_only_in_what_goes_out() {
    let secret = |step: Value| checked(|rule| rule["steps"] = json!([step]));
    let text = |text: &str| {
        secret(json!({"id": "a", "action": "slack.post_message", "with": {"channel": "#a", "text": text}}))
    };
    assert_eq!(text("Bearer {{ secrets.TOKEN }}"), []);
    let code =
        |problems: Vec<Problem>| problems.first().map(|problem| (problem.code.clone(), problem.line, problem.column));
    let misplaced = Some(("secret_misplaced".to_owned(), Some(1), Some(4)));
    let not_alone = |column| Some(("secret_not_alone".to_owned(), Some(1), Some(column)));
    assert_eq!(code(text("{{ \"a\" + secrets.TOKEN }}")), not_alone(10));
    assert_eq!(code(text("{{ secrets[\"TOKEN\"] }}")), not_alone(4));
    assert_eq!(code(text("{{ secrets }}")), not_alone(4));
    assert_eq!(
        code(secret(json!({"id": "a", "action": "notify.send", "with": {"message": "{{ secrets.TOKEN }}"}}))),
        misplaced
    );
    assert_eq!(code(secret(json!({"id": "a", "stop": "{{ secrets.TOKEN }}"}))), misplaced);
    for source in ["secrets.TOKEN != ()", "task.labels.any(|l| l == secrets.TOKEN)"] {
        assert_eq!(condition(source)[0].code, "secret_misplaced", "{source}");
    }
    let inside =
        json!({"id": "l", "for_each": "task.labels where item == secrets.TOKEN", "do": [{"id": "e", "stop": ""}]});
    assert_eq!(secret(inside)[0].code, "secret_misplaced");
    assert_eq!(secret(json!({"id": "s", "script": "let a = secrets.TOKEN; a"}))[0].code, "secret_misplaced");
    let waits = json!({"id": "w", "wait": {"event": {"on": "task.created", "if": "task.title == vars.TITLE"}}});
    assert_eq!(secret(waits)[0].code, "variable_misplaced");
}

#[test]
fn names_of_variables_and_secrets_are_held_against_those_there_are() {
    let mut names = Names::default();
    names.add_variable("LIMIT", &json!(3), true);
    names.add_variable("HOST", &json!("a"), false);
    names.add_secret("TOKEN", true);
    let check = |condition: &str, text: &str| {
        let rule = json!({"name": "x", "trigger": {"on": "task.created"}, "condition": condition,
            "steps": [{"id": "tell", "action": "slack.post_message", "with": {"channel": "#a", "text": text}}]});
        let rule = Rule::from_value(&rule).unwrap();
        let problems = check_names(&rule, &catalogue(), Some(&names), &Sandbox::new());
        problems
            .into_iter()
            .map(|problem| (problem.code.clone(), problem.column, problem.suggestion))
            .collect::<Vec<_>>()
    };
    assert_eq!(check("vars.LIMIT > 2", "{{ secrets.TOKEN }} {{ vars.LIMIT }}"), []);
    assert_eq!(check("vars.LIMITS > 2", ""), [("no_such_variable".to_owned(), Some(6), Some("LIMIT".to_owned()))]);
    assert_eq!(
        check("true", "{{ secrets.TOKENS }}"),
        [("no_such_secret".to_owned(), Some(12), Some("TOKEN".to_owned()))]
    );
    assert_eq!(check("vars.HOST == \"a\"", ""), [("not_everywhere".to_owned(), Some(6), None)]);
    assert_eq!(check("vars.LIMIT == \"a\"", "")[0].0, "wrong_type");
}

#[test]
fn variables_that_cannot_be_there_are_errors_at_their_place() {
    let at = |problems: &[Problem]| -> Vec<(String, String)> {
        problems.iter().map(|problem| (problem.code.clone(), problem.pointer.clone())).collect()
    };
    let unknown = |pointer: &str| vec![("unknown_variable".to_owned(), pointer.to_owned())];
    for (source, hint) in [("inputs.x == 1", "manual"), ("body.x == 1", "hook"), ("headers.x == 'y'", "hook")] {
        let found = condition(source);
        assert_eq!(at(&found), unknown("/condition"), "{source}");
        assert!(found[0].message.contains(hint), "{found:?}");
    }
    let found = checked(|rule| rule["policy"] = json!({"dedupe": {"key": "body.order"}}));
    assert_eq!(at(&found), unknown("/policy/dedupe/key"));
    let found = checked(|rule| rule["policy"] = json!({"dedupe": {"key": "steps.tell.output.ts"}}));
    assert_eq!(at(&found), [("unknown_step".to_owned(), "/policy/dedupe/key".to_owned())]);
    let found = checked(|rule| {
        rule["trigger"] = json!({"on": "manual", "form": {"x": {"type": "integer"}}});
        rule["steps"] =
            json!([{"id": "until", "wait": {"event": {"on": "task.created", "if": "inputs.x == 1", "timeout": "1h"}}}]);
    });
    assert!(at(&found).contains(&("unknown_variable".to_owned(), "/steps/0/wait/event/if".to_owned())), "{found:?}");
    // A hook has them all, a form its inputs.
    let found = checked(|rule| {
        rule["trigger"]["on"] = "hook".into();
        rule["condition"] = "body.x == 1 && headers.y == 'z'".into();
        rule["steps"][0]["with"]["text"] = "x".into();
    });
    assert_eq!(at(&found), []);
}

#[test]
fn no_branch_sees_what_another_beside_it_did() {
    let post = |id: &str, text: &str| json!({"id": id, "action": "slack.post_message", "with": {"channel": "#a", "text": text}});
    let found = checked(|rule| {
        rule["steps"] = json!([
            {"id": "both", "parallel": [
                {"steps": [post("one", "x"), post("again", "{{ steps.one.output.ts }}")]},
                {"steps": [post("two", "{{ steps.one.output.ts }}")]},
            ]},
            post("after", "{{ steps.one.output.ts }} {{ steps.two.output.ts }}"),
        ]);
    });
    let told: Vec<(&str, &str)> =
        found.iter().map(|problem| (problem.code.as_str(), problem.pointer.as_str())).collect();
    assert_eq!(told, [("unknown_step", "/steps/0/parallel/1/steps/0/with/text")], "{found:?}");
    assert!(found[0].message.contains("use it after `parallel`"), "{found:?}");
}

#[test]
fn a_match_on_a_field_of_the_task_is_told_where_the_task_is() {
    let found = checked(|rule| rule["trigger"]["match"] = json!({"priority": "critical"}));
    assert_eq!(found[0].suggestion.as_deref(), Some("task.priority"), "{found:?}");
    let found = checked(|rule| rule["trigger"]["match"] = json!({"task.title": false}));
    assert!(found[0].message.contains("YAML reads `no`"), "{found:?}");
    let found = condition("task.status and task.done");
    assert!(found[0].message.contains("Write `&&`"), "{found:?}");
}

#[test]
fn shapes_are_told_without_words_of_the_language_that_reads_them() {
    for (text, wanted) in [
        ("[]", "expected an object."),
        (
            "{\"name\": \"x\", \"trigger\": {\"on\": \"task.created\"}, \"steps\": [], \"policy\": {\"budget\": {\"runs_per_day\": -1}}}",
            "a whole number from 0 on",
        ),
    ] {
        let found = Rule::from_json(text).unwrap_err();
        assert!(found[0].message.contains(wanted), "{found:?}");
    }
}
