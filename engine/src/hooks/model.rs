//! A hook, as it is asked for and shown, and what arrives at it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::schemes::Scheme;
use crate::access::Scoped;
use crate::ids::{EventId, HookId, WorkspaceId};
use crate::vault::Secret;

/// An endpoint that receives webhooks, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its id.
    pub id: HookId,
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// The name by which rules can match it.
    pub name: String,
    /// How its posts are verified.
    pub scheme: Scheme,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Hook {
    /// Where it is posted to, below the address of the server.
    pub fn path(&self) -> String {
        format!("/hooks/{}", self.id)
    }
}

/// What [`Hook`] shows, for its schema.
#[derive(JsonSchema)]
#[schemars(rename = "Hook")]
#[allow(dead_code, reason = "only its schema is used")]
struct Shown {
    /// Its id.
    id: HookId,
    /// The name by which rules can match it.
    name: String,
    /// How its posts are verified.
    scheme: Scheme,
    /// Where it is posted to, below the address of the server: `/hooks/hook_…`.
    path: String,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl Serialize for Hook {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut shown = to.serialize_struct("Hook", 5)?;
        shown.serialize_field("id", &self.id)?;
        shown.serialize_field("name", &self.name)?;
        shown.serialize_field("scheme", &self.scheme)?;
        shown.serialize_field("path", &self.path())?;
        shown.serialize_field("created_at", &self.created_at)?;
        shown.end()
    }
}

impl JsonSchema for Hook {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Shown::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shown::json_schema(generator)
    }
}

impl Scoped for Hook {
    fn workspace(&self) -> WorkspaceId {
        self.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("hook", self.id.to_string())
    }
}

/// A hook that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHook {
    /// The name by which rules can match it, 1 to 200 characters, once per workspace.
    pub name: String,
    /// How its posts are verified. There is no default: `none` must be named.
    pub scheme: Scheme,
    /// The secret shared with the sender; made when left out, where the scheme allows it.
    #[serde(default)]
    pub secret: Option<Secret>,
}

/// A new hook, or one with a new secret. Has no `Debug`, so that the secret does not end in a log.
#[derive(Clone, Serialize, JsonSchema)]
pub struct CreatedHook {
    /// The hook.
    #[serde(flatten)]
    pub hook: Hook,
    /// The secret to give to the sender. Shown now and never again; absent for the scheme `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A post that came in.
#[derive(Clone)]
pub struct Incoming<'a> {
    /// Its headers in their order, names in lower case. A name may come several times.
    pub headers: &'a [(&'a str, &'a str)],
    /// Its body, untouched.
    pub body: &'a [u8],
    /// The id that joins logs, events, runs and calls of one request.
    pub trace: Option<Arc<str>>,
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Receipt {
    /// Its event.
    pub event_id: EventId,
    /// Whether it had come before; then the event is that of the first time.
    pub duplicate: bool,
}
