//! PRO-07 as a property: whatever comes in which order, whoever works at it, dies over it or sleeps past its lease, the runs of
//! one key never overlap and go in the order of the log.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use trackside_engine::access::permissions::RuleEdit;
use trackside_engine::actions::Actions;
use trackside_engine::db::{Dialect, Tx};
use trackside_engine::jobs::{Ask, DbJobs, Job, JobStore};
use trackside_engine::projects::Project;
use trackside_engine::rules::{Library, RuleState, service};
use trackside_engine::runs::dispatch::{Dispatched, Dispatcher};
use trackside_engine::runs::{HotRuns, RunJob, Runner};

use crate::office::Office;
use crate::place::on_each;
use crate::waits::Nothing;

const LEASE: Duration = Duration::from_secs(15);
/// How many stories are made up on each database.
const STORIES: usize = 12;

/// Something that happens.
#[derive(Debug, Clone)]
enum Deed {
    /// An event for this key.
    Comes(u8),
    /// A node claims so many runs and carries them on.
    Works(usize, usize),
    /// Both nodes do, at the same time.
    Race(usize),
    /// A node claims so many and is never heard of again.
    Dies(usize, usize),
    /// A node claims so many, and carries them on when its lease is long over and the other has been at them.
    Oversleeps(usize, usize),
    /// Time goes on.
    Passes(i64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let (node, some) = (0..2_usize, 1..5_usize);
    let deed = prop_oneof![
        5 => (0..3_u8).prop_map(Deed::Comes),
        4 => (node.clone(), some.clone()).prop_map(|(node, some)| Deed::Works(node, some)),
        2 => some.clone().prop_map(Deed::Race),
        1 => (node.clone(), some.clone()).prop_map(|(node, some)| Deed::Dies(node, some)),
        1 => (node, some).prop_map(|(node, some)| Deed::Oversleeps(node, some)),
        3 => (1..3_000_i64).prop_map(Deed::Passes),
    ];
    prop::collection::vec(deed, 20..60)
}

struct Node {
    name: &'static str,
    runner: Runner,
    jobs: DbJobs,
}

impl Node {
    fn of(name: &'static str, office: &Office) -> Self {
        let (db, source) = (office.db.clone(), office.source.clone());
        let actions = Actions::new(Vec::new());
        let (library, hot) = (Arc::new(Library::new(&actions)), Arc::new(HotRuns::default()));
        let runner = Runner::new(db.clone(), source.clone(), library, actions, Arc::new(Nothing), hot);
        Self { name, runner, jobs: DbJobs::new(db, source) }
    }

    async fn claim(&self, limit: usize) -> Vec<Job> {
        self.jobs.look(&["runs".to_owned()]).await.unwrap();
        let (queue, worker) = ("runs".to_owned(), self.name.to_owned());
        self.jobs.claim(Ask { queue, worker, limit, lease: LEASE, without: Vec::new() }).await.unwrap()
    }

    async fn carry(&self, jobs: Vec<Job>) {
        for job in jobs {
            let outcome = self.runner.advance(RunJob::from(&job)).await;
            self.jobs.finish(vec![(job.ticket(), outcome)]).await.unwrap();
        }
    }

    async fn work(&self, limit: usize) {
        let jobs = self.claim(limit).await;
        self.carry(jobs).await;
    }
}

struct Line {
    office: Office,
    project: Project,
    dispatcher: Dispatcher,
    nodes: [Node; 2],
}

impl Line {
    async fn open(office: Office) -> Self {
        Self::under(office, json!({ "concurrency": { "key": "task.title.sub_string(0, 1)" } })).await
    }

    async fn under(office: Office, policy: Value) -> Self {
        let project = office.project("WEB").await;
        let actions = Actions::new(Vec::new());
        let library = Arc::new(Library::new(&actions));
        let dispatcher = Dispatcher::new(office.db.clone(), office.source.clone(), library.clone(), Arc::default());
        let say = |id: &str| json!({ "id": id, "action": "task.comment", "with": { "task": "{{ task.id }}", "body": format!("{id} {{{{ task.title }}}}") } });
        let rule = json!({ "name": "In line", "trigger": { "on": "task.created" },
            "policy": policy,
            "steps": [say("begins"), { "id": "nap", "wait": { "for": "1s" } }, say("ends")] });
        let rule = trackside_rules::Rule::from_value(&rule).unwrap();
        service::accept(&library, None, &rule).unwrap();
        let cx = office.cx();
        let create = async move |tx: &mut Tx| {
            let made = service::create(tx, &cx, &cx.actor.may_here::<RuleEdit>()?, rule).await?;
            let may = cx.actor.may(service::find(tx, cx.actor.workspace, made.id).await?)?;
            service::switch(tx, &cx, &actions, &may, RuleState::Enabled).await.map(drop)
        };
        office.db.write(create).await.unwrap();
        let nodes = [Node::of("one", &office), Node::of("two", &office)];
        Self { office, project, dispatcher, nodes }
    }

