//! Runs that wait for weeks, by a clock that is set by hand.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use trackside_engine::access::permissions::{ApprovalDecide, Role, RuleEdit};
use trackside_engine::actions::Actions;
use trackside_engine::actions::external::{Connection, Credentials, Failure};
use trackside_engine::approvals::{NewVote, Via, service as approvals};
use trackside_engine::db::Tx;
use trackside_engine::ids::{ApprovalId, RuleId, UserId, WorkspaceId};
use trackside_engine::jobs::{Ask, DbJobs, JobStore, Outcome};
use trackside_engine::rules::{Library, RuleState, service};
use trackside_engine::runs::dispatch::{Dispatched, Dispatcher};
use trackside_engine::runs::{HotRuns, RunJob, Runner};
use trackside_engine::waits::{Looked, Watch};

use crate::office::Office;
use crate::place::on_each;

pub struct Nothing;

impl Credentials for Nothing {
    fn find<'a>(
        &'a self,
        _: WorkspaceId,
        kind: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Connection, Failure>> {
        async move { Err(Failure::permanent(format!("there is no {kind}"))) }.boxed()
    }
}

/// An office whose rules are carried out when it is told so.
struct Works {
    office: Office,
    library: Arc<Library>,
    actions: Actions,
    dispatcher: Dispatcher,
    runner: Runner,
    jobs: DbJobs,
    watch: Watch,
}

impl Works {
    fn of(office: Office) -> Self {
        let (db, source) = (office.db.clone(), office.source.clone());
        let actions = Actions::new(Vec::new());
        let library = Arc::new(Library::new(&actions));
        let hot = Arc::new(HotRuns::default());
        let dispatcher = Dispatcher::new(db.clone(), source.clone(), library.clone(), hot.clone());
        let runner = Runner::new(db.clone(), source.clone(), library.clone(), actions.clone(), Arc::new(Nothing), hot);
        let jobs = DbJobs::new(db.clone(), source.clone());
        let watch = Watch::new(db, source, library.clone());
        Self { office, library, actions, dispatcher, runner, jobs, watch }
    }

    /// The same office after everything was started anew: nothing is known but what stands in the database.
    fn restarted(self) -> Self {
        Self::of(self.office)
    }

    async fn rule(&self, rule: Value) -> RuleId {
        let rule = trackside_rules::Rule::from_value(&rule).unwrap();
        service::accept(&self.library, None, &rule).unwrap();
        let (cx, actions) = (self.office.cx(), self.actions.clone());
        let create = async move |tx: &mut Tx| {
            let made = service::create(tx, &cx, &cx.actor.may_here::<RuleEdit>()?, rule).await?;
            let may = cx.actor.may(service::find(tx, cx.actor.workspace, made.id).await?)?;
            service::switch(tx, &cx, &actions, &may, RuleState::Enabled).await
        };
        self.office.db.write(create).await.unwrap().id
    }

