//! SQLite's readers: a few connections that cannot write, used in place (a thread hop costs more than a small query).

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::sqlite::Sqlite;
use super::transaction::{Conn, Rx};
use crate::{Error, Result};

/// The connections and the number of free ones.
#[derive(Clone)]
pub(super) struct Readers {
    places: Arc<[Arc<Mutex<Rx>>]>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path, count: usize) -> Result<Self> {
        let open = |_| {
            let conn = Conn::Sqlite(Box::new(Sqlite::reader(path)?));
            Ok(Arc::new(Mutex::new(Rx::new(conn, false))))
        };
        let places: Vec<_> = (0..count.max(1)).map(open).collect::<Result<_>>()?;
        Ok(Self { free: Arc::new(Semaphore::new(places.len())), places: places.into() })
    }

    /// Waits for a free connection.
    pub(super) async fn take(&self) -> Result<Reader> {
        let closed = |_| Error::busy("database_closed", "The program is stopping. Try again.");
        let permit = self.free.clone().acquire_owned().await.map_err(closed)?;
        let place = self.places.iter().find_map(|place| place.clone().try_lock_owned().ok());
        // There are as many permits as connections and a guard goes before its permit, so one is free.
        let guard = place.ok_or_else(|| Error::internal("There is a permit but no free connection."))?;
        Ok(Reader(Held::Pooled(guard, permit)))
    }

    /// Lets nobody read any more.
    pub(super) fn close(&self) {
        self.free.close();
    }
}

/// A connection to read with; given back when dropped. Derefs to [`Rx`].
pub struct Reader(Held);

enum Held {
    /// In this order, so that the connection is free before its permit is.
    Pooled(OwnedMutexGuard<Rx>, #[allow(dead_code)] OwnedSemaphorePermit),
    Own(Box<Rx>),
}

impl Reader {
    pub(super) fn own(rx: Rx) -> Self {
        Self(Held::Own(Box::new(rx)))
    }
}

impl Deref for Reader {
    type Target = Rx;
    fn deref(&self) -> &Rx {
        match &self.0 {
            Held::Pooled(rx, _) => rx,
            Held::Own(rx) => rx,
        }
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Rx {
        match &mut self.0 {
            Held::Pooled(rx, _) => rx,
            Held::Own(rx) => rx,
        }
    }
}
