//! What is said over a socket, both ways.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use trackside_engine::runs::RunState;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FromClient {
    /// Who it is: a bearer token, in the first message rather than in the address, where it would be logged.
    Hello { token: String },
    /// Wants the events of a topic; with `after`, also those it missed since that position.
    Subscribe { topic: String, after: Option<i64> },
    /// Wants them no more.
    Unsubscribe { topic: String },
    /// Tells the others on the topic something that is not stored.
    Signal { topic: String, kind: SignalKind, data: Value },
    /// Asks whether anyone is there.
    Ping,
}

/// What signals there are.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignalKind {
    /// Somebody is typing.
    Typing,
    /// Where somebody's cursor is.
    Cursor,
    /// Who is here, and how.
    Presence,
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromServer<'a> {
    /// The token was good.
    Ready { user: Option<String> },
    /// Events of the topic follow, those after `position`.
    Subscribed { topic: &'a str, position: i64 },
    /// Events of the topic stopped.
    Unsubscribed { topic: &'a str },
    /// An event of the topic.
    Event { topic: &'a str, position: i64, event: &'a RawValue },
    /// So many notifications are not read, of whoever's own topic it is.
    Notifications { topic: &'a str, unread: i64 },
    /// Runs of the topic's rule or workspace began, went on or ended: it is worth while to read them anew.
    Runs { topic: &'a str },
    /// How the topic's run goes.
    Run { topic: &'a str, state: RunState, steps: i64 },
    /// Somebody's signal.
    Signal { topic: &'a str, kind: SignalKind, from: &'a str, data: &'a Value },
    /// Too far behind: read the state anew through the API, then subscribe again.
    Reload { topic: &'a str },
    /// Something the client said could not be done.
    Error { code: &'a str, detail: &'a str },
    /// Somebody is there.
    Pong,
}

impl FromServer<'_> {
    /// As it goes over the wire.
    pub(super) fn text(&self) -> String {
        // Only maps with keys that are no strings fail to serialise, and there are none in here.
        serde_json::to_string(self).unwrap_or_default()
    }
}
