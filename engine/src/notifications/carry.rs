//! What is due to a channel outside of Trackside: one letter, or push message, of all that is due for a person at that moment.
//!
//! The rows in `told` are the truth; a job only wakes whoever carries, one per workspace, channel and time. Whether somebody
//! still is to be told is asked anew: they may have left, may not see it any more, want it otherwise, or have their quiet hours
//! now. What goes out and the note that it did commit together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::channels;
use super::fan_out::{QUEUE, details};
use super::model::{Channel, Details, Telling};
use super::store::{self, Due};
use super::when::due;
use super::who::{self, About, Listener};
use crate::cx::Source;
use crate::db::{Both, Db, Rx, Tx};
use crate::ids::{PushSubscriptionId, TaskId, TellingId, UserId, WorkspaceId};
use crate::jobs::{self, Job, NewJob, Outcome};
use crate::{Error, Result, crash};

/// The kind of job.
pub const KIND: &str = "carry_told";
/// How many people's are carried in one transaction.
const TOGETHER: usize = 50;
/// How many tellings of theirs are looked at.
const ROWS: i64 = 2_000;
/// After so many transactions, others go first.
const PAGES: usize = 40;
/// The code of the error when another worker carries the same.
const TAKEN: &str = "carried_elsewhere";

/// What a job carries.
#[derive(Debug, Serialize, Deserialize)]
pub struct Carry {
    channel: Channel,
}

/// Asks that what is due by a channel be carried, now or at a time.
pub(super) async fn wake(
    tx: &mut Tx,
    source: &Source,
    workspace: WorkspaceId,
    channel: Channel,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    let job = NewJob::new(source, Some(workspace), QUEUE, KIND, &Carry { channel })?;
    let job = match at {
        Some(at) => job.key(format!("{workspace}:{channel}:{}", at.timestamp_micros())).due_at(at),
        None => job.key(format!("{workspace}:{channel}")),
    };
    jobs::service::enqueue(tx, &job).await
}

/// Something for a person, ready to be put into a letter.
pub(super) struct Item {
    pub telling: Telling,
    pub details: Details,
    /// What the person who did it is called.
    pub name: Option<String>,
}

/// All that goes to a person at once.
pub(super) struct Parcel {
    pub listener: Listener,
    pub items: Vec<Item>,
    /// The browsers that take messages for them, when it goes there.
    pub browsers: Vec<PushSubscriptionId>,
}

/// What becomes of what is due for one person.
#[derive(Default)]
struct Fate {
    /// What is told now, or not wanted any more.
    settled: Vec<TellingId>,
    /// What is told later.
    later: Vec<(TellingId, DateTime<Utc>)>,
}

/// What one transaction carries.
struct Load {
    parcels: Vec<Parcel>,
    fates: BTreeMap<UserId, Fate>,
    workspace_name: String,
}

/// Carries what is due, as the job says.
pub async fn run(db: &Db, source: &Source, job: &Job, carry: Carry) -> Outcome {
    let Some(workspace) = job.workspace_id else {
        return Outcome::Dead { reason: "a job to carry what people are told must name its workspace".to_owned() };
    };
    for _ in 0..PAGES {
        match page(db, source, workspace, carry.channel).await {
            Ok(true) => {}
            Ok(false) => return Outcome::Done,
            Err(error) if error.code == TAKEN => {}
            Err(error) => return Outcome::retry(error.to_string()),
        }
    }
    let (ticket, now) = (job.ticket(), source.now());
    Outcome::of(db.write(async move |tx: &mut Tx| jobs::service::reschedule(tx, ticket, now).await).await)
}

