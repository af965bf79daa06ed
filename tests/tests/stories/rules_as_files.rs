//! Rules as files in a repository: `trackside rules export|check|diff|apply DIR`, as people and pipelines use it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Server};

use super::commands::{Ended, RULE, run, trackside};

/// A server, its owner, a token of a pipeline, and a folder with a rule in it.
struct Repository {
    db: Database,
    server: Server,
    api: Api,
    token: String,
    dir: PathBuf,
}

impl Repository {
    async fn open(db: &Database, scopes: Value) -> Self {
        let server = Server::start(db).await;
        let api = Api::set_up(&server).await;
        let token = json!({ "name": "pipeline", "scopes": scopes });
        let token = api.post("/tokens", token).await.expect_status(201).text("/token");
        let dir = db.folder().join("rules");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("blocked.yaml"), RULE).unwrap();
        Self { db: db.clone(), server, api, token, dir }
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.dir.join(file), text).unwrap();
    }

    /// `trackside rules <what> DIR <more>`.
    async fn rules(&self, what: &str, more: &[&str]) -> Ended {
        let dir = self.dir.to_str().unwrap();
        let arguments = [&["rules", what, dir], more].concat();
        run(&self.db, &arguments, &[("TRACKSIDE_URL", self.server.url()), ("TRACKSIDE_TOKEN", &self.token)]).await
    }

    /// The server's rules: name → (id, version, state).
    async fn known(&self) -> BTreeMap<String, (String, i64, String)> {
        let page = self.api.get("/rules?limit=200").await.expect_status(200);
        let items = page.at("/items").as_array().unwrap().iter();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        items
            .map(|item| {
                (text(item, "name"), (text(item, "id"), item["version"].as_i64().unwrap(), text(item, "state")))
            })
            .collect()
    }
}

fn rule(name: &str) -> String {
    format!("name: {name}\ntrigger:\n  on: task.created\nsteps:\n- id: end\n  stop: succeeded\n")
}

