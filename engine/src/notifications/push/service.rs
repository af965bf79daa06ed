//! The verbs of web push.

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use chrono::{DateTime, Utc};
use p256::SecretKey;
use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use super::encrypt;
use super::model::{NewSubscription, Subscription, Target};
use super::vapid::Signer;
use crate::cx::{Cx, Source};
use crate::db::{Db, Rx, Tx};
use crate::ids::{PushSubscriptionId, UserId, WorkspaceId};
use crate::notifications::store;
use crate::vault::Vault;
use crate::{Error, Result};

/// The most browsers of one person in one workspace; beyond that the oldest goes.
const MOST: i64 = 20;
/// The longest endpoint, in bytes.
const LONGEST_ENDPOINT: usize = 2_048;
/// Browsers leave padding out; some libraries do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// The key by which push services know this installation, made at its first use.
///
/// # Errors
/// Those of the vault.
pub async fn signer(db: &Db, source: &Source, vault: &Vault) -> Result<Signer> {
    let known = store::find_push_key(&mut *db.read().await?).await?;
    let sealed = match known {
        Some(sealed) => sealed,
        None => {
            let (sealed, now) = (vault.seal(KEY, &encrypt::new_key().to_bytes())?, source.now());
            // Of several who make one at once, one is kept.
            db.write(async move |tx: &mut Tx| store::keep_push_key(tx, &sealed, now).await).await?
        }
    };
    let key = SecretKey::from_slice(&vault.open(KEY, &sealed)?);
    Ok(Signer::new(&key.map_err(|error| Error::internal("The key for push services is none.").caused_by(error))?))
}

/// What the key is sealed for.
const KEY: &str = "push_key";

/// The public key for `PushManager.subscribe`.
pub async fn public_key(db: &Db, source: &Source, vault: &Vault) -> Result<String> {
    Ok(signer(db, source, vault).await?.public().to_owned())
}

/// A subscription that is checked and sealed: outside of the transaction that keeps it.
pub struct Checked {
    id: PushSubscriptionId,
    endpoint_hash: Vec<u8>,
    host: String,
    sealed: Vec<u8>,
    expires_at: Option<DateTime<Utc>>,
}

impl Checked {
    /// Checks what a browser gave.
    ///
    /// # Errors
    /// `invalid_fields`.
    pub fn of(source: &Source, vault: &Vault, new: &NewSubscription) -> Result<Self> {
        let endpoint = endpoint(&new.endpoint)?;
        let decode = |text: &str| BASE64.decode(text.trim()).ok().filter(|bytes| bytes.len() <= 65);
        let p256dh = decode(&new.keys.p256dh).filter(|bytes| encrypt::public_key(bytes).is_some());
        let p256dh = p256dh.ok_or_else(|| {
            Error::field("/keys/p256dh", "must be a point of P-256, uncompressed, in base64url, as the browser gave it")
        })?;
        let auth = decode(&new.keys.auth).filter(|bytes| bytes.len() == 16);
        let auth =
            auth.ok_or_else(|| Error::field("/keys/auth", "must be 16 bytes in base64url, as the browser gave them"))?;
        let expires_at = match new.expiration_time {
            Some(millis) => {
                let time = DateTime::from_timestamp_millis(millis).filter(|time| *time > source.now());
                Some(time.ok_or_else(|| {
                    Error::field("/expirationTime", "must be a time to come, in milliseconds since 1970; or null")
                })?)
            }
            None => None,
        };
        let id: PushSubscriptionId = source.new_id();
        let host = endpoint.host_str().unwrap_or_default().to_owned();
        let target = Target { endpoint: endpoint.into(), p256dh, auth };
        let endpoint_hash = Sha256::digest(target.endpoint.as_bytes()).to_vec();
        let text = serde_json::to_vec(&target)
            .map_err(|error| Error::internal("A subscription cannot be written as JSON.").caused_by(error))?;
        let sealed = vault.seal(&context(id), &text)?;
        Ok(Self { id, endpoint_hash, host, sealed, expires_at })
    }
}

/// An endpoint is a secret URL of HTTPS; on loopback, where nobody listens in between, also of HTTP.
fn endpoint(text: &str) -> Result<Url> {
    let wrong =
        || Error::field("/endpoint", "must be the https URL that the browser's push service gave, at most 2048 bytes");
    let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST_ENDPOINT).ok_or_else(wrong)?;
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    };
    let good = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    if good && url.has_host() && url.username().is_empty() && url.password().is_none() { Ok(url) } else { Err(wrong()) }
}

fn context(id: PushSubscriptionId) -> String {
    format!("push:{id}")
}

/// Keeps a browser of a person's. One that is known is kept as it is now, whoever's it was: a browser is used by one person at
/// a time.
pub async fn subscribe(tx: &mut Tx, cx: &Cx, user: UserId, new: Checked) -> Result<Subscription> {
    let Checked { id, endpoint_hash, host, sealed, expires_at } = new;
    let subscription = Subscription { id, host, created_at: cx.now(), expires_at };
    store::delete_endpoint(tx, cx.actor.workspace, &endpoint_hash).await?;
    store::insert_subscription(tx, cx.actor.workspace, user, &subscription, &endpoint_hash, &sealed).await?;
    store::delete_old_subscriptions(tx, cx.actor.workspace, user, MOST).await?;
    Ok(subscription)
}

/// The browsers in which a person is told, oldest first.
pub async fn list(rx: &mut Rx, cx: &Cx, user: UserId) -> Result<Vec<Subscription>> {
    store::list_subscriptions(rx, cx.actor.workspace, user).await
}

/// Ends that a person is told in a browser of theirs.
///
/// # Errors
/// `push_subscription_not_found`.
pub async fn unsubscribe(tx: &mut Tx, cx: &Cx, user: UserId, id: PushSubscriptionId) -> Result<()> {
    if store::delete_subscription(tx, cx.actor.workspace, Some(user), id).await? {
        return Ok(());
    }
    Err(Error::not_found("push_subscription", id))
}

/// Where a message goes; nothing when that browser is gone.
pub async fn target(
    rx: &mut Rx,
    vault: &Vault,
    workspace: WorkspaceId,
    id: PushSubscriptionId,
) -> Result<Option<(Target, Option<DateTime<Utc>>)>> {
    let Some((sealed, expires_at)) = store::find_subscription(rx, workspace, id).await? else { return Ok(None) };
    let text = vault.open(&context(id), &sealed)?;
    let target = serde_json::from_slice(&text)
        .map_err(|error| Error::internal("A subscription cannot be read.").caused_by(error))?;
    Ok(Some((target, expires_at)))
}

/// Whether a subscription has ended by itself.
pub fn expired(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    expires_at.is_some_and(|at| at <= now)
}

/// Removes a subscription that its service does not know any more.
pub async fn forget(tx: &mut Tx, workspace: WorkspaceId, id: PushSubscriptionId) -> Result<()> {
    store::delete_subscription(tx, workspace, None, id).await.map(drop)
}