/// Carries what is due for some people; false when nothing is.
async fn page(db: &Db, source: &Source, workspace: WorkspaceId, channel: Channel) -> Result<bool> {
    let now = source.now();
    let Some(load) = judge(&mut *db.read().await?, workspace, channel, now).await? else { return Ok(false) };
    let Load { parcels, fates, workspace_name } = load;
    let mut jobs = Vec::with_capacity(parcels.len());
    for parcel in &parcels {
        jobs.extend(channels::pack(source, workspace, &workspace_name, channel, parcel)?);
    }
    let source = source.clone();
    let write = async move |tx: &mut Tx| {
        let mut wakes = BTreeSet::new();
        for (user, fate) in &fates {
            let settled = store::settle(tx, workspace, (*user, channel), &fate.settled, now).await?;
            if settled < fate.settled.len() as u64 {
                return Err(Error::busy(TAKEN, "Another worker carries the same. Try again."));
            }
            for (telling, until) in &fate.later {
                store::postpone(tx, workspace, (*user, channel), *telling, *until).await?;
                wakes.insert(*until);
            }
        }
        for at in wakes {
            wake(tx, &source, workspace, channel, Some(at)).await?;
        }
        jobs::service::enqueue_many(tx, &jobs).await?;
        crash::point("carry.before_commit");
        Ok(())
    };
    db.write(write).await?;
    crash::point("carry.committed");
    Ok(true)
}

/// What goes to whom, and what becomes of all that is due; nothing when nothing is.
async fn judge(rx: &mut Rx, workspace: WorkspaceId, channel: Channel, now: DateTime<Utc>) -> Result<Option<Load>> {
    let users = store::list_due_users(rx, workspace, channel, now, TOGETHER as i64).await?;
    let users: Vec<UserId> = users.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    if users.is_empty() {
        return Ok(None);
    }
    let rows = store::list_due(rx, workspace, channel, &users, now, ROWS).await?;
    let mut listeners: HashMap<UserId, Listener> = HashMap::new();
    for listener in who::listeners(rx, workspace, &users, now).await? {
        listeners.insert(listener.user, listener);
    }
    let doers: HashSet<UserId> = rows.iter().filter_map(|Both(_, telling)| telling.person()).collect();
    let doers: Vec<UserId> = doers.into_iter().collect();
    let names: HashMap<UserId, String> = store::list_names(rx, &doers).await?.into_iter().collect();
    let mut places: HashMap<Option<TaskId>, About> = HashMap::new();
    let (mut items, mut fates): (HashMap<UserId, Vec<Item>>, BTreeMap<UserId, Fate>) = Default::default();
    for Both(Due { user_id }, telling) in rows {
        let fate = fates.entry(user_id).or_default();
        let Some(listener) = listeners.get(&user_id) else {
            fate.settled.push(telling.id);
            continue;
        };
        let about = match telling.task_id {
            task @ Some(_) if places.contains_key(&task) => &places[&task],
            task => {
                let about = About::of(rx, workspace, &telling).await?;
                places.entry(task).insert_entry(about).into_mut()
            }
        };
        let when = listener.preferences.when(channel, telling.kind, telling.project_id);
        match due(telling.created_at, now, when, &listener.preferences, listener.zone) {
            Some(due) if listener.is_reached_by(channel) && about.seen_by(&listener.actor) => {
                if due > now {
                    fate.later.push((telling.id, due));
                    continue;
                }
                fate.settled.push(telling.id);
                let name = telling.person().and_then(|person| names.get(&person)).cloned();
                let details = details(&telling)?;
                items.entry(user_id).or_default().push(Item { telling, details, name });
            }
            _ => fate.settled.push(telling.id),
        }
    }
    let mut browsers: HashMap<UserId, Vec<PushSubscriptionId>> = HashMap::new();
    if channel == Channel::Push {
        for (user, browser) in store::list_browsers(rx, workspace, &users).await? {
            browsers.entry(user).or_default().push(browser);
        }
    }
    let parcel = |(user, items)| {
        Some(Parcel { listener: listeners.remove(&user)?, items, browsers: browsers.remove(&user).unwrap_or_default() })
    };
    let parcels = items.into_iter().filter_map(parcel).collect();
    let workspace_name = store::find_workspace_name(rx, workspace).await?;
    Ok(Some(Load { parcels, fates, workspace_name }))
}
