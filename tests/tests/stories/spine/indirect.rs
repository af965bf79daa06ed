//! Nobody approves what they caused, by however many corners: what planning and dates set off is caused by whoever moved or set the
//! date (AUT-20).

use chrono::TimeDelta;
use serde_json::{Value, json};
use trackside_engine::Source;
use trackside_tests::both_databases;

use super::Place;
use super::approvals::{Office, approve, id, nothing_for};

fn asking(name: &str, trigger: Value, mia: &str) -> Value {
    let ask = json!({ "by": ["owner", format!("user:{mia}")], "message": "{{ task.key }}" });
    json!({ "name": name, "trigger": trigger, "steps": [{ "id": "ok", "approve": ask, "then": [] }] })
}

both_databases! {
    async fn who_moves_a_date_does_not_approve_what_planning_makes_of_it(db) {
        let place = Place::open(&db).await;
        place.api.put("/projects/WEB/plan", json!({ "start_at": "2026-03-02T00:00:00Z" })).await.expect_status(200);
        for title in ["First", "Then"] {
            place.api.post("/projects/WEB/tasks", json!({ "title": title })).await.expect_status(201);
        }
        place.api.post("/tasks/WEB-2/dependencies", json!({ "predecessor": "WEB-1" })).await.expect_status(201);
        place.quiet().await;
        let office = Office::at(&db, place).await;
        let trigger = json!({ "on": "task.rescheduled", "match": { "task.key": "WEB-2" } });
        office.place.rule(asking("Moved", trigger, &id(&office.mia).await)).await;
        office.place.api.put("/tasks/WEB-1/schedule", json!({ "duration": 3 * 480 })).await.expect_status(200);
        let asked = office.asked(&office.mia).await;
        nothing_for(&office.place.api).await;
        let verb = format!("/approvals/{}/decide", asked["id"].as_str().unwrap());
        let refused = office.place.api.post(&verb, approve()).await.expect_problem(403, "denied");
        assert!(refused.text("/detail").contains("caused"), "{:#}", refused.body);
        let log = office.place.api.get("/events?after=0&limit=200").await.expect_status(200);
        let moved = log.at("/items").as_array().unwrap().iter().rfind(|event| event["kind"] == "task.rescheduled").unwrap();
        assert_eq!(moved["data"]["by"], json!([id(&office.place.api).await]), "the event says whose change it was");
        office.mia.post(&verb, approve()).await.expect_status(200);

        // What another moves she may answer.
        office.place.quiet().await;
        office.moe.put("/tasks/WEB-1/schedule", json!({ "duration": 480 })).await.expect_status(200);
        office.asked(&office.place.api).await;
    }

    async fn who_sets_a_date_does_not_approve_what_it_starts(db) {
        let office = Office::at(&db, Place::open(&db).await).await;
        office.place.rule(asking("Due", json!({ "on": "date", "field": "due_at" }), &id(&office.mia).await)).await;
        let soon = || (Source::default().now() + TimeDelta::seconds(2)).to_rfc3339();
        let made = office.tim.post("/projects/WEB/tasks", json!({ "title": "Due" })).await.expect_status(201).text("/key");
        office.place.api.patch(&format!("/tasks/{made}"), json!({ "due_at": soon() })).await.expect_status(200);
        office.tim.patch(&format!("/tasks/{made}"), json!({ "title": "Renamed" })).await.expect_status(200);
        let asked = office.asked(&office.mia).await;
        assert_eq!(asked["message"], made);
        nothing_for(&office.place.api).await;
        // Nor does Mia answer what she set; Ada does.
        let other = office.mia.post("/projects/WEB/tasks", json!({ "title": "Hers", "due_at": soon() })).await.expect_status(201).text("/key");
        let asked = office.asked(&office.place.api).await;
        assert_eq!(asked["message"], other);
    }
}
