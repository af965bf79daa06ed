//! Rules that cannot be meant, in JSON and YAML.

use reqwest::Method;
use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::Server;

use super::{Place, rule, with};

both_databases! {
    async fn a_broken_rule_is_refused_at_its_line_and_column(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let yaml = Some("application/yaml");
        let change = |pointer: &str, value: Value| with(&rule(), pointer, value);
        for (rule, pointer, said) in [
            (change("/condition", json!("task.priorty == \"high\"")), "/condition", "Did you mean `priority`"),
            (change("/condition", json!("task.priority ==")), "/condition", "line 1, column"),
            (change("/condition", json!("uper(task.title) == 'X'")), "/condition", "Did you mean `upper`"),
            (change("/condition", json!("task.key == 'X'\n  && tsk.key == 'X'")), "/condition", "line 2, column 6"),
            (change("/condition", json!({ "all": [{ "field": "task.status", "op": "eq", "value": "todo" }, { "not": { "field": "task.priorty", "op": "in", "value": ["high"] } }] })), "/condition/all/1/not/0", "Did you mean `priority`"),
            (change("/condition", json!({ "any": [{ "field": "tsk.key", "op": "eq", "value": "X" }] })), "/condition/any/0", "line 1, column 1"),
            (change("/trigger/on", json!("task.crated")), "/trigger/on", "Did you mean `task.created`"),
            (change("/steps/0/action", json!("task.coment")), "/steps/0/action", "Did you mean `task.comment`"),
            (change("/steps/0/with", json!({ "task": "x", "bdy": "y" })), "/steps/0/with", "Did you mean `body`"),
            (change("/steps/0/with/body", json!("{{ task.titel }}")), "/steps/0/with/body", "Did you mean `title`"),
            (change("/steps/0/with/body", json!("{{ task.title")), "/steps/0/with/body", ""),
            (change("/steps/0/id", json!("1st")), "/steps/0/id", ""),
            (change("/steps", json!([])), "/steps", ""),
            (change("/name", json!(" ")), "/name", ""),
            (change("/run_as", json!("user_01h455vb4pex5vsknk084sn02q")), "/run_as", "write `owner`"),
            (change("/run_as", json!("admin")), "/run_as", "write `owner`"),
            (change("/run_as", json!("")), "/run_as", "write `owner`"),
            (change("/steps/0/timeout", json!("101s")), "/steps/0/timeout", "at most 100s"),
            (change("/policy", json!({ "cause": { "max_depth": 51 } })), "/policy/cause/max_depth", "at most 50"),
        ] {
            let answer = api.post("/rules", rule.clone()).await.expect_problem(422, "rule_invalid");
            let (at, message) = (answer.text("/errors/0/pointer"), answer.text("/errors/0/message"));
            assert!(at.starts_with(pointer) && message.contains(said), "{at}: {message}");
            let checked = api.post("/rules/check", json!({ "rule": rule })).await.expect_status(200);
            assert_eq!((checked.at("/ok"), checked.at("/problems/0/severity")), (&json!(false), &json!("error")), "{:#}", checked.body);
            api.put(&format!("/rules/{}", place.rule), rule).await.expect_problem(422, "rule_invalid");
        }
        let bomb: String = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
            let before = level - 1;
            format!("{text}a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 9].join(", "))
        });
        for (text, status) in [
            ("name: x\ntrigger: [unclosed", 400), ("name: x\n\ttrigger: y", 400), ("&a [*a]", 400), ("name: &x\n  a: *x\nsteps: *x", 400), ("name: x\nname: y", 400),
            ("", 400), ("--- 1\n--- 2\n", 400), ("name: !!python/object:os.system x", 400), ("just text", 400), ("? [a]\n: b", 400),
            (bomb.as_str(), 400), (&format!("x: {}", "[".repeat(50_000)), 400), (&format!("x: {}", "- ".repeat(50_000)), 400), (&format!("{}x: 1", "a: {".repeat(5_000)), 400),
            ("name: x\ntrigger: { on: task.created, }\nsteps: [ { id: a, stop: succeeded } ]\nodd: 1", 400),
        ] {
            let answer = api.send_bytes(Method::POST, "/rules", yaml, text).await.expect_refusal();
            assert!(answer.status == status || answer.status == 422, "{}: {:#}", text.chars().take(60).collect::<String>(), answer.body);
            let said = answer.text("/errors/0/message");
            assert!(said.len() > 10 && said.len() < 1000, "{said}");
        }
        let odd = api.send_bytes(Method::POST, "/rules", yaml, "name: x\ntrigger: { on: task.created }\nsteps:\n- id: a\n  stp: succeeded\n").await.expect_refusal();
        let said = odd.text("/errors/0/message");
        assert!(said.contains("line 5") && said.contains("Did you mean `stop`"), "{said}");
        api.send_bytes(Method::POST, "/rules", yaml, &b"name: \xff"[..]).await.expect_problem(400, "malformed_rule");
        place.expect_untouched().await;
    }
}