    fn passes(&self, by: TimeDelta) {
        self.office.clock.advance(by);
    }

    async fn dispatch(&self) {
        while self.count("events where position is null").await > 0 {
            if self.dispatcher.batch().await.unwrap() == Dispatched::None {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    async fn count(&self, what: &str) -> i64 {
        let sql = format!("select count(*) from {what}");
        let (count,): (i64,) = self.office.db.read().await.unwrap().one(&sql, ()).await.unwrap();
        count
    }

    async fn happens(&self, deed: &Deed, title: &str) {
        match deed {
            Deed::Comes(key) => {
                self.office.create(&self.project, json!({ "title": format!("{key} {title}") })).await.unwrap();
                self.dispatch().await;
            }
            Deed::Works(node, some) => self.nodes[*node].work(*some).await,
            Deed::Race(some) => {
                tokio::join!(self.nodes[0].work(*some), self.nodes[1].work(*some));
            }
            Deed::Dies(node, some) => {
                self.nodes[*node].claim(*some).await;
                self.passes(TimeDelta::seconds(16));
            }
            Deed::Oversleeps(node, some) => {
                let claimed = self.nodes[*node].claim(*some).await;
                self.passes(TimeDelta::seconds(16));
                self.nodes[1 - *node].work(2).await;
                // At the same time as the other goes on.
                tokio::join!(self.nodes[*node].carry(claimed), self.nodes[1 - *node].work(1));
            }
            Deed::Passes(milliseconds) => self.passes(TimeDelta::milliseconds(*milliseconds)),
        }
    }

    /// Until nothing is left to do.
    async fn rest(&self) {
        for _ in 0..10_000 {
            self.dispatch().await;
            if self.count("jobs where queue = 'runs'").await == 0 {
                return;
            }
            self.nodes[0].work(10).await;
            self.passes(TimeDelta::milliseconds(500));
        }
        panic!("it does not come to rest");
    }

    /// `begins 0 story.3` and `ends 0 story.3`, as the log has them; and the titles of the tasks.
    async fn log(&self, story: usize) -> (Vec<String>, Vec<String>) {
        let sql = "select kind, payload from events where kind in ('task.created', 'task.commented') order by position";
        let events: Vec<(String, String)> = self.office.db.read().await.unwrap().all(sql, ()).await.unwrap();
        let (mut said, mut came) = (Vec::new(), Vec::new());
        for (kind, payload) in events {
            let payload: Value = serde_json::from_str(&payload).unwrap();
            let (list, text) = match kind.as_str() {
                "task.created" => (&mut came, &payload["task"]["title"]),
                _ => (&mut said, &payload["comment"]["body"]),
            };
            let text = text.as_str().unwrap();
            if text.contains(&format!(" {story}.")) {
                list.push(text.to_owned());
            }
        }
        (said, came)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_one_key_keep_the_order_of_the_log_whatever_happens() {
    on_each(async |place| {
        let line = Line::open(Office::open(place).await).await;
        let (mut runner, mut missing) = (TestRunner::deterministic(), 0);
        for story in 0..STORIES {
            let deeds = deeds().new_tree(&mut runner).unwrap().current();
            for (at, deed) in deeds.iter().enumerate() {
                line.happens(deed, &format!("{story}.{at}")).await;
            }
            line.rest().await;
            let (said, came) = line.log(story).await;
            for key in ["0", "1", "2"] {
                let of_key = |texts: &[String], at: usize| -> Vec<String> {
                    texts.iter().filter(|text| text.split(' ').nth(at) == Some(key)).cloned().collect()
                };
                let wanted: Vec<String> = of_key(&came, 0)
                    .iter()
                    .flat_map(|title| [format!("begins {title}"), format!("ends {title}")])
                    .collect();
                let said = of_key(&said, 1);
                let places: Vec<Option<usize>> =
                    said.iter().map(|text| wanted.iter().position(|wanted| wanted == text)).collect();
                let once_each = places.windows(2).all(|two| two[0] < two[1]) && places.iter().all(Option::is_some);
                assert!(once_each, "{deeds:?}\n{said:?}\ninstead of\n{wanted:?}");
                missing += wanted.len() - said.len();
            }
        }
        // A run over which workers died four times is given up where it stands, and the others go on.
        let given_up = line.count("runs where state = 'failed' and error like '%worker_died%'").await;
        assert!(missing as i64 <= 2 * given_up, "{missing} deeds are missing, and {given_up} runs were given up");
        let over = "runs where state = 'succeeded' or state = 'failed' and error like '%worker_died%'";
        assert_eq!(line.count(over).await, line.count("runs").await);
        assert_eq!(line.count("run_turns where policy = 'concurrency'").await, 0);
    })
    .await;
}

/// The word to the next in line does not wait for those who have its job's row just now, and is not lost for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_in_line_is_woken_though_somebody_has_its_row() {
    on_each(async |place| {
        if place.db.dialect() == Dialect::Sqlite {
            return;
        }
        let line = Line::open(Office::open(place).await).await;
        for title in ["0.0", "0.1"] {
            line.happens(&Deed::Comes(1), title).await;
        }
        line.nodes[0].work(10).await;
        assert_eq!(line.count("runs where state = 'waiting' and not admitted").await, 1, "the second, for its key");
        let mut other = PgConnection::connect(&place.options.url).await.unwrap();
        let mut busy = other.begin().await.unwrap();
        let second = "select 1 from jobs where id = (select id from runs where not admitted) for update";
        sqlx::query(second).execute(&mut *busy).await.unwrap();
        line.passes(TimeDelta::seconds(2));
        line.nodes[0].work(10).await;
        assert_eq!(line.count("runs where state = 'succeeded'").await, 1, "the first");
        busy.rollback().await.unwrap();
        other.close().await.unwrap();
        while line.count("runs where admitted and state <> 'succeeded'").await == 0 {
            // The clock stands still: nothing comes due by itself.
            line.nodes[0].work(10).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        line.rest().await;
        assert_eq!(line.count("runs where state = 'succeeded'").await, 2);
    })
    .await;
}

/// What counts is what begins: a run that never does takes nothing from the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_together_count_what_begins() {
    on_each(async |place| {
        let policy = json!({ "dedupe": { "key": "task.title.sub_string(0, 1)" },
            "concurrency": { "key": "\"one\"", "on_busy": "replace" } });
        let line = Line::under(Office::open(place).await, policy).await;
        for title in ["1", "1", "2"] {
            line.happens(&Deed::Comes(title.parse().unwrap()), "0.0").await;
            line.nodes[0].work(10).await;
        }
        assert_eq!(
            line.count("runs where state = 'cancelled' and error like '%replaced%'").await,
            1,
            "the first, for the third"
        );
        assert_eq!(line.count("runs where state = 'skipped' and error like '%duplicate%'").await, 1, "the second");
        line.rest().await;
        assert_eq!(line.count("runs where state = 'succeeded'").await, 1);
    })
    .await;
    on_each(async |place| {
        let policy = json!({ "dedupe": { "key": "task.title.sub_string(0, 1)" }, "budget": { "runs_per_day": 2 },
            "concurrency": { "key": "\"one\"", "on_busy": "drop" } });
        let line = Line::under(Office::open(place).await, policy).await;
        for key in [1, 2, 2, 2] {
            line.happens(&Deed::Comes(key), "0.0").await;
            line.nodes[0].work(10).await;
        }
        assert_eq!(line.count("runs where state = 'skipped' and error like '%busy%'").await, 3);
        line.rest().await;
        line.happens(&Deed::Comes(2), "0.0").await;
        line.rest().await;
        assert_eq!(
            line.count("runs where state = 'succeeded'").await,
            2,
            "the key of what never began is free, and so is the day"
        );
    })
    .await;
    on_each(async |place| {
        let line = Line::under(Office::open(place).await, json!({ "throttle": { "runs": 2, "per": "1m" } })).await;
        for _ in 0..12 {
            line.happens(&Deed::Comes(1), "0.0").await;
        }
        let began = "runs where admitted";
        line.nodes[0].work(20).await;
        assert_eq!(line.count(began).await, 2);
        // Nobody works for a long time.
        line.passes(TimeDelta::hours(1));
        for more in 1..=5 {
            tokio::join!(line.nodes[0].work(20), line.nodes[1].work(20));
            line.nodes[0].work(20).await;
            assert_eq!(line.count(began).await, 2 + 2 * more);
            line.passes(TimeDelta::seconds(61));
        }
        line.rest().await;
        assert_eq!(line.count("runs where state = 'succeeded'").await, 12);
    })
    .await;
}
