//! Who gets a task when a rule picks: in turn, by load, by skill, and never somebody who cannot take it.

use serde_json::{Value, json};
use trackside_engine::Source;
use trackside_engine::access::Role;
use trackside_engine::day::Day;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

use super::{PATIENCE, Place};

/// A place with Ann, Ben and Cas, who work on tasks, in the order in which they became known.
struct Crew {
    place: Place,
    people: People,
    crew: Vec<(Api, String)>,
}

impl Crew {
    async fn open(db: &Database) -> Self {
        let place = Place::open(db).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let mut crew = Vec::new();
        for name in ["Ann", "Ben", "Cas"] {
            let api = people.member(&place.server, &workspace, name, Role::TeamMember).await;
            let id = api.get("/me").await.text("/user/id");
            crew.push((api, id));
        }
        Self { place, people, crew }
    }

    fn ids(&self) -> Vec<&str> {
        self.crew.iter().map(|(_, id)| id.as_str()).collect()
    }

    /// A rule that gives away what is posted, as `with` says.
    async fn rule(&self, name: &str, with: Value) -> String {
        let mut give = with;
        give["task"] = json!("{{ steps.make.output.key }}");
        self.place
            .on_hook(
                name,
                json!([
                    { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "{{ body.title }}" } },
                    { "id": "give", "action": "task.assign", "with": give },
                ]),
            )
            .await
    }

    /// Posts once; the assignee of the task, by number, or what went wrong.
    async fn give(&self, rule: &str, count: usize) -> Result<usize, String> {
        self.place.post(json!({ "title": format!("t{count}") })).await;
        let run = self.place.last(rule, count).await;
        if run.text("/state") != "succeeded" {
            return Err(run.text("/error/message"));
        }
        let who = run.text("/steps/1/output/assignees/0");
        Ok(self.crew.iter().position(|(_, id)| *id == who).expect("somebody of the crew"))
    }
}

fn today() -> Day {
    Day::utc(Source::default().now())
}

