//! What an action touches, and how that is taken back: declared once with the action, shown in the catalogue.

use schemars::JsonSchema;
use serde::Serialize;

/// What an action reads and writes, in the words of the product (`task.labels`), and how to undo it.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// What it goes by, besides its input.
    pub reads: &'static [&'static str],
    /// What it changes: `task.*` for a task as a whole.
    pub writes: &'static [&'static str],
    /// How that is taken back.
    pub undo: Undo,
}

/// How what an action did is taken back. All that it takes stands in the events that the step's line in the journal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Undo {
    /// Each field gets back what it was: `change.<field>.from` of the events.
    Restore,
    /// What it made is removed: the events hold it.
    Remove,
    /// What it removed is made again: the events hold it.
    Remake,
    /// By the action that turns it back.
    By {
        /// Which.
        action: &'static str,
    },
    /// It is not.
    Never {
        /// Why.
        because: &'static str,
    },
}

/// Of what goes out to another service, that service alone can take anything back.
pub const OUTSIDE: Undo = Undo::Never { because: "another service was told" };
