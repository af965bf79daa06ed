//! Sockets: nothing missed, nothing twice, nothing of others, and nobody harmed by somebody else's network.

use std::time::Duration;

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server, Socket};

async fn place(server: &Server) -> (Api, String) {
    let api = Api::set_up(server).await;
    let project = api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    // That it was made has its place in the log, so that nobody who subscribes from now on hears of it.
    let log = api.get("/events?wait=10").await.expect_status(200);
    assert_eq!(log.text("/items/0/kind"), "project.created");
    (api, project.text("/id"))
}

async fn make_tasks(api: &Api, count: usize, description: &str) {
    for number in 0..count {
        let new = json!({ "title": format!("Task {number}"), "description": description });
        api.post("/projects/WEB/tasks", new).await.expect_status(201);
    }
}

/// The answer to a message that is to be refused.
async fn refusal(socket: &mut Socket, message: Value) -> (String, String) {
    socket.say(message).await;
    let answer = socket.hear().await;
    assert_eq!(answer["type"], "error", "{answer}");
    (answer["code"].as_str().unwrap().to_owned(), answer["detail"].as_str().unwrap().to_owned())
}

both_databases! {
    async fn a_client_that_comes_and_goes_hears_everything_once_and_in_order(db) {
        const TASKS: usize = 200;
        let server = Server::start(&db).await;
        let (api, project) = place(&server).await;
        let topic = format!("project:{project}");
        let mut socket = Socket::hello(&server, api.token()).await;
        let mut after = socket.subscribe(&topic, None).await;
        let maker = tokio::spawn({
            let api = api.clone();
            async move { make_tasks(&api, TASKS, "").await }
        });

        let mut heard: Vec<(i64, Value)> = Vec::new();
        let mut stay = 1;
        while heard.len() < TASKS {
            for _ in 0..stay.min(TASKS - heard.len()) {
                let (position, event) = socket.event().await;
                assert!(position > after, "{position} came after {after}");
                after = position;
                heard.push((position, event));
            }
            // Hangs up without a word and comes back, sometimes while what it missed is still being made.
            stay = (stay * 3) % 17 + 1;
            drop(socket);
            socket = Socket::hello(&server, api.token()).await;
            assert_eq!(socket.subscribe(&topic, Some(after)).await, after);
        }
        maker.await.unwrap();
        let titles: Vec<&str> = heard.iter().map(|(_, event)| event["data"]["task"]["title"].as_str().unwrap()).collect();
        assert_eq!(titles, (0..TASKS).map(|number| format!("Task {number}")).collect::<Vec<_>>());

        // The log says the same.
        let (mut logged, mut from) = (Vec::new(), "0".to_owned());
        loop {
            let page = api.get(&format!("/events?limit=200&after={from}")).await.expect_status(200);
            let items = page.at("/items").as_array().unwrap();
            if items.is_empty() { break; }
            logged.extend(items.iter().filter(|event| event["kind"] == "task.created").cloned());
            from = page.text("/next_cursor");
        }
        assert_eq!(heard.iter().map(|(position, _)| json!(position)).collect::<Vec<_>>(),
            logged.iter().map(|event| event["position"].clone()).collect::<Vec<_>>());
        assert_eq!(heard.iter().map(|(_, event)| event).collect::<Vec<_>>(), logged.iter().collect::<Vec<_>>());
        // And then nothing more.
        assert!(socket.hear_within(Duration::from_millis(300)).await.is_none());
    }

    async fn what_changes_while_a_client_reads_is_told_when_it_subscribes(db) {
        let server = Server::start(&db).await;
        let (api, project) = place(&server).await;
        let before = api.get("/me").await.expect_status(200).at("/position").as_i64().unwrap();
        make_tasks(&api, 1, "").await;
        let mut socket = Socket::hello(&server, api.token()).await;
        socket.subscribe(&format!("project:{project}"), Some(before)).await;
        let heard = socket.hear().await;
        assert_eq!((&heard["type"], &heard["event"]["kind"]), (&json!("event"), &json!("task.created")), "{heard}");
    }

    async fn a_socket_says_what_is_wrong_and_goes_on(db) {
        let server = Server::start(&db).await;
        let (api, project) = place(&server).await;
        make_tasks(&api, 1, "").await;
        for first in [json!({ "type": "hello", "token": "nonsense" }), json!({ "type": "hello", "token": "trk_pat_nonsense" }),
            json!({ "type": "ping" }), json!({ "type": "subscribe", "topic": format!("project:{project}") })] {
            let mut socket = Socket::open(&server, "/ws").await;
            let (_, detail) = refusal(&mut socket, first).await;
            assert!(detail.len() > 10, "{detail}");
            assert_eq!(socket.hear_within(Duration::from_secs(5)).await, Some(None), "and hangs up");
        }
        let mut socket = Socket::open(&server, "/ws").await;
        socket.say_bytes(vec![1, 2, 3]).await.unwrap();
        assert_eq!(socket.hear().await["code"], "hello_first");

        let mut socket = Socket::hello(&server, api.token()).await;
        for (message, code) in [
            (json!({ "type": "hello", "token": api.token() }), "already_known"),
            (json!({ "type": "dance" }), "bad_message"),
            (json!({ "type": "subscribe" }), "bad_message"),
            (json!({ "type": "subscribe", "topic": "project:WEB", "afer": 3 }), "bad_message"),
            (json!([1, 2]), "bad_message"),
            (json!({ "type": "subscribe", "topic": "everything" }), "topic_not_found"),
            (json!({ "type": "subscribe", "topic": "project:NOPE" }), "project_not_found"),
            (json!({ "type": "subscribe", "topic": "project:proj_nonsense" }), "topic_not_found"),
            (json!({ "type": "subscribe", "topic": "task:a\u{0}b" }), "character_refused"),
            (json!({ "type": "subscribe", "topic": "rule:rule_01h455vb4pex5vsknk084sn02q" }), "rule_not_found"),
            (json!({ "type": "subscribe", "topic": "user:user_01h455vb4pex5vsknk084sn02q" }), "topic_not_found"),
            (json!({ "type": "signal", "topic": "project:WEB", "kind": "typing", "data": {} }), "not_subscribed"),
            (json!({ "type": "signal", "topic": "project:WEB", "kind": "shouting", "data": {} }), "bad_message"),
        ] {
            let (found, detail) = refusal(&mut socket, message.clone()).await;
            assert_eq!(found, code, "{message}: {detail}");
            assert!(detail.len() > 10, "{detail}");
        }
        socket.say_text("{not json".into()).await.unwrap();
        assert_eq!(socket.hear().await["code"], "bad_message");
        socket.say(json!({ "type": "ping" })).await;
        assert_eq!(socket.hear().await["type"], "pong");

        // A place that the log has not reached is of another log.
        socket.say(json!({ "type": "subscribe", "topic": format!("project:{project}"), "after": 1_000_000_000 })).await;
        assert_eq!(socket.hear().await["type"], "reload");
        // Nor is there anything before the beginning.
        socket.say(json!({ "type": "subscribe", "topic": format!("project:{project}"), "after": i64::MIN })).await;
        assert_eq!(socket.hear().await["type"], "reload");
        // What was subscribed to by its key is left, and signalled to, by it.
        let mut named = Socket::hello(&server, api.token()).await;
        named.say(json!({ "type": "subscribe", "topic": "project:WEB" })).await;
        assert_eq!(named.hear().await["topic"], format!("project:{project}"));
        named.say(json!({ "type": "signal", "topic": "project:WEB", "kind": "typing", "data": {} })).await;
        assert_eq!(named.hear().await["type"], "signal");
        named.say(json!({ "type": "unsubscribe", "topic": "project:WEB" })).await;
        assert_eq!(named.hear().await["type"], "unsubscribed");
        api.patch("/tasks/WEB-1", json!({ "title": "unheard" })).await.expect_status(200);
        assert!(named.hear_within(Duration::from_millis(300)).await.is_none());
        // Nor does the log tell a client that comes from elsewhere that nothing has happened.
        api.get("/events?after=1000000000").await.expect_problem(422, "invalid_parameter");
        // The short forms subscribe by themselves; a key serves as well as an id.
        let mut by_key = Socket::hello_at(&server, "/ws/projects/WEB", api.token()).await;
        assert_eq!(by_key.hear().await["topic"], format!("project:{project}"));
        let mut by_task = Socket::hello_at(&server, "/ws/tasks/WEB-1", api.token()).await;
        assert_eq!(by_task.hear().await["type"], "subscribed");
        let mut own = Socket::hello_at(&server, "/ws/notifications", api.token()).await;
        assert_eq!(own.hear().await["type"], "subscribed");
        api.patch("/tasks/WEB-1", json!({ "status": "blocked" })).await.expect_status(200);
        assert_eq!(by_task.event().await.1["data"]["task"]["key"], "WEB-1");
        by_key.event().await;

        // On one's own topic stands how many notifications one has not read.
        let rule = json!({ "name": "Tell", "trigger": { "on": "manual" }, "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "Look" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let hear = async |own: &mut Socket, unread: i64| loop {
            let message = own.hear().await;
            if message["type"] == "notifications" && message["unread"] == unread { break; }
        };
        api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202);
        hear(&mut own, 1).await;
        api.post("/notifications/read", json!({ "all": true })).await.expect_status(200);
        hear(&mut own, 0).await;

        // Signals go to the others on the topic, and nowhere else.
        let topic = format!("project:{project}");
        let mut other = Socket::hello(&server, api.token()).await;
        other.subscribe(&topic, None).await;
        by_key.say(json!({ "type": "signal", "topic": topic, "kind": "typing", "data": { "task": "WEB-1" } })).await;
        let signal = loop {
            let message = other.hear().await;
            if message["type"] == "signal" { break message; }
        };
        assert_eq!((&signal["kind"], &signal["data"]["task"]), (&json!("typing"), &json!("WEB-1")));
        assert!(signal["from"].as_str().unwrap().starts_with("user_"));

        // Who has left a topic hears nothing of it.
        other.say(json!({ "type": "unsubscribe", "topic": topic })).await;
        assert_eq!(other.hear().await["type"], "unsubscribed");
        api.patch("/tasks/WEB-1", json!({ "status": "todo" })).await.expect_status(200);
        assert!(other.hear_within(Duration::from_millis(300)).await.is_none());
        assert!(!server.log().contains("panicked"));
    }

    async fn nothing_of_another_workspace_is_heard(db) {
        let server = Server::start(&db).await;
        let (api, project) = place(&server).await;
        make_tasks(&api, 1, "").await;
        let me = api.get("/me").await;
        let (workspace, user) = (me.text("/workspace/id"), me.text("/user/id"));
        let rule = json!({ "name": "r", "trigger": { "on": "task.created" }, "steps": [{ "id": "end", "stop": "succeeded" }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201).text("/id");
        let task = api.get("/tasks/WEB-1").await.text("/id");
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let mut socket = Socket::hello(&server, eve.token()).await;
        for topic in ["project:WEB".to_owned(), "task:WEB-1".to_owned(), format!("project:{project}"), format!("task:{task}"),
            format!("rule:{rule}"), format!("hook:{hook}"), format!("workspace:{workspace}"), format!("user:{user}")] {
            let (code, _) = refusal(&mut socket, json!({ "type": "subscribe", "topic": topic, "after": 0 })).await;
            assert!(code.ends_with("_not_found"), "{topic}: {code}");
        }
        for path in ["/ws/projects/WEB", "/ws/tasks/WEB-1"] {
            let mut socket = Socket::hello_at(&server, path, eve.token()).await;
            assert_eq!(socket.hear().await["type"], "error", "{path}");
        }
        let own = eve.get("/me").await.text("/workspace/id");
        socket.subscribe(&format!("workspace:{own}"), Some(0)).await;
        make_tasks(&api, 3, "").await;
        eve.post("/projects", json!({ "key": "EVE", "name": "Eve's" })).await.expect_status(201);
        let (_, event) = socket.event().await;
        assert_eq!(event["kind"], "project.created");
        assert_eq!(event["data"]["project"]["key"], "EVE", "the first thing heard is one's own");
        assert!(socket.hear_within(Duration::from_millis(300)).await.is_none());
    }

    async fn a_client_that_does_not_read_harms_nobody(db) {
        const TASKS: usize = 600;
        let server = Server::start(&db).await;
        let (api, project) = place(&server).await;
        let topic = format!("project:{project}");
        let (mut slow, mut fast) = (Socket::hello(&server, api.token()).await, Socket::hello(&server, api.token()).await);
        slow.subscribe(&topic, None).await;
        fast.subscribe(&topic, None).await;
        // 36 MB of events: more than the buffers of a connection and the queue of a socket hold together.
        let maker = tokio::spawn({
            let (api, long) = (api.clone(), "x".repeat(60_000));
            async move { make_tasks(&api, TASKS, &long).await }
        });
        for number in 0..TASKS {
            assert_eq!(fast.event().await.1["data"]["task"]["title"], format!("Task {number}"));
        }
        maker.await.unwrap();

        // What the slow one gets is in order, and it is told that it does not get everything.
        let (mut seen, mut told) = (0, false);
        while let Some(Some(message)) = slow.hear_within(Duration::from_secs(5)).await {
            if message["type"] == "reload" {
                assert_eq!(message["topic"], topic);
                told = true;
                break;
            }
            assert_eq!(message["event"]["data"]["task"]["title"], format!("Task {seen}"));
            seen += 1;
        }
        assert!(seen < TASKS, "the slow one got everything, so this shows nothing");
        if told {
            // The socket is still good: it reads the state anew and goes on.
            slow.subscribe(&topic, None).await;
            make_tasks(&api, 1, "").await;
            assert_eq!(slow.event().await.1["kind"], "task.created");
        } else {
            assert!(slow.say_text("{}".into()).await.is_err() || slow.hear_within(Duration::from_secs(1)).await == Some(None), "neither told nor cut off");
        }
    }

    async fn a_message_that_is_too_large_ends_only_its_own_socket(db) {
        let server = Server::start(&db).await;
        let (api, project) = place(&server).await;
        let mut good = Socket::hello(&server, api.token()).await;
        good.subscribe(&format!("project:{project}"), None).await;
        let mut bad = Socket::hello(&server, api.token()).await;
        let message = |length: usize| json!({ "type": "subscribe", "topic": "x".repeat(length) }).to_string();
        bad.say_text(message(60 * 1024)).await.unwrap();
        assert_eq!(bad.hear().await["type"], "error", "within the limit it is only unknown");
        // The server may hang up before it has read all of it.
        let _ = bad.say_text(message(2 * 1024 * 1024)).await;
        assert_eq!(bad.hear_within(Duration::from_secs(10)).await, Some(None));
        make_tasks(&api, 1, "").await;
        good.event().await;
    }

    async fn a_token_that_is_revoked_ends_its_socket(db) {
        let server = Server::start(&db).await;
        let (api, project) = place(&server).await;
        let token = api.post("/tokens", json!({ "name": "socket" })).await.expect_status(201);
        let mut socket = Socket::hello(&server, &token.text("/token")).await;
        socket.subscribe(&format!("project:{project}"), None).await;
        let mut other = Socket::hello(&server, api.token()).await;
        api.delete(&format!("/tokens/{}", token.text("/id"))).await.expect_status(204);
        let last = socket.hear_within(Duration::from_secs(25)).await.flatten().expect("a word before the end");
        assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("token_invalid")));
        assert_eq!(socket.hear_within(Duration::from_secs(5)).await, Some(None));
        other.say(json!({ "type": "ping" })).await;
        assert_eq!(other.hear().await["type"], "pong");
    }
}
