//! From what is told to whom it is told: some hundred people at a time, each batch one job and one transaction.
//!
//! People are asked about before the transaction: their rights, their preferences. The transaction ends the job, so that of
//! two workers that have it one writes; that a person is told once by a channel is seen to by `told` besides.
//!
//! Within Trackside, what only says that work goes on is gathered: for [`GATHERED`] one notification per task that is not
//! read. Outside, whoever was told of the same task within [`SPACING`], or of [`MANY`] things at all, hears of what comes
//! then at its end, all at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::model::{Channel, Details, Kind, Telling};
use super::store::{self, Note, Recent};
use super::when::{When, due};
use super::who::{self, About, Listener};
use super::{carry, words};
use crate::cx::{Cx, Source};
use crate::db::{Db, Rx, Signal, Tx};
use crate::ids::{NotificationId, TellingId, UserId, WorkspaceId};
use crate::jobs::{self, Job, NewJob, Outcome, Ticket};
use crate::{Error, Result, crash, mail};

/// The kind of job.
pub const KIND: &str = "tell_people";
/// The queue it stands in.
pub(super) const QUEUE: &str = mail::QUEUE;
/// How many people are told in one transaction: on SQLite every other write waits meanwhile.
pub(super) const TOGETHER: usize = 200;
/// For so long, what happens to a task is gathered in one notification.
const GATHERED: TimeDelta = TimeDelta::minutes(10);
/// For so long after something came outside of Trackside, what comes of the same task is held.
const SPACING: TimeDelta = TimeDelta::minutes(5);
/// After so many within that time, everything is.
const MANY: i64 = 5;

/// Whom a job tells what.
#[derive(Debug, Serialize, Deserialize)]
pub struct People {
    telling: TellingId,
    people: Vec<(UserId, NotificationId)>,
}

impl People {
    /// The job for some people.
    pub(super) fn job(cx: &Cx, telling: TellingId, people: &[(UserId, NotificationId)]) -> Result<NewJob> {
        let payload = Self { telling, people: people.to_vec() };
        NewJob::new(cx.source(), Some(cx.actor.workspace), QUEUE, KIND, &payload)
    }
}

/// Tells people, as their job says.
pub async fn run(db: &Db, source: &Source, job: &Job, people: People) -> Outcome {
    let Some(workspace) = job.workspace_id else {
        return Outcome::Dead { reason: "a job to tell people must name its workspace".to_owned() };
    };
    Outcome::of(tell(db, source, job.ticket(), workspace, people).await)
}

/// One person, and how they are told.
struct Told {
    user: UserId,
    note: NotificationId,
    /// What it says, if they want it within Trackside.
    message: Option<String>,
    /// By which channels outside, and when.
    outside: Vec<(Channel, DateTime<Utc>)>,
}

async fn tell(db: &Db, source: &Source, ticket: Ticket, workspace: WorkspaceId, people: People) -> Result<()> {
    let now = source.now();
    let Some((telling, told)) = judge(&mut *db.read().await?, source, workspace, &people, now).await? else {
        return db.write(async move |tx: &mut Tx| jobs::service::complete(tx, ticket).await).await;
    };
    let source = source.clone();
    let write = async move |tx: &mut Tx| {
        jobs::service::complete(tx, ticket).await?;
        write(tx, &source, workspace, &telling, told, now).await?;
        crash::point("tell.people_before_commit");
        Ok(())
    };
    db.write(write).await?;
    crash::point("tell.people_committed");
    Ok(())
}

/// Who of the people is to be told, and how; nothing when there is nothing to tell any more.
async fn judge(
    rx: &mut Rx,
    source: &Source,
    workspace: WorkspaceId,
    people: &People,
    now: DateTime<Utc>,
) -> Result<Option<(Telling, Vec<Told>)>> {
    let Some(telling) = store::find_telling(rx, workspace, people.telling).await? else { return Ok(None) };
    let about = About::of(rx, workspace, &telling).await?;
    if matches!(about, About::Gone) {
        return Ok(None);
    }
    let details = details(&telling)?;
    let name = match telling.person() {
        Some(person) => store::list_names(rx, &[person]).await?.pop().map(|(_, name)| name),
        None => None,
    };
    let notes: HashMap<UserId, NotificationId> = people.people.iter().copied().collect();
    let users: Vec<UserId> = notes.keys().copied().collect();
    let listeners = who::listeners(rx, workspace, &users, now).await?;
    let seeing = listeners.into_iter().filter(|listener| about.seen_by(&listener.actor));
    let told = seeing.filter_map(|listener| {
        let meant = |channel| details.channels.as_ref().is_none_or(|channels| channels.contains(&channel));
        let when = |channel| {
            if !meant(channel) {
                return When::Off;
            }
            listener.preferences.when(channel, telling.kind, telling.project_id)
        };
        let say = || words::of(listener.locale.as_deref()).1.say(&telling, &details, name.as_deref(), listener.zone);
        let outside = outside(source, &listener).into_iter().filter_map(|channel| {
            due(telling.created_at, now, when(channel), &listener.preferences, listener.zone).map(|due| (channel, due))
        });
        let outside = outside.collect();
        let message = (when(Channel::App) != When::Off).then(say);
        Some(Told { user: listener.user, note: *notes.get(&listener.user)?, message, outside })
    });
    let told = told.collect();
    Ok(Some((telling, told)))
}

