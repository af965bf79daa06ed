//! Reads the log for those who wait, page by page behind the place that each has come to.
//!
//! Workspace by workspace, each for a moment. What takes longer than that, because of its conditions, goes on apart
//! ([`lanes`](crate::lanes)), while the others are looked for again and again; a workspace is never read twice at the same time.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use super::room::{Key, Left, Room, Tools, Waiter};
use super::store;
use crate::Result;
use crate::cx::Source;
use crate::db::{Db, Signal, Tx};
use crate::events;
use crate::ids::{RunId, WorkspaceId};
use crate::lanes::Pace;
use crate::rules::Library;

/// How often everything that waits is read anew: what is over elsewhere is forgotten here, and how far was read is noted.
const REREAD: TimeDelta = TimeDelta::minutes(1);
/// How often those who have begun to wait are read when nothing was heard of any.
const RELOOK: TimeDelta = TimeDelta::seconds(1);
/// They are read from so long before the last time: transactions take a while, and clocks differ. What is missed even so is
/// read with all the others.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// Nobody waits.
    Nobody,
    /// Everything was read that there is.
    All,
    /// Everything but what is looked at apart, because it takes long; `Signal::Waits` says when that is over.
    Apart,
    /// There is more to read.
    More,
}

/// Watches the log for the runs of all workspaces. One for each node; several find the same.
pub struct Watch {
    tools: Tools,
    rooms: HashMap<WorkspaceId, Room>,
    /// Those that are looked for apart.
    apart: JoinSet<(WorkspaceId, Room)>,
    /// Whose they are.
    away: HashMap<WorkspaceId, Vec<Key>>,
    heard: Receiver<u64>,
    /// When those who wait were read, and when all of them.
    read_at: Option<DateTime<Utc>>,
    all_read_at: Option<DateTime<Utc>>,
}

impl Watch {
    /// A watch that knows nobody yet.
    pub fn new(db: Db, source: Source, library: Arc<Library>) -> Self {
        let heard = db.signals().watch(Signal::Waits);
        let (rooms, apart, away) = (HashMap::new(), JoinSet::new(), HashMap::new());
        Self { tools: Tools { db, source, library }, rooms, apart, away, heard, read_at: None, all_read_at: None }
    }

    /// Reads on, and wakes those for whom something came.
    pub async fn look(&mut self) -> Result<Looked> {
        while let Some(back) = self.apart.try_join_next() {
            self.back(back);
        }
        self.refresh().await?;
        if self.rooms.is_empty() {
            return Ok(if self.away.is_empty() { Looked::Nobody } else { Looked::Apart });
        }
        let head = events::service::head(&mut *self.tools.db.read().await?).await?;
        let mut workspaces: Vec<WorkspaceId> = self.rooms.keys().copied().collect();
        workspaces.sort_unstable();
        for workspace in workspaces {
            if self.look_soon(workspace, head).await? == Left::Rest {
                self.look_apart(workspace, head);
            }
        }
        let more = self.rooms.values().flat_map(|room| room.waiters.values()).any(|waiter| waiter.position < head);
        Ok(match (more, self.away.is_empty()) {
            (true, _) => Looked::More,
            (false, true) => Looked::All,
            (false, false) => Looked::Apart,
        })
    }

    /// Looks for a workspace's, if that is quick.
    async fn look_soon(&mut self, workspace: WorkspaceId, head: i64) -> Result<Left> {
        let Some(room) = self.rooms.get_mut(&workspace) else { return Ok(Left::Nothing) };
        if room.slow {
            return Ok(Left::Rest);
        }
        let (tools, pace) = (self.tools.clone(), Pace::quick());
        let look = room.look(&tools, workspace, head, &pace, true);
        self.tools.library.lanes().paced(workspace, &pace, look).await
    }

    /// Looks for a workspace's where it holds up nobody else's.
    fn look_apart(&mut self, workspace: WorkspaceId, head: i64) {
        let Some(mut room) = self.rooms.remove(&workspace) else { return };
        self.away.insert(workspace, room.waiters.keys().cloned().collect());
        let tools = self.tools.clone();
        self.apart.spawn(async move {
            let pace = Pace::new(true);
            let look = room.look(&tools, workspace, head, &pace, false);
            if let Err(error) = tools.library.lanes().paced(workspace, &pace, look).await {
                tracing::warn!(%workspace, %error, "the log could not be looked at for those who wait; it is tried again");
            }
            room.slow = pace.was_long();
            tools.db.signals().fire(Signal::Waits);
            (workspace, room)
        });
    }

