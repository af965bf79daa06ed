//! What is to be done once notes, with the first that it writes, that it is done: both commit together or not at all.
//!
//! A scope holds for the future it is given and for what that awaits; a task that it starts is in it only by [`carried`].

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;

use super::Tx;
use crate::Result;

tokio::task_local! {
    static ONCE: Option<Arc<Once>>;
}

/// What a note is written by.
type Note = Box<dyn for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<()>> + Send + Sync>;

/// Something to be done once.
pub struct Once {
    note: Note,
    noted: AtomicBool,
}

impl Once {
    /// `note` is written with the first that is written; when it fails, nothing is.
    pub fn new(note: impl for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<()>> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { note: Box::new(note), noted: AtomicBool::new(false) })
    }

    /// Whether something was written, and with it the note.
    pub fn is_noted(&self) -> bool {
        self.noted.load(Ordering::Acquire)
    }

    /// Runs `future`; the first of its writes takes the note along.
    pub fn scope<F: Future>(self: Arc<Self>, future: F) -> impl Future<Output = F::Output> {
        ONCE.scope(Some(self), future)
    }

    /// Writes the note, if this write is to take it along.
    pub(super) async fn note(once: Option<&Self>, tx: &mut Tx) -> Result<()> {
        match once {
            Some(once) => (once.note)(tx).await,
            None => Ok(()),
        }
    }

    /// What was written is committed.
    pub(super) fn committed(&self) {
        self.noted.store(true, Ordering::Release);
    }
}

/// What the future that runs now has still to note.
pub(super) fn due() -> Option<Arc<Once>> {
    ONCE.try_with(Clone::clone).ok().flatten().filter(|once| !once.is_noted())
}

/// The same future in the scope of the one that runs now: for a task of its own.
pub fn carried<F: Future>(future: F) -> impl Future<Output = F::Output> {
    ONCE.scope(ONCE.try_with(Clone::clone).ok().flatten(), future)
}
