//! Faults that people report of other tools, by the number under which they are known there.

use std::time::Duration;

use serde_json::json;
use trackside_tests::both_databases;

use super::{PATIENCE, Place, told};

both_databases! {
    /// n8n #14286: executions that are shown as running for ever, after a crash or over something that never answers.
    async fn no_run_is_running_for_ever(db) {
        let mut place = Place::open(&db).await;
        let mut hangs = place.call("hangs", json!({ "timeout": "1s", "retry": { "max": 0 } }));
        hangs["with"]["method"] = json!("GET");
        let hung = place.on_hook("Hangs", json!([hangs])).await;
        let killed = place.on_hook("Killed", json!([place.call("slow", json!({ "timeout": "60s" })), { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "after" } }])).await;
        place.sink.dawdle(Duration::from_secs(30));
        place.post(json!({})).await;
        // The one gives up by itself.
        let run = place.last(&hung, 1).await;
        assert_eq!((run.text("/state"), run.text("/error/code")), ("failed".into(), "step_failed".into()), "{:#}", run.body);
        // The other is under way when the process is killed, and its rule is switched off when it is taken up again.
        let run = place.last_started(&killed).await;
        place.server.kill9();
        place.sink.dawdle(Duration::ZERO);
        place.server.restart().await;
        place.api = place.api.at(&place.server);
        place.api.post(&format!("/rules/{killed}/pause"), json!({})).await.expect_status(200);
        place.quiet().await;
        assert_eq!(place.over(&run).await.text("/state"), "succeeded");
        assert_eq!(place.titles().await, ["after"]);
        assert_eq!(db.count("runs where finished_at is null").await, 0);
        assert_eq!(db.count("run_steps where state = 'running'").await, 0);
    }

    /// n8n #25735 and #32131: a retry only from the failed node, and on another version than the one that was meant.
    async fn a_repeat_begins_anywhere_on_the_version_that_is_asked_for(db) {
        let place = Place::open(&db).await;
        let steps = |title: &str, project: &str| json!([
            { "id": "one", "action": "task.create", "with": { "project": "WEB", "title": format!("{title} one") } },
            { "id": "two", "action": "task.create", "with": { "project": project, "title": format!("{title} two") } },
            { "id": "three", "stop": format!("{title} three") },
        ]);
        let rule = place.on_hook("Repeat", steps("old", "NONE")).await;
        place.post(json!({})).await;
        let failed = place.last(&rule, 1).await;
        assert_eq!(told(&failed), ["one succeeded", "two failed"]);
        let mut newer = place.api.get(&format!("/rules/{rule}")).await.expect_status(200).at("/rule").clone();
        newer["steps"] = steps("new", "WEB");
        place.api.put(&format!("/rules/{rule}"), newer).await.expect_status(200);
        let repeat = async |of: &str, how: serde_json::Value| {
            let run = place.api.post(&format!("/runs/{of}/rerun"), how).await.expect_status(202);
            place.over(&run.text("/id")).await
        };
        let id = failed.text("/id");
        // As it was, unless something else is said: the same version fails in the same way.
        let same = repeat(&id, json!({ "from": "two" })).await;
        assert_eq!((told(&same), same.at("/rule_version")), (vec!["one succeeded".to_owned(), "two failed".into()], &json!(1)));
        let newest = repeat(&id, json!({ "from": "two", "version": "newest" })).await;
        assert_eq!((newest.text("/state"), newest.at("/rule_version")), ("succeeded".into(), &json!(2)));
        assert_eq!((newest.text("/steps/0/output/title"), newest.text("/steps/1/output/title")), ("old one".into(), "new two".into()), "what came before is kept");
        // From before the step that failed, from the beginning, and a run that did not fail.
        let earlier = repeat(&id, json!({ "from": "one", "version": "newest" })).await;
        assert_eq!(earlier.text("/steps/0/output/title"), "new one");
        let whole = repeat(&id, json!({ "version": "newest" })).await;
        assert_eq!(whole.text("/steps/2/output/reason"), "new three");
        let again = repeat(&whole.text("/id"), json!({ "from": "three" })).await;
        assert_eq!((again.text("/state"), again.at("/steps/0/output/id")), ("succeeded".into(), whole.at("/steps/0/output/id")));
        place.db.quiet(PATIENCE).await;
        assert_eq!(place.titles().await, ["old one", "new two", "new one", "new two", "new one", "new two"]);
    }
}
