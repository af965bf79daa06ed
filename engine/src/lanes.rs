//! Where expressions, scripts and templates are computed that take long: apart from the threads that answer requests and
//! renew leases, few at a time, and each workspace in its turn.
//!
//! What is quick never comes here. Work begins where it is asked for, and only when it has kept its thread for longer than
//! [`SHORT`] does it go on in a lane ([`Lanes::paced`]); between two slices of it others have theirs. The work itself says where it may be
//! parted, by [`Pace::breathe`]. One evaluation ends by itself (`rules::sandbox`). What is done in a lane enters no other: it would
//! wait for itself.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ids::WorkspaceId;
use crate::{Error, Result};

/// How long work may keep a thread that others need.
const SHORT: Duration = Duration::from_millis(5);
/// How long it may keep a lane before the next workspace has its turn.
const LONG: Duration = Duration::from_millis(20);
/// Most lanes, however many processors there are.
const MOST: usize = 4;
/// So many rehearsals of a workspace may be under way.
const REHEARSALS: usize = 4;
/// So many workspaces are remembered before those that are through are forgotten.
const REMEMBERED: usize = 256;

/// The lanes of a process.
pub struct Lanes {
    all: Arc<Semaphore>,
    /// How many of them one workspace may have.
    share: usize,
    /// Who of a workspace is next: it stands in the line of all only so many times at once, so that nobody stands behind a
    /// hundred of another's.
    own: Mutex<HashMap<WorkspaceId, Arc<Semaphore>>>,
    rehearsals: Mutex<HashMap<WorkspaceId, usize>>,
}

/// A place in a lane; dropped, the next one has it.
pub struct Lane {
    _all: Option<OwnedSemaphorePermit>,
    _own: Option<OwnedSemaphorePermit>,
}

impl Default for Lanes {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of((processors / 2).clamp(1, MOST))
    }
}

impl Lanes {
    /// So many lanes; a workspace has half of them at the most.
    fn of(lanes: usize) -> Self {
        let (share, all) = ((lanes / 2).max(1), Arc::new(Semaphore::new(lanes)));
        Self { all, share, own: Mutex::default(), rehearsals: Mutex::default() }
    }

    /// Waits for a place.
    pub async fn enter(&self, workspace: WorkspaceId) -> Lane {
        let own = {
            // Nothing in here can panic between two changes that belong together.
            let mut known = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= REMEMBERED {
                known.retain(|_, own| Arc::strong_count(own) > 1);
            }
            known.entry(workspace).or_insert_with(|| Arc::new(Semaphore::new(self.share))).clone()
        };
        // Closed never.
        let own = own.acquire_owned().await.ok();
        Lane { _all: self.all.clone().acquire_owned().await.ok(), _own: own }
    }

    /// Does some work of a workspace: where it is, as long as that is quick, and then in a lane, slice by slice.
    pub async fn paced<T>(&self, workspace: WorkspaceId, pace: &Pace, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let lane = if pace.is_heavy() && !pace.stays { Some(self.enter(workspace).await) } else { None };
            // One poll, that is one slice. While it waits for something else, it has no lane.
            let slice = poll_fn(|context| {
                let mut poll = || pace.slice(|| work.as_mut().poll(context));
                Poll::Ready(if lane.is_some() { in_place(poll) } else { poll() })
            });
            if let Poll::Ready(done) = slice.await {
                return done;
            }
            drop(lane);
            // The work has seen to it that this is woken.
            let mut waited = false;
            poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        }
    }

    /// Begins a rehearsal that somebody waits for; it is over when the answer is dropped.
    ///
    /// # Errors
    /// `too_many_dry_runs`.
    pub fn rehearse(self: &Arc<Self>, workspace: WorkspaceId) -> Result<Rehearsing> {
        let mut under_way = self.rehearsals.lock().unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(workspace).or_default();
        if *count >= REHEARSALS {
            let detail = format!("{REHEARSALS} dry runs of this workspace are under way; try again when one is over");
            return Err(Error::busy("too_many_dry_runs", detail));
        }
        *count += 1;
        Ok(Rehearsing { lanes: self.clone(), workspace })
    }
}

/// A rehearsal that is under way.
pub struct Rehearsing {
    lanes: Arc<Lanes>,
    workspace: WorkspaceId,
}

impl Drop for Rehearsing {
    fn drop(&mut self) {
        let mut under_way = self.lanes.rehearsals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.workspace) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.workspace);
            }
        }
    }
}

/// Computes on this thread, after what else it had to do was given to another one.
pub(crate) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // The only thread there is.
        _ => work(),
    }
}

