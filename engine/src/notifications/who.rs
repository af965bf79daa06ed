//! Who can be told of something: members, by what they may see at the moment.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::model::{Channel, Telling};
use super::preferences::Preferences;
use super::store;
use crate::access::{self, Actor, Permission as _, Place, ProjectView, TaskView};
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{Id as _, UserId, WorkspaceId};
use crate::projects::{self, Project, ProjectOfTask};
use crate::{Class, Result};

/// A member, as far as telling them goes.
pub(super) struct Listener {
    pub user: UserId,
    /// With the rights that they have now.
    pub actor: Actor,
    pub email: String,
    /// Whether mail reaches them: programs get none, and addresses can be dead.
    pub gets_mail: bool,
    /// Whether some browser takes messages for them.
    pub gets_push: bool,
    pub zone: Tz,
    pub locale: Option<String>,
    pub preferences: Preferences,
}

impl Listener {
    /// Whether a channel leads to them at all.
    pub(super) fn is_reached_by(&self, channel: Channel) -> bool {
        match channel {
            Channel::App => true,
            Channel::Email => self.gets_mail,
            Channel::Push => self.gets_push,
        }
    }
}

/// Those of `users` who are members now.
pub(super) async fn listeners(
    rx: &mut Rx,
    workspace: WorkspaceId,
    users: &[UserId],
    now: DateTime<Utc>,
) -> Result<Vec<Listener>> {
    let mut actors: HashMap<UserId, Actor> =
        access::service::acting_all(rx, workspace, users, now).await?.into_iter().collect();
    let rows = store::list_listeners(rx, workspace, users).await?;
    let listener = |row: store::ListenerRow| {
        Some(Listener {
            user: row.id,
            actor: actors.remove(&row.id)?,
            email: row.email,
            gets_mail: row.kind == "person" && row.refused.is_none(),
            gets_push: row.has_browser,
            // A zone that a newer list of zones knows and this one does not is as good as none.
            zone: row.time_zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC),
            locale: row.locale,
            preferences: Preferences::stored(row.settings.as_deref()),
        })
    };
    Ok(rows.into_iter().filter_map(listener).collect())
}

/// What something is about, to ask who may see it.
pub(super) enum About {
    /// Nothing that is hidden from anybody.
    Nothing,
    Project(Box<Project>),
    Task(Box<ProjectOfTask>),
    /// It is gone: there is nothing left to tell.
    Gone,
}

impl About {
    pub(super) async fn of(rx: &mut Rx, workspace: WorkspaceId, telling: &Telling) -> Result<Self> {
        let found = match (telling.task_id, telling.project_id) {
            (Some(task), _) => projects::service::find_of_task(rx, workspace, &Handle::Id(task))
                .await
                .map(|found| Self::Task(Box::new(found))),
            (None, Some(project)) => projects::service::find(rx, workspace, &Handle::Id(project))
                .await
                .map(|found| Self::Project(Box::new(found))),
            (None, None) => Ok(Self::Nothing),
        };
        match found {
            Err(error) if error.class == Class::NotFound => Ok(Self::Gone),
            found => found,
        }
    }

    /// Whether somebody may see it now.
    pub(super) fn seen_by(&self, actor: &Actor) -> bool {
        match self {
            Self::Nothing => true,
            Self::Gone => false,
            Self::Project(project) => {
                let facts = || access::Scoped::facts(&**project);
                actor.decide(ProjectView::BIT, &Place::Project(project.id), &facts).is_ok()
            }
            Self::Task(found) => {
                let place = Place::Task(found.project.id, found.task.id.uuid());
                let facts = || projects::facts(&found.project, &found.task);
                actor.decide(TaskView::BIT, &place, &facts).is_ok()
            }
        }
    }
}
