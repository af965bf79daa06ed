//! How many requests whom is granted: by role, by token, and by address where no good token is.

use serde_json::json;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, People, Server};

/// What the headers say is left of which policy; hours are long, so that nothing flows in while a story is told.
fn left(answer: &Answer) -> Option<(String, u32)> {
    let text = answer.headers.get("ratelimit")?.to_str().unwrap();
    let (name, rest) = text.trim_start_matches('"').split_once("\";r=").unwrap();
    let policy = answer.headers["ratelimit-policy"].to_str().unwrap();
    assert!(policy.starts_with(&format!("\"{name}\";q=")) && policy.ends_with(";w=3600"), "{policy}");
    Some((name.to_owned(), rest.split_once(";t=").unwrap().0.parse().unwrap()))
}

fn is_left(answer: &Answer, name: &str, requests: u32) {
    assert_eq!(left(answer), Some((name.to_owned(), requests)), "{} {:?}", answer.status, answer.headers);
}

both_databases! {
    async fn each_role_has_its_rate_and_each_token_its_bucket(db) {
        let server = Server::on(&db).env("TRACKSIDE_RATE_LIMIT", "500/h").env("TRACKSIDE_RATE_LIMITS", "viewer=3/h, guest=2/h, admin=off").start().await;
        let owner = Api::set_up(&server).await;
        let me = owner.get("/me").await.expect_status(200);
        assert_eq!(left(&me), None, "nothing limits an administrator");
        let people = People::of(&db).await;
        let vic = people.member(&server, &me.text("/workspace/id"), "Vic", Role::Viewer).await;
        let tom = people.member(&server, &me.text("/workspace/id"), "Tom", Role::TeamMember).await;
        people.leave().await;

        for n in (0..3).rev() {
            is_left(&vic.get("/me").await.expect_status(200), "viewer", n);
        }
        let refused = vic.get("/projects").await.expect_problem(429, "rate_limited");
        is_left(&refused, "viewer", 0);
        let after: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1100..=1200).contains(&after), "three an hour are one in 20 minutes: {after}");
        // A key does not get around it, nor does what there is not.
        vic.with_header("idempotency-key", "k").post("/tokens", json!({ "name": "x" })).await.expect_problem(429, "rate_limited");
        // Another role, under the rate for whoever has none of their own.
        is_left(&tom.get("/me").await.expect_status(200), "default", 499);
        is_left(&tom.get("/projects/NONE").await.expect_status(404), "default", 498);
        // Another session of the same person.
        let login = json!({ "email": "vic@people.example", "password": "correct horse battery" });
        let again = Api::new(&server).post("/auth/login", login).await.expect_status(200).text("/access_token");
        is_left(&vic.with_token(&again).get("/me").await.expect_status(200), "viewer", 2);
        // A program, and a guest.
        let program = owner.post("/service-accounts", json!({ "name": "Robot", "role": "guest" })).await.expect_status(201).text("/id");
        let token = owner.post(&format!("/service-accounts/{program}/tokens"), json!({ "name": "t" })).await.expect_status(201).text("/token");
        let robot = owner.with_token(&token);
        is_left(&robot.get("/tasks").await, "guest", 1);
        is_left(&robot.get("/tasks").await, "guest", 0);
        robot.get("/tasks").await.expect_problem(429, "rate_limited");

        // A changed role counts with the next request.
        let id = owner.get("/members").await.expect_status(200).at("/items").as_array().unwrap().iter()
            .find(|member| member["name"] == "Vic").unwrap()["id"].as_str().unwrap().to_owned();
        owner.patch(&format!("/members/{id}"), json!({ "role": "team_member" })).await.expect_status(200);
        is_left(&vic.get("/me").await.expect_status(200), "default", 499);
    }

    async fn whoever_guesses_tokens_is_limited_by_the_address(db) {
        let server = Server::on(&db).env("TRACKSIDE_RATE_LIMITS", "stranger=5/h").start().await;
        let owner = Api::set_up(&server).await;
        assert_eq!(left(&owner.get("/me").await.expect_status(200)), None);
        let good = owner.post("/tokens", json!({ "name": "good" })).await.expect_status(201).text("/token");
        for n in 0..4 {
            let guess = owner.with_token(&format!("trk_pat_{n:032}")).get("/projects").await.expect_problem(401, "token_invalid");
            is_left(&guess, "stranger", 3 - n);
        }
        // Now not even a right guess is told from a wrong one.
        for token in ["trk_pat_made_up", "nonsense", good.as_str()] {
            is_left(&owner.with_token(token).get("/projects").await.expect_problem(429, "rate_limited"), "stranger", 0);
        }
        owner.without_token().get("/projects").await.expect_problem(429, "rate_limited");
        // Who was let in before is not kept from their work by somebody at the same address.
        owner.get("/projects").await.expect_status(200);
        // A token that was good and is no longer is a guess like others.
        let id = owner.get("/tokens").await.expect_status(200).text("/items/0/id");
        owner.delete(&format!("/tokens/{id}")).await.expect_status(204);
        owner.with_token(&good).get("/projects").await.expect_problem(429, "rate_limited");
    }

    async fn what_a_header_says_of_the_address_is_believed_of_trusted_proxies(db) {
        // Anybody may write anything into a header.
        let server = Server::on(&db).env("TRACKSIDE_RATE_LIMITS", "stranger=5/h").start().await;
        let owner = Api::set_up(&server).await;
        let me = owner.get("/me").await.expect_status(200);
        let people = People::of(&db).await;
        let gus = people.member(&server, &me.text("/workspace/id"), "Gus", Role::Guest).await;
        people.leave().await;
        let stranger = owner.without_token();
        for n in 0..4 {
            let status = if n < 3 { 401 } else { 429 };
            stranger.with_header("x-forwarded-for", &format!("198.51.100.{n}")).get("/me").await.expect_status(status);
        }
        drop(server);

        let ranges = "127.0.0.0/8, 192.0.2.7";
        let server = Server::on(&db).env("TRACKSIDE_RATE_LIMITS", "stranger=1/h").env("TRACKSIDE_TRUSTED_PROXIES", ranges)
            .env("TRACKSIDE_LOG", "info,trackside_api=debug").start().await;
        let (owner, stranger, gus) = (owner.at(&server), stranger.at(&server), gus.at(&server));
        owner.post("/projects", json!({ "key": "WEB", "name": "Site" })).await.expect_status(201);
        let from = |api: &Api, line: &str| api.with_header("x-forwarded-for", line);
        from(&stranger, "198.51.100.1").get("/me").await.expect_status(401);
        from(&stranger, "198.51.100.1").get("/me").await.expect_status(429);
        // What the caller claims stands in front of what the proxies know, and changes nothing.
        from(&stranger, "203.0.113.5, 198.51.100.1").get("/me").await.expect_status(429);
        from(&stranger, "203.0.113.5, 198.51.100.1, 192.0.2.7").get("/me").await.expect_status(429);
        from(&stranger, "198.51.100.2").get("/me").await.expect_status(401);
        // Without the header it is the proxy itself that asks.
        stranger.get("/me").await.expect_status(401);
        stranger.get("/me").await.expect_status(429);

        // Conditions see the same address, and so does the log.
        let gus_id = from(&gus, "10.1.2.3").get("/me").await.expect_status(200).text("/user/id");
        let inside = json!({ "user": gus_id, "role": "viewer", "on": "WEB", "condition": "request.address.starts_with(\"10.\")" });
        owner.post("/assignments", inside).await.expect_status(201);
        from(&gus, "10.1.2.3").get("/projects/WEB").await.expect_status(200);
        from(&gus, "10.1.2.3, 198.51.100.9").get("/projects/WEB").await.expect_refusal();
        gus.get("/projects/WEB").await.expect_refusal();
        assert!(server.log().contains("address=198.51.100.9"), "{}", server.log());
    }
}
