//! Rules that are due by a clock that is set by hand.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use trackside_engine::access::RuleEdit;
use trackside_engine::actions::Actions;
use trackside_engine::db::Tx;
use trackside_engine::ids::RuleId;
use trackside_engine::rules::{Library, RuleState, service};
use trackside_engine::runs::HotRuns;
use trackside_engine::runs::dispatch::{Dispatched, Dispatcher};
use trackside_engine::schedules::due;

use crate::office::Office;
use crate::place::on_each;

/// An office with a dispatcher.
pub struct Desk {
    pub office: Office,
    pub library: Arc<Library>,
    pub actions: Actions,
    dispatcher: Dispatcher,
}

impl Desk {
    pub fn of(office: Office) -> Self {
        let actions = Actions::new(Vec::new());
        let library = Arc::new(Library::new(&actions));
        let hot = Arc::new(HotRuns::default());
        let dispatcher = Dispatcher::new(office.db.clone(), office.source.clone(), library.clone(), hot);
        Self { office, library, actions, dispatcher }
    }

    /// Saves a rule that tells its owner, and puts it to work.
    pub async fn rule(&self, trigger: Value, more: Value) -> RuleId {
        let mut rule = json!({ "name": "By the clock", "trigger": trigger,
            "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ schedule.local }}" } }] });
        if rule["trigger"]["on"].is_null() {
            rule["trigger"]["on"] = json!("schedule");
        }
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let rule = trackside_rules::Rule::from_value(&rule).unwrap();
        service::accept(&self.library, None, &rule).unwrap();
        let cx = self.office.cx();
        let create = async move |tx: &mut Tx| service::create(tx, &cx, &cx.actor.may_here::<RuleEdit>()?, rule).await;
        let made = self.office.db.write(create).await.unwrap();
        self.switch(made.id, RuleState::Enabled).await.unwrap();
        made.id
    }

    pub async fn switch(&self, id: RuleId, state: RuleState) -> trackside_engine::Result<()> {
        let (cx, actions) = (self.office.cx(), self.actions.clone());
        let switch = async move |tx: &mut Tx| {
            let known = service::find(tx, cx.actor.workspace, id).await?;
            service::switch(tx, &cx, &actions, &cx.actor.may(known)?, state).await.map(drop)
        };
        self.office.db.write(switch).await?;
        // Whoever looks finds the next time.
        self.look().await;
        Ok(())
    }

    pub async fn look(&self) -> due::Looked {
        due::run(&self.office.db, &self.office.source).await.unwrap()
    }

    pub async fn dispatch(&self) {
        loop {
            if self.dispatcher.batch().await.unwrap() != Dispatched::None {
                continue;
            }
            // What takes long is judged apart, and not waited for.
            let sql = "select count(*) from events where position is null";
            let (left,): (i64,) = self.office.db.read().await.unwrap().one(sql, ()).await.unwrap();
            if left == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Looks and dispatches.
    pub async fn tick(&self) {
        self.look().await;
        self.dispatch().await;
    }

    /// The nominal times that were announced, as far as `skipped`, in order.
    async fn times(&self) -> Vec<String> {
        let events = self.office.events(0).await;
        let due = events.iter().filter(|(kind, _)| kind == "schedule.occurred");
        due.map(|(_, event)| {
            let schedule = &event["schedule"];
            let mark = if schedule["skipped"].is_null() { "" } else { " skipped" };
            let late = if schedule["caught_up"] == json!(true) { " late" } else { "" };
            format!("{}{mark}{late}", &schedule["nominal_at"].as_str().unwrap()[5..16])
        })
        .collect()
    }

    /// How the rule's runs stand, oldest first.
    pub async fn runs(&self, rule: RuleId) -> Vec<String> {
        let mut rx = self.office.db.read().await.unwrap();
        let rows: Vec<(String,)> =
            rx.all("select state from runs where rule_id = $1 order by id", (rule,)).await.unwrap();
        rows.into_iter().map(|(state,)| state).collect()
    }

    /// Ends every run that goes.
    async fn finish_runs(&self) {
        let end =
            async move |tx: &mut Tx| tx.execute("update runs set state = 'succeeded' where state = 'queued'", ()).await;
        self.office.db.write(end).await.unwrap();
    }

    pub async fn row(&self, rule: RuleId) -> (DateTime<Utc>, Option<DateTime<Utc>>, Option<String>) {
        let mut rx = self.office.db.read().await.unwrap();
        let sql = "select settled_at, next_at, error from rule_schedules where rule_id = $1";
        rx.one(sql, (rule,)).await.unwrap()
    }

    pub fn forward(&self, by: TimeDelta) {
        self.office.clock.advance(by);
    }
}

/// A minute of March 2026, `02T09:00`.
fn at(text: &str) -> DateTime<Utc> {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

#[tokio::test]
async fn each_time_is_announced_once_and_starts_one_run() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        // It is nine on the first of March.
        let rule = desk.rule(json!({ "cron": "0 9 * * *" }), json!({})).await;
        assert_eq!(desk.row(rule).await.1, Some(at("02T09:00")));
        desk.forward(TimeDelta::days(1));
        desk.tick().await;
        desk.tick().await;
        assert_eq!(
            (desk.times().await, desk.runs(rule).await),
            (vec!["03-02T09:00".to_owned()], vec!["queued".to_owned()])
        );
        assert_eq!(desk.look().await, due::Looked { due: 0, next: Some(at("03T09:00")) });
        let (_, event) =
            desk.office.events(0).await.into_iter().rfind(|(kind, _)| kind == "schedule.occurred").unwrap();
        assert_eq!((&event["rule"]["id"], &event["schedule"]["local"]), (&json!(rule), &json!("2026-03-02T09:00:00Z")));
        assert!(event.get("project").is_none());
    })
    .await;
}

