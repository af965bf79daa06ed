//! The hub: follows the log, encodes each event once, hands it to whoever listens.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use trackside_engine::db::{Db, Signal};
use trackside_engine::events::{self, Event};
use trackside_engine::ids::WorkspaceId;

use super::protocol::FromServer;

/// How many messages may wait for one socket; a slower reader is told to reload.
pub(super) const QUEUE: usize = 512;
/// How many events are read from the log at a time.
const PAGE: i64 = 500;
/// How often the log is looked at when nothing was heard: a notice can get lost with a database connection.
const FALLBACK: Duration = Duration::from_secs(10);

/// How often the end of the log is looked for at the most while nobody listens.
const UNHEARD: Duration = Duration::from_millis(20);

/// A message for one socket: already encoded, shared by everyone it goes to.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) topic: Arc<str>,
    /// The event's position; none for a signal.
    pub(super) position: Option<i64>,
    /// The event, for those who may not see all of them.
    pub(super) event: Option<Arc<Event>>,
    pub(super) text: Utf8Bytes,
}

struct Subscriber {
    socket: u64,
    queue: mpsc::Sender<Message>,
    /// Set when the queue was full: the socket says `reload` when it gets to it.
    lagged: mpsc::UnboundedSender<Arc<str>>,
}

pub(super) type Topic = (WorkspaceId, Arc<str>);

/// Who listens to what, in this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub {
    topics: Arc<Mutex<HashMap<Topic, Vec<Subscriber>>>>,
    position: Arc<AtomicI64>,
    sockets: Arc<AtomicU64>,
}

/// One socket's place in the hub. Dropping it ends all its subscriptions.
pub(super) struct Seat {
    hub: Hub,
    socket: u64,
    queue: mpsc::Sender<Message>,
    lagged: mpsc::UnboundedSender<Arc<str>>,
}

impl Hub {
    /// A hub that stands at the end of the log. It moves once it [`follow`](Self::follow)s.
    pub async fn at_head(db: &Db) -> trackside_engine::Result<Self> {
        let hub = Self::default();
        hub.skip(db).await?;
        Ok(hub)
    }

    /// Follows the log until the process ends.
    pub async fn follow(self, db: Db) {
        loop {
            let heard = db.signals().notified(Signal::Log);
            if let Err(error) = self.catch_up(&db).await {
                tracing::warn!(%error, "the realtime hub cannot read the log; it tries again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            if self.is_empty() {
                // Nobody waits for what is written meanwhile, and asking costs as much as a small write.
                tokio::time::sleep(UNHEARD).await;
            }
            let _ = tokio::time::timeout(FALLBACK, heard).await;
        }
    }

    /// Moves to the end of the log without reading it, if nobody listens. Who sits down after the question was asked
    /// reads the end of the log later than this did, so nothing falls between.
    async fn skip(&self, db: &Db) -> trackside_engine::Result<bool> {
        let head = events::service::head(&mut *db.read().await?).await?;
        let empty = self.is_empty();
        if empty {
            self.position.store(head, Ordering::SeqCst);
        }
        Ok(empty)
    }

    async fn catch_up(&self, db: &Db) -> trackside_engine::Result<()> {
        loop {
            if self.is_empty() && self.skip(db).await? {
                return Ok(());
            }
            let page = events::service::tail(&mut *db.read().await?, self.position(), PAGE).await?;
            // A page may end early because its events are large.
            let more = !page.is_empty();
            for event in page {
                let position = event.position;
                self.publish(event);
                self.position.store(position, Ordering::SeqCst);
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// The position up to which everything has been handed out.
    pub(super) fn position(&self) -> i64 {
        self.position.load(Ordering::SeqCst)
    }

    fn is_empty(&self) -> bool {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn publish(&self, event: Event) {
        let Ok(encoded) = serde_json::value::to_raw_value(&event) else { return };
        let event = Arc::new(event);
        for topic in topics(&event) {
            self.send(event.workspace_id, &topic, |topic| message(topic, &event, &encoded));
        }
    }

    /// Hands a message to everyone on a topic; the message is made only if there is someone.
    pub(super) fn send(&self, workspace: WorkspaceId, topic: &str, make: impl FnOnce(Arc<str>) -> Message) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (workspace, Arc::from(topic));
        let Some(subscribers) = topics.get_mut(&key) else { return };
        let message = make(key.1.clone());
        subscribers.retain(|subscriber| match subscriber.queue.try_send(message.clone()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                metrics::counter!("trackside_sockets_lagged_total").increment(1);
                let _ = subscriber.lagged.send(key.1.clone());
                false
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        });
        if subscribers.is_empty() {
            topics.remove(&key);
        }
    }

    /// The topics to which somebody listens and that begin so, by workspace.
    pub(super) fn topics_of(&self, beginning: &str) -> Vec<Topic> {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.keys().filter(|(_, topic)| topic.starts_with(beginning)).cloned().collect()
    }

    /// A place for a new socket.
    pub(super) fn seat(&self) -> (Seat, mpsc::Receiver<Message>, mpsc::UnboundedReceiver<Arc<str>>) {
        let (queue, messages) = mpsc::channel(QUEUE);
        let (lagged, lags) = mpsc::unbounded_channel();
        let socket = self.sockets.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("trackside_sockets").increment(1.0);
        (Seat { hub: self.clone(), socket, queue, lagged }, messages, lags)
    }
}

impl Seat {
    /// Begins to listen to a topic.
    pub(super) fn join(&self, workspace: WorkspaceId, topic: &str) {
        let mut topics = self.hub.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let subscribers = topics.entry((workspace, Arc::from(topic))).or_default();
        if !subscribers.iter().any(|subscriber| subscriber.socket == self.socket) {
            subscribers.push(Subscriber {
                socket: self.socket,
                queue: self.queue.clone(),
                lagged: self.lagged.clone(),
            });
        }
    }

    /// Stops listening to a topic.
    pub(super) fn leave(&self, workspace: WorkspaceId, topic: &str) {
        let mut topics = self.hub.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (workspace, Arc::from(topic));
        if let Some(subscribers) = topics.get_mut(&key) {
            subscribers.retain(|subscriber| subscriber.socket != self.socket);
            if subscribers.is_empty() {
                topics.remove(&key);
            }
        }
    }

    /// Tells a topic something that is not stored.
    pub(super) fn signal(&self, workspace: WorkspaceId, topic: &str, text: String) {
        self.hub.send(workspace, topic, |topic| Message { topic, position: None, event: None, text: text.into() });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::gauge!("trackside_sockets").decrement(1.0);
        let mut topics = self.hub.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.retain(|_, subscribers| {
            subscribers.retain(|subscriber| subscriber.socket != self.socket);
            !subscribers.is_empty()
        });
    }
}

/// The topics that an event belongs to.
pub(super) fn topics(event: &Event) -> Vec<String> {
    let mut topics = vec![format!("workspace:{}", event.workspace_id)];
    if let Some(project) = event.project_id {
        topics.push(format!("project:{project}"));
    }
    if let Some((kind, _)) = event.subject.split_once('_') {
        let own = match kind {
            "proj" => "project",
            other => other,
        };
        let own = format!("{own}:{}", event.subject);
        if !topics.contains(&own) {
            topics.push(own);
        }
    }
    topics
}

/// An event as it goes to a topic.
pub(super) fn message(topic: Arc<str>, event: &Arc<Event>, encoded: &RawValue) -> Message {
    let position = event.position;
    let text = FromServer::Event { topic: &topic, position, event: encoded }.text();
    Message { topic, position: Some(position), event: Some(event.clone()), text: text.into() }
}
