//! The time in which a target is counted: working time, or all of it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::model::TargetClock;
use crate::db::Rx;
use crate::planning::calendar::Calendar;
use crate::planning::plans;
use crate::projects::Project;
use crate::{Error, Result};

/// Calendars that are kept in memory: to make one is some milliseconds' work.
const KEPT: usize = 256;

static CALENDARS: LazyLock<Mutex<HashMap<String, Arc<Calendar>>>> = LazyLock::new(Mutex::default);

/// The time in which a target is counted.
#[derive(Debug, Clone)]
pub(super) enum Time {
    /// All of it.
    Wall,
    /// That in which work is done, in whole minutes.
    Working(Arc<Calendar>),
}

impl Time {
    /// That of a task of this project.
    pub(super) async fn of(rx: &mut Rx, clock: TargetClock, project: &Project) -> Result<Self> {
        if clock == TargetClock::Wall {
            return Ok(Self::Wall);
        }
        let working_time = plans::working_time_of(rx, project).await?;
        let key = serde_json::to_string(&working_time)
            .map_err(|error| Error::internal("A calendar cannot be written as JSON.").caused_by(error))?;
        let kept = || CALENDARS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(&key).cloned() {
            return Ok(Self::Working(known));
        }
        let calendar = Arc::new(working_time.calendar()?);
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, calendar.clone());
        Ok(Self::Working(calendar))
    }

    /// How much of it lies between two moments, in seconds.
    pub(super) fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        match self {
            Self::Wall => (to - from).num_seconds().max(0),
            Self::Working(calendar) => calendar.between(from, to) * 60,
        }
    }

    /// When so many seconds of it have passed.
    pub(super) fn after(&self, from: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
        if seconds <= 0 {
            return from;
        }
        match self {
            Self::Wall => TimeDelta::try_seconds(seconds)
                .and_then(|passed| from.checked_add_signed(passed))
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            Self::Working(calendar) => {
                let minutes = (seconds + 59) / 60;
                calendar.finish(calendar.minute(from).saturating_add(minutes)).max(from)
            }
        }
    }
}
