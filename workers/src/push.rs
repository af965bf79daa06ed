//! The job that takes a message to the push service of a browser (RFC 8030), encrypted (RFC 8291) and signed (RFC 8292).

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use tokio::sync::OnceCell;
use trackside_engine::cx::Source;
use trackside_engine::db::{Db, Tx, everywhere};
use trackside_engine::ids::{PushSubscriptionId, WorkspaceId};
use trackside_engine::jobs::{Job, Outcome};
use trackside_engine::notifications::push::{self, Push, encrypt, vapid::Signer};
use trackside_engine::vault::Vault;

use crate::egress::{Egress, Request, Response, SendError};
use crate::integrations::answers;
use crate::queue::Handler;

/// A push service may take so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// So much of its answer is kept, to be told.
const MAX_ANSWER: usize = 1_024;
/// A service that asks for more patience is asked again after so long.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// Sends push messages.
pub(crate) struct SendPush {
    db: Db,
    source: Source,
    vault: Vault,
    egress: Egress,
    signer: Arc<OnceCell<Signer>>,
}

impl SendPush {
    pub(crate) fn new(db: Db, source: Source, vault: Vault, egress: Egress) -> Self {
        Self { db, source, vault, egress, signer: Arc::default() }
    }

    async fn send(&self, workspace: WorkspaceId, push: &Push) -> Result<Outcome, trackside_engine::Error> {
        let now = self.source.now();
        if push.told_at + push::URGENT_FOR <= now {
            // The service would not keep it any longer, either.
            return Ok(Outcome::Done);
        }
        let found = push::target(&mut *self.db.read().await?, &self.vault, workspace, push.subscription).await?;
        let Some((target, expires_at)) = found else { return Ok(Outcome::Done) };
        if push::expired(expires_at, now) {
            return self.forget(workspace, push.subscription).await;
        }
        let url = match self.egress.check(&target.endpoint) {
            Ok(url) => url,
            Err(error) => return Ok(Outcome::Dead { reason: format!("the push service may not be reached: {error}") }),
        };
        let message = serde_json::to_vec(&push.message).unwrap_or_default();
        let body = encrypt::encrypt(&target, &message)?;
        let signer = self.signer.get_or_try_init(|| self.read_signer()).await?;
        let contact = self.source.post().public_url();
        let authorization = signer.authorization(&url.origin().ascii_serialization(), contact, now)?;
        let headers = match headers(push, &authorization, (push.told_at + push::URGENT_FOR - now).num_seconds()) {
            Ok(headers) => headers,
            Err(error) => return Ok(Outcome::Dead { reason: error.to_string() }),
        };
        let request =
            Request { method: Method::POST, url, headers, body: body.into(), timeout: PATIENCE, max_body: MAX_ANSWER };
        match self.egress.send(request).await {
            Ok(answer) if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) => {
                self.forget(workspace, push.subscription).await
            }
            Ok(answer) => Ok(judged(&answer)),
            Err(SendError::Refused(reason)) => {
                Ok(Outcome::Dead { reason: format!("the push service may not be reached: {reason}") })
            }
            Err(error) => Ok(Outcome::retry(error.to_string())),
        }
    }

    /// The installation's key: read once, whatever the workspace.
    async fn read_signer(&self) -> Result<Signer, trackside_engine::Error> {
        everywhere(push::signer(&self.db, &self.source, &self.vault)).await
    }

    async fn forget(
        &self,
        workspace: WorkspaceId,
        subscription: PushSubscriptionId,
    ) -> Result<Outcome, trackside_engine::Error> {
        self.db.write(async move |tx: &mut Tx| push::forget(tx, workspace, subscription).await).await?;
        Ok(Outcome::Done)
    }
}

impl Handler for SendPush {
    const KIND: &'static str = push::KIND;
    type Payload = Push;

    async fn run(&self, job: &Job, push: Push) -> Outcome {
        let Some(workspace) = job.workspace_id else {
            return Outcome::Dead { reason: "a push message must name its workspace".to_owned() };
        };
        self.send(workspace, &push).await.unwrap_or_else(|error| Outcome::retry(error.to_string()))
    }
}

fn headers(push: &Push, authorization: &str, ttl: i64) -> Result<HeaderMap, http::header::InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization)?);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(HeaderName::from_static("ttl"), HeaderValue::from(ttl.max(0)));
    if let Some(topic) = &push.topic {
        headers.insert(HeaderName::from_static("topic"), HeaderValue::from_str(topic)?);
    }
    Ok(headers)
}

/// What a service cannot do now it may do later; what it refuses for another reason it would refuse again.
fn judged(answer: &Response) -> Outcome {
    let status = answer.status;
    let said = || format!("the push service answered {status}: {}", String::from_utf8_lossy(&answer.body));
    if status.is_success() {
        return Outcome::Done;
    }
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() {
        let after = answers::retry_after(&answer.headers).unwrap_or_default().min(LONGEST_PAUSE);
        return Outcome::Retry { after, error: said() };
    }
    Outcome::Dead { reason: said() }
}
