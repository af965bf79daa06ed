//! An event, as it is declared, written and read.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::store::Pending;
use crate::access::{EventView, Permission};
use crate::cx::Cx;
use crate::ids::{EventId, ProjectId, WorkspaceId};
use crate::notifications::sources::Told;
use crate::{Error, Result};

/// An event type: declared once in its area, used by everyone. The fields are what rules see as variables.
pub trait EventType: Serialize + JsonSchema + Send + Sync {
    /// `task.status_changed`: resource, dot, past tense.
    const KIND: &'static str;
    /// Goes up when a field changes its meaning or goes away.
    const VERSION: i64 = 1;
    /// One sentence, for the catalogue.
    const SUMMARY: &'static str;
    /// What one must be allowed, where it happened, to see it.
    const NEEDS: &'static str = EventView::NAME;
    /// The id of what it is about; with its prefix it names the realtime topic too.
    fn subject(&self) -> String;
    /// The project it happened in, if it happened in one.
    fn project(&self) -> Option<ProjectId>;
    /// What it tells people, and whom, beside those who follow the log.
    fn news(&self) -> Result<Told> {
        Ok(None)
    }
}

/// An event that is about to be written, its payload already text: serialised outside the writer's thread where
/// the caller can.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The kind (`task.created`).
    pub kind: &'static str,
    /// The version of the kind.
    pub version: i64,
    /// The project it happened in.
    pub project: Option<ProjectId>,
    /// The id of what it is about.
    pub subject: String,
    /// The payload as JSON text: an object.
    pub payload: String,
}

/// An event ready to be written: text throughout, so that nothing is serialised where all writes wait.
#[derive(Debug)]
pub struct Fresh {
    /// What judges of rules see of it.
    pub(crate) seen: Pending,
    pub(super) version: i64,
    pub(super) project: Option<ProjectId>,
    pub(super) subject: String,
}

impl Fresh {
    /// The event under this id, by who acts in `cx`.
    pub fn new(cx: &Cx, id: EventId, event: NewEvent) -> Result<Self> {
        let text = |value: serde_json::Result<String>| {
            value.map_err(|error| Error::internal(format!("event {}: {error}", event.kind)))
        };
        Ok(Self {
            seen: Pending {
                id,
                workspace_id: cx.actor.workspace,
                kind: event.kind.to_owned(),
                actor: text(serde_json::to_string(&cx.actor.who))?,
                cause: cx.cause.as_ref().map(|cause| text(serde_json::to_string(cause))).transpose()?,
                depth: cx.cause.as_ref().map_or(0, |cause| cause.depth),
                trace: cx.trace.as_deref().map(str::to_owned),
                payload: event.payload,
                occurred_at: cx.now(),
            },
            version: event.version,
            project: event.project,
            subject: event.subject,
        })
    }

    /// Its id.
    pub fn id(&self) -> EventId {
        self.seen.id
    }

    /// Whether it is too large to be kept in memory, or written, together with others.
    pub fn is_heavy(&self) -> bool {
        self.seen.is_heavy()
    }
}

/// An event of the log, as the API shows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its place in the log: 1, 2, 3 …, without a gap over all workspaces.
    pub position: i64,
    /// The kind (`task.created`).
    pub kind: String,
    /// The version of the kind.
    pub version: i64,
    /// The workspace it happened in.
    #[serde(rename = "workspace")]
    pub workspace_id: WorkspaceId,
    /// The project it happened in.
    #[serde(rename = "project", skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// The id of what it is about.
    pub subject: String,
    /// Who did it: `{"type": "user", "id": "user_…"}`.
    #[schemars(with = "serde_json::Value")]
    pub actor: Box<RawValue>,
    /// The rule behind it, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::cx::Cause>")]
    pub cause: Option<Box<RawValue>>,
    /// The id that joins logs, events, runs and calls of one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The payload, as the schema of its kind says.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub data: Box<RawValue>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

impl TryFrom<super::store::Logged> for Event {
    type Error = Error;

    fn try_from(row: super::store::Logged) -> Result<Self> {
        let raw = |text: String| {
            RawValue::from_string(text).map_err(|error| Error::internal(format!("event {}: {error}", row.id)))
        };
        Ok(Self {
            id: row.id,
            position: row.position,
            actor: raw(row.actor)?,
            cause: row.cause.map(raw).transpose()?,
            data: raw(row.payload)?,
            kind: row.kind,
            version: row.version,
            workspace_id: row.workspace_id,
            project_id: row.project_id,
            subject: row.subject,
            trace: row.trace,
            occurred_at: row.occurred_at,
        })
    }
}
