//! What people say of themselves.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

use super::happened;

both_databases! {
    async fn people_say_when_they_work_and_what_they_are_good_at(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let me = ada.get("/me").await.expect_status(200);
        for field in ["/time_zone", "/locale", "/working_hours"] {
            assert_eq!(me.at(field), &Value::Null, "nobody guesses");
        }
        let people = People::of(&db).await;
        let vic = people.member(&server, &me.text("/workspace/id"), "Vic", Role::Viewer).await;
        people.leave().await;
        let week = json!({ "monday": { "from": "09:00", "to": "17:00" }, "friday": { "from": "20:00", "to": "24:00" } });
        let patch = json!({ "name": " Vicky ", "time_zone": "Europe/Vienna", "locale": "de-at", "working_hours": week, "skills": ["Rust", "Law"] });
        let changed = vic.patch("/me", patch.clone()).await.expect_status(200);
        assert_eq!((changed.text("/user/name"), changed.text("/time_zone"), changed.text("/locale")), ("Vicky".into(), "Europe/Vienna".into(), "de-AT".into()));
        let id = changed.text("/user/id");
        // Everybody of the workspace sees it, and the log says who changed what.
        let seen = ada.get(&format!("/members/{id}")).await.expect_status(200);
        assert_eq!((seen.text("/name"), seen.text("/role"), seen.at("/working_hours"), seen.at("/skills")), ("Vicky".into(), "viewer".into(), &week, &json!(["Rust", "Law"])));
        let event = happened(&ada, "member.profile_changed", 1).await.remove(0);
        assert_eq!((event["data"]["member"].clone(), event["actor"]["id"].clone(), event["data"]["change"]["locale"].clone()), (json!(id), json!(id), json!({ "from": null, "to": "de-AT" })));
        // The same again changes nothing; null forgets; what is left out stays.
        vic.patch("/me", patch).await.expect_status(200);
        assert_eq!(db.count("events where kind = 'member.profile_changed'").await, 1);
        let forgotten = vic.patch("/me", json!({ "working_hours": null, "skills": null })).await.expect_status(200);
        assert_eq!((forgotten.at("/working_hours"), forgotten.at("/skills"), forgotten.text("/time_zone")), (&Value::Null, &json!([]), "Europe/Vienna".into()));
        for stranger in ["user_01h455vb4pex5vsknk084sn02q", "task_01h455vb4pex5vsknk084sn02q", "myself"] {
            ada.get(&format!("/members/{stranger}")).await.expect_refusal().expect_status(404);
        }
        let scoped = ada.post("/tokens", json!({ "name": "narrow", "scopes": ["member.view"] })).await.expect_status(201).text("/token");
        ada.with_token(&scoped).patch("/me", json!({ "name": "Eve" })).await.expect_problem(403, "denied");
    }

    async fn a_profile_that_makes_no_sense_is_refused_at_its_place(db) {
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let before = ada.get("/me").await.expect_status(200).body;
        let wrong = [
            (json!({ "name": null }), "/name"), (json!({ "name": " " }), "/name"), (json!({ "name": "a\u{0}b" }), "/name"), (json!({ "name": "x".repeat(201) }), "/name"),
            (json!({ "time_zone": "Vienna" }), "/time_zone"), (json!({ "time_zone": 3 }), "/time_zone"), (json!({ "time_zone": "UTC\u{0}" }), "/time_zone"),
            (json!({ "locale": "de_AT" }), "/locale"), (json!({ "locale": "" }), "/locale"), (json!({ "locale": "deutsch bitte" }), "/locale"),
            (json!({ "working_hours": { "monday": { "from": "9:00", "to": "17:00" } } }), "/working_hours/monday/from"),
            (json!({ "working_hours": { "monday": { "from": "09:00" } } }), "/working_hours/monday/to"),
            (json!({ "working_hours": { "monday": { "from": "17:00", "to": "09:00" } } }), "/working_hours/monday/to"),
            (json!({ "working_hours": { "monday": { "from": "09:00", "to": "24:01" } } }), "/working_hours/monday/to"),
            (json!({ "working_hours": { "funday": { "from": "09:00", "to": "17:00" } } }), "/working_hours/funday"),
            (json!({ "skills": ["Rust", "rust"] }), "/skills/1"), (json!({ "skills": [""] }), "/skills/0"), (json!({ "skills": ["x".repeat(65)] }), "/skills/0"),
            (json!({ "skills": (0..101).map(|n| n.to_string()).collect::<Vec<_>>() }), "/skills"), (json!({ "skills": "Rust" }), "/skills"),
            (json!({ "email": "eve@acme.example" }), "/email"), (json!({ "role": "admin" }), "/role"),
        ];
        for (patch, pointer) in wrong {
            let refused = ada.patch("/me", patch.clone()).await.expect_refusal();
            assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{patch}: {:#}", refused.body);
        }
        assert_eq!(ada.get("/me").await.expect_status(200).body, before);
        assert_eq!(db.count("events").await, 0);
        assert!(!server.log().contains("panicked"));
    }
}
