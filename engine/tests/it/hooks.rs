//! Posts that come in: what is stored of them, and what is refused.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use trackside_engine::access::{Actor, HookManage, HookView};
use trackside_engine::db::{One, Tx};
use trackside_engine::hooks::{CreatedHook, Hook, Incoming, Intake, NewHook, Receipt, Registry, service};
use trackside_engine::ids::HookId;
use trackside_engine::vault::Secret;
use trackside_engine::{Class, Cx, Error, Result};

use crate::people::House;
use crate::place::{Place, on_each};

const BODY: &[u8] = br#"{"action": "opened", "n":1.10, "action":"again", "nul": "\u0000"}"#;

struct Yard<'a> {
    house: House<'a>,
    cx: Cx,
    registry: Registry,
    intake: Intake,
}

impl<'a> Yard<'a> {
    async fn build(place: &'a Place) -> Self {
        let house = House::build(place).await;
        let (_, cx) = house.set_up().await;
        let registry = Registry::new(house.vault.clone());
        let intake = Intake::start(place.db.clone(), house.source.clone(), None);
        Self { house, cx, registry, intake }
    }

    async fn create(&self, cx: &Cx, new: Value) -> Result<CreatedHook> {
        let new: NewHook = serde_json::from_value(new).map_err(|error| Error::invalid("json", error.to_string()))?;
        let (cx, vault) = (cx.clone(), self.house.vault.clone());
        let create = async move |tx: &mut Tx| service::create(tx, &cx, &vault, &cx.actor.may_here()?, new).await;
        self.house.place.db.write(create).await
    }

    async fn post(&self, hook: HookId, headers: &[(&str, &str)], body: &[u8]) -> Result<Receipt> {
        let post = Incoming { headers, body, trace: Some("trace-1".into()) };
        service::receive(&self.intake, &self.registry, hook, post).await
    }

    /// The payloads and actors of all events, oldest first, as they are stored.
    async fn stored(&self) -> Vec<(String, String, String)> {
        let mut rx = self.house.place.db.read().await.unwrap();
        let sql = "select payload, actor, trace from events where kind = 'hook.received' order by id";
        rx.all(sql, ()).await.unwrap()
    }
}

