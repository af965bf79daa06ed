//! Search over tasks and comments.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, People, Server};

async fn place(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    for key in ["WEB", "APP"] {
        api.post("/projects", json!({ "key": key, "name": key })).await.expect_status(201);
    }
    api
}

async fn task(api: &Api, project: &str, title: &str, description: &str) -> String {
    let new = json!({ "title": title, "description": description });
    api.post(&format!("/projects/{project}/tasks"), new).await.expect_status(201).text("/key")
}

async fn say(api: &Api, task: &str, body: &str) -> String {
    api.post(&format!("/tasks/{task}/comments"), json!({ "body": body })).await.expect_status(201).text("/id")
}

async fn search(api: &Api, query: &[(&str, &str)]) -> Answer {
    let query = reqwest::Url::parse_with_params("http://x/search", query).unwrap().query().unwrap().to_owned();
    api.get(&format!("/search?{query}")).await
}

/// What is found, in order: `task WEB-1`, `comment WEB-1`.
async fn found(api: &Api, query: &str) -> Vec<String> {
    shown(&search(api, &[("q", query)]).await.expect_status(200).body)
}

fn shown(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| format!("{} {}", item["type"].as_str().unwrap(), item["key"].as_str().unwrap())).collect()
}

both_databases! {
    async fn the_best_match_is_first(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        task(&api, "WEB", "Something else", &"lift ".repeat(30)).await;
        let body = say(&api, "WEB-1", "lift").await;
        task(&api, "WEB", "The lift that stands in the entrance hall of the old house does not move", "").await;
        task(&api, "APP", "LIFTS", "").await;
        task(&api, "APP", "Nothing", "").await;
        assert_eq!(found(&api, "lift ").await, ["task WEB-2", "task WEB-1", "comment WEB-1"], "title, description, comment");
        let page = search(&api, &[("q", "lift"), ("total", "true")]).await.expect_status(200);
        assert_eq!(shown(&page.body)[2..], ["task WEB-1", "comment WEB-1"]);
        let scores: Vec<f64> = page.at("/items").as_array().unwrap().iter().map(|item| item["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|one, next| one >= next) && scores[1] > 3.0 && (2.0..3.0).contains(&scores[2]) && (1.0..2.0).contains(&scores[3]), "{scores:?}");
        let web = api.get("/projects/WEB").await.text("/id");
        let app = api.get("/projects/APP").await.text("/id");
        assert_eq!((page.at("/total"), page.at("/types"), page.at("/projects")), (&json!(4), &json!([{ "type": "task", "count": 3 }, { "type": "comment", "count": 1 }]),
            &json!([{ "project": web, "count": 3 }, { "project": app, "count": 1 }])));
        let comment = page.at("/items/3");
        assert_eq!((comment["id"].as_str(), comment["title"].as_str(), comment["project"].as_str(), &comment["highlights"]), (Some(body.as_str()), Some("Something else"), Some(web.as_str()), &json!({ "text": "<mark>lift</mark>" })));
        for (query, expected) in [(&[("q", "lift"), ("type", "comment")][..], &["comment WEB-1"][..]), (&[("q", "lift"), ("project", "APP")], &["task APP-1"]),
            (&[("q", "lift"), ("project", &format!("{web},NONE")), ("type", "task")], &["task WEB-2", "task WEB-1"]), (&[("q", "lift"), ("project", "NONE")], &[])] {
            assert_eq!(shown(&search(&api, query).await.expect_status(200).body), expected, "{query:?}");
        }
    }

    async fn words_are_found_however_they_are_written(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        task(&api, "WEB", "Größere Tür für das Café", "The front door & the <script>alert(1)</script> garden_gate, e-mail a@b.example; 東京タワー").await;
        task(&api, "WEB", "door front", "").await;
        for query in ["GROSSERE", "größere", "gross", "tur cafe", "Cafe\u{301}", "alert", "\"front door\"", "garden gate", "gard", "\"e-mail\"", "a@b.example", "京タ", "東京", "＜fuer＞ FÜR", "\"front door", "door alert script"] {
            let expected: &[&str] = if query.contains("fuer") { &[] } else { &["task WEB-1"] };
            assert_eq!(found(&api, query).await, expected, "{query}");
        }
        assert_eq!(found(&api, "front door").await, ["task WEB-2", "task WEB-1"]);
        for query in ["gros ", "\"door garden\"", "京東", "front nothing", "door -alert OR", "title:door", "+-*", "\"", "💩", "() NEAR", "'; drop table tasks; --"] {
            assert_eq!(found(&api, query).await, [""; 0], "{query}");
        }
        let page = search(&api, &[("q", "tur front \"alert\"")]).await.expect_status(200);
        assert_eq!(page.at("/items/0/highlights"), &json!({ "title": "Größere <mark>Tür</mark> für das Café",
            "text": "The <mark>front</mark> door &amp; the &lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt; garden_gate, e-mail a@b.example; 東京タワー" }));
        // By the key, in whatever case; and in its place among others.
        assert_eq!(found(&api, " web-2 ").await, ["task WEB-2"]);
        let comment = say(&api, "WEB-1", "see WEB-2 and web 2").await;
        let page = search(&api, &[("q", "WEB-2"), ("total", "true")]).await.expect_status(200);
        assert_eq!((shown(&page.body), page.at("/items/0/score"), page.text("/items/1/id"), page.at("/total")), (vec!["task WEB-2".into(), "comment WEB-1".into()], &json!(4.0), comment, &json!(2)));
        assert_eq!(search(&api, &[("q", "WEB-2"), ("project", "APP")]).await.expect_status(200).at("/items"), &json!([]));
        assert_eq!(found(&api, "WEB-99").await, [""; 0]);
        // The list of tasks understands the same words.
        for (query, titles) in [("q=DOOR&sort=key", vec!["Größere Tür für das Café", "door front"]), ("q=%22front%20door%22", vec!["Größere Tür für das Café"]), ("q=web-2", vec!["door front"]),
            ("q=doo&sort=-key&limit=1", vec!["door front"]), ("q=%2B", vec![]), ("q=door&project=APP", vec![]), ("q=see", vec![])] {
            let page = api.get(&format!("/tasks?{query}")).await.expect_status(200);
            let found: Vec<_> = page.at("/items").as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect();
            assert_eq!(found, titles, "{query}");
        }
        let first = api.get("/tasks?q=door&sort=key&limit=1&total=true").await.expect_status(200);
        assert_eq!(first.at("/total"), &json!(2));
        assert_eq!(api.get(&format!("/tasks?q=door&sort=key&limit=1&cursor={}", first.text("/next_cursor"))).await.text("/items/0/title"), "door front");
    }

    async fn search_is_never_behind(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        task(&api, "WEB", "alpha", "beta").await;
        assert_eq!(found(&api, "alpha").await, ["task WEB-1"]);
        api.patch("/tasks/WEB-1", json!({ "title": "gamma" })).await.expect_status(200);
        assert_eq!((found(&api, "alpha").await.len(), found(&api, "gamma beta").await.len()), (0, 1));
        api.patch("/tasks/WEB-1", json!({ "description": null, "status": "blocked" })).await.expect_status(200);
        assert_eq!((found(&api, "beta").await.len(), found(&api, "gamma").await.len()), (0, 1));
        let comment = format!("/comments/{}", say(&api, "WEB-1", "delta").await);
        assert_eq!(found(&api, "delta").await, ["comment WEB-1"]);
        api.patch(&comment, json!({ "body": "epsilon" })).await.expect_status(200);
        assert_eq!((found(&api, "delta").await.len(), found(&api, "epsilon").await.len()), (0, 1));
        api.delete(&comment).await.expect_status(204);
        assert_eq!(found(&api, "epsilon").await.len(), 0);
        // What a refused change said is not there, and what goes takes its comments along.
        api.patch("/tasks/WEB-1", json!({ "title": "zeta", "parent": "WEB-99" })).await.expect_status(422);
        assert_eq!(found(&api, "zeta").await.len(), 0);
        say(&api, "WEB-1", "eta").await;
        task(&api, "WEB", "theta", "").await;
        say(&api, "WEB-2", "iota").await;
        api.delete("/tasks/WEB-1").await.expect_status(204);
        assert_eq!((found(&api, "eta ").await.len(), found(&api, "gamma").await.len(), found(&api, "iota").await.len()), (0, 0, 1));
        api.delete("/projects/WEB").await.expect_status(204);
        assert_eq!((found(&api, "theta").await.len(), found(&api, "iota").await.len()), (0, 0));
        // Numbers that were given before are given again without what they stood for.
        task(&api, "APP", "kappa", "").await;
        assert_eq!((found(&api, "kappa").await.len(), found(&api, "theta").await.len()), (1, 0));
        // A rule's task is found as anybody's.
        let rule = json!({ "name": "Make", "trigger": { "on": "manual" }, "steps": [{ "id": "make", "action": "task.create", "with": { "project": "APP", "title": "lambda" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202);
        let start = std::time::Instant::now();
        while found(&api, "lambda").await.is_empty() {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn pages_follow_each_other(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        for number in 0..7 {
            task(&api, "WEB", &format!("pump {}", "more ".repeat(number % 3)), "").await;
            say(&api, &format!("WEB-{}", number + 1), "a pump").await;
        }
        let whole = search(&api, &[("q", "pump")]).await.expect_status(200);
        let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((ids(&whole.body).len(), whole.at("/next_cursor")), (14, &Value::Null));
        for (query, all) in [("pump", ids(&whole.body)), ("web-3", ids(&search(&api, &[("q", "web-3")]).await.body))] {
            for limit in ["1", "3", "14", "200"] {
                let (mut seen, mut cursor): (Vec<String>, Option<String>) = (Vec::new(), None);
                loop {
                    let mut asked = vec![("q", query), ("limit", limit)];
                    asked.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
                    let page = search(&api, &asked).await.expect_status(200);
                    seen.extend(ids(&page.body));
                    cursor = page.body["next_cursor"].as_str().map(str::to_owned);
                    if cursor.is_none() { break; }
                }
                assert_eq!(seen, all, "{query} by {limit}");
            }
        }
    }

    async fn what_cannot_be_searched_for_is_refused(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        for (query, code) in [(&[("q", "")][..], "invalid_parameter"), (&[("q", " \t")], "invalid_parameter"), (&[("q", "a\0")], "invalid_parameter"), (&[("q", &"x".repeat(501))], "invalid_parameter"),
            (&[("q", &"a ".repeat(33))], "invalid_parameter"), (&[("limit", "3")], "invalid_parameter"), (&[("q", "a"), ("type", "project")], "invalid_parameter"), (&[("q", "a"), ("type", "")], "invalid_parameter"),
            (&[("q", "a"), ("project", "proj_nonsense")], "invalid_parameter"), (&[("q", "a"), ("project", "\0")], "invalid_parameter"), (&[("q", "a"), ("project", &"A,".repeat(101))], "invalid_parameter"),
            (&[("q", "a"), ("limit", "0")], "invalid_parameter"), (&[("q", "a"), ("limit", "201")], "invalid_parameter"), (&[("q", "a"), ("limit", "x")], "invalid_parameter"), (&[("q", "a"), ("cursor", "x")], "invalid_cursor"),
            (&[("q", "a"), ("cursor", "e30")], "invalid_cursor"), (&[("q", "a"), ("cursor", "eyJzIjoicmVsZXZhbmNlIiwidiI6WzEsIngiXX0")], "invalid_cursor"), (&[("q", "a"), ("total", "maybe")], "invalid_parameter"), (&[("q", "a"), ("sort", "key")], "unknown_parameter")] {
            search(&api, query).await.expect_problem(422, code);
        }
        for query in ["x".repeat(500), "a ".repeat(32), "\u{202e}abc\u{fffd}".into(), "é".repeat(500), "💩".repeat(500), "\"".repeat(499), "東".repeat(32)] {
            search(&api, &[("q", &query), ("total", "true")]).await.expect_status(200);
            assert_eq!(search(&api, &[("q", &query)]).await.expect_status(200).at("/items"), &json!([]));
        }
        api.get("/search?q=%FF%FE").await.expect_status(200);
        api.post("/search", json!({ "q": "a" })).await.expect_problem(405, "method_not_allowed");
        let log = server.log();
        assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
    }

    async fn nobody_finds_what_is_anothers(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        task(&api, "WEB", "treasure", "under the treasure tree").await;
        say(&api, "WEB-1", "treasure map").await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        let vic = people.member(&server, &workspace, "Vic", Role::Viewer).await;
        people.leave().await;
        for query in ["treasure", "WEB-1", "tree"] {
            let page = search(&eve, &[("q", query), ("total", "true")]).await.expect_status(200);
            assert_eq!((page.at("/items"), page.at("/total"), page.at("/projects")), (&json!([]), &json!(0), &json!([])));
        }
        eve.post("/projects", json!({ "key": "WEB", "name": "Eve's" })).await.expect_status(201);
        task(&eve, "WEB", "treasure of mine", "").await;
        assert_eq!(search(&eve, &[("q", "treasure"), ("total", "true")]).await.at("/total"), &json!(1));
        assert_eq!(search(&vic, &[("q", "treasure"), ("total", "true")]).await.at("/total"), &json!(2));
        let token = api.post("/tokens", json!({ "name": "narrow", "scopes": ["project.view"] })).await.expect_status(201).text("/token");
        search(&api.with_token(&token), &[("q", "treasure")]).await.expect_problem(403, "denied");
    }
}
