//! Jobs that start where they are written. A job of a run that is due at once, written by a node whose own worker is
//! free, need not stand in line to be claimed a moment later by that same node: it is written as claimed, with a lease
//! like any other, and handed over after the commit. That saves a third of the writes of a short run, and one commit's
//! wait. If the node dies in between, the lease runs out and another takes over, as ever.

use std::any::Any;
use std::time::Duration;

use super::model::Job;
use crate::ids::WorkspaceId;

/// A worker of this process that can start jobs of one queue at once.
pub trait Starter: Send + Sync + 'static {
    /// Keeps room for a job of each of these workspaces; one may be named several times. `None` when they are to stand in
    /// line: there is no room, or whoever is free on any node is to have them.
    fn reserve(&self, workspaces: &[WorkspaceId]) -> Option<Seats>;

    /// Starts jobs that were written as claimed under these seats.
    fn start(&self, seats: Seats, jobs: Vec<Job>);
}

/// Room that a [`Starter`] keeps until these are dropped or used.
pub struct Seats {
    /// In whose name the jobs are claimed.
    pub worker: String,
    /// For how long they are claimed, unless the claim is renewed.
    pub lease: Duration,
    /// What keeps the room; the starter's own.
    pub room: Box<dyn Any + Send>,
}
