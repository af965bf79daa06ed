//! Old runs go, so that their history does not fill the disk.

use std::time::Duration;

use chrono::TimeDelta;

use super::history::first_of;
use super::store;
use crate::Result;
use crate::cx::Source;
use crate::db::{Db, Tx};

/// How many go in one transaction: few enough that nobody notices.
const AT_ONCE: i64 = 200;
/// How long others have their turn in between.
const PAUSE: Duration = Duration::from_millis(20);

/// Deletes runs that were started longer ago than `keep` and are over, with their steps; says how many.
pub async fn run(db: &Db, source: &Source, keep: TimeDelta) -> Result<u64> {
    let before = first_of(source.now() - keep);
    let mut gone = 0;
    loop {
        let deleted = db.write(async move |tx: &mut Tx| store::delete_before(tx, before, AT_ONCE).await).await?;
        gone += deleted;
        if i64::try_from(deleted).is_ok_and(|deleted| deleted < AT_ONCE) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if gone > 0 {
        tracing::info!(runs = gone, "old runs were deleted");
    }
    Ok(gone)
}
