//! The public verbs of the log.

use serde_json::json;

use super::model::{EventType, NewEvent};
use super::store;
use crate::cx::Cx;
use crate::db::{Signal, Tx};
use crate::ids::EventId;
use crate::{Error, Result};

impl NewEvent {
    /// Serialises `event`, so that it can be written.
    pub fn of<E: EventType>(event: &E) -> Result<Self> {
        let payload = serde_json::to_string(event).map_err(|error| Error::internal(format!("event {}: {error}", E::KIND)))?;
        Ok(Self { kind: E::KIND, version: E::VERSION, project: event.project(), subject: event.subject(), payload })
    }
}

/// Writes `event` into the transaction of the change that it announces.
pub async fn emit<E: EventType>(tx: &mut Tx, cx: &Cx, event: &E) -> Result<EventId> {
    append(tx, cx, &NewEvent::of(event)?).await
}

/// Writes an event that is already serialised.
pub async fn append(tx: &mut Tx, cx: &Cx, event: &NewEvent) -> Result<EventId> {
    let id = cx.new_id();
    store::insert(tx, id, cx, event, &json!(cx.actor.who).to_string()).await?;
    tx.wake(Signal::Events);
    Ok(id)
}
