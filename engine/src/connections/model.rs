//! A connection, as it is asked for, shown and used.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Scoped;
use crate::db::row;
use crate::ids::{ConnectionId, WorkspaceId};
use crate::vault::Secret;
use crate::words::words;

words! {
    /// Which service a connection leads to.
    pub enum ConnectionKind {
        /// GitHub or GitHub Enterprise.
        Github = "github",
        /// Slack.
        Slack = "slack",
    }
}

row! {
    /// A connection, without its token.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Connection {
        /// Its id.
        pub id: ConnectionId,
        /// The workspace that it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// Which service it leads to.
        pub kind: ConnectionKind,
        /// The name by which rules choose it.
        pub name: String,
        /// Where the service's API is, when it is not at its usual place.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub base_url: Option<String>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
    }
}

impl Scoped for Connection {
    fn workspace(&self) -> WorkspaceId {
        self.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("connection", self.id.to_string())
    }
}

/// A connection that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnection {
    /// Which service it leads to.
    pub kind: ConnectionKind,
    /// The name by which rules choose it, 1 to 200 characters; `default` is taken when a rule names none.
    pub name: String,
    /// Where the service's API is, when it is not at its usual place.
    #[serde(default)]
    pub base_url: Option<String>,
    /// What proves who we are there.
    pub token: Secret,
}

/// A connection ready to be used.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The connection.
    pub connection: Connection,
    /// Its token.
    pub token: Secret,
}
