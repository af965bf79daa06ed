//! A node reports: that it lives and how its queues stand; and hears whether it is to drain, and how much is to be done at
//! once. Rarely, since nothing depends on it; and at once when an operator has said something.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use trackside_engine::Source;
use trackside_engine::db::{Db, Signal, Tx};
use trackside_engine::jobs::nodes::{self, Figures, REPORTS, Report};

use crate::queue::Panel;

/// Over less than this no rate is told: one job would look like many.
const LEAST: Duration = Duration::from_secs(10);

/// Reports until told to stop.
pub(crate) async fn call(db: Db, source: Source, panel: Panel, stop: CancellationToken) {
    let mut report = Report {
        name: panel.node().to_owned(),
        host: host(),
        version: env!("CARGO_PKG_VERSION"),
        started_at: source.now(),
        queues: Vec::new(),
    };
    let mut rates = Rates::new();
    let mut heard = db.signals().watch(Signal::Nodes);
    loop {
        report.queues = rates.figures(&panel);
        let (now, told) = (source.now(), report.clone());
        match db.write(async move |tx: &mut Tx| nodes::report(tx, now, &told).await).await {
            Ok(orders) => {
                let before = places(&panel);
                panel.drain(orders.draining);
                panel.set(&orders.settings);
                // Whoever gave the order sees that it is heard.
                if places(&panel) != before {
                    continue;
                }
            }
            Err(error) => tracing::debug!(%error, "the node could not report; it tries again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = heard.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(REPORTS) => {}
        }
    }
}

/// How much of each queue is done at once.
fn places(panel: &Panel) -> Vec<usize> {
    panel.figures().into_iter().map(|(_, places, _)| places).collect()
}

/// Says that the node ends in good order.
pub(crate) async fn leave(db: &Db, panel: &Panel) {
    let name = panel.node().to_owned();
    if let Err(error) = db.write(async move |tx: &mut Tx| nodes::leave(tx, &name).await).await {
        tracing::debug!(%error, "the node could not say that it ends");
    }
}

/// How fast jobs end, between two reports.
struct Rates {
    since: Instant,
    done: HashMap<&'static str, u64>,
    per_minute: HashMap<&'static str, f64>,
}

impl Rates {
    fn new() -> Self {
        Self { since: Instant::now(), done: HashMap::new(), per_minute: HashMap::new() }
    }

    fn figures(&mut self, panel: &Panel) -> Vec<Figures> {
        let (figures, elapsed) = (panel.figures(), self.since.elapsed());
        if elapsed >= LEAST {
            for (queue, _, done) in &figures {
                let before = self.done.insert(queue, *done).unwrap_or_default();
                let rate = done.saturating_sub(before) as f64 * 60.0 / elapsed.as_secs_f64();
                self.per_minute.insert(queue, (rate * 10.0).round() / 10.0);
            }
            self.since = Instant::now();
        }
        let figures = figures.into_iter().map(|(queue, places, done)| Figures {
            queue: queue.to_owned(),
            concurrency: i64::try_from(places).unwrap_or(i64::MAX),
            done: i64::try_from(done).unwrap_or(i64::MAX),
            per_minute: self.per_minute.get(queue).copied().unwrap_or_default(),
        });
        figures.collect()
    }
}

/// What the machine calls itself, if it says so.
fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(255).collect();
    (!name.is_empty()).then_some(name)
}