/// PRO-09.
#[tokio::test]
async fn many_nodes_that_look_at_once_announce_a_time_once() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let rules = [
            desk.rule(json!({ "every": "1h" }), json!({})).await,
            desk.rule(json!({ "cron": "0 * * * *" }), json!({})).await,
        ];
        for hour in 1..=4 {
            desk.forward(TimeDelta::hours(1));
            let (db, source) = (&desk.office.db, &desk.office.source);
            tokio::try_join!(due::run(db, source), due::run(db, source), due::run(db, source), due::run(db, source))
                .unwrap();
            desk.dispatch().await;
            for rule in rules {
                assert_eq!(desk.runs(rule).await.len(), hour);
            }
        }
    })
    .await;
}

/// PRO-09: whatever is done to the clock, no nominal time starts two runs, and none that is lived through in time is lost.
#[tokio::test]
async fn a_clock_that_jumps_back_and_forth_doubles_no_time_and_stops_no_schedule() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let rule = desk.rule(json!({ "cron": "0 * * * *", "catch_up": "none" }), json!({})).await;
        let mut dice = 7_u64;
        for _ in 0..60 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let hours = [1, 1, 1, 1, -3, 2, -1, 400, -399, 1][(dice >> 33) as usize % 10];
            desk.forward(TimeDelta::hours(hours));
            desk.tick().await;
            desk.tick().await;
        }
        let mut times = desk.times().await;
        let announced = times.len();
        times.sort();
        times.dedup();
        assert_eq!((times.len(), desk.runs(rule).await.len()), (announced, announced));
        // It lives: the next hours come, each once.
        let before = desk.times().await.len();
        desk.forward(TimeDelta::days(60));
        desk.tick().await;
        for _ in 0..5 {
            desk.forward(TimeDelta::hours(1));
            desk.tick().await;
        }
        assert!((before + 5..=before + 6).contains(&desk.times().await.len()));
    })
    .await;
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_as_the_rule_says() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        for (catch_up, expected) in [
            (json!(null), vec!["03-04T09:00 late"]),
            (json!("none"), vec![]),
            (json!("last"), vec!["03-04T09:00 late"]),
            (json!("all"), vec!["03-02T09:00 late", "03-03T09:00 late", "03-04T09:00 late"]),
        ] {
            let mut trigger = json!({ "cron": "0 9 * * *" });
            if !catch_up.is_null() {
                trigger["catch_up"] = catch_up.clone();
            }
            let before = desk.times().await.len();
            let rule = desk.rule(trigger, json!({})).await;
            desk.forward(TimeDelta::hours(73));
            desk.tick().await;
            assert_eq!(desk.times().await[before..], expected, "{catch_up}");
            desk.switch(rule, RuleState::Paused).await.unwrap();
            desk.forward(TimeDelta::hours(-73));
        }
    })
    .await;
}

