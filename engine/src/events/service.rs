//! The public verbs of the log.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Event, EventType, Fresh, NewEvent};
use super::store;
use crate::access::{Actor, EventView, Granted, Reach, Sight as _};
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::ids::EventId;
use crate::{Error, Result, crash, notifications};

/// So many events are looked at together.
const SEEN_TOGETHER: usize = 100;

impl NewEvent {
    /// Serialises `event`, so that it can be written.
    pub fn of<E: EventType>(event: &E) -> Result<Self> {
        let payload =
            serde_json::to_string(event).map_err(|error| Error::internal(format!("event {}: {error}", E::KIND)))?;
        Ok(Self { kind: E::KIND, version: E::VERSION, project: event.project(), subject: event.subject(), payload })
    }
}

/// Writes `event` into the transaction of the change that it announces, and tells whom it concerns.
pub async fn emit<E: EventType>(tx: &mut Tx, cx: &Cx, event: &E) -> Result<EventId> {
    let fresh = Fresh::new(cx, cx.new_id(), NewEvent::of(event)?)?;
    append(tx, &[&fresh], None).await?;
    cx.note(fresh.id());
    if let Some((news, people)) = event.news()? {
        notifications::service::tell(tx, cx, &news.key(fresh.id().to_string()), &people).await?;
    }
    Ok(fresh.id())
}

/// Writes events: to be dispatched, or, with the locked `head` of the log, as its next ones.
pub(crate) async fn append(tx: &mut Tx, events: &[&Fresh], head: Option<i64>) -> Result<()> {
    store::insert(tx, events, head).await?;
    tx.wake(if head.is_some() { Signal::Log } else { Signal::Events });
    // The change is written and its event is; neither is committed.
    events.iter().for_each(|event| crash::point_at("change.before_commit", &event.seen.kind));
    Ok(())
}

/// What was read of the log.
#[derive(Debug)]
pub struct Stretch {
    /// The events that may be seen.
    pub events: Vec<Event>,
    /// Where to go on: everything up to here was looked at.
    pub position: i64,
}

/// The events of a workspace after `position` that may be seen, oldest first: `limit` of them, or those up to the end.
pub async fn after(rx: &mut Rx, may: &Granted<EventView, Reach>, position: i64, limit: i64) -> Result<Stretch> {
    let mut stretch = Stretch { events: Vec::new(), position };
    let room = |stretch: &Stretch| limit - i64::try_from(stretch.events.len()).unwrap_or(limit);
    loop {
        let page = store::after(rx, may.workspace(), stretch.position, room(&stretch)).await?;
        let Some(last) = page.last() else { return Ok(stretch) };
        stretch.position = last.position;
        let whole = page.len();
        stretch.events.extend(page.into_iter().filter(|event| event.seen_by(may.resource().actor())));
        // When all of a page was seen, it is given as it came: it may have ended early because its events are large.
        if stretch.events.len() == whole || room(&stretch) <= 0 {
            return Ok(stretch);
        }
    }
}

/// Every workspace's events after `position`: for the realtime hub alone, which shows each to those who may see it.
pub async fn tail(rx: &mut Rx, position: i64, limit: i64) -> Result<Vec<Event>> {
    store::after_all(rx, position, limit).await
}

/// How far dispatch is behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "DispatchLag")]
pub struct Lag {
    /// Events that no rule has looked at yet.
    pub undispatched: i64,
    /// For how many seconds the first of them has waited.
    pub oldest_seconds: Option<i64>,
}

/// How far dispatch is behind, in all workspaces.
pub async fn lag(rx: &mut Rx, now: DateTime<Utc>) -> Result<Lag> {
    let (undispatched, oldest) = store::waiting(rx).await?;
    Ok(Lag { undispatched, oldest_seconds: oldest.map(|oldest| (now - oldest).num_seconds().max(0)) })
}

/// The position of the newest event of all.
pub async fn head(rx: &mut Rx) -> Result<i64> {
    store::head(rx).await
}

/// One event.
pub async fn get(rx: &mut Rx, may: &Granted<EventView, Reach>, id: EventId) -> Result<Event> {
    let event = store::find(rx, may.workspace(), id).await?;
    event.filter(|event| event.seen_by(may.resource().actor())).ok_or_else(|| Error::not_found("event", id))
}

/// Those of some events that somebody may see.
pub(crate) async fn seen(rx: &mut Rx, actor: &Actor, ids: &[EventId]) -> Result<HashSet<EventId>> {
    let mut seen = HashSet::new();
    // Events can be large: not too many at once.
    for ids in ids.chunks(SEEN_TOGETHER) {
        let found = store::past_all(rx, actor.workspace, ids).await?;
        seen.extend(found.iter().filter(|event| event.seen_by(actor)).map(|event| event.id));
    }
    Ok(seen)
}
