//! How many notifications those have not read who listen to their own topic. Told when it is another number than was told last:
//! whatever was missed between two looks, the next one says how it is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use trackside_engine::Source;
use trackside_engine::db::{Db, Signal};
use trackside_engine::ids::{UserId, WorkspaceId};
use trackside_engine::notifications::service;

use super::hub::{Hub, Message};
use super::protocol::FromServer;

/// How often is looked when nothing was heard: what was put off comes back by itself.
const FALLBACK: Duration = Duration::from_secs(10);
/// Looks are at least this far apart, however many are told at once.
const SPACING: Duration = Duration::from_millis(200);

/// What was told last, by topic.
type Known = HashMap<(WorkspaceId, Arc<str>), i64>;

impl Hub {
    /// Tells people how many notifications they have not read, until the process ends.
    pub async fn count(self, db: Db, source: Source) {
        let mut known = Known::new();
        loop {
            let heard = db.signals().notified(Signal::Told);
            if let Err(error) = self.tell_unread(&db, &source, &mut known).await {
                tracing::warn!(%error, "unread notifications could not be counted; it is tried again");
            }
            tokio::time::sleep(SPACING).await;
            let _ = tokio::time::timeout(FALLBACK, heard).await;
        }
    }

    async fn tell_unread(&self, db: &Db, source: &Source, known: &mut Known) -> trackside_engine::Result<()> {
        let topics = self.topics_of("user:");
        known.retain(|topic, _| topics.contains(topic));
        let of = |topic: &str| topic.strip_prefix("user:").and_then(|id| id.parse::<UserId>().ok());
        let users: Vec<UserId> = topics.iter().filter_map(|(_, topic)| of(topic)).collect();
        if users.is_empty() {
            return Ok(());
        }
        let counted = service::unread_of(&mut *db.read().await?, &users, source.now()).await?;
        let counted: HashMap<(WorkspaceId, UserId), i64> =
            counted.into_iter().map(|(workspace, user, unread)| ((workspace, user), unread)).collect();
        for (workspace, topic) in topics {
            let Some(user) = of(&topic) else { continue };
            let unread = counted.get(&(workspace, user)).copied().unwrap_or_default();
            if known.insert((workspace, topic.clone()), unread) != Some(unread) {
                self.send(workspace, &topic, |topic| {
                    let text = FromServer::Notifications { topic: &topic, unread }.text();
                    Message { topic, position: None, event: None, text: text.into() }
                });
            }
        }
        Ok(())
    }
}
