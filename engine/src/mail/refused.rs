//! Addresses that a mail server refused for good. It is of an address, whoever has it: a person who gets another one is
//! reached again, and so is an address to which some letter gets through.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::store;
use crate::Result;
use crate::cx::Source;
use crate::db::{Rx, Tx, row};

/// Reasons are cut to so many bytes: they are read by people.
const LONGEST_REASON: usize = 500;

row! {
    /// Why mail does not reach an address.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Refused {
        /// When it was refused last.
        pub refused_at: DateTime<Utc>,
        /// What the mail server said.
        pub reason: String,
    }
}

/// Why mail does not reach an address; nothing when it does, as far as is known.
pub async fn find(rx: &mut Rx, address: &str) -> Result<Option<Refused>> {
    store::find(rx, &address.to_lowercase()).await
}

/// Whether an address was refused.
pub async fn is_known(rx: &mut Rx, address: &str) -> Result<bool> {
    store::is_known(rx, &address.to_lowercase()).await
}

/// Notes that an address was refused for good.
pub async fn note(tx: &mut Tx, source: &Source, address: &str, reason: &str) -> Result<()> {
    let mut reason = reason.replace('\0', "");
    reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
    store::put(tx, &address.to_lowercase(), source.now(), &reason).await
}

/// Forgets that an address was refused.
pub async fn forget(tx: &mut Tx, address: &str) -> Result<()> {
    store::delete(tx, &address.to_lowercase()).await
}