    /// Carries everything as far as it goes now.
    async fn work(&mut self) {
        let queues = vec!["runs".to_owned()];
        for _ in 0..50 {
            while self.dispatcher.batch().await.unwrap() != Dispatched::None {}
            while matches!(self.watch.look().await.unwrap(), Looked::More | Looked::Apart) {
                tokio::task::yield_now().await;
            }
            self.jobs.look(&queues).await.unwrap();
            let ask = Ask {
                queue: "runs".into(),
                worker: "it".into(),
                limit: 10,
                lease: Duration::from_secs(15),
                without: Vec::new(),
            };
            let claimed = self.jobs.claim(ask).await.unwrap();
            for job in &claimed {
                assert_eq!(self.runner.advance(RunJob::from(job)).await, Outcome::Settled);
            }
            let sql = "select count(*) from events where position is null";
            let (left,): (i64,) = self.office.db.read().await.unwrap().one(sql, ()).await.unwrap();
            if claimed.is_empty() && left == 0 {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn forward(&self, by: TimeDelta) {
        self.office.clock.advance(by);
    }

    async fn states(&self) -> Vec<String> {
        let sql = "select state from runs order by id";
        let rows: Vec<(String,)> = self.office.db.read().await.unwrap().all(sql, ()).await.unwrap();
        rows.into_iter().map(|(state,)| state).collect()
    }

    async fn approvals(&self) -> Vec<(ApprovalId, String)> {
        self.office.db.read().await.unwrap().all("select id, state from approvals order by id", ()).await.unwrap()
    }

    async fn decide(&self, user: UserId, id: ApprovalId, decision: &str) -> trackside_engine::Result<()> {
        let cx = self.office.as_user(user, Role::TeamMember);
        let vote: NewVote = serde_json::from_value(json!({ "decision": decision })).unwrap();
        let decide = async move |tx: &mut Tx| {
            let may = cx.actor.may::<ApprovalDecide, _>(approvals::find(tx, cx.actor.workspace, id).await?)?;
            approvals::decide(tx, &cx, &may, vote, Via::Api).await.map(drop)
        };
        self.office.db.write(decide).await
    }
}

fn asks(approve: Value, more: Value) -> Value {
    let mut step = json!({ "id": "ok", "approve": approve });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "name": "Asks", "trigger": { "on": "task.created" }, "steps": [step] })
}

#[tokio::test]
async fn approvals_hold_for_weeks_and_end_to_the_minute() {
    on_each(async |place| {
        let mut works = Works::of(Office::open(place).await);
        let bob = works.office.bob;
        let up = json!({ "on_timeout": [{ "id": "up", "approve": { "by": [format!("user:{}", works.office.cy)] } }] });
        works.rule(asks(json!({ "by": [format!("user:{bob}")], "timeout": "6w" }), up)).await;
        let project = works.office.project("WEB").await;
        works.office.create(&project, json!({ "title": "One" })).await.unwrap();
        works.office.create(&project, json!({ "title": "Two" })).await.unwrap();
        works.work().await;
        assert_eq!(works.states().await, ["waiting", "waiting"]);
        for _ in 0..5 {
            works.forward(TimeDelta::weeks(1));
            works = works.restarted();
            works.work().await;
        }
        let asked = works.approvals().await;
        works.decide(bob, asked[0].0, "approve").await.unwrap();
        works.work().await;
        assert_eq!(works.states().await, ["succeeded", "waiting"]);
        works.forward(TimeDelta::weeks(1) - TimeDelta::seconds(1));
        works.work().await;
        assert_eq!(works.approvals().await[1].1, "pending");
        works.forward(TimeDelta::seconds(1));
        assert_eq!(
            works.decide(bob, asked[1].0, "approve").await.unwrap_err().code,
            "approval_over",
            "before the run says so"
        );
        works.work().await;
        let now: Vec<String> = works.approvals().await.into_iter().map(|(_, state)| state).collect();
        assert_eq!(now, ["approved", "timed_out", "pending"]);
        works.forward(TimeDelta::weeks(52 * 12));
        works = works.restarted();
        works.work().await;
        assert_eq!(works.states().await, ["succeeded", "waiting"], "without an end it waits for ever");
        let cy = works.office.cy;
        let last = works.approvals().await[2].0;
        works.decide(cy, last, "reject").await.unwrap();
        works.work().await;
        assert_eq!(works.states().await, ["succeeded", "skipped"]);
    })
    .await;
}

#[tokio::test]
async fn an_event_wakes_after_weeks_and_what_a_dead_node_had_read_is_read_again() {
    on_each(async |place| {
        let mut works = Works::of(Office::open(place).await);
        works
            .rule(json!({ "name": "Waits", "trigger": { "on": "task.created" }, "steps": [
                { "id": "came", "wait": { "event": { "on": "task.updated", "match": { "task": "{{ task.id }}" }, "timeout": "8w" } } }] }))
            .await;
        let project = works.office.project("WEB").await;
        let one = works.office.create(&project, json!({ "title": "One" })).await.unwrap();
        let two = works.office.create(&project, json!({ "title": "Two" })).await.unwrap();
        works.work().await;
        for week in 0..7 {
            works.forward(TimeDelta::weeks(1));
            let other = works.office.create(&project, json!({ "title": format!("other {week}"), "status": "todo" })).await;
            drop(other.unwrap());
            works = works.restarted();
            works.work().await;
        }
        // Changed, and seen by nobody before the restart.
        works.office.update(&one, None, json!({ "title": "Changed" })).await.unwrap();
        works = works.restarted();
        works.work().await;
        let states = works.states().await;
        assert_eq!((states[0].as_str(), states[1].as_str()), ("succeeded", "waiting"));
        works.forward(TimeDelta::weeks(1));
        works.work().await;
        assert_eq!(works.states().await[1], "timed_out");
        works.office.update(&two, None, json!({ "title": "Too late" })).await.unwrap();
        works.work().await;
        assert_eq!(works.states().await[1], "timed_out");
    })
    .await;
}

/// The words of the rule language are the engine's.
#[test]
fn the_roles_that_rules_name_are_those_there_are() {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    assert_eq!(trackside_rules::model::ROLES, roles);
}