    /// A workspace's are back, with those who have begun to wait meanwhile.
    fn back(&mut self, back: std::result::Result<(WorkspaceId, Room), tokio::task::JoinError>) {
        match back {
            Ok((workspace, room)) => {
                self.away.remove(&workspace);
                let here = self.rooms.entry(workspace).or_default();
                here.slow = room.slow;
                here.waiters.extend(room.waiters);
            }
            Err(error) => {
                tracing::error!(%error, "looking for those who wait has panicked; they are read anew");
                (self.all_read_at, self.away) = (None, HashMap::new());
                self.apart.abort_all();
            }
        }
    }

    /// Learns who waits.
    async fn refresh(&mut self) -> Result<()> {
        let now = self.tools.source.now();
        let ago = |read: Option<DateTime<Utc>>, long| read.is_none_or(|read| now - read >= long || now < read);
        let all = ago(self.all_read_at, REREAD);
        if !all && !self.heard.has_changed().unwrap_or(true) && !ago(self.read_at, RELOOK) {
            return Ok(());
        }
        self.heard.mark_unchanged();
        if all {
            self.note().await?;
        }
        let since = if all { DateTime::UNIX_EPOCH } else { self.read_at.unwrap_or(now) - OVERLAP };
        let mut known = if all { std::mem::take(&mut self.rooms) } else { HashMap::new() };
        let mut rx = self.tools.db.read().await?;
        for stored in store::open(&mut rx, since).await? {
            let (workspace, key) = (stored.workspace_id, (stored.run_id, stored.path.clone()));
            let is_away = self.away.get(&workspace).is_some_and(|keys| keys.contains(&key));
            if is_away || self.rooms.get(&workspace).is_some_and(|room| room.waiters.contains_key(&key)) {
                continue;
            }
            let old = known.get_mut(&workspace);
            let slow = old.as_ref().is_some_and(|room| room.slow);
            let waiter = match old.and_then(|room| room.waiters.remove(&key)) {
                Some(waiter) => waiter,
                None => match Waiter::of(&mut rx, &self.tools.library, stored).await {
                    Ok(waiter) => waiter,
                    Err(error) => {
                        tracing::error!(run = %key.0, step = key.1, %error, "a run waits for what cannot be looked for");
                        continue;
                    }
                },
            };
            let room = match self.rooms.entry(workspace) {
                Entry::Occupied(room) => room.into_mut(),
                Entry::Vacant(room) => room.insert(Room { slow, ..Room::default() }),
            };
            room.waiters.insert(key, waiter);
        }
        self.read_at = Some(now);
        if all {
            self.all_read_at = Some(now);
        }
        Ok(())
    }

    /// Notes how far was read, so that nobody who starts anew reads it all again.
    async fn note(&self) -> Result<()> {
        let waiters = || self.rooms.values().flat_map(|room| room.waiters.values());
        let mut places: BTreeMap<(WorkspaceId, i64), Vec<RunId>> = BTreeMap::new();
        for waiter in waiters().filter(|waiter| waiter.position > waiter.stored.looked_at) {
            places.entry((waiter.stored.workspace_id, waiter.position)).or_default().push(waiter.stored.run_id);
        }
        // A run with two waits stands with the one that is further back.
        let further: HashMap<RunId, i64> = waiters().fold(HashMap::new(), |mut least, waiter| {
            let place = least.entry(waiter.stored.run_id).or_insert(waiter.position);
            *place = (*place).min(waiter.position);
            least
        });
        for ((workspace, position), mut runs) in places {
            runs.retain(|run| further.get(run).is_none_or(|least| *least >= position));
            let note = async move |tx: &mut Tx| store::set_looked(tx, workspace, position, &runs).await;
            self.tools.db.write(note).await?;
        }
        Ok(())
    }
}
