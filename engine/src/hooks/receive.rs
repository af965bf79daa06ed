//! What happens to a post: the hottest path of the product, so everything but the inserts stays outside the write.

use super::body;
use super::events::HookReceived;
use super::intake::{Intake, Post};
use super::model::{Incoming, Receipt};
use super::registry::{Known, Registry};
use super::{headers, schemes};
use crate::actions::external::DEPTH_HEADER;
use crate::events::{EventType as _, Fresh, NewEvent};
use crate::ids::HookId;
use crate::{Class, Error, Result};

/// Receives a post; see [`service::receive`](super::service::receive).
pub(super) async fn receive(intake: &Intake, registry: &Registry, hook: HookId, post: Incoming<'_>) -> Result<Receipt> {
    let (db, source) = (&intake.db, &intake.source);
    if post.body.len() > body::MOST_BYTES {
        let detail = format!("The body has {} bytes; send at most {}.", post.body.len(), body::MOST_BYTES);
        return Err(Error::too_large("hook_body_too_large", detail));
    }
    let known = registry.find(db, hook).await?;
    let header = |name: &str| post.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let verified = schemes::verify(&known.scheme, known.secret.reveal(), &header, post.body, source.now())
        .map_err(|refused| Error::unauthenticated(refused.code, refused.detail))?;
    let mut cx = source.cx(known.actor.clone());
    cx.trace = post.trace.clone();
    let event = NewEvent {
        kind: HookReceived::KIND,
        version: HookReceived::VERSION,
        project: None,
        subject: known.subject.clone(),
        payload: payload(&known, &post, header("content-type"))?,
    };
    let mut event = Fresh::new(&cx, cx.new_id(), event)?;
    event.seen.depth = header(DEPTH_HEADER).map_or(0, depth);
    let written = intake.take(Post { hook, delivery: verified.delivery_id, event }).await;
    match written {
        // Its row may have gone since it was looked up; then that is the answer.
        Err(error) if error.class != Class::Busy => {
            registry.forget(hook);
            registry.find(db, hook).await?;
            Err(error)
        }
        written => written,
    }
}

/// How many rules led to a post, as its sender says: anybody may say more than is true, and only keeps rules from
/// answering this post.
fn depth(said: &str) -> i64 {
    const MOST: i64 = 1_000;
    // A number that has no room in 64 bits is a large one; what is no number says nothing.
    let digits = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit());
    if digits { said.parse().unwrap_or(MOST).min(MOST) } else { 0 }
}

/// The payload of the event, as [`HookReceived`] declares it.
fn payload(known: &Known, post: &Incoming<'_>, content_type: Option<&str>) -> Result<String> {
    let about: usize = post.headers.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    let mut out = String::with_capacity(known.opening.len() + about + post.body.len() + 32);
    out.push_str(&known.opening);
    headers::push(&mut out, post.headers, known.masked.as_deref());
    out.push_str(r#"},"body":"#);
    body::push(&mut out, content_type, post.body)?;
    out.push('}');
    Ok(out)
}
