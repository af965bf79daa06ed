//! The external actions against the fakes: what is accepted, what is refused, and what a retry does.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use trackside_engine::actions::external::{Call, Connection, Credentials, ErasedExternal, Failure, Secret};
use trackside_engine::ids::{Id, WorkspaceId};
use trackside_workers::egress::{Egress, Policy};
use trackside_workers::integrations;

use super::github::Github;
use super::schema::Received;
use super::slack::{ARCHIVED, GENERAL, Slack, WEBHOOK_PATH};
use super::{Server, Trouble};

const REPOSITORY: &str = "octocat/hello";

/// One connection for every kind, whatever the name.
struct One(Connection);

impl Credentials for One {
    fn find<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Connection, Failure>> {
        Box::pin(async move { Ok(self.0.clone()) })
    }
}

fn call(base_url: &str, token: &str, attempt: i64) -> Call {
    let connection = Connection { base_url: Some(base_url.to_owned()), token: Secret::new(token) };
    Call {
        idempotency_key: "run_1/steps/create".into(),
        attempt,
        depth: 1,
        timeout: Duration::from_millis(500),
        workspace: WorkspaceId::from_uuid(uuid::Uuid::nil()),
        credentials: Arc::new(One(connection)),
    }
}

fn action(name: &str) -> Arc<dyn ErasedExternal> {
    let egress = Egress::new(Policy { allow: vec!["127.0.0.0/8".parse().unwrap()] }).unwrap();
    integrations::all(&egress).into_iter().find(|action| action.name() == name).unwrap()
}

async fn github() -> Server<Github> {
    Server::start(Github::new("ghp_good", &[REPOSITORY])).await.unwrap()
}

async fn slack() -> Server<Slack> {
    Server::start(Slack::new("xoxb-good")).await.unwrap()
}

/// The words of a permanent failure.
fn permanent(outcome: Result<Value, Failure>) -> String {
    match outcome {
        Err(Failure::Permanent { error }) => error,
        other => panic!("must fail for good: {other:?}"),
    }
}

fn retry_after(outcome: Result<Value, Failure>) -> Option<Duration> {
    match outcome {
        Err(Failure::Retryable { after, .. }) => after,
        other => panic!("must be retryable: {other:?}"),
    }
}

#[tokio::test]
async fn an_issue_is_created_as_the_vendor_takes_it() {
    let server = github().await;
    let input = json!({
        "repository": REPOSITORY, "title": "It breaks", "body": "Steps: …", "labels": ["bug"], "assignees": ["ada"]
    });
    let output = action("github.create_issue").perform_json(&call(&server.url, "ghp_good", 1), input).await.unwrap();
    assert_eq!(output["number"], 1);
    assert_eq!(output["url"], "https://github.test/octocat/hello/issues/1");
    let issue = &server.service.issues(REPOSITORY)[0];
    assert_eq!(issue["body"], "Steps: …\n\n<!-- trackside:run_1/steps/create -->");
    assert_eq!((&issue["labels"][0]["name"], &issue["assignees"][0]["login"]), (&json!("bug"), &json!("ada")));
    assert_eq!(server.received().len(), 1, "a first attempt searches nothing");
    assert_eq!(server.refusals(), Vec::<String>::new());
}

