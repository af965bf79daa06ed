//! The context of one piece of work: who acts, why, at what time. Clock, ids and the event log are reached through it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::access::Actor;
use crate::clock::{Clock, SystemClock};
use crate::ids::{EventId, Id, RuleId, RunId};
use crate::mail::Post;
use crate::projects::people::About;

/// Why something happened, when a rule did it: enough to walk the chain back, and to end a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cause {
    /// The rule that acted.
    pub rule: RuleId,
    /// Its run.
    pub run: RunId,
    /// The path of the step within the run.
    pub step: String,
    /// The event that started the run, if an event did.
    pub event: Option<EventId>,
    /// How many rules stand in the chain up to here; 1 for a rule that answers a person.
    pub depth: i64,
}

/// Who acts, why, and where time and ids come from. Cheap to clone; moved into every write.
#[derive(Clone)]
pub struct Cx {
    source: Source,
    /// Who acts, in which workspace, with which rights.
    pub actor: Actor,
    /// The rule that is behind it, if one is.
    pub cause: Option<Cause>,
    /// The id that joins logs, events, runs and calls of one request.
    pub trace: Option<Arc<str>>,
    /// What the run is about, when a rule acts: whom words such as `task.assignees` mean.
    pub about: About,
    /// Where the ids of events are noted that are written in this context, if somebody wants to know.
    noted: Option<Arc<std::sync::Mutex<Vec<EventId>>>>,
    /// Nobody is told of what is done.
    quiet: bool,
}

/// Where time and ids come from, and letters go.
#[derive(Clone)]
pub struct Source {
    clock: Arc<dyn Clock>,
    post: Post,
    order: Arc<std::sync::Mutex<ContextV7>>,
}

impl Default for Source {
    fn default() -> Self {
        Self::new(SystemClock)
    }
}

impl Source {
    /// Ids and times from this clock.
    pub fn new(clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), post: Post::default(), order: Arc::new(std::sync::Mutex::new(ContextV7::new())) }
    }

    /// The same, and letters go out by `post`.
    #[must_use]
    pub fn mailing(self, post: Post) -> Self {
        Self { post, ..self }
    }

    /// How letters go out, and where links in them lead.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A fresh id; ids made one after another by one process also sort in that order.
    pub fn new_id<T: Id>(&self) -> T {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        // A poisoned lock only means that another thread panicked between two ids: the counter is still sound.
        let order = self.order.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        T::from_uuid(Uuid::new_v7(Timestamp::from_unix(&*order, seconds, now.timestamp_subsec_nanos())))
    }

    /// A context in which `actor` acts.
    pub fn cx(&self, actor: Actor) -> Cx {
        Cx { source: self.clone(), actor, cause: None, trace: None, about: About::default(), noted: None, quiet: false }
    }
}

impl Cx {
    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        self.source.now()
    }

    /// A fresh id.
    pub fn new_id<T: Id>(&self) -> T {
        self.source.new_id()
    }

    /// Where this context's time and ids come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The same context in which nobody is told of what is done: for what only repeats what was done elsewhere (imports,
    /// copies).
    #[must_use]
    pub fn quietly(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Whether nobody is to be told.
    pub fn tells_nobody(&self) -> bool {
        self.quiet
    }

    /// The same context, in which events that are written are noted.
    pub(crate) fn noting(mut self) -> Self {
        self.noted = Some(Arc::default());
        self
    }

    /// Notes an event that was written.
    pub(crate) fn note(&self, event: EventId) {
        if let Some(noted) = &self.noted {
            // Poisoned only means that another thread panicked between two ids: the list is sound.
            noted.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
        }
    }

    /// The events that were noted.
    pub(crate) fn noted(&self) -> Vec<EventId> {
        let noted =
            self.noted.as_ref().map(|noted| noted.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone());
        noted.unwrap_or_default()
    }

    /// The same context, acting because of `cause`.
    pub fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }
}
