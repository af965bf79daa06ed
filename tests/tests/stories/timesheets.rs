//! Weeks that are handed in and approved, and time as a table.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

use crate::time_entries::announced;

/// A project `WEB` with a task, Ada who owns it, and Wim who works on it, with his id.
async fn office(server: &Server, db: &trackside_tests::harness::Database) -> (Api, Api, String) {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api.post("/projects/WEB/tasks", json!({ "title": "=cmd|' /C calc'!A0" })).await.expect_status(201);
    let workspace = api.get("/me").await.text("/workspace/id");
    let people = People::of(db).await;
    let wim = people.member(server, &workspace, "Wim", Role::TeamMember).await;
    people.leave().await;
    let id = wim.get("/me").await.text("/user/id");
    (api, wim, id)
}

async fn log(api: &Api, start: &str, minutes: i64, note: &str) -> String {
    let entry = json!({ "started_at": start, "minutes": minutes, "note": note, "billable": minutes > 60 });
    api.post("/tasks/WEB-1/time-entries", entry).await.expect_status(201).text("/id")
}

both_databases! {
    async fn a_week_is_submitted_approved_and_locked(db) {
        let server = Server::start(&db).await;
        let (ada, wim, wims) = office(&server, &db).await;
        // Late on Sunday in UTC is Monday in Berlin.
        wim.patch("/me", json!({ "time_zone": "Europe/Berlin" })).await.expect_status(200);
        let first = log(&wim, "2026-11-22T23:30:00Z", 60, "Early").await;
        log(&wim, "2026-11-25T09:00:00Z", 90, "").await;
        log(&wim, "2026-11-29T23:30:00Z", 15, "The week after").await;
        let sheet = wim.get("/timesheets?week=2026-W48").await.expect_status(200);
        assert_eq!((sheet.text("/state"), sheet.text("/from"), sheet.text("/to"), sheet.text("/time_zone")), ("open".into(), "2026-11-23".into(), "2026-11-29".into(), "Europe/Berlin".into()));
        assert_eq!((sheet.at("/minutes"), sheet.at("/billable_minutes")), (&json!(150), &json!(90)));
        let days: Vec<_> = sheet.at("/days").as_array().unwrap().iter().map(|day| day["minutes"].as_i64().unwrap()).collect();
        assert_eq!(days, [60, 0, 90, 0, 0, 0, 0]);
        assert_eq!((sheet.text("/lines/0/date"), sheet.text("/lines/0/task_key")), ("2026-11-23".into(), "WEB-1".into()));
        // An entry stays on its day when the person moves.
        wim.patch("/me", json!({ "time_zone": "America/New_York" })).await.expect_status(200);
        assert_eq!(wim.get("/timesheets?week=2026-W48").await.at("/days/0/minutes"), &json!(60));

        let (week, decision) = (json!({ "week": "2026-W48" }), json!({ "user": wims, "week": "2026-W48" }));
        ada.post("/timesheets/approve", decision.clone()).await.expect_problem(409, "timesheet_not_submitted");
        wim.post("/timesheets/reopen", week.clone()).await.expect_problem(409, "timesheet_open");
        wim.post("/timesheets/approve", decision.clone()).await.expect_problem(403, "denied");
        let submitted = wim.post("/timesheets/submit", week.clone()).await.expect_status(200);
        assert_eq!((submitted.text("/state"), submitted.at("/minutes")), ("submitted".into(), &json!(150)));
        let waiting = ada.get("/timesheets/submitted").await.expect_status(200);
        assert_eq!((waiting.text("/items/0/user"), waiting.text("/items/0/week"), waiting.at("/next_cursor")), (wims.clone(), "2026-W48".into(), &Value::Null));
        wim.get("/timesheets/submitted").await.expect_problem(403, "denied");
        wim.post("/timesheets/submit", week.clone()).await.expect_problem(409, "timesheet_locked");
        ada.post("/timesheets/reject", decision.clone()).await.expect_problem(422, "invalid_fields");
        let rejected = ada.post("/timesheets/reject", json!({ "user": wims, "week": "2026-W48", "reason": "Tuesday is missing" })).await.expect_status(200);
        assert_eq!((rejected.text("/state"), rejected.text("/reason")), ("rejected".into(), "Tuesday is missing".into()));
        log(&wim, "2026-11-24T12:00:00Z", 30, "").await;
        wim.post("/timesheets/submit", week.clone()).await.expect_status(200);
        wim.post("/timesheets/reopen", week.clone()).await.expect_status(200);
        wim.post("/timesheets/submit", week.clone()).await.expect_status(200);
        let approved = ada.post("/timesheets/approve", decision.clone()).await.expect_status(200);
        assert_eq!((approved.text("/state"), approved.at("/minutes"), approved.at("/decided_by").is_string()), ("approved".into(), &json!(180), true));

        // Nothing in it changes, whoever asks; nor does anything come in from another week.
        let path = format!("/time-entries/{first}");
        for api in [&wim, &ada] {
            api.patch(&path, json!({ "note": "x" })).await.expect_problem(409, "timesheet_locked");
            api.patch(&path, json!({ "started_at": "2026-11-10T09:00:00Z" })).await.expect_problem(409, "timesheet_locked");
            api.delete(&path).await.expect_problem(409, "timesheet_locked");
            api.post("/tasks/WEB-1/time-entries", json!({ "started_at": "2026-11-26T09:00:00Z", "minutes": 5, "user": wims })).await.expect_problem(409, "timesheet_locked");
        }
        let later = log(&wim, "2026-12-01T09:00:00Z", 20, "").await;
        wim.patch(&format!("/time-entries/{later}"), json!({ "started_at": "2026-11-27T09:00:00Z" })).await.expect_problem(409, "timesheet_locked");
        // Somebody else's week is not his.
        log(&ada, "2026-11-26T09:00:00Z", 5, "").await;
        wim.post("/timesheets/reopen", week).await.expect_problem(403, "denied");
        ada.post("/timesheets/reopen", decision).await.expect_status(200);
        wim.patch(&path, json!({ "note": "x" })).await.expect_status(200);
        let kinds: Vec<_> = announced(&ada, "timesheet.", 7).await.iter().map(|event| event["kind"].as_str().unwrap()["timesheet.".len()..].to_owned()).collect();
        assert_eq!(kinds, ["submitted", "rejected", "submitted", "reopened", "submitted", "approved", "reopened"]);
    }

    async fn a_week_with_a_running_timer_waits(db) {
        let server = Server::start(&db).await;
        let (_, wim, _) = office(&server, &db).await;
        let day = wim.post("/tasks/WEB-1/timer/start", json!({})).await.expect_status(201).text("/day");
        let week = wim.get("/timesheets").await.expect_status(200);
        assert!(week.text("/from") <= day && day <= week.text("/to"), "this week is meant when none is named");
        let this = json!({ "week": week.text("/week") });
        wim.post("/timesheets/submit", this.clone()).await.expect_problem(409, "timer_running");
        wim.post("/tasks/WEB-1/timer/stop", json!({})).await.expect_status(200);
        wim.post("/timesheets/submit", this).await.expect_status(200);
        wim.post("/tasks/WEB-1/timer/start", json!({})).await.expect_problem(409, "timesheet_locked");
    }

    async fn time_goes_out_as_a_table_without_formulas(db) {
        let server = Server::start(&db).await;
        let (ada, wim, wims) = office(&server, &db).await;
        ada.post("/rates", json!({ "amount": "90", "currency": "EUR", "valid_from": "2026-01-01" })).await.expect_status(201);
        log(&wim, "2026-11-25T09:00:00Z", 90, "=1+1, \"quoted\"\nand a line").await;
        log(&ada, "2026-11-26T09:00:00Z", 20, "@home").await;
        let csv = ada.get("/timesheets/export?from=2026-11-01&to=2026-11-30").await.expect_status(200);
        assert!(csv.headers["content-type"].to_str().unwrap().starts_with("text/csv") && csv.headers["content-disposition"].to_str().unwrap().contains("time-2026-11-01-2026-11-30.csv"));
        let text = csv.body.as_str().unwrap();
        assert_eq!(text, "date,person,email,project,task,title,started_at,ended_at,minutes,billable,note,rate,currency,amount\r\n\
            2026-11-25,Wim,wim@people.example,WEB,WEB-1,'=cmd|' /C calc'!A0,2026-11-25T09:00:00+00:00,2026-11-25T10:30:00+00:00,90,true,\"'=1+1, \"\"quoted\"\"\nand a line\",90,EUR,135.00\r\n\
            2026-11-26,Ada,ada@acme.example,WEB,WEB-1,'=cmd|' /C calc'!A0,2026-11-26T09:00:00+00:00,2026-11-26T09:20:00+00:00,20,false,'@home,90,EUR,30.00\r\n");
        // Others get their own, without what it costs.
        let own = wim.get("/timesheets/export?from=2026-11-01&to=2026-11-30").await.expect_status(200);
        let text = own.body.as_str().unwrap();
        assert!(text.lines().next().unwrap().ends_with(",note") && !text.contains("135.00") && !text.contains("Ada"), "{text}");
        assert_eq!(ada.get(&format!("/timesheets/export?from=2026-11-26&to=2026-11-26&user={wims}")).await.expect_status(200).body.as_str().unwrap().lines().count(), 1);
        wim.get(&format!("/timesheets/export?user={}", ada.get("/me").await.text("/user/id"))).await.expect_problem(403, "denied");
    }

    async fn what_is_no_week_is_refused(db) {
        let server = Server::start(&db).await;
        let (ada, wim, wims) = office(&server, &db).await;
        for week in ["2026-W54", "2025-W53", "2026-W00", "2026-48", "W48", "", "2026-W4", "0000-W01", "%00"] {
            wim.get(&format!("/timesheets?week={week}")).await.expect_problem(422, "invalid_parameter");
        }
        wim.get("/timesheets?week=2026-W53").await.expect_status(200);
        for (body, pointer) in [(json!({}), "/week"), (json!({ "week": "2026-W54" }), "/week"), (json!({ "week": 48 }), "/week"), (json!({ "week": "2026-W48", "weeks": 1 }), "/weeks")] {
            let refused = wim.post("/timesheets/submit", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        for reason in ["x".repeat(2001), "a\u{0}".into(), " ".into()] {
            let refused = ada.post("/timesheets/reject", json!({ "user": wims, "week": "2026-W48", "reason": reason })).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/reason");
        }
        let stranger = "user_01h455vb4pex5vsknk084sn02q";
        ada.get(&format!("/timesheets?user={stranger}")).await.expect_problem(404, "member_not_found");
        ada.post("/timesheets/submit", json!({ "week": "2026-W48", "user": stranger })).await.expect_problem(404, "member_not_found");
        wim.get(&format!("/timesheets?user={}", ada.get("/me").await.text("/user/id"))).await.expect_problem(403, "denied");
        for query in ["from=2026-11-02&to=2026-11-01", "from=2025-01-01&to=2026-11-01", "from=soon", "to=2026-02-30", "days=3"] {
            ada.get(&format!("/timesheets/export?{query}")).await.expect_refusal().expect_status(422);
        }
    }
}
