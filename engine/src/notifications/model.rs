//! Notifications, as they are stored and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::row;
use crate::ids::NotificationId;

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 4 * 1024;
/// The longest subject, in bytes.
pub const MAX_SUBJECT: usize = 500;
/// The most people that one message goes to.
pub const MAX_RECIPIENTS: usize = 1000;

row! {
    /// A notification. To whom it goes is not shown: everyone sees their own.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Notification {
        /// Its id.
        pub id: NotificationId,
        /// What it says.
        pub message: String,
        /// What it is about: the id of a task, project or run, or words.
        pub subject: Option<String>,
        /// When it was sent.
        pub created_at: DateTime<Utc>,
        /// When it was read; null until then.
        pub read_at: Option<DateTime<Utc>>,
    }
}
