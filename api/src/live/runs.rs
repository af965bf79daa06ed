//! That runs begin, go on and end, for those who watch them. The log would be too dear for it: so whoever watches has it looked
//! at, however many runs there are, and is told at most twice a second that it is worth while to read anew. Nobody who does
//! not watch costs anything.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trackside_engine::db::Db;
use trackside_engine::ids::RunId;
use trackside_engine::runs::watch::{self, Progress, Watched};

use super::hub::{Hub, Message, Topic};
use super::protocol::FromServer;

/// How far looks are apart; on a busy database further.
const SPACING: Duration = Duration::from_millis(500);
const SHARE: u32 = 10;

/// What was told last, by topic.
#[derive(Default)]
struct Known {
    marks: HashMap<Topic, u64>,
    runs: HashMap<Topic, Progress>,
}

impl Hub {
    /// Tells those who watch runs, until the process ends.
    pub async fn watch_runs(self, db: Db) {
        let mut known = Known::default();
        loop {
            let began = Instant::now();
            if let Err(error) = self.tell_runs(&db, &mut known).await {
                tracing::warn!(%error, "runs could not be looked at for those who watch them; it is tried again");
            }
            tokio::time::sleep(SPACING.max(began.elapsed() * SHARE)).await;
        }
    }

    async fn tell_runs(&self, db: &Db, known: &mut Known) -> trackside_engine::Result<()> {
        let (several, single) = (self.topics_of("runs:"), self.topics_of("run:"));
        known.marks.retain(|topic, _| several.contains(topic));
        known.runs.retain(|topic, _| single.contains(topic));
        if several.is_empty() && single.is_empty() {
            return Ok(());
        }
        let mut rx = db.read().await?;
        for (workspace, topic) in several {
            let Some(watched) = watched(&topic) else { continue };
            let mark = watch::mark(&mut rx, watched).await?;
            if known.marks.insert((workspace, topic.clone()), mark) != Some(mark) {
                self.send(workspace, &topic, |topic| plain(&topic, &FromServer::Runs { topic: &topic }));
            }
        }
        let run = |topic: &str| topic.strip_prefix("run:").and_then(|id| id.parse::<RunId>().ok());
        let runs: Vec<RunId> = single.iter().filter_map(|(_, topic)| run(topic)).collect();
        let found = watch::progress(&mut rx, &runs).await?;
        for (workspace, topic) in single {
            let Some(now) = run(&topic).and_then(|run| found.get(&run)).copied() else { continue };
            if known.runs.insert((workspace, topic.clone()), now) != Some(now) {
                let Progress { state, steps } = now;
                self.send(workspace, &topic, |topic| plain(&topic, &FromServer::Run { topic: &topic, state, steps }));
            }
        }
        Ok(())
    }
}

fn watched(topic: &str) -> Option<Watched> {
    let id = topic.strip_prefix("runs:")?;
    id.parse().map(Watched::Rule).or_else(|_| id.parse().map(Watched::Workspace)).ok()
}

fn plain(topic: &Arc<str>, what: &FromServer<'_>) -> Message {
    Message { topic: topic.clone(), position: None, event: None, text: what.text().into() }
}