/// The channels outside of Trackside by which somebody can be reached.
fn outside(source: &Source, listener: &Listener) -> Vec<Channel> {
    let there = |channel: &Channel| *channel != Channel::Email || source.post().sends();
    [Channel::Email, Channel::Push]
        .into_iter()
        .filter(there)
        .filter(|channel| listener.is_reached_by(*channel))
        .collect()
}

pub(super) fn details(telling: &Telling) -> Result<Details> {
    serde_json::from_str(&telling.details)
        .map_err(|error| Error::internal("What is told cannot be read.").caused_by(error))
}

async fn write(
    tx: &mut Tx,
    source: &Source,
    workspace: WorkspaceId,
    telling: &Telling,
    told: Vec<Told>,
    now: DateTime<Utc>,
) -> Result<()> {
    let users: Vec<UserId> = told.iter().map(|told| told.user).collect();
    let known: HashSet<(UserId, Channel)> = store::list_told(tx, telling.id, &users).await?.into_iter().collect();
    // What a rule says is not held because something else was just told of the task.
    let spaced_by = telling.task_id.filter(|_| telling.kind != Kind::Rule);
    let recent = store::list_recent(tx, workspace, &users, (now - SPACING, now + SPACING), spaced_by).await?;
    let recent: HashMap<(UserId, Channel), Recent> =
        recent.into_iter().map(|recent| ((recent.user_id, recent.channel), recent)).collect();
    let gathered: HashMap<UserId, NotificationId> = match telling.task_id.filter(|_| telling.kind.is_activity()) {
        Some(task) => store::list_gathered(tx, workspace, &users, task, now - GATHERED).await?.into_iter().collect(),
        None => HashMap::new(),
    };
    let (mut rows, mut fresh, mut more, mut wakes) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
    for Told { user, note, message, outside } in &told {
        if let Some(message) = message.as_deref().filter(|_| !known.contains(&(*user, Channel::App))) {
            rows.push((*user, Channel::App, now));
            match gathered.get(user) {
                Some(id) => more.push(Note { id: *id, user: *user, message }),
                None => fresh.push(Note { id: *note, user: *user, message }),
            }
        }
        for (channel, due) in outside.iter().filter(|(channel, _)| !known.contains(&(*user, *channel))) {
            let due = spaced(*due, now, recent.get(&(*user, *channel)));
            rows.push((*user, *channel, due));
            wakes.insert((channel.as_str(), (due > now).then_some(due)));
        }
    }
    store::insert_told(tx, workspace, telling, &rows, now).await?;
    let subject = details(telling)?.subject.or_else(|| telling.task_id.map(|task| task.to_string()));
    store::insert(tx, workspace, telling, subject.as_deref(), &fresh, now).await?;
    store::gather(tx, telling, &more, now).await?;
    if !fresh.is_empty() || !more.is_empty() {
        tx.wake(Signal::Told);
    }
    for (channel, at) in wakes {
        carry::wake(tx, source, workspace, channel.parse()?, at).await?;
    }
    Ok(())
}

/// When something that could go now is due, after what went a little while ago.
fn spaced(due: DateTime<Utc>, now: DateTime<Utc>, recent: Option<&Recent>) -> DateTime<Utc> {
    let Some(recent) = recent.filter(|_| due <= now) else { return due };
    let behind = |last: DateTime<Utc>| if last > now { last } else { last + SPACING };
    match recent.of_task {
        Some(last) => behind(last),
        None if recent.count >= MANY => behind(recent.last),
        None => due,
    }
}