#[tokio::test]
async fn what_passed_while_a_rule_was_paused_is_made_up_for_only_when_it_says_so() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let usual = desk.rule(json!({ "cron": "0 9 * * *" }), json!({})).await;
        let all = desk.rule(json!({ "cron": "0 10 * * *", "catch_up": "all" }), json!({})).await;
        // Half a minute before it is switched on again: not missed, but not wanted either.
        let none = desk.rule(json!({ "cron": "30 59 9 * * *", "catch_up": "none" }), json!({})).await;
        for rule in [usual, all, none] {
            desk.switch(rule, RuleState::Paused).await.unwrap();
        }
        assert_eq!(desk.row(usual).await.1, None);
        desk.forward(TimeDelta::hours(50));
        desk.tick().await;
        assert!(desk.times().await.is_empty());
        for rule in [usual, all, none] {
            desk.switch(rule, RuleState::Enabled).await.unwrap();
        }
        desk.tick().await;
        assert_eq!(desk.times().await, ["03-01T10:00 late", "03-02T10:00 late", "03-03T10:00 late"]);
        assert_eq!(desk.row(usual).await.1, Some(at("04T09:00")));
    })
    .await;
}

#[tokio::test]
async fn a_time_that_comes_while_the_last_run_goes_is_skipped_or_waits() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let allow = desk.rule(json!({ "every": "1h" }), json!({})).await;
        let skip = desk.rule(json!({ "every": "1h", "overlap": "skip" }), json!({})).await;
        let queue = desk.rule(json!({ "every": "1h", "overlap": "queue", "catch_up": "none" }), json!({})).await;
        for _ in 0..3 {
            desk.forward(TimeDelta::hours(1));
            // Also when nothing was dispatched in between.
            desk.look().await;
        }
        desk.tick().await;
        assert_eq!(desk.runs(allow).await, ["queued", "queued", "queued"]);
        assert_eq!(desk.runs(skip).await, ["queued", "skipped", "skipped"]);
        assert_eq!(desk.runs(queue).await, ["queued"]);
        // Those that wait come one after another, though they are old by then.
        for done in 2..=3 {
            desk.finish_runs().await;
            desk.forward(TimeDelta::minutes(10));
            desk.tick().await;
            desk.forward(TimeDelta::seconds(2));
            desk.tick().await;
            assert_eq!(desk.runs(queue).await.len(), done);
        }
        desk.finish_runs().await;
        // Until one o'clock.
        desk.forward(TimeDelta::minutes(40) - TimeDelta::seconds(4));
        desk.tick().await;
        assert_eq!(desk.runs(skip).await, ["succeeded", "skipped", "skipped", "queued"]);
        assert_eq!(desk.runs(queue).await.len(), 4);
        let sql = "select error from runs where state = 'skipped' limit 1";
        let (error,): (String,) = desk.office.db.read().await.unwrap().one(sql, ()).await.unwrap();
        assert!(error.contains("overlap"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn days_without_work_are_left_out_and_a_calendar_that_is_gone_is_said() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        // The first of March is a Sunday.
        let rule = desk.rule(json!({ "cron": "0 12 * * *", "exclude": "workspace" }), json!({})).await;
        assert_eq!(desk.row(rule).await.1, Some(at("02T12:00")));
        for _ in 0..8 {
            desk.forward(TimeDelta::days(1));
            desk.tick().await;
        }
        assert_eq!(desk.times().await.len(), 5);
        let unknown = json!({ "name": "X", "trigger": { "on": "schedule", "cron": "0 12 * * *", "exclude": "NONE" },
            "steps": [{ "id": "end", "stop": "x" }] });
        let unknown = trackside_rules::Rule::from_value(&unknown).unwrap();
        let cx = desk.office.cx();
        let create =
            async move |tx: &mut Tx| service::create(tx, &cx, &cx.actor.may_here::<RuleEdit>()?, unknown).await;
        let made = desk.office.db.write(create).await.unwrap();
        let refused = desk.switch(made.id, RuleState::Enabled).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].pointer.as_str()), ("rule_invalid", "/trigger/exclude"));
        // A project that is there when the rule is switched on, and not later.
        let own = desk.rule(json!({ "cron": "30 12 * * *", "exclude": "WEB" }), json!({})).await;
        let rename =
            async move |tx: &mut Tx| tx.execute("update projects set key = 'GONE' where id = $1", (web.id,)).await;
        desk.office.db.write(rename).await.unwrap();
        desk.forward(TimeDelta::days(1));
        desk.tick().await;
        let (_, _, error) = desk.row(own).await;
        assert!(error.unwrap().contains("WEB"));
        let rename =
            async move |tx: &mut Tx| tx.execute("update projects set key = 'WEB' where key = 'GONE'", ()).await;
        desk.office.db.write(rename).await.unwrap();
        desk.forward(TimeDelta::seconds(20));
        desk.tick().await;
        assert_eq!((desk.row(own).await.2, desk.runs(own).await.len()), (None, 1));
    })
    .await;
}