/// The texts of a folder's files, by name.
fn texts(dir: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

both_databases! {
    /// Two pipelines that apply the same new files at one moment make each rule once.
    async fn rules_that_somebody_made_meanwhile_are_not_made_twice(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let rule = json!({ "name": "Once", "trigger": { "on": "task.created" }, "steps": [{ "id": "end", "stop": "" }] });
        let apply = || api.post("/rules/apply", json!({ "create": [rule] }));
        let (one, two, three) = tokio::join!(apply(), apply(), apply());
        let mut answers = [one.status, two.status, three.status];
        answers.sort_unstable();
        assert_eq!(answers, [200, 412, 412]);
        assert_eq!(db.count("rules").await, 1);
        apply().await.expect_problem(412, "stale");
    }

    async fn files_are_compared_and_applied_and_a_second_time_does_nothing(db) {
        let repository = Repository::open(&db, json!(["rule.*", "notification.send"])).await;
        let diff = repository.rules("diff", &[]).await.expect(1);
        assert!(diff.out.contains("+name: Say that work is blocked") && diff.out.contains("blocked.yaml"), "{}", diff.out);
        assert!(!diff.out.contains('\u{1b}'), "no colours where no terminal is");
        let coloured = repository.rules("diff", &["--color", "always"]).await.expect(1);
        assert!(coloured.out.contains("\u{1b}[32m+name: Say that work is blocked\u{1b}[0m"), "{:?}", coloured.out);
        let told: Value = serde_json::from_str(&repository.rules("diff", &["--format", "json"]).await.expect(1).out).unwrap();
        assert_eq!((&told["rules"][0]["change"], &told["rules"][0]["name"]), (&json!("new"), &json!("Say that work is blocked")));
        let applied = repository.rules("apply", &["--enable", "--yes"]).await.expect(0);
        assert!(applied.out.contains("+name: Say that") && applied.out.ends_with("1 rule new\n"), "{}", applied.out);
        let first = repository.known().await;
        let (id, version, state) = first["Say that work is blocked"].clone();
        assert_eq!((version, state.as_str()), (1, "enabled"));
        assert_eq!(repository.rules("diff", &[]).await.expect(0).out, "");
        let again = repository.rules("apply", &[]).await.expect(0);
        assert!(again.out.contains("nothing to change"), "{}", again.out);
        let told: Value = serde_json::from_str(&repository.rules("apply", &["--format", "json"]).await.expect(0).out).unwrap();
        assert_eq!((&told["applied"], &told["rules"]), (&json!(true), &json!([])));
        assert_eq!(repository.known().await, first);

        // A change is a new version of the same rule; a comment is none.
        repository.write("blocked.yaml", &format!("# Ask the owner first.\n{RULE}"));
        repository.rules("diff", &[]).await.expect(0);
        repository.write("blocked.yaml", &RULE.replace("\"high\", ", ""));
        let diff = repository.rules("diff", &[]).await.expect(1);
        assert!(diff.out.contains("-condition:") && diff.out.contains("+condition:"), "{}", diff.out);
        repository.rules("apply", &[]).await.expect(0);
        assert_eq!(repository.known().await["Say that work is blocked"], (id, 2, "enabled".into()));

        // What has no file stays, unless it is to be paused or to go.
        let other = json!({ "name": "Other", "trigger": { "on": "task.created" }, "steps": [{ "id": "end", "stop": "succeeded" }] });
        let other = repository.api.post("/rules", other).await.expect_status(201).text("/id");
        repository.api.post(&format!("/rules/{other}/enable"), json!({})).await.expect_status(200);
        repository.rules("diff", &[]).await.expect(0);
        let diff = repository.rules("diff", &["--prune=pause"]).await.expect(1);
        assert!(diff.out.contains("“Other” has no file and is to be paused"), "{}", diff.out);
        repository.rules("apply", &["--prune=pause"]).await.expect(0);
        assert_eq!(repository.known().await["Other"].2, "paused");
        assert!(repository.rules("apply", &["--prune=pause"]).await.expect(0).out.contains("nothing to change"));
        let diff = repository.rules("diff", &["--prune"]).await.expect(1);
        assert!(diff.out.contains("-name: Other"), "{}", diff.out);
        assert!(repository.rules("apply", &["--prune"]).await.expect(0).out.ends_with("1 rule deleted\n"));
        assert!(!repository.known().await.contains_key("Other"));

        // The wrong folder takes nothing with it.
        for name in texts(&repository.dir).keys() {
            std::fs::remove_file(repository.dir.join(name)).unwrap();
        }
        let refused = repository.rules("apply", &["--prune"]).await.expect(1);
        assert!(refused.err.contains("--allow-empty"), "{}", refused.err);
        assert!(!repository.known().await.is_empty());
        repository.rules("apply", &["--prune", "--allow-empty"]).await.expect(0);
        assert!(repository.known().await.is_empty());
    }

    async fn what_is_exported_and_applied_is_exported_the_same(db) {
        let repository = Repository::open(&db, json!(["rule.*", "notification.send", "variable.*", "secret.*"])).await;
        let api = &repository.api;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        for (name, value) in [("LIMIT", json!(3)), ("HOST", json!("https://ci.example.org")), ("TAGS?project=WEB", json!(["a", "b: c"]))] {
            api.put(&format!("/variables/{name}"), json!({ "value": value })).await.expect_status(200);
        }
        api.put("/secrets/TOKEN", json!({ "value": "never-in-a-file" })).await.expect_status(200);
        repository.rules("apply", &[]).await.expect(0);
        let odd = json!({ "name": "Odd: \"quoted\" #1", "description": "Two\nlines\n", "trigger": { "on": "task.created", "match": { "task.priority": ["high"] } },
            "condition": "vars.LIMIT > 2 &&\n  'x' in task.labels",
            "steps": [{ "id": "each", "for_each": "subtasks", "do": [{ "id": "end", "stop": "{{ vars.HOST }}\n- a" }] }] });
        api.post("/rules", odd).await.expect_status(201);
        let out = repository.db.folder().join("exported");
        let export = async || {
            let variables = [("TRACKSIDE_URL", repository.server.url()), ("TRACKSIDE_TOKEN", repository.token.as_str())];
            run(&repository.db, &["rules", "export", out.to_str().unwrap(), "--variables"], &variables).await.expect(0)
        };
        assert_eq!(export().await.out.lines().filter(|line| line.starts_with("wrote")).count(), 3);
        let first = texts(&out);
        assert_eq!(first.keys().collect::<Vec<_>>(), ["odd-quoted-1.yaml", "say-that-work-is-blocked.yaml", "variables.yaml"]);
        assert!(first["variables.yaml"].contains("TOKEN") && !first["variables.yaml"].contains("never-in-a-file"), "{}", first["variables.yaml"]);
        let there = Repository { dir: out.clone(), ..repository };
        there.rules("check", &[]).await.expect(0);
        assert!(there.rules("apply", &["--prune"]).await.expect(0).out.contains("nothing to change"));
        // Made anew from the files, all is as it was.
        for (id, _, _) in there.known().await.into_values() {
            there.api.delete(&format!("/rules/{id}")).await.expect_status(204);
        }
        there.api.delete("/variables/LIMIT").await.expect_status(204);
        there.rules("apply", &[]).await.expect(0);
        assert_eq!(there.api.get("/variables/LIMIT").await.at("/value"), &json!(3));
        let fresh = there.db.folder().join("again");
        let again = Repository { dir: fresh.clone(), ..there };
        again.rules("export", &["--variables"]).await.expect(0);
        assert_eq!(texts(&fresh), first);

        // What people wrote stays where the rule is the same, and what changed is written.
        let file = fresh.join("odd-quoted-1.yaml");
        let commented = format!("# Nobody knows why.\n{}", first["odd-quoted-1.yaml"]);
        std::fs::write(&file, &commented).unwrap();
        again.write("say-that-work-is-blocked.yaml", "# Old\nname: Say that work is blocked\ntrigger: { on: task.created }\nsteps: [{ id: a, stop: succeeded }]\n");
        let told = again.rules("export", &[]).await.expect(0).out;
        assert!(told.contains("same  ") && told.contains("wrote "), "{told}");
        let now = texts(&fresh);
        assert_eq!((&now["odd-quoted-1.yaml"], &now["say-that-work-is-blocked.yaml"]), (&commented, &first["say-that-work-is-blocked.yaml"]));
    }

    async fn all_is_applied_or_nothing(db) {
        let repository = Repository::open(&db, json!(["rule.*", "notification.send", "variable.*", "secret.*", "connection.use"])).await;
        repository.rules("apply", &[]).await.expect(0);
        let before = repository.known().await;
        // A file that cannot be read, and one that is wrong.
        repository.write("blocked.yaml", &RULE.replace("high", "low"));
        repository.write("broken.yaml", "name: [unclosed");
        let refused = repository.rules("apply", &[]).await.expect(1);
        assert!(refused.err.contains("broken.yaml:1:") && refused.err.contains("nothing was changed"), "{}", refused.err);
        repository.rules("diff", &[]).await.expect(1);
        repository.write("broken.yaml", &RULE.replace("Say that", "Never say that").replace("task.priority", "task.priorty"));
        let refused = repository.rules("apply", &["--yes"]).await.expect(1);
        assert!(refused.err.contains("broken.yaml:6:17: error:") && refused.err.contains("Did you mean `priority`"), "{}", refused.err);
        assert_eq!(repository.known().await, before);
        // What only the server knows: a variable that is not there, at its place; and what a token may not do.
        let calls = |name: &str, text: &str| format!("name: {name}\ntrigger:\n  on: task.created\nsteps:\n- id: call\n  action: http.request\n  with:\n    method: POST\n    url: https://example.org\n    text: {text}\n");
        repository.write("broken.yaml", &calls("Calls", "'{{ vars.NO_SUCH }}'"));
        let refused = repository.rules("apply", &[]).await.expect(1);
        assert!(refused.err.contains("broken.yaml:10:") && refused.err.contains("There is no variable `NO_SUCH`"), "{}", refused.err);
        assert_eq!(repository.known().await, before, "nor the other file's rule");
        let told: Value = serde_json::from_str(&repository.rules("apply", &["--format", "json"]).await.expect(1).out).unwrap();
        assert_eq!((&told["applied"], &told["problems"][0]["line"]), (&json!(false), &json!(10)));

        // With the variables beside it, it is there before the rule is.
        repository.write("variables.yaml", "variables:\n  NO_SUCH: at last\nsecrets: [TOKEN]\n");
        repository.write("more.yaml", &calls("Hands on", "'{{ secrets.TOKEN }}'"));
        let diff = repository.rules("diff", &[]).await.expect(1);
        assert!(diff.out.contains("+  NO_SUCH: at last") && diff.out.contains("no secret `TOKEN`; set it with PUT /api/v1/secrets/TOKEN"), "{}", diff.out);
        let refused = repository.rules("apply", &[]).await.expect(1);
        assert!(refused.err.contains("no secret `TOKEN`"), "{}", refused.err);
        assert_eq!(repository.known().await, before);
        repository.api.put("/secrets/TOKEN", json!({ "value": "never-in-a-file" })).await.expect_status(200);
        let applied = repository.rules("apply", &["--enable"]).await.expect(0);
        assert!(applied.out.ends_with("2 rules new, 1 rule changed, 1 variable changed\n"), "{}", applied.out);
        assert_eq!(repository.api.get("/variables/NO_SUCH").await.text("/value"), "at last");
        assert!(repository.rules("apply", &["--prune"]).await.expect(0).out.contains("nothing to change"));
        // With --prune, variables go with their lines.
        repository.write("variables.yaml", "variables: {}\n");
        std::fs::remove_file(repository.dir.join("broken.yaml")).unwrap();
        std::fs::remove_file(repository.dir.join("more.yaml")).unwrap();
        repository.rules("apply", &["--prune"]).await.expect(0);
        repository.api.get("/variables/NO_SUCH").await.expect_problem(404, "variable_not_found");
    }

    async fn several_rules_are_changed_together_over_the_interface(db) {
        let repository = Repository::open(&db, json!(["rule.*"])).await;
        let (api, narrow) = (&repository.api, repository.api.with_token(&repository.token));
        let rule = |name: &str| json!({ "name": name, "trigger": { "on": "task.created" }, "steps": [{ "id": "end", "stop": "succeeded" }] });
        let made = api.post("/rules/apply", json!({ "create": [rule("A"), rule("B")], "enable": true })).await.expect_status(200);
        assert_eq!((made.text("/created/0/name"), made.text("/created/1/state")), ("A".into(), "enabled".into()));
        let (a, b) = (made.text("/created/0/id"), made.text("/created/1/id"));
        let mut changed = rule("A");
        changed["description"] = json!("More");
        let replace = |version: i64| json!({ "create": [rule("C")], "replace": [{ "id": a, "version": version, "rule": changed }], "delete": [b] });
        let stale = api.post("/rules/apply", replace(7)).await.expect_problem(412, "stale");
        assert_eq!(stale.text("/errors/0/pointer"), "/replace/0");
        assert_eq!(repository.known().await.len(), 2, "all or nothing");
        let done = api.post("/rules/apply", replace(1)).await.expect_status(200);
        assert_eq!((done.text("/replaced/0/id"), done.at("/replaced/0/version"), done.text("/deleted/0/id")), (a, &json!(2), b));
        let wrong = api.post("/rules/apply", json!({ "create": [rule("D"), { "name": "E" }] })).await.expect_refusal();
        assert!(wrong.body.to_string().contains("/create/1"), "{:#}", wrong.body);
        let many: Vec<Value> = (0..501).map(|number| rule(&number.to_string())).collect();
        api.post("/rules/apply", json!({ "create": many })).await.expect_problem(422, "too_many_rules");
        let variables = json!({ "variables": { "set": [{ "name": "A", "value": 1 }] } });
        narrow.post("/rules/apply", variables.clone()).await.expect_problem(403, "denied");
        api.post("/rules/apply", variables).await.expect_status(200);
        narrow.post("/rules/apply", json!({ "create": [rule("F")] })).await.expect_status(200);
    }

    async fn who_cannot_be_asked_is_told_apart_from_a_difference(db) {
        let repository = Repository::open(&db, json!(["rule.*", "notification.send"])).await;
        let (dir, url) = (repository.dir.to_str().unwrap(), repository.server.url());
        let wrong = run(&db, &["rules", "diff", dir], &[("TRACKSIDE_URL", url), ("TRACKSIDE_TOKEN", "trk_pat_nonsense")]).await;
        let wrong = wrong.expect(2).err;
        assert!(wrong.contains("/api/v1/rules") && wrong.contains("token"), "{wrong}");
        let none = run(&db, &["rules", "diff", dir], &[("TRACKSIDE_URL", url)]).await;
        assert!(none.expect(2).err.contains("TRACKSIDE_TOKEN"));
        for what in ["diff", "apply", "export"] {
            let away = repository.rules(what, &["--url", "http://127.0.0.1:1"]).await;
            assert!(away.expect(2).err.contains("127.0.0.1:1"), "{what}");
            if what != "export" {
                let folder = run(&db, &["rules", what, "no-such-folder"], &[("TRACKSIDE_URL", url), ("TRACKSIDE_TOKEN", &repository.token)]).await;
                assert!(folder.expect(2).err.contains("no-such-folder"), "{what}");
            }
        }
        // A token that may only look can compare, and is refused by name when it changes.
        let scopes = json!({ "name": "looks", "scopes": ["rule.view"] });
        let looks = Repository { token: repository.api.post("/tokens", scopes).await.expect_status(201).text("/token"), ..repository };
        looks.rules("diff", &[]).await.expect(1);
        assert!(looks.rules("apply", &[]).await.expect(2).err.contains("rule.edit"));
    }
}

#[test]
fn files_are_checked_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let check = |more: &[&str]| trackside(here, &[&["rules", "check", "."], more].concat(), &[]);
    let write = |file: &str, text: &str| std::fs::write(here.join(file), text).unwrap();
    assert!(check(&[]).expect(2).err.contains("there is no rule in"));
    assert!(trackside(here, &["rules", "check", "no-such-folder"], &[]).expect(2).err.contains("no-such-folder"));
    write("blocked.yaml", RULE);
    let well = check(&[]).expect(0);
    assert_eq!(well.out, "1 rule checked, 0 errors, 0 warnings\n");

    // Each problem at its place in the file.
    write("twin.yaml", &format!("# The same once more\n{RULE}"));
    write("typo.yml", &RULE.replace("Say", "Do not say").replace("task.priority", "task.priorty"));
    write("key.yaml", &rule("Key").replace("steps:", "stepps:"));
    write("syntax.yaml", "name: x\ntrigger: [\n");
    write("inside.yaml", &rule("Inside").replace("stop: succeeded", "stop: >-\n    {{ tusk.key }}"));
    std::fs::create_dir(here.join("deep")).unwrap();
    write("deep/quoted.yaml", &rule("Quoted").replace("stop: succeeded", "stop: \"a \\\"b\\\" {{ tusk.key }}\""));
    let wrong = check(&[]).expect(1).out;
    for line in [
        "./deep/quoted.yaml:6:21: error: There is no variable `tusk` here. Did you mean `task`?",
        "./inside.yaml:7:8: error: There is no variable `tusk` here. Did you mean `task`?",
        "./key.yaml:4:1: error: Unknown field `stepps`",
        "./syntax.yaml:",
        "./twin.yaml:2:1: error: A rule is called `Say that work is blocked` in ./blocked.yaml already",
        "./typo.yml:6:17: error:",
    ] {
        assert!(wrong.lines().any(|told| told.starts_with(line)), "{line}\n{wrong}");
    }
    assert!(wrong.ends_with("7 rules checked, 6 errors, 0 warnings\n"), "{wrong}");
    let told: Value = serde_json::from_str(&check(&["--format", "json"]).expect(1).out).unwrap();
    assert_eq!((&told["ok"], &told["errors"], &told["rules"]), (&json!(false), &json!(6), &json!(7)));
    assert_eq!(
        told["problems"][0],
        json!({ "path": "./deep/quoted.yaml", "line": 6, "column": 21, "severity": "error", "code": "unknown_variable",
        "pointer": "/steps/0/stop", "message": "There is no variable `tusk` here.", "suggestion": "task" })
    );
}

