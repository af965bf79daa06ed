//! A secret, as it is shown: without what it is.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::row;
use crate::ids::{ProjectId, SecretId, UserId};

/// The most secrets of a workspace itself, and of each of its projects.
pub const MAX_SECRETS: i64 = 100;
/// The shortest secret, in bytes: a shorter one would be masked in texts that only happen to hold it.
pub const MIN_SECRET: usize = 8;
/// The longest secret, in bytes.
pub const MAX_SECRET: usize = 8 * 1024;

row! {
    /// A secret, without its value.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    #[schemars(rename = "SecretInfo")]
    pub struct SecretInfo {
        /// Its id; not shown, it is asked for by name.
        #[serde(skip)]
        pub id: SecretId,
        /// The name by which rules hand it on: `secrets.NAME`.
        pub name: String,
        /// The project that it is for; null for the whole workspace.
        #[serde(rename = "project")]
        pub project_id: Option<ProjectId>,
        /// The key of that project.
        pub project_key: Option<String>,
        /// Who set it.
        pub set_by: Option<UserId>,
        /// When.
        pub set_at: DateTime<Utc>,
    }
}