#[tokio::test]
async fn a_rule_for_one_project_knows_it_and_its_condition_is_judged_at_each_time() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        desk.office.project("WEB").await;
        let condition = json!({ "scope": { "projects": ["WEB"] }, "condition": "project.key == 'WEB' && schedule.nominal_at > date('2026-03-02T00:00:00Z')" });
        let rule = desk.rule(json!({ "cron": "0 12 * * *" }), condition).await;
        desk.forward(TimeDelta::hours(4));
        desk.tick().await;
        assert_eq!((desk.times().await.len(), desk.runs(rule).await.len()), (1, 0));
        desk.forward(TimeDelta::hours(24));
        desk.tick().await;
        assert_eq!((desk.times().await.len(), desk.runs(rule).await.len()), (2, 1));
        // Another rule with a schedule is not started by it.
        let other = desk.rule(json!({ "cron": "0 13 * * *" }), json!({})).await;
        desk.forward(TimeDelta::hours(23));
        desk.tick().await;
        assert_eq!((desk.runs(rule).await.len(), desk.runs(other).await.len()), (2, 0));
        desk.forward(TimeDelta::hours(1));
        desk.tick().await;
        assert_eq!((desk.runs(rule).await.len(), desk.runs(other).await.len()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_is_changed_counts_from_then_on_and_one_that_is_over_ends() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let rule = desk.rule(json!({ "cron": "0 10 * * *", "catch_up": "all" }), json!({})).await;
        desk.forward(TimeDelta::hours(6));
        let (cx, actions) = (desk.office.cx(), desk.actions.clone());
        let replace = async move |tx: &mut Tx| {
            let known = service::find(tx, cx.actor.workspace, rule).await?;
            let mut new = known.rule.clone();
            new.trigger.cron = Some("0 9,12,16 * * *".to_owned());
            service::replace(tx, &cx, &actions, &cx.actor.may(known)?, None, new).await
        };
        desk.office.db.write(replace).await.unwrap();
        desk.tick().await;
        // Twelve has passed, by a schedule that it was not then.
        assert_eq!((desk.times().await.len(), desk.row(rule).await.1), (0, Some(at("01T16:00"))));
        let once = desk.rule(json!({ "once": "2026-03-01T17:00:00+01:00" }), json!({})).await;
        desk.forward(TimeDelta::hours(1));
        desk.tick().await;
        assert_eq!((desk.runs(once).await.len(), desk.row(once).await.1), (1, None));
    })
    .await;
}
