//! What happens by itself in Trackside: events are dispatched, runs carried on, outside services called.
//!
//! [`Workers`] is the whole of it, started by `serve` and by `worker`. Everything it does can be stopped at any moment
//! and done by another node instead: the truth stands in the database.

mod approvals;
mod clockwork;
mod credentials;
mod dispatcher;
pub mod egress;
pub mod files;
pub mod integrations;
mod mail;
mod notifications;
pub mod oidc;
mod planning;
mod push;
pub mod queue;
mod roll;
mod runs;
mod trials;
mod waits;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trackside_engine::actions::Actions;
use trackside_engine::cx::Source;
use trackside_engine::db::Db;
use trackside_engine::jobs::DbJobs;
use trackside_engine::rules::{Library, meter};
use trackside_engine::runs::dispatch::Dispatcher;
use trackside_engine::runs::{HotRuns, Runner, Stage};
use trackside_engine::vault::Vault;
use trackside_engine::waits::Watch;

pub use crate::mail::MailServer;
use crate::queue::{Handlers, Panel, Queues, entry};

/// What the workers of a node need.
pub struct Options {
    /// The database.
    pub db: Db,
    /// Where time and ids come from.
    pub source: Source,
    /// The rules.
    pub library: Arc<Library>,
    /// What rules may do.
    pub actions: Actions,
    /// What opens the secrets of connections.
    pub vault: Vault,
    /// With this Redis, lists of due jobs go through it, for many nodes.
    pub redis: Option<String>,
    /// The way out, for push messages.
    pub egress: egress::Egress,
    /// Where letters go, if anywhere.
    pub mail: Option<MailServer>,
    /// How each queue is worked on.
    pub queues: Queues,
    /// How long running jobs may take to finish when the node stops.
    pub grace: Duration,
    /// How long runs are kept that are over; for ever when absent.
    pub keep_runs: Option<Duration>,
}

/// Everything that works by itself on this node.
pub struct Workers {
    stop: CancellationToken,
    dispatcher: Dispatcher,
    dispatching: JoinHandle<()>,
    clockwork: Vec<JoinHandle<()>>,
    watching: JoinHandle<()>,
    calling: JoinHandle<()>,
    panel: Panel,
    db: Db,
    source: Source,
    library: Arc<Library>,
    queue: queue::Running,
}

/// What runs each kind of job, sorted by kind.
fn handlers(
    runner: Arc<Runner>,
    mail: mail::SendMail,
    push: push::SendPush,
    stage: Stage,
    source: Source,
) -> Result<Handlers, String> {
    let db = stage.db.clone();
    Handlers::new(vec![
        entry(runs::AdvanceRun(runner)),
        entry(trials::Backtest { stage, source: source.clone() }),
        entry(notifications::CarryTold { db: db.clone(), source: source.clone() }),
        entry(queue::Noop),
        entry(planning::Replan { db: db.clone(), source: source.clone() }),
        entry(approvals::ReviewApprovals { db: db.clone(), source: source.clone() }),
        entry(mail),
        entry(push),
        entry(notifications::TellPeople { db, source }),
    ])
}

impl Workers {
    /// Starts the workers of this node. Fails when the settings are unsound, saying why.
    pub fn start(options: Options) -> Result<Self, String> {
        let Options { db, source, library, actions, vault, redis, egress, mail, queues, grace, keep_runs } = options;
        let hot = Arc::new(HotRuns::default());
        let mail = mail::SendMail::new(db.clone(), source.clone(), vault.clone(), mail.as_ref())?;
        let push = push::SendPush::new(db.clone(), source.clone(), vault.clone(), egress);
        let credentials = Arc::new(credentials::StoredConnections { db: db.clone(), vault });
        let stage = Stage { db: db.clone(), library: library.clone(), actions: actions.clone() };
        let runner = Runner::new(db.clone(), source.clone(), library.clone(), actions, credentials, hot.clone());
        let stop = CancellationToken::new();
        let queue = queue::start(
            Arc::new(DbJobs::new(db.clone(), source.clone())),
            queue::Options {
                queues,
                handlers: handlers(Arc::new(runner), mail, push, stage, source.clone())?,
                redis,
                grace,
            },
        )?;
        let clockwork = clockwork::start(&db, &source, &library, &stop, keep_runs);
        let panel = queue.panel();
        let calling = tokio::spawn(roll::call(db.clone(), source.clone(), panel.clone(), stop.clone()));
        let watch = Watch::new(db.clone(), source.clone(), library.clone());
        let watching = tokio::spawn(waits::run(db.clone(), watch, stop.clone()));
        let dispatcher = Dispatcher::new(db.clone(), source.clone(), library.clone(), hot)
            .starting(queue.starter(trackside_engine::runs::service::QUEUE));
        let dispatching = tokio::spawn(dispatcher::run(db.clone(), dispatcher.clone(), stop.clone()));
        Ok(Self { stop, dispatcher, dispatching, clockwork, watching, calling, panel, db, source, library, queue })
    }

    /// What judges events on this node, for those that are judged before they are written.
    pub fn dispatcher(&self) -> Dispatcher {
        self.dispatcher.clone()
    }

    /// Stops taking work, lets what runs finish as long as the grace period allows, and gives back the rest.
    pub async fn stop(self) {
        self.stop.cancel();
        self.queue.stop().await;
        // A batch that is being written is over in a moment; whatever it left is dispatched by the next node.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.dispatching).await;
        for going in self.clockwork.into_iter().chain([self.watching, self.calling]) {
            let _ = tokio::time::timeout(Duration::from_secs(5), going).await;
        }
        let last_words = async {
            if let Err(error) = meter::flush(&self.db, &self.source, &self.library).await {
                tracing::debug!(%error, "what rules cost since the last minute could not be written");
            }
            roll::leave(&self.db, &self.panel).await;
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), last_words).await;
    }
}
