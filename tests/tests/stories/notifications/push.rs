//! Web push, against a push service that opens what it gets as a browser would.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::fakes::push::PushService;
use trackside_tests::harness::{Api, Database, Server, Setup};

use super::Place;

fn pushing(db: &Database) -> Setup {
    Server::on(db).arg("--lease").arg("2s").env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8")
}

async fn key(api: &Api) -> String {
    api.get("/push-key").await.expect_status(200).text("/public_key")
}

async fn browsers(api: &Api) -> Vec<Value> {
    api.get("/push-subscriptions").await.expect_status(200).at("/items").as_array().unwrap().clone()
}

both_databases! {
    async fn a_browser_is_told_what_it_alone_can_read(db) {
        let service = PushService::start().await;
        let mut server = pushing(&db).start().await;
        let place = Place::of(&server, &db).await;
        let public = key(&place.wim).await;
        assert_eq!((public.len(), key(&place.vic).await), (87, public.clone()));
        let made = place.wim.post("/push-subscriptions", service.subscribe("wims", &public)).await.expect_status(201);
        assert_eq!((made.text("/host"), made.at("/expires_at")), ("127.0.0.1".into(), &Value::Null));
        assert!(!made.body.to_string().contains("/send/") && browsers(&place.wim).await == vec![made.body.clone()] && browsers(&place.ada).await.is_empty());
        let task = place.assign("Gate").await;
        let shown = service.shown(1).await.remove(0);
        let message = &shown.message;
        assert_eq!((&message["title"], &message["body"]), (&json!("Acme"), &json!("Ada assigned WEB-2: Gate to you")));
        assert!(message["url"].as_str().unwrap().ends_with(&format!("/tasks/{task}")) && shown.browser == "wims");
        assert!((86_000..=86_400).contains(&shown.ttl) && shown.topic.is_some());
        // Neither endpoint nor keys lie open in the database.
        assert_eq!(db.count("push_subscriptions where host like '%send%'").await, 0);
        // The same browser again is one, and Vic's when Vic signs in there.
        let again = service.subscribe("wims", &public);
        place.wim.post("/push-subscriptions", again.clone()).await.expect_status(201);
        assert_eq!(browsers(&place.wim).await.len(), 1);
        place.vic.post("/push-subscriptions", again).await.expect_status(201);
        assert_eq!((browsers(&place.wim).await.len(), browsers(&place.vic).await.len()), (0, 1));
        // The key outlives the process: browsers subscribed with it.
        server.restart().await;
        assert_eq!(key(&place.wim.at(&server)).await, public);
        assert_eq!(service.refusals(), [""; 0]);
    }

    async fn a_push_service_that_is_busy_is_given_time_and_one_that_forgot_a_browser_is_left_alone(db) {
        let service = PushService::start().await;
        let server = pushing(&db).start().await;
        let place = Place::of(&server, &db).await;
        let public = key(&place.wim).await;
        place.wim.post("/push-subscriptions", service.subscribe("wims", &public)).await.expect_status(201);
        service.answer([(429, Some("3")), (503, None)]);
        let start = Instant::now();
        place.assign("One").await;
        service.shown(1).await;
        assert!(start.elapsed() >= Duration::from_secs(3) && service.asked() == 3, "Retry-After is respected: {:?}", start.elapsed());
        for (round, gone) in [410, 404].into_iter().enumerate() {
            service.answer([(gone, None)]);
            place.assign(&format!("Gone {round}")).await;
            let start = Instant::now();
            while !browsers(&place.wim).await.is_empty() {
                assert!(start.elapsed() < Duration::from_secs(30), "it is still there");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            place.wim.post("/push-subscriptions", service.subscribe("wims", &public)).await.expect_status(201);
        }
        // What it refuses for another reason stands among the dead letters.
        service.answer([(403, None)]);
        place.assign("Refused").await;
        let start = Instant::now();
        loop {
            let dead = place.ada.get("/queues/notify/dead").await.expect_status(200);
            if dead.body.pointer("/items/0/reason").is_some_and(|reason| reason.as_str().unwrap().contains("403")) { break; }
            assert!(start.elapsed() < Duration::from_secs(30), "{:#}", dead.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(service.refusals(), [""; 0]);
    }

    async fn subscriptions_are_checked_and_their_persons_own(db) {
        let service = PushService::start().await;
        let server = Server::on(&db).start().await;
        let place = Place::of(&server, &db).await;
        let good = service.subscribe("wims", &key(&place.wim).await);
        let with = |pointer: &str, value: Value| {
            let mut body = good.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            body
        };
        for (body, pointer) in [
            // This server may not reach loopback, nor what is private.
            (good.clone(), "/endpoint"), (with("/endpoint", json!("https://127.0.0.1/p")), "/endpoint"), (with("/endpoint", json!("https://169.254.169.254/latest")), "/endpoint"),
            (with("/endpoint", json!("https://10.0.0.1/p")), "/endpoint"), (with("/endpoint", json!("https://[::ffff:127.0.0.1]/p")), "/endpoint"), (with("/endpoint", json!("http://push.example/send/1")), "/endpoint"), (with("/endpoint", json!("https://user:word@push.example/")), "/endpoint"), (with("/endpoint", json!("push.example")), "/endpoint"),
            (with("/endpoint", json!(format!("https://push.example/{}", "x".repeat(2048)))), "/endpoint"), (with("/endpoint", json!("javascript:alert(1)")), "/endpoint"), (with("/keys/auth", json!("c2hvcnQ")), "/keys/auth"), (with("/keys/auth", json!("💩")), "/keys/auth"),
            (with("/keys/p256dh", json!("BCVx")), "/keys/p256dh"), (with("/keys/p256dh", json!("A".repeat(87))), "/keys/p256dh"), (with("/expirationTime", json!(1)), "/expirationTime"), (with("/expirationTime", json!(i64::MAX)), "/expirationTime"), (json!({}), "/endpoint"), (json!({ "endpoint": "https://push.example/", "keys": {} }), "/keys/p256dh"),
        ] {
            let refused = place.wim.post("/push-subscriptions", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        // Where a name leads is seen when something is sent there.
        let named = good["endpoint"].as_str().unwrap().replace("http://127.0.0.1", "https://localhost");
        let made = place.wim.post("/push-subscriptions", with("/endpoint", json!(named))).await.expect_status(201).text("/id");
        let path = format!("/push-subscriptions/{made}");
        place.ada.delete(&path).await.expect_problem(404, "push_subscription_not_found");
        place.wim.without_token().delete(&path).await.expect_problem(401, "token_missing");
        // The wall asks about its address like about any other: this server may not reach loopback.
        place.assign("Walled").await;
        let start = Instant::now();
        loop {
            let dead = place.ada.get("/queues/notify/dead").await.expect_status(200);
            if dead.body.pointer("/items/0/reason").is_some_and(|reason| reason.as_str().unwrap().contains("may not be reached")) { break; }
            assert!(start.elapsed() < Duration::from_secs(30), "{:#}", dead.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(service.asked(), 0);
        place.wim.delete(&path).await.expect_status(204);
        place.wim.delete(&path).await.expect_problem(404, "push_subscription_not_found");
        // Twenty browsers are many; the oldest goes.
        for number in 0..22 {
            place.wim.post("/push-subscriptions", with("/endpoint", json!(format!("https://push.example/{number}")))).await.expect_status(201);
        }
        assert_eq!(browsers(&place.wim).await.len(), 20);
        assert!(!server.log().contains("panicked"));
    }
}