both_databases! {
    async fn tasks_go_in_turn_also_when_many_come_at_once(db) {
        let crew = Crew::open(&db).await;
        let among: Vec<Value> = crew.ids().iter().map(|id| json!(id)).collect();
        let rule = crew.rule("In turn", json!({ "pick": "round_robin", "among": among })).await;
        for count in 1..=4 {
            assert_eq!(crew.give(&rule, count).await, Ok((count - 1) % 3));
        }
        // Twenty-six at once, over a new version of the rule: nobody is passed over, nobody comes twice.
        let body = crew.place.api.get(&format!("/rules/{rule}")).await.expect_status(200).at("/rule").clone();
        crew.place.api.put(&format!("/rules/{rule}"), body).await.expect_status(200);
        let posts = (0..26).map(|n| crew.place.post(json!({ "title": format!("all {n}") })));
        futures::future::join_all(posts).await;
        crew.place.quiet().await;
        for (at, id) in crew.ids().iter().enumerate() {
            let count = crew.place.api.get(&format!("/tasks?assignee={id}&total=true&limit=1")).await.expect_status(200);
            assert_eq!(count.at("/total"), &json!(10), "person {at}");
        }
        crew.people.leave().await;
    }

    async fn turns_survive_every_death(db) {
        let deadly = |nth: u32| Server::on(&db).arg("--lease").arg("2s").env("TRACKSIDE_CRASH_AT", format!("run.step_before_commit@task.assign:{nth}"));
        let crew = Crew::open(&db).await;
        let Crew { place, people, crew } = crew;
        let among: Vec<Value> = crew.iter().map(|(_, id)| json!(id)).collect();
        let give = json!({ "task": "{{ task.id }}", "pick": "round_robin", "among": among });
        let rule = json!({ "name": "In turn", "trigger": { "on": "task.created" }, "steps": [{ "id": "give", "action": "task.assign", "with": give }] });
        place.rule(rule).await;
        let Place { api, server, .. } = place;
        drop(server);
        for nth in 1..=3 {
            let mut server = deadly(nth).start().await;
            let api = api.at(&server);
            for _ in 0..3 {
                // The process may die over it.
                let _ = api.try_send(reqwest::Method::POST, "/projects/WEB/tasks", Some(json!({ "title": "t" }))).await;
            }
            server.wait_for_end(PATIENCE).await;
        }
        let server = Server::on(&db).start().await;
        let api = api.at(&server);
        db.quiet(PATIENCE).await;
        let tasks = api.get("/tasks?limit=200").await.expect_status(200);
        let tasks = tasks.at("/items").as_array().unwrap();
        let mut counts: Vec<usize> = crew.iter().map(|(_, id)| tasks.iter().filter(|task| task["assignees"] == json!([id])).count()).collect();
        counts.sort_unstable();
        assert_eq!(counts.iter().sum::<usize>(), tasks.len(), "each went to one");
        assert!(counts[2] - counts[0] <= 1, "{counts:?}");
        people.leave().await;
    }

    async fn a_turn_passes_over_whoever_is_away_or_gone(db) {
        let crew = Crew::open(&db).await;
        let workspace_role = json!({ "pick": "round_robin", "among": ["role:team_member"] });
        let rule = crew.rule("In turn", workspace_role).await;
        assert_eq!(crew.give(&rule, 1).await, Ok(0));
        let ben = &crew.crew[1].0;
        let away = ben.post("/absences", json!({ "from": today(), "to": today() })).await.expect_status(201).text("/id");
        assert_eq!(crew.give(&rule, 2).await, Ok(2), "Ben is away today");
        assert_eq!(crew.give(&rule, 3).await, Ok(0));
        ben.delete(&format!("/absences/{away}")).await.expect_status(204);
        ben.post("/absences", json!({ "from": today(), "part": "morning" })).await.expect_status(201);
        assert_eq!(crew.give(&rule, 4).await, Ok(1), "half a day is time enough");
        let (_, cas) = &crew.crew[2];
        crew.place.api.post(&format!("/members/{cas}/deactivate"), json!({})).await.expect_status(200);
        assert_eq!(crew.give(&rule, 5).await, Ok(0), "Cas has left");
        ben.post("/absences", json!({ "from": today(), "part": "afternoon" })).await.expect_status(201);
        crew.crew[0].0.post("/absences", json!({ "from": today() })).await.expect_status(201);
        let said = crew.give(&rule, 6).await.unwrap_err();
        assert!(said.contains("nobody is left") && said.contains("2 away today") && said.contains("on_error"), "{said}");
        crew.people.leave().await;
    }

    async fn a_task_goes_to_whoever_has_the_skill_and_the_least_to_do(db) {
        let crew = Crew::open(&db).await;
        for (at, skills) in [(0, json!(["Rust"])), (1, json!(["rust", "Law"])), (2, json!(["Law"]))] {
            crew.crew[at].0.patch("/me", json!({ "skills": skills })).await.expect_status(200);
        }
        // Ben has something to do already.
        let ben = crew.ids()[1];
        crew.place.api.post("/projects/WEB/tasks", json!({ "title": "old", "assignees": [ben] })).await.expect_status(201);
        let rule = crew.rule("By skill", json!({ "skills": ["RUST"] })).await;
        assert_eq!(crew.give(&rule, 1).await, Ok(0));
        assert_eq!(crew.give(&rule, 2).await, Ok(0), "one each: the first of them");
        assert_eq!(crew.give(&rule, 3).await, Ok(1));
        crew.place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        let both = crew.rule("Both", json!({ "pick": "round_robin", "skills": ["rust", "law"] })).await;
        assert_eq!(crew.give(&both, 1).await, Ok(1));
        crew.place.api.post(&format!("/rules/{both}/pause"), json!({})).await.expect_status(200);
        let none = crew.rule("Nobody", json!({ "skills": ["COBOL"] })).await;
        let said = crew.give(&none, 1).await.unwrap_err();
        assert!(said.contains("4 without the skill `COBOL`"), "{said}");
        crew.place.api.post(&format!("/rules/{none}/pause"), json!({})).await.expect_status(200);
        for (with, wanted) in [
            (json!({ "pick": "round_robin", "to": [ben] }), "either `to`"),
            (json!({}), "either `to`"),
            (json!({ "among": ["role:cook"] }), "`role:cook` is nobody"),
            (json!({ "among": ["group:Ghosts"] }), "`group:Ghosts` is nobody"),
        ] {
            let wrong = crew.rule("Wrong", with.clone()).await;
            let said = crew.give(&wrong, 1).await.unwrap_err();
            assert!(said.contains(wanted), "{with}: {said}");
            crew.place.api.delete(&format!("/rules/{wrong}")).await.expect_status(204);
        }
        crew.people.leave().await;
    }

    async fn nobody_is_picked_who_may_not_see_the_task(db) {
        let crew = Crew::open(&db).await;
        let api = &crew.place.api;
        let members: Vec<&str> = crew.ids();
        api.post("/groups", json!({ "name": "Night", "members": [members[0], members[1]] })).await.expect_status(201);
        let project = api.get("/projects/WEB").await.text("/id");
        let deny = json!({ "user": members[0], "permission": "task.view", "effect": "deny", "on": project });
        api.post("/assignments", deny).await.expect_status(201);
        let rule = crew.rule("Night", json!({ "pick": "round_robin", "among": ["group:Night"] })).await;
        assert_eq!(crew.give(&rule, 1).await, Ok(1));
        assert_eq!(crew.give(&rule, 2).await, Ok(1));
        crew.people.leave().await;
    }
}
