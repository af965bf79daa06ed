//! What can be read and set on a node that works.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use trackside_engine::jobs::Setting;

use super::backend::Line;

/// The queues of a node, for whoever looks after it.
#[derive(Clone)]
pub struct Panel {
    node: String,
    lines: Vec<Arc<Line>>,
}

impl Panel {
    pub(super) fn new(node: String, lines: Vec<Arc<Line>>) -> Self {
        Self { node, lines }
    }

    /// The node's name: the owner of its leases.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Of each queue its name, how many of its jobs run at once here (none while draining), and how many have ended here.
    pub fn figures(&self) -> Vec<(&'static str, usize, u64)> {
        let places = |line: &Line| if line.is_draining() { 0 } else { line.places().all() };
        let figures = |line: &Arc<Line>| (line.config.name, places(line), line.done.load(Ordering::Relaxed));
        self.lines.iter().map(figures).collect()
    }

    /// Takes nothing new while `draining`; what runs goes on.
    pub fn drain(&self, draining: bool) {
        for line in &self.lines {
            line.drain(draining);
        }
    }

    /// Works on each queue as an operator has set it, and otherwise as this node was started.
    pub fn set(&self, settings: &[Setting]) {
        for line in &self.lines {
            if let Some(setting) = settings.iter().find(|setting| setting.name == line.config.name) {
                line.set(line.config.limits().with(setting));
            }
        }
    }
}
