//! The places of a queue on this node, and who may have how many.
//!
//! A workspace may take a place while it has no more of them than are free. So one whose calls all hang keeps at most half,
//! the next one half of what is left, and so on: there is always room for a workspace that has none, and no place is kept
//! empty for somebody who might come. (Dynamic thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking
//! 6(2), 1998, who share the memory of a switch that way.)

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use trackside_engine::ids::WorkspaceId;

/// The places of one queue.
#[derive(Debug)]
pub(super) struct Places {
    all: AtomicUsize,
    taken: Mutex<Taken>,
    /// A place became free.
    pub(super) freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_workspace: HashMap<WorkspaceId, usize>,
}

/// What may be claimed now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// So many jobs, whoever they belong to …
    pub limit: usize,
    /// … save to these.
    pub without: Vec<WorkspaceId>,
}

impl Places {
    pub(super) fn new(all: usize) -> Arc<Self> {
        Arc::new(Self { all: AtomicUsize::new(all), taken: Mutex::default(), freed: Notify::new() })
    }

    /// How many places there are.
    pub(super) fn all(&self) -> usize {
        self.all.load(Ordering::SeqCst)
    }

    /// Another number of places from now on; what has one keeps it.
    pub(super) fn resize(&self, all: usize) {
        if self.all.swap(all, Ordering::SeqCst) < all {
            self.freed.notify_one();
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing in here can panic between two changes that belong together.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be claimed at once; none when every place is taken. Workspaces that have more than half as many as are free
    /// are left out. All that is claimed may turn out to belong to one of the others, so it is no more than leaves free as
    /// many as that one has then.
    pub(super) fn offer(&self) -> Option<Offer> {
        let taken = self.taken();
        let free = self.all().saturating_sub(taken.all);
        let (over, under): (Vec<_>, Vec<_>) = taken.by_workspace.iter().partition(|(_, own)| *own * 2 > free);
        let most = under.into_iter().map(|(_, own)| *own).max().unwrap_or(0);
        let without = over.into_iter().map(|(workspace, _)| *workspace).collect();
        (free > 0).then(|| Offer { limit: ((free - most) / 2).max(1), without })
    }

    /// A place for a job of each of these workspaces, or none at all.
    pub(super) fn reserve(self: &Arc<Self>, workspaces: &[WorkspaceId]) -> Option<Vec<Place>> {
        let mut taken = self.taken();
        let free = self.all().checked_sub(taken.all + workspaces.len())?;
        let mut wanted: HashMap<WorkspaceId, usize> = HashMap::new();
        for workspace in workspaces {
            *wanted.entry(*workspace).or_default() += 1;
        }
        let fair = wanted.iter().all(|(workspace, more)| {
            let own = taken.by_workspace.get(workspace).copied().unwrap_or(0) + more;
            own == 1 || own <= free
        });
        fair.then(|| workspaces.iter().map(|workspace| self.place(&mut taken, Some(*workspace))).collect())
    }

    /// The place of a job that is claimed already.
    pub(super) fn take(self: &Arc<Self>, workspace: Option<WorkspaceId>) -> Place {
        self.place(&mut self.taken(), workspace)
    }

    fn place(self: &Arc<Self>, taken: &mut Taken, workspace: Option<WorkspaceId>) -> Place {
        taken.all += 1;
        if let Some(workspace) = workspace {
            *taken.by_workspace.entry(workspace).or_default() += 1;
        }
        Place { places: self.clone(), workspace }
    }
}

/// A place that is taken for as long as this lives.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    workspace: Option<WorkspaceId>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(workspace) = self.workspace
            && let Some(own) = taken.by_workspace.get_mut(&workspace)
        {
            *own -= 1;
            if *own == 0 {
                taken.by_workspace.remove(&workspace);
            }
        }
        drop(taken);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use trackside_engine::cx::Source;

    use super::*;

    fn claim_all(places: &Arc<Places>, workspace: WorkspaceId) -> Vec<Place> {
        let mut claimed = Vec::new();
        while let Some(offer) = places.offer()
            && !offer.without.contains(&workspace)
        {
            claimed.extend((0..offer.limit).map(|_| places.take(Some(workspace))));
        }
        claimed
    }

    #[test]
    fn however_many_hang_the_next_workspace_finds_room() {
        let (places, source) = (Places::new(256), Source::default());
        let (mut hanging, mut free) = (Vec::new(), 256);
        for _ in 0..5 {
            let claimed = claim_all(&places, source.new_id());
            assert!(claimed.len() * 2 <= free && claimed.len() * 3 >= free, "{} of {free}", claimed.len());
            free -= claimed.len();
            hanging.push(claimed);
        }
        assert!(places.offer().is_some_and(|offer| offer.limit >= 2));
        assert!(places.reserve(&[source.new_id()]).is_some());
    }

    #[test]
    fn a_workspace_that_has_its_share_gets_more_when_some_of_it_is_done() {
        let (places, workspace) = (Places::new(16), Source::default().new_id());
        let mut claimed = claim_all(&places, workspace);
        assert!(places.offer().unwrap().without.contains(&workspace));
        assert!(places.reserve(&vec![workspace; 16 - claimed.len()]).is_none());
        claimed.clear();
        assert_eq!(places.offer(), Some(Offer { limit: 8, without: Vec::new() }));
        assert_eq!(places.reserve(&[workspace; 8]).map(|places| places.len()), Some(8));
        assert!(places.reserve(&[workspace; 9]).is_none(), "no more than are left free");
    }

    #[test]
    fn one_place_serves_one_after_another_and_jobs_of_nobody_take_any() {
        let (places, workspace) = (Places::new(1), Source::default().new_id());
        let only = places.reserve(&[workspace]).unwrap();
        assert_eq!(places.offer(), None);
        drop(only);
        assert_eq!(places.offer(), Some(Offer { limit: 1, without: Vec::new() }));
        places.resize(3);
        assert_eq!(places.offer(), Some(Offer { limit: 1, without: Vec::new() }));
        assert_eq!(places.reserve(&[workspace]).map(|places| places.len()), Some(1));
        let all = Places::new(8);
        let _taken: Vec<Place> = (0..8).map(|_| all.take(None)).collect();
        assert_eq!(all.offer(), None);
    }
}