fn github(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn what_comes_is_kept_to_the_letter_with_its_secrets_masked() {
    on_each(async |place| {
        let yard = Yard::build(place).await;
        let made = yard.create(&yard.cx, json!({"name": "the \"repo\"", "scheme": "github"})).await.unwrap();
        let shown = serde_json::to_value(&made).unwrap();
        assert_eq!(shown["path"], json!(format!("/hooks/{}", made.hook.id)));
        let secret = made.secret.unwrap();
        assert!(!serde_json::to_string(&made.hook).unwrap().contains(&secret));
        let signature = github(&secret, BODY);
        let headers = [
            ("content-type", "application/json"),
            ("x-hub-signature-256", signature.as_str()),
            ("x-github-delivery", "d-1"),
            ("authorization", "Bearer hush"),
            ("x-gitlab-token", "hush"),
        ];
        let receipt = yard.post(made.hook.id, &headers, BODY).await.unwrap();
        assert!(!receipt.duplicate);
        let stored = yard.stored().await;
        let (payload, actor, trace) = &stored[0];
        let body = std::str::from_utf8(BODY).unwrap();
        assert!(payload.ends_with(&format!(r#","body":{body}}}"#)), "{payload}");
        let read: Value = serde_json::from_str(payload).unwrap();
        assert_eq!(read["hook"], json!({"id": made.hook.id, "name": "the \"repo\""}));
        assert_eq!(read["headers"]["authorization"], "***");
        assert_eq!(read["headers"]["x-gitlab-token"], "***");
        assert_eq!(read["headers"]["x-github-delivery"], "d-1");
        assert!(!payload.contains("hush"));
        assert_eq!(serde_json::from_str::<Value>(actor).unwrap(), json!({"type": "hook", "id": made.hook.id}));
        assert_eq!(trace, "trace-1");

        let form = b"payload=%7B%22type%22%3A%22block_actions%22%7D";
        let signature = github(&secret, form);
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("x-hub-signature-256", signature.as_str())];
        yard.post(made.hook.id, &headers, form).await.unwrap();
        let read: Value = serde_json::from_str(&yard.stored().await[1].0).unwrap();
        assert_eq!(read["body"]["payload"]["type"], "block_actions");
    })
    .await;
}

#[tokio::test]
async fn a_delivery_that_comes_again_leaves_no_second_event() {
    on_each(async |place| {
        let yard = Yard::build(place).await;
        let made = yard.create(&yard.cx, json!({"name": "repo", "scheme": "github"})).await.unwrap();
        let signature = github(made.secret.as_deref().unwrap(), BODY);
        let headers = [("x-hub-signature-256", signature.as_str()), ("x-github-delivery", "d-1")];
        let posts = (0..8).map(|_| yard.post(made.hook.id, &headers, BODY));
        let receipts = futures::future::try_join_all(posts).await.unwrap();
        assert_eq!(receipts.iter().filter(|receipt| !receipt.duplicate).count(), 1);
        assert!(receipts.iter().all(|receipt| receipt.event_id == receipts[0].event_id), "{receipts:?}");
        assert_eq!(yard.stored().await.len(), 1);
        let headers = [("x-hub-signature-256", signature.as_str()), ("x-github-delivery", "d-2")];
        assert!(!yard.post(made.hook.id, &headers, BODY).await.unwrap().duplicate);
        let headers = [("x-hub-signature-256", signature.as_str())];
        for _ in 0..2 {
            assert!(!yard.post(made.hook.id, &headers, BODY).await.unwrap().duplicate, "without an id each is new");
        }
        assert_eq!(yard.stored().await.len(), 4);

        let source = yard.house.source.clone();
        yard.house.clock.advance(chrono::TimeDelta::days(31));
        let forget = async move |tx: &mut Tx| service::forget_deliveries(tx, &source).await;
        assert_eq!(place.db.write(forget).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_proves_nothing_is_refused_and_leaves_nothing() {
    on_each(async |place| {
        let yard = Yard::build(place).await;
        let made = yard.create(&yard.cx, json!({"name": "repo", "scheme": "github"})).await.unwrap();
        let secret = made.secret.unwrap();
        let id = made.hook.id;
        let refused = async |headers: &[(&str, &str)], body: &[u8]| {
            let error = yard.post(id, headers, body).await.unwrap_err();
            (error.class, error.code)
        };
        assert_eq!(refused(&[], BODY).await, (Class::Unauthenticated, "signature_missing"));
        let signature = github(&secret, b"other");
        assert_eq!(
            refused(&[("x-hub-signature-256", &signature)], BODY).await,
            (Class::Unauthenticated, "signature_invalid")
        );
        let large = vec![b' '; 1024 * 1024 + 1];
        let signature = github(&secret, &large);
        assert_eq!(
            refused(&[("x-hub-signature-256", &signature)], &large).await,
            (Class::TooLarge, "hook_body_too_large")
        );
        let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
        let signature = github(&secret, deep.as_bytes());
        assert_eq!(
            refused(&[("x-hub-signature-256", &signature)], deep.as_bytes()).await,
            (Class::Invalid, "body_too_deep")
        );
        let unknown: HookId = yard.cx.new_id();
        assert_eq!(yard.post(unknown, &[], BODY).await.unwrap_err().code, "hook_not_found");
        assert!(yard.stored().await.is_empty());
        let mut rx = place.db.read().await.unwrap();
        let kept: One<i64> = rx.one("select count(*) from hook_deliveries", ()).await.unwrap();
        assert_eq!(kept.0, 0);
    })
    .await;
}

#[tokio::test]
async fn a_hook_is_made_with_a_named_scheme_and_a_fitting_secret() {
    on_each(async |place| {
        let yard = Yard::build(place).await;
        let refused = async |new: Value| yard.create(&yard.cx, new).await.err().map(|error| error.code);
        assert_eq!(refused(json!({"name": "a"})).await, Some("json"), "there is no default scheme");
        assert_eq!(refused(json!({"name": "a", "scheme": "slack"})).await, Some("invalid_fields"));
        assert_eq!(refused(json!({"name": "a", "scheme": "none", "secret": "x"})).await, Some("invalid_fields"));
        assert_eq!(
            refused(json!({"name": "a", "scheme": "standard_webhooks", "secret": "x!"})).await,
            Some("invalid_fields")
        );
        assert_eq!(refused(json!({"name": "", "scheme": "none"})).await, Some("invalid_fields"));
        let open = yard.create(&yard.cx, json!({"name": "open", "scheme": "none"})).await.unwrap();
        assert!(open.secret.is_none());
        assert_eq!(refused(json!({"name": "open", "scheme": "none"})).await, Some("hook_name_taken"));
        yard.post(open.hook.id, &[], b"").await.unwrap();

        let scheme = json!({"scheme": "token", "header": "X-Mine"});
        let token =
            yard.create(&yard.cx, json!({"name": "token", "scheme": scheme, "secret": "hush-hush"})).await.unwrap();
        yard.post(token.hook.id, &[("x-mine", "hush-hush")], b"{}").await.unwrap();
        assert!(!yard.stored().await[1].0.contains("hush"));

        let mut weak = yard.cx.clone();
        weak.actor = Actor::hook(open.hook.id, yard.cx.actor.workspace);
        assert_eq!(
            yard.create(&weak, json!({"name": "b", "scheme": "none"})).await.err().unwrap().class,
            Class::Denied
        );
    })
    .await;
}

#[tokio::test]
async fn a_changed_secret_and_a_deleted_hook_count_at_once_here_and_soon_elsewhere() {
    on_each(async |place| {
        let yard = Yard::build(place).await;
        let elsewhere = Registry::new(yard.house.vault.clone());
        let made =
            yard.create(&yard.cx, json!({"name": "repo", "scheme": "token", "secret": "the first"})).await.unwrap();
        let id = made.hook.id;
        let (first, second) = ([("authorization", "Bearer the first")], [("authorization", "Bearer the second")]);
        yard.post(id, &first, b"{}").await.unwrap();
        let post = Incoming { headers: &first, body: b"{}", trace: Some("trace-1".into()) };
        service::receive(&yard.intake, &elsewhere, id, post.clone()).await.unwrap();

        let (cx, vault, hook) = (yard.cx.clone(), yard.house.vault.clone(), made.hook.clone());
        let rotate = async move |tx: &mut Tx| {
            service::rotate(tx, &vault, &cx.actor.may::<HookManage, Hook>(hook)?, Some(Secret::new("the second"))).await
        };
        place.db.write(rotate).await.unwrap();
        yard.registry.forget(id);
        assert_eq!(yard.post(id, &first, b"{}").await.unwrap_err().code, "token_invalid");
        yard.post(id, &second, b"{}").await.unwrap();

        let (cx, hook) = (yard.cx.clone(), made.hook);
        let delete = async move |tx: &mut Tx| service::delete(tx, &cx.actor.may::<HookManage, Hook>(hook)?).await;
        place.db.write(delete).await.unwrap();
        // This node still holds the hook, and a delivery id meets the row that is gone: that is an answer, not a fault.
        let known = [second[0], ("idempotency-key", "d-9")];
        assert_eq!(yard.post(id, &known, b"{}").await.unwrap_err().code, "hook_not_found");
        assert_eq!(yard.post(id, &second, b"{}").await.unwrap_err().code, "hook_not_found");
        tokio::time::sleep(Duration::from_millis(2100)).await;
        let late = service::receive(&yard.intake, &elsewhere, id, post).await;
        assert_eq!(late.unwrap_err().code, "hook_not_found");
    })
    .await;
}

#[tokio::test]
async fn workspaces_do_not_see_each_others_hooks() {
    on_each(async |place| {
        let yard = Yard::build(place).await;
        let made = yard.create(&yard.cx, json!({"name": "repo", "scheme": "none"})).await.unwrap();
        let second = yard.house.second(&yard.cx).await;
        let stranger = second.actor.workspace;
        assert_ne!(stranger, yard.cx.actor.workspace);
        let rx = &mut place.db.read().await.unwrap();
        assert!(service::list(rx, &second.actor.may_here().unwrap()).await.unwrap().is_empty());
        assert_eq!(service::list(rx, &yard.cx.actor.may_here().unwrap()).await.unwrap().len(), 1);
        assert_eq!(service::find(rx, stranger, made.hook.id).await.unwrap_err().code, "hook_not_found");
        assert_eq!(second.actor.may::<HookView, _>(made.hook.clone()).err().unwrap().code, "hook_not_found");
        yard.create(&second, json!({"name": "repo", "scheme": "none"})).await.unwrap();
        yard.post(made.hook.id, &[], b"{}").await.unwrap();
        let owners: Vec<One<uuid::Uuid>> =
            rx.all("select workspace_id from events where kind = 'hook.received'", ()).await.unwrap();
        use trackside_engine::ids::Id as _;
        assert_eq!(owners, [One(yard.cx.actor.workspace.uuid())]);
    })
    .await;
}
