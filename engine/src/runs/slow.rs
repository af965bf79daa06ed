//! Events that take long to judge, apart from the others: large ones, and those that slow rules listen to.
//!
//! One workspace's are judged one after another, on a thread where they hold up nobody, and few workspaces' at a time.
//! Until they are stored, the dispatcher leaves that workspace's later events alone, so that they keep their order.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::ids::WorkspaceId;

/// How many workspaces' slow events are judged at a time.
const LANES: usize = 2;

/// Whose slow events are being judged.
pub(super) struct Slow {
    busy: Mutex<HashSet<WorkspaceId>>,
    /// One for each workspace that is at it; the others wait.
    pub lanes: Semaphore,
}

impl Slow {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { busy: Mutex::default(), lanes: Semaphore::new(LANES) })
    }

    /// The workspaces whose events are to be left alone.
    pub(super) fn busy(&self) -> Vec<WorkspaceId> {
        self.lock().iter().copied().collect()
    }

    /// Begins with a workspace's; until what it answers is dropped it is busy. `None` when it is already.
    pub(super) fn begin(self: &Arc<Self>, workspace: WorkspaceId) -> Option<Busy> {
        self.lock().insert(workspace).then(|| Busy { slow: self.clone(), workspace })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<WorkspaceId>> {
        // Nothing in here can panic between two changes that belong together.
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A workspace whose slow events are being judged.
pub(super) struct Busy {
    slow: Arc<Slow>,
    workspace: WorkspaceId,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.slow.lock().remove(&self.workspace);
    }
}
