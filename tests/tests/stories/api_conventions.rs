//! What holds for the whole interface: set-up, problems that say what to do, versions, keys, probes, the document.

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server};

/// A request whose body is sent as it is.
async fn raw(
    server: &Server,
    token: &str,
    path: &str,
    kind: &str,
    body: impl Into<reqwest::Body>,
) -> (u16, HeaderMap, Value) {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
    let url = format!("{}/api/v1{path}", server.url());
    let answer = client.post(url).bearer_auth(token).header(CONTENT_TYPE, kind).body(body).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.json().await.unwrap_or_default())
}

/// A problem of this status and type, with advice and the request's id in it.
#[track_caller]
fn expect_problem((status, headers, body): &(u16, HeaderMap, Value), wanted: u16, code: &str) {
    assert_eq!((*status, body["type"].as_str()), (wanted, Some(format!("/problems/{code}").as_str())), "{body:#}");
    assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(body["status"], wanted);
    assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{body:#}");
    assert_eq!(body["request_id"].as_str(), headers["x-request-id"].to_str().ok(), "{body:#}");
}

async fn owner_token(server: &Server) -> (Api, String) {
    let api = Api::set_up(server).await;
    let token = api.post("/tokens", json!({ "name": "story" })).await.expect_status(201).text("/token");
    (api.with_token(&token), token)
}

both_databases! {
    async fn a_server_is_set_up_once_and_then_signed_in_to(db) {
        let server = Server::start(&db).await;
        let stranger = Api::new(&server);
        assert_eq!(stranger.get("/setup").await.expect_status(200).body, json!({ "set_up": false }));
        let api = Api::set_up(&server).await;
        assert_eq!(api.get("/me").await.expect_status(200).text("/user/email"), "ada@acme.example");
        let again = json!({ "workspace": "B", "name": "Bob", "email": "bob@b.example", "password": "correct horse battery" });
        assert_eq!(stranger.post("/setup", again).await.expect_status(409).text("/type"), "/problems/already_set_up");

        let login = json!({ "email": "Ada@acme.example", "password": "correct horse battery" });
        let first = stranger.post("/auth/login", login).await.expect_status(200);
        let refresh = json!({ "refresh_token": first.text("/refresh_token") });
        let second = stranger.post("/auth/refresh", refresh.clone()).await.expect_status(200);
        let session = stranger.with_token(&second.text("/access_token"));
        session.get("/me").await.expect_status(200);
        // A refresh token that is used again was copied: everything of its session ends.
        stranger.post("/auth/refresh", refresh).await.expect_status(401);
        session.get("/me").await.expect_status(401);
    }

    async fn bad_bodies_are_refused_at_their_place(db) {
        let server = Server::start(&db).await;
        let (api, token) = owner_token(&server).await;
        let json = "application/json";
        let malformed = raw(&server, &token, "/projects", json, r#"{"key": "WEB", "name""#).await;
        expect_problem(&malformed, 400, "malformed_json");
        let unknown = raw(&server, &token, "/projects", json, r#"{"key": "WEB", "nmae": "Website"}"#).await;
        expect_problem(&unknown, 422, "invalid_fields");
        assert_eq!(unknown.2["errors"], json!([{ "pointer": "/nmae", "message": "unknown field `nmae`; did you mean `name`?" }]));
        let wrong_type = raw(&server, &token, "/projects", json, r#"{"key": "WEB", "name": 3}"#).await;
        expect_problem(&wrong_type, 422, "invalid_fields");
        assert_eq!(wrong_type.2["errors"][0]["pointer"], "/name");
        let missing = raw(&server, &token, "/projects", json, r#"{"key": "WEB"}"#).await;
        assert_eq!(missing.2["errors"], json!([{ "pointer": "/name", "message": "is missing" }]));
        expect_problem(&raw(&server, &token, "/projects", json, "").await, 400, "body_missing");
        expect_problem(&raw(&server, &token, "/projects", json, &b"{\"key\": \"\xff\"}"[..]).await, 400, "malformed_json");
        expect_problem(&raw(&server, &token, "/projects", "text/plain", "key: WEB").await, 415, "unsupported_media_type");
        let large = format!(r#"{{"key": "WEB", "name": "{}"}}"#, "x".repeat(1_100_000));
        expect_problem(&raw(&server, &token, "/projects", json, large).await, 413, "body_too_large");
        let deep = format!(r#"{{"key": "WEB", "name": "n", "description": {}"#, "[".repeat(50_000));
        assert!(matches!(raw(&server, &token, "/projects", json, deep).await.0, 400 | 422));
        assert_eq!(api.get("/projects").await.expect_status(200).body, json!({ "items": [], "next_cursor": null }));
    }

    async fn bad_paths_queries_and_strangers_are_refused(db) {
        let server = Server::start(&db).await;
        let (api, _) = owner_token(&server).await;
        let problem = |answer: trackside_tests::harness::Answer| (answer.status, answer.headers, answer.body);
        expect_problem(&problem(api.get("/nothing").await), 404, "route_not_found");
        expect_problem(&problem(api.outside().get("/nothing").await), 404, "route_not_found");
        expect_problem(&problem(api.get("/tasks/task_nonsense").await), 404, "not_found");
        expect_problem(&problem(api.get("/rules/rule_01h455vb4pex5vsknk084sn02q").await), 404, "rule_not_found");
        expect_problem(&problem(api.get("/runs?rule=x").await), 422, "unknown_parameter");
        expect_problem(&problem(api.get("/tasks?stauts=todo").await), 422, "unknown_parameter");
        expect_problem(&problem(api.get("/rules?cursor=abc").await), 422, "invalid_cursor");
        expect_problem(&problem(api.get("/projects?limit=1000").await), 422, "invalid_parameter");
        let wrong_method = api.send(Method::PUT, "/projects", Some(json!({}))).await;
        assert!(wrong_method.headers["allow"].to_str().unwrap().contains("POST"));
        expect_problem(&problem(wrong_method), 405, "method_not_allowed");
        let stranger = problem(api.without_token().get("/me").await);
        assert_eq!(stranger.1["www-authenticate"], "Bearer realm=\"trackside\"");
        expect_problem(&stranger, 401, "token_missing");
        api.with_token("trk_pat_nonsense").get("/me").await.expect_status(401);
        api.with_token("not.a.token").get("/me").await.expect_status(401);
        let named = api.with_header("x-request-id", "mine-1").get("/tasks/WEB-1").await.expect_status(404);
        assert_eq!(named.text("/request_id"), "mine-1");
    }

    async fn a_version_that_is_not_the_newest_is_refused(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let task = api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        assert_eq!((task.text("/key"), task.headers["etag"].to_str().unwrap()), ("WEB-1".into(), "\"1\""));
        let seen = api.with_header("if-match", "\"1\"");
        let changed = seen.patch("/tasks/WEB-1", json!({ "status": "blocked", "due_at": null })).await.expect_status(200);
        assert_eq!(changed.headers["etag"], "\"2\"");
        let stale = seen.patch("/tasks/WEB-1", json!({ "title": "Two" })).await.expect_status(412);
        assert_eq!(stale.text("/type"), "/problems/stale");
        api.with_header("if-match", "two").patch("/tasks/WEB-1", json!({})).await.expect_status(400);
        assert_eq!(api.get("/tasks/WEB-1").await.text("/title"), "One");
    }

    async fn a_repeated_post_acts_once(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let keyed = api.with_header("idempotency-key", "k-1");
        let body = json!({ "key": "WEB", "name": "Website" });
        let first = keyed.post("/projects", body.clone()).await.expect_status(201);
        let second = keyed.post("/projects", body).await.expect_status(201);
        assert_eq!((second.body, &second.headers["idempotency-replayed"]), (first.body, &"true".parse().unwrap()));
        assert_eq!(second.headers["etag"], "\"1\"");
        let other = keyed.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(422);
        assert_eq!(other.text("/type"), "/problems/idempotency_key_reused");
        // What was refused did nothing: the key is there for the request as it is meant.
        let mended = api.with_header("idempotency-key", "k-3");
        mended.post("/projects/WEB/tasks", json!({ "title": 3 })).await.expect_problem(422, "invalid_fields");
        mended.post("/projects/WEB/tasks", json!({ "title": "" })).await.expect_problem(422, "invalid_fields");
        mended.post("/projects/NOT/tasks", json!({ "title": "One" })).await.expect_status(404);
        let made = mended.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        let again = mended.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        assert_eq!(again.text("/id"), made.text("/id"));
        let token = api.with_header("idempotency-key", "k-2");
        token.post("/tokens", json!({ "name": "one" })).await.expect_status(201);
        let again = token.post("/tokens", json!({ "name": "one" })).await.expect_status(409);
        assert_eq!(again.text("/type"), "/problems/idempotency_answer_not_kept");
        assert_eq!(api.get("/tokens").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
    }

    async fn whoever_hangs_up_and_asks_again_finds_it_done_once(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let body = |at: u64| json!({ "title": format!("Task {at}") });
        for at in 0..30 {
            let keyed = api.with_header("idempotency-key", &format!("k-{at}"));
            let patience = Duration::from_millis(1 + at % 10);
            // The client that loses its patience closes its connection.
            tokio::time::timeout(patience, keyed.post("/projects/WEB/tasks", body(at))).await.ok();
            let until = Instant::now() + Duration::from_secs(20);
            loop {
                let again = keyed.post("/projects/WEB/tasks", body(at)).await;
                if again.status == 201 {
                    break;
                }
                assert_eq!(again.status, 409, "{:#}", again.body);
                assert!(Instant::now() < until, "the key of task {at} stays in use");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        assert_eq!(api.get("/tasks?total=true&limit=1").await.at("/total"), &json!(30));
    }

    async fn a_hook_answers_only_to_what_is_signed(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let hook = api.post("/hooks", json!({ "name": "CI", "scheme": { "scheme": "token", "header": "x-token" } })).await.expect_status(201);
        let (path, secret) = (hook.text("/path"), hook.text("/secret"));
        let sender = api.without_token().outside();
        sender.post(&path, json!({ "a": 1 })).await.expect_status(401);
        let received = sender.with_header("x-token", &secret).post(&path, json!({ "a": 1 })).await.expect_status(202);
        let event = received.text("/event");
        let log = api.get("/events?wait=10").await.expect_status(200);
        assert!(log.at("/items").as_array().unwrap().iter().any(|known| known["id"] == event), "{:#}", log.body);
        assert!(api.get(&format!("/events/{event}")).await.expect_status(200).at("/data/body/a") == 1);
        sender.post("/hooks/hook_01h455vb4pex5vsknk084sn02q", json!({})).await.expect_status(404);
        assert!(!server.log().contains(&secret));
        let get = sender.get(&path).await.expect_status(405);
        assert_eq!(get.text("/type"), "/problems/method_not_allowed");
    }

    async fn the_probes_pages_and_the_document_are_open(db) {
        let server = Server::start(&db).await;
        let open = Api::new(&server).outside();
        assert_eq!(open.get("/healthz").await.expect_status(200).body, json!({ "status": "ok" }));
        assert_eq!(open.get("/readyz").await.expect_status(200).body, json!({ "ready": true, "missing": [] }));
        let figures = open.get("/metrics").await.expect_status(200);
        assert!(figures.headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        for page in ["/", "/api/docs"] {
            let page = open.get(page).await.expect_status(200);
            assert!(page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
        }
        let document = open.get("/api/openapi.json").await.expect_status(200);
        assert_eq!(document.text("/openapi"), "3.1.0");
        // Everything in the document that wants a token refuses a stranger.
        let stranger = Api::new(&server);
        for (path, item) in document.at("/paths").as_object().unwrap() {
            let Some(below) = path.strip_prefix("/api/v1") else { continue };
            for (method, operation) in item.as_object().unwrap() {
                if operation["security"] == json!([{}]) {
                    continue;
                }
                let below = below.replace("{id}", "x");
                let answer = stranger.send(method.to_uppercase().parse().unwrap(), &below, Some(json!({}))).await;
                assert_eq!(answer.status, 401, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_ends_with_code_2() {
    let db = trackside_tests::harness::Database::sqlite().await;
    let ended = Server::on(&db).env("TRACKSIDE_RATE_LIMIT", "lots").try_start().await.err().unwrap();
    assert_eq!(ended.code, Some(2), "{}", ended.log);
    assert!(ended.log.contains("the variable TRACKSIDE_RATE_LIMIT: `lots` must be"), "{}", ended.log);
}
