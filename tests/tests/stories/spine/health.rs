//! AUT-23: how rules do, as exact figures, and which of them nobody needs.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Place;

both_databases! {
    async fn a_rule_tells_how_often_it_fired_failed_and_was_judged_in_vain(db) {
        let mut place = Place::open(&db).await;
        let steps = json!([
            { "id": "low", "if": "body.n == 6", "then": [{ "id": "no", "stop": { "outcome": "failed", "reason": "six" } }] },
            place.call("tell", json!({})),
            { "id": "say", "action": "notify.send", "with": { "to": ["owner"], "message": "seen" } },
        ]);
        let listens = |name: &str, more: Value| {
            let mut rule = json!({ "name": name, "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "steps": steps });
            rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            rule
        };
        let counted = place.rule(listens("Counted", json!({ "condition": "body.n > 5" }))).await;
        let idle = place.rule(json!({ "name": "Idle", "trigger": { "on": "task.created" }, "steps": [{ "id": "end", "stop": "done" }] })).await;
        let elsewhere = json!({ "name": "Elsewhere", "trigger": { "on": "hook.received", "match": { "hook": "out" } }, "steps": [{ "id": "end", "stop": "done" }] });
        let elsewhere = place.rule(elsewhere).await;
        let beside = place.rule(listens("Beside", json!({ "condition": "body.n > 7", "steps": [{ "id": "end", "stop": "done" }] }))).await;
        for n in [1, 2, 3, 6, 6, 8] {
            place.post(json!({ "n": n })).await;
        }
        place.quiet().await;
        // What judging costs is added up now and then, and when a node ends.
        place.server.stop().await;
        place.server.restart().await;
        place.api = place.api.at(&place.server);
        let health = place.api.get(&format!("/rules/{counted}/health")).await.expect_status(200);
        for span in ["hour", "day", "month"] {
            let at = |part: &str| health.at(&format!("/{span}/{part}")).clone();
            assert_eq!((at("fired"), at("failed"), at("skipped"), at("otherwise")), (json!(3), json!(2), json!(0), json!(0)), "{span}");
            assert_eq!(at("reasons"), json!({ "stopped": 2 }));
            assert_eq!((at("cost/calls"), at("cost/notifications")), (json!(1), json!(1)));
            // An event that cannot be written at once is judged once more.
            let least = |part: &str, figure: i64| assert!(at(part).as_i64().unwrap() >= figure, "{part}: {:#}", health.body);
            least("judgements/judged", 6);
            least("judgements/condition", 3);
            let (all, longest) = (at("cost/judging_us").as_i64().unwrap(), at("cost/longest_judging_us").as_i64().unwrap());
            assert!(all >= longest && longest > 0, "{:#}", health.body);
        }
        assert_eq!((health.at("/under_way"), health.at("/unused")), (&json!(0), &json!(false)));
        assert!(health.text("/last_failed/error/message").contains("six") && health.at("/last_fired/run").is_string());
        // Both may start on one event; what listens to another hook cannot.
        let overlaps: Vec<&str> = health.at("/overlaps").as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(overlaps, ["Beside"], "{:#}", health.body);
        assert_eq!(health.text("/overlaps/0/witness/kind"), "hook.received");
        let unmatched = place.api.get(&format!("/rules/{elsewhere}/health")).await.expect_status(200);
        assert!(unmatched.at("/day/judgements/unmatched").as_i64().unwrap() >= 6);
        assert_eq!((unmatched.at("/day/fired"), unmatched.at("/overlaps")), (&json!(0), &json!([])));

        let names = |page: &trackside_tests::harness::Answer| -> Vec<String> {
            page.at("/items").as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        let worst = place.api.get("/rules/health").await.expect_status(200);
        assert_eq!((names(&worst)[0].as_str(), worst.at("/items/0/failed"), worst.at("/total")), ("Counted", &json!(2), &json!(4)));
        assert_eq!(names(&place.api.get("/rules/health?sort=-cost&span=hour&limit=1").await.expect_status(200)), ["Counted"]);
        assert_eq!(names(&place.api.get("/rules/health?sort=name&offset=1&limit=2").await.expect_status(200)), ["Counted", "Elsewhere"]);
        // Unused is what is switched on, and has started nothing for so long.
        let unused = loop {
            let page = place.api.get("/rules/health?sort=-unused&unused_after=1s&state=enabled").await.expect_status(200);
            if page.at("/items").as_array().unwrap().iter().all(|one| one["unused"] == true) {
                break page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert_eq!(unused.at("/items").as_array().unwrap().len(), 4);
        place.api.post(&format!("/rules/{idle}/pause"), json!({})).await.expect_status(200);
        assert_eq!(place.api.get(&format!("/rules/{idle}/health?unused_after=1s")).await.expect_status(200).at("/unused"), &json!(false));
        assert_eq!(place.api.get(&format!("/rules/{beside}/health")).await.expect_status(200).at("/unused"), &json!(false), "30 days are usual");
        for wrong in ["sort=age", "span=year", "limit=0", "offset=-1", "unused_after=soon"] {
            place.api.get(&format!("/rules/health?{wrong}")).await.expect_refusal();
        }
    }
}