#[test]
fn files_are_checked_against_one_another_and_their_variables() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let check = |more: &[&str]| trackside(here, &[&["rules", "check", "."], more].concat(), &[]);
    let sets = |name: &str, on: &str, with: &str, policy: &str| {
        let text = format!(
            "name: {name}\ntrigger:\n  on: {on}\nsteps:\n- id: set\n  action: task.update\n  with:\n    task: '{{{{ task.id }}}}'\n    {with}\n{policy}"
        );
        std::fs::write(here.join(format!("{name}.yaml")), text).unwrap();
    };
    let accepts = "policy:\n  cause:\n    accept_rules: true\n";
    sets("urgent", "task.created", "priority: high", "");
    sets("calm", "task.created", "priority: low", "");
    sets("round", "task.updated", "title: again", accepts);
    let told = check(&[]).expect(0).out;
    assert!(told.contains("./calm.yaml:5:3: warning: On one `task.created` it sets `task.priority` to \"low\", and “urgent” (./urgent.yaml) sets it to \"high\"."), "{told}");
    assert!(
        told.contains(
            "./round.yaml:3:3: warning: It can start itself again: “round” in its step `set` causes `task.updated`"
        ),
        "{told}"
    );
    assert!(told.ends_with("3 rules checked, 0 errors, 2 warnings\n"), "{told}");
    check(&["--strict"]).expect(1);
    assert_eq!(check(&["--strict"]).expect(1).out, told);

    // Names are held against variables.yaml, when there is one.
    for name in ["calm", "round", "urgent"] {
        std::fs::remove_file(here.join(format!("{name}.yaml"))).unwrap();
    }
    let text = "name: Names\ntrigger:\n  on: task.created\ncondition: vars.LIMTI > 2\nsteps:\n- id: call\n  action: http.request\n  with:\n    method: POST\n    url: https://example.org\n    text: '{{ secrets.TOKN }}'\n";
    std::fs::write(here.join("names.yaml"), text).unwrap();
    check(&[]).expect(0);
    std::fs::write(here.join("variables.yaml"), "variables:\n  LIMIT: 3\nsecrets: [TOKEN]\n").unwrap();
    let told = check(&[]).expect(1).out;
    assert!(
        told.contains("./names.yaml:4:17: error: There is no variable `LIMTI`")
            && told.contains("Did you mean `LIMIT`?"),
        "{told}"
    );
    assert!(
        told.contains("./names.yaml:11:23: error: There is no secret `TOKN`") && told.contains("Did you mean `TOKEN`?"),
        "{told}"
    );
    std::fs::write(here.join("variables.yaml"), "variables:\n  LIMIT: 3\nsecrets:\n  TOKEN: hush-hush\n").unwrap();
    let told = check(&[]).expect(1).out;
    assert!(told.contains("./variables.yaml:4:") && !told.contains("hush"), "{told}");
    assert_eq!(trackside(here, &["rules", "check", ".", "--format", "xml"], &[]).expect(2).out, "");
}
