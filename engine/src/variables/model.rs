//! A variable, as it is stored and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::db::row;
use crate::ids::{ProjectId, UserId, VariableId};
use crate::raw::Raw;
use crate::{Error, Result};

/// The most variables of a workspace itself, and of each of its projects.
pub const MAX_VARIABLES: i64 = 200;
/// The largest value, in bytes of JSON.
pub const MAX_VALUE: usize = 8 * 1024;

row! {
    /// A variable.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Variable {
        /// Its id; not shown, it is asked for by name.
        #[serde(skip)]
        pub id: VariableId,
        /// The name by which rules read it: `vars.NAME`.
        pub name: String,
        /// Its value: any JSON.
        pub value: Raw<Value>,
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

/// The name, if a variable or a secret may be called so.
///
/// # Errors
/// `invalid_name`.
pub fn checked_name(name: &str) -> Result<&str> {
    if trackside_rules::is_name(name) {
        return Ok(name);
    }
    let shown: String = name.chars().take(64).collect();
    let detail = format!(
        "`{shown}` cannot be a name here: take a letter or `_`, then letters, digits and `_`, at most 64, such as DEPLOY_TOKEN"
    );
    Err(Error::invalid("invalid_name", detail))
}