#[tokio::test]
async fn a_retry_after_a_lost_answer_makes_one_issue() {
    for trouble in [Trouble::FailAfterCommit(502), Trouble::HangAfterCommit] {
        let server = github().await;
        server.service.seed(REPOSITORY, 130);
        server.troubles([trouble]);
        let create = action("github.create_issue");
        let input = json!({ "repository": REPOSITORY, "title": "Once" });
        let first = create.perform_json(&call(&server.url, "ghp_good", 1), input.clone()).await.unwrap_err();
        assert!(matches!(first, Failure::Retryable { .. } | Failure::Unknown { .. }), "{first:?}");
        server.service.seed(REPOSITORY, 120);
        let second = create.perform_json(&call(&server.url, "ghp_good", 2), input.clone()).await.unwrap();
        assert_eq!(second["number"], 131, "found on the second page");
        assert_eq!(server.service.issues(REPOSITORY).len(), 251);
        assert_eq!(server.refusals(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_retry_after_nothing_happened_makes_the_issue() {
    let server = github().await;
    server.troubles([Trouble::Refuse(503), Trouble::Refuse(500)]);
    let create = action("github.create_issue");
    let input = json!({ "repository": REPOSITORY, "title": "Once" });
    retry_after(create.perform_json(&call(&server.url, "ghp_good", 1), input.clone()).await);
    retry_after(create.perform_json(&call(&server.url, "ghp_good", 2), input.clone()).await);
    assert_eq!(create.perform_json(&call(&server.url, "ghp_good", 3), input).await.unwrap()["number"], 1);
    assert_eq!(server.service.issues(REPOSITORY).len(), 1);
}

#[tokio::test]
async fn github_says_when_to_come_back_and_what_is_wrong() {
    let server = github().await;
    let create = action("github.create_issue");
    let input = json!({ "repository": REPOSITORY, "title": "x" });
    server.troubles([Trouble::Limit(7)]);
    let limited = create.perform_json(&call(&server.url, "ghp_good", 1), input.clone()).await;
    assert_eq!(retry_after(limited), Some(Duration::from_secs(7)));

    let wrong_token = create.perform_json(&call(&server.url, "ghp_bad", 1), input.clone()).await;
    assert!(permanent(wrong_token).contains("connect GitHub again"));
    let elsewhere = json!({ "repository": "octocat/other", "title": "x" });
    assert!(
        permanent(create.perform_json(&call(&server.url, "ghp_good", 1), elsewhere).await).contains("check the name")
    );
    for (input, place) in [
        (json!({ "repository": "octocat", "title": "x" }), "/repository"),
        (json!({ "repository": REPOSITORY, "title": " " }), "/title"),
        (json!({ "repository": REPOSITORY, "title": "x", "labels": ["a", 1] }), "/labels/1"),
        (json!({ "repository": REPOSITORY, "title": "x", "label": "a" }), "unknown field `label`"),
    ] {
        let error = permanent(create.perform_json(&call(&server.url, "ghp_good", 1), input).await);
        assert!(error.contains(place), "{error}");
    }
    assert_eq!(server.service.issues(REPOSITORY).len(), 0);
}

#[tokio::test]
async fn an_enterprise_server_is_called_under_its_own_path_and_wall() {
    let server = github().await;
    let create = action("github.create_issue");
    let input = json!({ "repository": REPOSITORY, "title": "x" });
    let base = format!("{}/api/v3/", server.url);
    permanent(create.perform_json(&call(&base, "ghp_good", 1), input.clone()).await);
    assert_eq!(server.received()[0].path, "/api/v3/repos/octocat/hello/issues");
    retry_after(create.perform_json(&call("http://127.0.0.1:1", "ghp_good", 1), input.clone()).await);
    for inside in ["http://10.0.0.1/api/v3", "https://[::1]", "http://0x7f000001.test@10.0.0.1/"] {
        let error = permanent(create.perform_json(&call(inside, "ghp_good", 1), input.clone()).await);
        assert!(!error.contains("ghp_"), "{error}");
    }
    let walled = Egress::new(Policy::default()).unwrap();
    let walled = integrations::all(&walled).into_iter().find(|action| action.name() == "github.create_issue").unwrap();
    let localhost = server.url.replace("127.0.0.1", "localhost");
    let error = permanent(walled.perform_json(&call(&localhost, "ghp_good", 1), input).await);
    assert!(error.contains("leads to a loopback address"), "{error}");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_bot_posts_messages_blocks_and_threads() {
    let server = slack().await;
    let post = action("slack.post_message");
    let call = call(&server.url, "xoxb-good", 1);
    let input = json!({ "channel": GENERAL.0, "text": "Hi & <bye> 🚆 =+%" });
    let first = post.perform_json(&call, input).await.unwrap();
    assert_eq!(first["channel"], GENERAL.0);
    let blocks = json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "*Late*" } }]);
    let reply = json!({ "channel": "#general", "text": "Late", "blocks": blocks, "thread_ts": first["ts"] });
    post.perform_json(&call, reply).await.unwrap();
    let messages = server.service.messages();
    assert_eq!(messages[0]["text"], "Hi & <bye> 🚆 =+%");
    assert_eq!((&messages[1]["blocks"], &messages[1]["thread_ts"]), (&blocks, &first["ts"]));
    assert_eq!(server.refusals(), Vec::<String>::new());
}

#[tokio::test]
async fn slack_errors_are_sorted() {
    let server = slack().await;
    let post = action("slack.post_message");
    let good = call(&server.url, "xoxb-good", 1);
    for (input, hint) in [
        (json!({ "channel": "C0NOSUCH99", "text": "x" }), "channel_not_found: give the channel's id"),
        (json!({ "channel": ARCHIVED, "text": "x" }), "is_archived"),
        (json!({ "channel": GENERAL.0, "text": "x", "blocks": [{ "kind": "section" }] }), "invalid_blocks"),
        (json!({ "channel": GENERAL.0 }), "/text"),
        (json!({ "text": "x" }), "/channel"),
        (json!({ "channel": GENERAL.0, "text": 7 }), "/text"),
        (json!({ "channel": GENERAL.0, "text": "x", "emoji": ":tada:" }), "unknown field `emoji`"),
    ] {
        let error = permanent(post.perform_json(&good, input).await);
        assert!(error.contains(hint), "{error}");
    }
    let message = json!({ "channel": GENERAL.0, "text": "x" });
    let error = permanent(post.perform_json(&call(&server.url, "xoxb-bad", 1), message.clone()).await);
    assert!(error.contains("connect Slack again") && !error.contains("xoxb"), "{error}");
    server.troubles([
        Trouble::Limit(30),
        Trouble::Refuse(500),
        Trouble::HangAfterCommit,
        Trouble::Delay(Duration::from_millis(50)),
    ]);
    assert_eq!(retry_after(post.perform_json(&good, message.clone()).await), Some(Duration::from_secs(30)));
    assert_eq!(retry_after(post.perform_json(&good, message.clone()).await), None);
    assert!(matches!(post.perform_json(&good, message.clone()).await, Err(Failure::Unknown { .. })));
    assert!(post.perform_json(&good, message).await.is_ok());
}

#[tokio::test]
async fn an_incoming_webhook_posts_to_its_own_channel() {
    let server = slack().await;
    let post = action("slack.post_message");
    let hook = call(&server.url, &format!("{}{WEBHOOK_PATH}", server.url), 1);
    let output = post.perform_json(&hook, json!({ "text": "Hi" })).await.unwrap();
    assert_eq!(output, json!({ "channel": null, "ts": null }));
    assert_eq!(server.service.messages()[0]["text"], "Hi");
    assert!(permanent(post.perform_json(&hook, json!({ "text": "Hi", "channel": "x" })).await).contains("/channel"));
    let gone = call(&server.url, &format!("{}/services/T0/B0/gone", server.url), 1);
    let error = permanent(post.perform_json(&gone, json!({ "text": "Hi" })).await);
    assert!(error.contains("no_service") && !error.contains("/services/"), "{error}");
    assert_eq!(server.refusals(), Vec::<String>::new());
}

#[tokio::test]
async fn any_service_is_reached_with_the_steps_key() {
    let server = slack().await;
    let url = format!("{}{WEBHOOK_PATH}", server.url);
    let send = action("http.request");
    let call = call("", "", 1);
    let input = json!({ "method": "POST", "url": url, "body": { "text": "Hi" }, "headers": { "X-Trace": "1" } });
    let output = send.perform_json(&call, input).await.unwrap();
    assert_eq!((&output["status"], &output["body"], &output["truncated"]), (&json!(200), &json!("ok"), &json!(false)));
    let header = |received: &Received, name: &str| received.headers.get(name).cloned().unwrap_or_default();
    let sent = &server.received()[0];
    assert_eq!(header(sent, "idempotency-key"), "run_1/steps/create");
    assert_eq!((header(sent, "content-type"), header(sent, "x-trace")), ("application/json".into(), "1".into()));

    let own = json!({ "method": "POST", "url": url, "text": "{\"text\":\"Hi\"}", "expect": [200, 404],
        "headers": { "idempotency-key": "mine", "Content-Type": "application/json" } });
    send.perform_json(&call, own).await.unwrap();
    assert_eq!(header(&server.received()[1], "idempotency-key"), "mine");
    let missing = json!({ "method": "GET", "url": format!("{}/services/x", server.url), "expect": [404] });
    assert_eq!(send.perform_json(&call, missing).await.unwrap()["status"], 404);
}

#[tokio::test]
async fn http_answers_and_inputs_are_sorted() {
    let server = slack().await;
    let url = format!("{}{WEBHOOK_PATH}", server.url);
    let send = action("http.request");
    let call = call("", "", 1);
    let post = json!({ "method": "POST", "url": url, "body": { "text": "Hi" } });
    server.troubles([
        Trouble::Limit(5),
        Trouble::Refuse(503),
        Trouble::Refuse(400),
        Trouble::Refuse(302),
        Trouble::HangAfterCommit,
    ]);
    assert_eq!(retry_after(send.perform_json(&call, post.clone()).await), Some(Duration::from_secs(5)));
    assert_eq!(retry_after(send.perform_json(&call, post.clone()).await), None);
    assert!(permanent(send.perform_json(&call, post.clone()).await).contains("400 Bad Request: server trouble"));
    assert!(permanent(send.perform_json(&call, post.clone()).await).contains("redirects are not followed"));
    assert!(matches!(send.perform_json(&call, post).await, Err(Failure::Unknown { .. })));
    for (input, place) in [
        (json!({ "method": "GET", "url": "http://169.254.169.254/latest/meta-data/" }), "/url"),
        (json!({ "method": "GET", "url": "file:///etc/passwd" }), "/url"),
        (json!({ "method": "get", "url": url }), "/method"),
        (json!({ "method": "POST", "url": url, "body": 1, "text": "x" }), "/body"),
        (
            json!({ "method": "POST", "url": url, "headers": { "Transfer-Encoding": "chunked" } }),
            "/headers/Transfer-Encoding",
        ),
        (json!({ "method": "POST", "url": url, "headers": { "X-A": "1\r\nX-B: 2" } }), "/headers/X-A"),
        (json!({ "method": "POST", "url": url, "headers": { "a b": "1" } }), "/headers/a b"),
        (json!({ "method": "POST", "url": url, "expect": ["ok"] }), "/expect/0"),
        (json!({ "method": "POST", "url": url, "json": {} }), "unknown field `json`"),
    ] {
        let error = permanent(send.perform_json(&call, input).await);
        assert!(error.contains(place), "{error}");
    }
    let nobody = json!({ "method": "GET", "url": "http://127.0.0.1:1/" });
    retry_after(send.perform_json(&call, nobody).await);
}

#[tokio::test]
async fn the_fakes_refuse_what_the_vendors_description_refuses() {
    let server = github().await;
    let send = action("http.request");
    let call = call("", "", 1);
    let issues = format!("{}/repos/{REPOSITORY}/issues", server.url);
    let headers = json!({ "Authorization": "Bearer ghp_good" });
    for (request, problem) in [
        (json!({ "method": "POST", "url": issues, "headers": headers, "body": {} }), "title"),
        (json!({ "method": "POST", "url": issues, "headers": headers, "body": { "title": [] } }), "/title"),
        (
            json!({ "method": "POST", "url": issues, "headers": headers, "body": { "title": "x", "lables": [] } }),
            "lables",
        ),
        (
            json!({ "method": "POST", "url": issues, "headers": headers, "body": { "title": "x", "labels": [7] } }),
            "/labels/0",
        ),
        (json!({ "method": "POST", "url": issues, "headers": headers, "text": "title=x" }), "content-type"),
        (json!({ "method": "GET", "url": format!("{issues}?state=shut"), "headers": headers }), "state"),
        (json!({ "method": "GET", "url": format!("{issues}?per_page=many"), "headers": headers }), "per_page"),
        (json!({ "method": "GET", "url": format!("{issues}?limit=1"), "headers": headers }), "limit"),
        (json!({ "method": "GET", "url": format!("{issues}/one"), "headers": headers }), "issue_number"),
        (json!({ "method": "DELETE", "url": issues, "headers": headers }), "no such operation"),
    ] {
        permanent(send.perform_json(&call, request).await);
        let refusal = server.refusals().pop().unwrap();
        assert!(refusal.contains(problem), "{refusal}");
    }
    assert_eq!(server.refusals().len(), 10);
}

#[tokio::test]
async fn the_fake_github_remembers_comments() {
    let server = github().await;
    server.service.seed(REPOSITORY, 1);
    let send = action("http.request");
    let call = call("", "", 1);
    let headers = json!({ "Authorization": "Bearer ghp_good" });
    let issue = format!("{}/repos/{REPOSITORY}/issues/1", server.url);
    let comment =
        json!({ "method": "POST", "url": format!("{issue}/comments"), "headers": headers, "body": { "body": "Seen" } });
    assert_eq!(send.perform_json(&call, comment).await.unwrap()["status"], 201);
    let listed = json!({ "method": "GET", "url": format!("{issue}/comments?per_page=10"), "headers": headers });
    assert_eq!(send.perform_json(&call, listed).await.unwrap()["body"][0]["body"], "Seen");
    let shown = json!({ "method": "GET", "url": issue, "headers": headers });
    assert_eq!(send.perform_json(&call, shown).await.unwrap()["body"]["comments"], 1);
    assert_eq!(server.refusals(), Vec::<String>::new());
}
