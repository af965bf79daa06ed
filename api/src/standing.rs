//! How long an answer about somebody's rights holds. Whoever goes on for longer than a request takes (a stream, a long poll,
//! a socket) asks again when it has ended, and hands nothing on before.

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use trackside_engine::Source;
use trackside_engine::access::Actor;
use trackside_engine::db::Signal;

use crate::app::App;

/// What an actor may do, as far as it is known to hold.
pub struct Standing {
    source: Source,
    /// Changes when somebody's rights do: perhaps this one's.
    access: watch::Receiver<u64>,
    /// When they change by themselves.
    changes_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// What was just asked for.
    pub fn of(app: &App, actor: &Actor) -> Self {
        let access = app.db.signals().watch(Signal::Access);
        Self { source: app.source.clone(), access, changes_at: actor.changes_at() }
    }

    /// Whether it is time to ask again.
    pub fn has_ended(&self) -> bool {
        self.access.has_changed().unwrap_or(false) || self.has_ended_by_itself()
    }

    /// Whether a moment has passed from which on something else holds, whatever anybody did.
    pub fn has_ended_by_itself(&self) -> bool {
        self.changes_at.is_some_and(|at| at <= self.source.now())
    }

    /// Waits until it is time to ask again.
    pub async fn ended(&self) {
        let left = self.changes_at.map(|at| (at - self.source.now()).to_std().unwrap_or_default());
        let itself = async {
            match left {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        // A copy, so that who hears of the change here still finds it in `has_ended`.
        let mut access = self.access.clone();
        let access = async {
            if access.changed().await.is_err() {
                std::future::pending::<()>().await; // the database was closed: nothing changes any more
            }
        };
        tokio::select! {
            () = itself => {}
            () = access => {}
        }
    }

    /// Begins the next question: what changes from now on counts for the one after it.
    pub fn ask(&mut self) {
        self.access.mark_unchanged();
    }

    /// Takes its answer.
    pub fn holds(&mut self, actor: &Actor) {
        self.changes_at = actor.changes_at();
    }
}
