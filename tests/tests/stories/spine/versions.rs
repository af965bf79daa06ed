//! AUT-01: a rule's versions are compared and come back, and somebody else takes it over.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::People;

use super::Place;

fn body(word: &str) -> Value {
    json!({
        "name": "Versioned", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
        "steps": [{ "id": "make", "action": "task.create", "with": { "project": "WEB", "title": word } }],
    })
}

both_databases! {
    async fn versions_are_compared_and_an_old_one_comes_back(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(body("old")).await;
        let mut second = body("new");
        second["condition"] = json!("body.n > 1");
        place.api.put(&format!("/rules/{rule}"), second).await.expect_status(200);
        let diff = place.api.get(&format!("/rules/{rule}/diff")).await.expect_status(200);
        assert_eq!((diff.at("/from"), diff.at("/to")), (&json!(1), &json!(2)));
        let changed: Vec<&str> = diff.at("/changes").as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
        assert_eq!(changed, ["/condition", "/steps/make/with/title"]);
        assert_eq!((diff.at("/changes/1/before"), diff.at("/changes/1/after")), (&json!("old"), &json!("new")));
        assert_eq!(place.api.get(&format!("/rules/{rule}/diff?from=2&to=2")).await.expect_status(200).at("/changes"), &json!([]));
        let shown = place.api.get(&format!("/rules/{rule}/versions/2")).await.expect_status(200);
        assert_eq!((shown.text("/rule/condition"), shown.at("/changes").as_array().unwrap().len()), ("body.n > 1".into(), 2));
        for path in ["versions/3", "versions/0", "versions/x", "diff?from=9"] {
            place.api.get(&format!("/rules/{rule}/{path}")).await.expect_status(404).expect_refusal();
        }

        // Back with one call, as a new version; runs go by it from then on.
        place.api.with_header("if-match", "\"1\"").post(&format!("/rules/{rule}/restore"), json!({ "version": 1 })).await.expect_status(412);
        let restored = place.api.with_header("if-match", "\"2\"").post(&format!("/rules/{rule}/restore"), json!({ "version": 1 })).await.expect_status(200);
        assert_eq!((restored.at("/version"), restored.text("/state")), (&json!(3), "enabled".into()));
        assert_eq!(place.api.get(&format!("/rules/{rule}/diff?from=1&to=3")).await.expect_status(200).at("/changes"), &json!([]));
        let again = place.api.post(&format!("/rules/{rule}/restore"), json!({ "version": 1 })).await.expect_status(200);
        assert_eq!(again.at("/version"), &json!(3), "it is so already");
        place.api.post(&format!("/rules/{rule}/restore"), json!({ "version": 7 })).await.expect_problem(404, "rule_version_not_found");
        place.post(json!({ "n": 0 })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.at("/rule_version"), run.text("/state")), (&json!(3), "succeeded".into()));
        assert_eq!(place.titles().await, ["old"]);
    }

    async fn a_rule_is_taken_over_by_who_may_edit_it_and_given_to_nobody(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(body("mine")).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (bob, vic) = (people.member(&place.server, &workspace, "Bob", Role::Admin).await, people.member(&place.server, &workspace, "Vic", Role::Viewer).await);
        people.leave().await;
        vic.post(&format!("/rules/{rule}/take"), json!({})).await.expect_problem(403, "denied");
        let taken = bob.post(&format!("/rules/{rule}/take"), json!({})).await.expect_status(200);
        assert_eq!(taken.text("/owner"), bob.get("/me").await.text("/user/id"));
        assert_eq!((taken.at("/version"), taken.text("/state")), (&json!(1), "enabled".into()));
        place.post(json!({})).await;
        assert_eq!(place.last(&rule, 1).await.text("/state"), "succeeded");
        let log = place.api.get("/events?after=0&limit=200").await.expect_status(200);
        let created = log.at("/items").as_array().unwrap().iter().find(|event| event["kind"] == "task.created").unwrap();
        assert!(created["actor"].to_string().contains(&taken.text("/owner")), "{created:#}");
    }
}