/// How much some work has computed, and whether it is known to be slow.
pub struct Pace {
    made: Instant,
    heavy: AtomicBool,
    /// It never goes into a lane: where it takes long it is left.
    stays: bool,
    /// Nanoseconds after `made` at which this slice began.
    began: AtomicU64,
    /// Nanoseconds.
    worked: AtomicU64,
    longest: AtomicU64,
}

impl Pace {
    /// For work that is begun, in a lane at once if it is `heavy`.
    pub fn new(heavy: bool) -> Self {
        let (began, worked, longest) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { made: Instant::now(), heavy: heavy.into(), stays: false, began, worked, longest }
    }

    /// For work that is done where it is or not at all: it asks [`is_over`](Self::is_over).
    pub fn quick() -> Self {
        Self { stays: true, ..Self::new(false) }
    }

    fn is_heavy(&self) -> bool {
        self.heavy.load(Relaxed)
    }

    /// Whether any slice of it has kept a thread for long.
    pub fn was_long(&self) -> bool {
        Duration::from_nanos(self.longest.load(Relaxed)) >= SHORT
    }

    /// For how long it has computed, this slice counted. What it waited for does not count.
    pub fn worked(&self) -> Duration {
        Duration::from_nanos(self.worked.load(Relaxed)) + self.lasted()
    }

    /// Whether it has kept its thread for long enough.
    pub fn is_over(&self) -> bool {
        match (self.stays, self.is_heavy()) {
            (true, heavy) => heavy || self.lasted() >= SHORT,
            (false, true) => self.lasted() >= LONG,
            (false, false) => self.lasted() >= SHORT,
        }
    }

    /// Where others may have their turn.
    pub async fn breathe(&self) {
        if self.is_over() {
            self.heavy.store(true, Relaxed);
            tokio::task::yield_now().await;
        }
    }

    fn lasted(&self) -> Duration {
        self.made.elapsed().saturating_sub(Duration::from_nanos(self.began.load(Relaxed)))
    }

    fn slice<T>(&self, work: impl FnOnce() -> T) -> T {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.began.store(nanos(self.made.elapsed()), Relaxed);
        let done = work();
        let lasted = nanos(self.lasted());
        self.worked.fetch_add(lasted, Relaxed);
        self.longest.fetch_max(lasted, Relaxed);
        if Duration::from_nanos(lasted) >= SHORT {
            self.heavy.store(true, Relaxed);
        }
        self.began.store(nanos(self.made.elapsed()), Relaxed);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id as _;

    fn workspace(number: u128) -> WorkspaceId {
        WorkspaceId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_workspace_stands_in_the_line_of_all_once_however_much_it_has_to_do() {
        let (lanes, order) = (Arc::new(Lanes::of(1)), Arc::new(Mutex::new(Vec::new())));
        let first = lanes.enter(workspace(1)).await;
        let works = [1, 1, 1, 1, 2, 2, 3].map(|number| {
            let (lanes, order) = (lanes.clone(), order.clone());
            tokio::spawn(async move {
                let _lane = lanes.enter(workspace(number)).await;
                order.lock().unwrap().push(number);
            })
        });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        drop(first);
        futures::future::join_all(works).await;
        assert_eq!(*order.lock().unwrap(), [2, 3, 1, 2, 1, 1, 1]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn heavy_work_leaves_the_only_thread_to_others_and_gives_its_lane_away_between_slices() {
        let lanes = Arc::new(Lanes::of(1));
        let (done, over) = std::sync::mpsc::channel();
        let known = lanes.clone();
        let slices = tokio::spawn(async move {
            let shared = known.clone();
            let work = async move {
                // Another task gets on while this one keeps its thread.
                tokio::spawn(async move { done.send(()) });
                let other = over.recv_timeout(Duration::from_secs(20));
                let first = (other.is_ok(), shared.all.available_permits());
                tokio::task::yield_now().await;
                (first, shared.all.available_permits())
            };
            known.paced(workspace(1), &Pace::new(true), work).await
        });
        assert_eq!(slices.await.unwrap(), ((true, 0), 0));
        assert_eq!(lanes.all.available_permits(), 1);
    }

    #[test]
    fn so_many_rehearsals_of_a_workspace_at_a_time() {
        let lanes = Arc::new(Lanes::of(1));
        let mut under_way: Vec<_> = (0..REHEARSALS).map(|_| lanes.rehearse(workspace(1)).ok().unwrap()).collect();
        assert_eq!(lanes.rehearse(workspace(1)).err().unwrap().code, "too_many_dry_runs");
        assert!(lanes.rehearse(workspace(2)).is_ok());
        under_way.pop();
        assert!(lanes.rehearse(workspace(1)).is_ok());
    }
}
