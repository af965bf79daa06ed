//! Signals: "look now" for whoever works through a table.
//!
//! A signal says only that there may be something to do. It can come too often and, when a program dies between its
//! commit and its notice, too rarely; so whoever waits for one also looks now and then by itself.
//!
//! On PostgreSQL a signal also reaches the other nodes by `NOTIFY trackside`. The notice is sent right after the commit
//! and not inside it: PostgreSQL lets only one transaction that notifies commit at a time, in the whole server, through
//! its fsync. Signals fired while a notice is on its way go out together in the next.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, watch};

/// What there may be to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Who may do what has changed.
    Access,
    /// Events that have not been dispatched exist.
    Events,
    /// Due jobs exist.
    Jobs,
    /// Positions in the log were given.
    Log,
    /// An operator has something to say to the nodes that work.
    Nodes,
    /// What is due at by the clock has changed: rules, recurring tasks.
    Schedules,
    /// How many notifications somebody has not read has changed.
    Told,
    /// Runs wait for events.
    Waits,
}

impl Signal {
    /// All of them.
    pub const ALL: [Signal; 8] = [
        Signal::Access,
        Signal::Events,
        Signal::Jobs,
        Signal::Log,
        Signal::Nodes,
        Signal::Schedules,
        Signal::Told,
        Signal::Waits,
    ];

    fn name(self) -> &'static str {
        match self {
            Signal::Access => "access",
            Signal::Events => "events",
            Signal::Jobs => "jobs",
            Signal::Log => "log",
            Signal::Nodes => "nodes",
            Signal::Schedules => "schedules",
            Signal::Told => "told",
            Signal::Waits => "waits",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wakes(u8);

impl Wakes {
    pub(super) fn add(&mut self, signal: Signal) {
        self.0 |= signal.bit();
    }

    pub(super) fn join(&mut self, other: Wakes) {
        self.0 |= other.0;
    }

    fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.into_iter().filter(move |signal| self.0 & signal.bit() != 0)
    }
}

/// The signals of one database. Cheap to clone.
#[derive(Clone)]
pub struct Signals(Arc<Inner>);

struct Inner {
    counts: [watch::Sender<u64>; Signal::ALL.len()],
    /// Fired here, not yet told to the other nodes.
    unsent: AtomicU8,
    to_send: Notify,
}

impl Signals {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            counts: std::array::from_fn(|_| watch::Sender::new(0)),
            unsent: AtomicU8::new(0),
            to_send: Notify::new(),
        }))
    }

    /// Counts the firings of a signal: `changed()` waits for one after the last seen, so none is missed between looks.
    pub fn watch(&self, signal: Signal) -> watch::Receiver<u64> {
        self.0.counts[signal as usize].subscribe()
    }

    /// Waits for the next firing after this call (not after the first poll). In a loop [`watch`](Self::watch) is better.
    pub fn notified(&self, signal: Signal) -> impl Future<Output = ()> + Send + 'static {
        let mut count = self.watch(signal);
        async move {
            if count.changed().await.is_err() {
                std::future::pending::<()>().await; // the database was closed: nothing fires any more
            }
        }
    }

    /// Fires a signal on this node and the others, without a write.
    pub fn fire(&self, signal: Signal) {
        let mut wakes = Wakes::default();
        wakes.add(signal);
        self.fire_all(wakes);
    }

    pub(super) fn fire_all(&self, wakes: Wakes) {
        if wakes == Wakes::default() {
            return;
        }
        self.fire_here(wakes);
        self.0.unsent.fetch_or(wakes.0, Ordering::AcqRel);
        self.0.to_send.notify_one();
    }

    fn fire_here(&self, wakes: Wakes) {
        for signal in wakes.iter() {
            self.0.counts[signal as usize].send_modify(|count| *count += 1);
        }
    }
}

/// How long after a failure the connection is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Tells the other nodes what was fired here.
pub(super) async fn send(signals: Signals, pool: PgPool, node: u64) {
    loop {
        signals.0.to_send.notified().await;
        let unsent = Wakes(signals.0.unsent.swap(0, Ordering::AcqRel));
        let names: Vec<&str> = unsent.iter().map(Signal::name).collect();
        let notice = format!("{node:x} {}", names.join(" "));
        if let Err(error) = sqlx::query("select pg_notify('trackside', $1)").bind(notice).execute(&pool).await {
            tracing::warn!(%error, "the other nodes could not be woken; trying again");
            signals.0.unsent.fetch_or(unsent.0, Ordering::AcqRel);
            signals.0.to_send.notify_one();
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Fires here what other nodes fired.
pub(super) async fn listen(signals: Signals, pool: PgPool, node: u64) {
    loop {
        if let Err(error) = listen_once(&signals, &pool, node).await {
            tracing::warn!(%error, "not hearing the other nodes; connecting again");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen_once(signals: &Signals, pool: &PgPool, node: u64) -> sqlx::Result<()> {
    let everything = Wakes(Signal::ALL.iter().fold(0, |all, signal| all | signal.bit()));
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("trackside").await?;
    // What was said while nobody listened is not repeated, so after each (re)connection everyone looks.
    signals.fire_here(everything);
    loop {
        match listener.try_recv().await? {
            None => signals.fire_here(everything),
            Some(notice) => {
                let mut words = notice.payload().split(' ');
                if words.next() == Some(&format!("{node:x}")) {
                    continue;
                }
                let mut wakes = Wakes::default();
                let named = words.filter_map(|word| Signal::ALL.into_iter().find(|signal| signal.name() == word));
                named.for_each(|signal| wakes.add(signal));
                signals.fire_here(wakes);
            }
        }
    }
}
