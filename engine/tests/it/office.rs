//! A workspace to tell stories in.

use serde_json::{Value, json};
use trackside_engine::access::permissions::{ProjectCreate, Role, TaskCreate, TaskDelete, TaskEdit, TaskView};
use trackside_engine::access::{Actor, Who};
use trackside_engine::actions::INTERNAL;
use trackside_engine::clock::MockClock;
use trackside_engine::db::{Db, Tx};
use trackside_engine::handle::Handle;
use trackside_engine::ids::{UserId, WorkspaceId};
use trackside_engine::paging::Page;
use trackside_engine::projects::{self, NewProject, Project};
use trackside_engine::tasks::{self, NewTask, Task, TaskPatch, TaskQuery};
use trackside_engine::{Cx, Error, Result, Source};

use crate::place::Place;

/// A workspace with Ada, who may everything, and Bob and Cy, who work on tasks.
pub struct Office {
    pub db: Db,
    pub clock: MockClock,
    pub source: Source,
    pub workspace: WorkspaceId,
    pub ada: UserId,
    pub bob: UserId,
    pub cy: UserId,
}

impl Office {
    pub async fn open(place: &Place) -> Self {
        place.db.migrate().await.unwrap();
        let clock = MockClock::at("2026-03-01T09:00:00Z".parse().unwrap());
        let source = Source::new(clock.clone());
        Self::beside(&place.db, clock, source).await
    }

    pub async fn beside(db: &Db, clock: MockClock, source: Source) -> Self {
        let workspace: WorkspaceId = source.new_id();
        let (ada, bob, cy) = (source.new_id(), source.new_id(), source.new_id());
        let now = source.now();
        let people = [(ada, "ada", "admin"), (bob, "bob", "team_member"), (cy, "cy", "team_member")];
        db.write(async move |tx| {
            tx.execute("insert into workspaces (id, name, created_at) values ($1, $2, $3)", (workspace, "office", now))
                .await?;
            for (id, name, role) in people {
                let email = format!("{name}.{workspace}@example.org");
                tx.execute(
                    "insert into users (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)",
                    (id, email, name, "", now),
                )
                .await?;
                tx.execute(
                    "insert into members (workspace_id, user_id, role, created_at) values ($1, $2, $3, $4)",
                    (workspace, id, role, now),
                )
                .await?;
            }
            Ok(())
        })
        .await
        .unwrap();
        Self { db: db.clone(), clock, source, workspace, ada, bob, cy }
    }

    pub fn as_user(&self, id: UserId, role: Role) -> Cx {
        self.source.cx(Actor::with_role(Who::User { id }, self.workspace, role))
    }

    pub fn cx(&self) -> Cx {
        self.as_user(self.ada, Role::Admin)
    }

    pub async fn project(&self, key: &str) -> Project {
        let new = json!({"key": key, "name": format!("The {key} project")});
        let new: NewProject = serde_json::from_value(new).unwrap();
        let cx = self.cx();
        let made = async move |tx: &mut Tx| {
            projects::service::create(tx, &cx, &cx.actor.may_here::<ProjectCreate>()?, new).await
        };
        self.db.write(made).await.unwrap()
    }

    /// The project as it is now.
    pub async fn reread(&self, project: &Project) -> Project {
        let handle = Handle::Id(project.id);
        let mut rx = self.db.read().await.unwrap();
        projects::service::find(&mut rx, self.workspace, &handle).await.unwrap()
    }

    pub async fn create(&self, project: &Project, new: Value) -> Result<Task> {
        let new: NewTask = serde_json::from_value(new).map_err(|error| Error::invalid("body", error.to_string()))?;
        let (cx, project) = (self.cx(), project.clone());
        let made = async move |tx: &mut Tx| {
            tasks::service::create(tx, &cx, &cx.actor.may::<TaskCreate, _>(project)?, new).await
        };
        self.db.write(made).await
    }

    pub async fn update(&self, task: &Task, expected: Option<i64>, patch: Value) -> Result<Task> {
        let patch: TaskPatch =
            serde_json::from_value(patch).map_err(|error| Error::invalid("body", error.to_string()))?;
        let (cx, handle) = (self.cx(), Handle::Id(task.id));
        self.db
            .write(async move |tx| {
                let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
                let may = cx.actor.may::<TaskEdit, _>(project)?;
                tasks::service::update(tx, &cx, &may, &handle, expected, patch).await
            })
            .await
    }

    pub async fn delete(&self, task: &Task) -> Result<()> {
        let (cx, handle) = (self.cx(), Handle::Id(task.id));
        self.db
            .write(async move |tx| {
                let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
                tasks::service::delete(tx, &cx, &cx.actor.may::<TaskDelete, _>(project)?, &handle, None).await
            })
            .await
    }

    pub async fn find(&self, handle: &str) -> Result<Task> {
        let may = self.cx().actor.may_here::<TaskView>()?;
        tasks::service::find(&mut *self.db.read().await?, &may, &handle.parse().unwrap()).await
    }

    pub async fn list(&self, parameters: &[(&str, &str)]) -> Result<Page<Task>> {
        let query = TaskQuery::parse(parameters.iter().copied(), self.cx().actor.user())?;
        let may = self.cx().actor.may_here::<TaskView>()?;
        tasks::service::list(&mut *self.db.read().await?, &may, &query).await
    }

    pub async fn titles(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        let page = self.list(parameters).await.unwrap();
        page.items.into_iter().map(|task| task.title).collect()
    }

    /// Kind and payload of every event so far, but the first `passed`.
    pub async fn events(&self, passed: usize) -> Vec<(String, Value)> {
        let rows: Vec<(String, Value)> = self
            .db
            .read()
            .await
            .unwrap()
            .all("select kind, payload from events where workspace_id = $1 order by id", (self.workspace,))
            .await
            .unwrap();
        rows.into_iter().skip(passed).collect()
    }

    pub async fn act(&self, name: &'static str, input: Value) -> Result<Value> {
        let action = INTERNAL.iter().find(|action| action.name() == name).unwrap();
        let cx = self.cx();
        self.db.write(async move |tx| action.perform(tx, &cx, input).await).await
    }
}

pub fn kinds(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(kind, _)| kind.as_str()).collect()
}

pub fn shown(task: &Task) -> Value {
    serde_json::to_value(task).unwrap()
}
