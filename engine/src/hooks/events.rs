//! What hooks announce.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::events::EventType;
use crate::ids::{HookId, ProjectId};

/// The hook of an event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HookRef {
    /// Its id.
    pub id: HookId,
    /// Its name when it received this.
    pub name: String,
}

/// A hook received a post that proved its origin.
///
/// This type declares the payload; what is stored is spliced together with the same fields, so that the body stays as
/// it came.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HookReceived {
    /// The hook.
    pub hook: HookRef,
    /// The headers, names in lower case, those that hold secrets as `***`.
    pub headers: BTreeMap<String, String>,
    /// The body: the JSON it was, or the fields of a form with the whole as `raw`, or its text.
    pub body: Value,
}

impl EventType for HookReceived {
    const KIND: &'static str = "hook.received";
    const SUMMARY: &'static str = "A webhook came in and proved its origin.";

    fn subject(&self) -> String {
        self.hook.id.to_string()
    }

    fn project(&self) -> Option<ProjectId> {
        None
    }
}
