//! Deletes the files that are nobody's any more, or never became anybody's.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::store;
use crate::Result;
use crate::cx::Source;
use crate::db::{Db, Tx};
use crate::files::FileStore;

/// How often to look without being asked.
const LOOK: Duration = Duration::from_secs(60);
/// How many at once.
const AT_ONCE: i64 = 200;

/// Looks now and then, and whenever `wanted` says so, for as long as it runs. Only where the files lie: elsewhere the
/// rows would go and the files stay.
pub async fn run(db: Db, files: Arc<dyn FileStore>, source: Source, wanted: Arc<Notify>) {
    loop {
        if let Err(error) = once(&db, &*files, &source).await {
            tracing::warn!(%error, "files that nobody wants could not be deleted; trying again in a minute");
        }
        let _ = tokio::time::timeout(LOOK, wanted.notified()).await;
    }
}

/// Deletes what can be deleted now, each file before its row; says how many.
pub async fn once(db: &Db, files: &dyn FileStore, source: &Source) -> Result<u64> {
    let mut gone = 0;
    loop {
        let now = source.now();
        let loose = store::list_loose(&mut *db.read().await?, now, AT_ONCE).await?;
        for key in &loose {
            files.delete(key).await?;
            let key = *key;
            db.write(async move |tx: &mut Tx| store::forget(tx, key).await).await?;
        }
        gone += loose.len() as u64;
        if (loose.len() as i64) < AT_ONCE {
            return Ok(gone);
        }
    }
}
