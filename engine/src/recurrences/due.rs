//! Making the tasks whose time has come. Any number of nodes may do this at once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use trackside_rules::recurrence::wall;

use super::events::{RecurrenceOccurred, RecurrencePaused};
use super::model::Recurrence;
use super::{service, store};
use crate::access::permissions::TaskCreate;
use crate::access::{self, Actor, Who};
use crate::cx::{Cx, Source};
use crate::db::{Db, Rx, Tx};
use crate::handle::Handle;
use crate::projects::{self, ProjectRef};
use crate::task_templates::service::{Place, find_in, make};
use crate::{Error, Result, notifications};

/// How many are looked at in one go.
const BATCH: i64 = 50;

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// How many recurrences were due.
    pub due: usize,
    /// When the next one will be.
    pub next: Option<DateTime<Utc>>,
}

/// What is to be done about a recurrence that is due.
struct Plan {
    seen: Recurrence,
    /// The latest of its times that have come.
    nominal: DateTime<Utc>,
    /// The first that has not.
    next: Option<DateTime<Utc>>,
}

/// Makes what is due, each in a transaction of its own.
pub async fn run(db: &Db, source: &Source) -> Result<Looked> {
    let now = source.now();
    let due = store::due(&mut *db.read().await?, now, BATCH).await?;
    let count = due.len();
    for seen in due {
        let (id, workspace) = (seen.id, seen.workspace_id);
        // The calendar is searched before the write, which others wait for.
        let done = match plan(seen, now) {
            Ok(plan) => {
                let source = source.clone();
                db.write(async move |tx: &mut Tx| occur(tx, &source, plan).await).await
            }
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                tracing::warn!(recurrence = %id, %error, "a recurring task could not be made; it is paused");
                let (source, because) = (source.clone(), error.detail.clone());
                db.write(async move |tx: &mut Tx| pause(tx, &source, workspace, id, because).await).await?;
            }
            Ok(()) => {}
        }
    }
    let next = store::next(&mut *db.read().await?).await?;
    Ok(Looked { due: count, next })
}

fn plan(seen: Recurrence, now: DateTime<Utc>) -> Result<Plan> {
    let times = service::times(&seen)?;
    let mut nominal = seen.next_at.ok_or_else(|| Error::internal("a recurrence is due without a time"))?;
    let mut later = times.after(nominal).map(|time| time.to_utc());
    let mut next = later.next();
    while let Some(passed) = next.filter(|time| *time <= now) {
        nominal = passed;
        next = later.next();
    }
    drop(later);
    Ok(Plan { seen, nominal, next })
}

async fn occur(tx: &mut Tx, source: &Source, plan: Plan) -> Result<()> {
    let Plan { seen, nominal, next } = plan;
    let found = store::find_for_update(tx, seen.workspace_id, seen.id).await?;
    // Another node was faster, or somebody changed it.
    let same = |now: &Recurrence| now.next_at == seen.next_at && now.version == seen.version && !now.paused;
    let Some(mut recurrence) = found.filter(same) else { return Ok(()) };
    let cx = context(tx, source, &recurrence).await?;
    let project = projects::service::find(tx, recurrence.workspace_id, &Handle::Id(recurrence.project_id)).await?;
    recurrence.next_at = next;
    if !store::occur(tx, &recurrence, nominal, cx.now()).await? {
        return store::update(tx, &recurrence).await;
    }
    recurrence.last_at = Some(nominal);
    recurrence.made += 1;
    let may = cx.actor.may::<TaskCreate, _>(project)?;
    let body = match (recurrence.template_id, &recurrence.body) {
        (Some(template), _) => find_in(tx, may.resource(), template).await?.body.read()?,
        (None, Some(body)) => body.read()?,
        (None, None) => return Err(Error::internal(format!("{} makes nothing", recurrence.id))),
    };
    let mut variables: BTreeMap<String, String> = recurrence.variables.read()?;
    let zone = service::times(&recurrence)?.zone;
    variables.insert("date".to_owned(), wall(zone, nominal).format("%Y-%m-%d").to_string());
    variables.insert("number".to_owned(), recurrence.made.to_string());
    let place = Place { start: nominal, parent: None, sprint: None };
    let made = make(tx, &cx, &may, &body, &variables, place).await?;
    store::made(tx, recurrence.id, nominal, made.task.id).await?;
    store::update(tx, &recurrence).await?;
    let project = &ProjectRef::from(may.resource());
    let occurred = RecurrenceOccurred { task: &made.task, project, recurrence: &recurrence, nominal_at: nominal };
    crate::events::emit(tx, &cx, &occurred).await?;
    Ok(())
}

/// The recurrence acts in its owner's name, with the rights that the owner has now.
async fn context(rx: &mut Rx, source: &Source, recurrence: &Recurrence) -> Result<Cx> {
    let (workspace, owner) = (recurrence.workspace_id, recurrence.owner_id);
    let gone = || {
        Error::denied(format!("its owner {owner} is no longer a member of the workspace; somebody else must resume it"))
    };
    let who = Who::User { id: owner };
    let actor = access::service::acting(rx, who, workspace, owner, source.now()).await?;
    Ok(source.cx(actor.ok_or_else(gone)?))
}

/// Lets a recurrence rest whose task cannot be made, and says why.
async fn pause(
    tx: &mut Tx,
    source: &Source,
    workspace: crate::ids::WorkspaceId,
    id: crate::ids::RecurrenceId,
    because: String,
) -> Result<()> {
    let Some(mut recurrence) = store::find_for_update(tx, workspace, id).await? else { return Ok(()) };
    let cx = source.cx(Actor::system(workspace));
    recurrence.paused = true;
    recurrence.paused_because = Some(because.chars().take(1_000).collect::<String>());
    recurrence.next_at = None;
    recurrence.version += 1;
    recurrence.updated_at = cx.now();
    store::update(tx, &recurrence).await?;
    let project = projects::service::find(tx, workspace, &Handle::Id(recurrence.project_id)).await?;
    let project = &ProjectRef::from(&project);
    crate::events::emit(tx, &cx, &RecurrencePaused { recurrence: &recurrence, project }).await?;
    // Nobody looks at what no longer happens.
    let message = format!("A recurring task of {} was paused: {because}", project.key);
    notifications::service::notify(tx, &cx, &[recurrence.owner_id], &message, Some(&id.to_string())).await
}
