//! Who is told of what and when, by a clock that is set by hand.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use trackside_engine::access::permissions::Role;
use trackside_engine::clock::MockClock;
use trackside_engine::comments::{self, NewComment};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::UserId;
use trackside_engine::jobs::{Ask, DbJobs, Job, JobStore as _, Outcome};
use trackside_engine::mail::{self, Letter, Post};
use trackside_engine::notifications::{
    self, Kind, Notification, Preferences, carry, fan_out, preferences, reminders, service,
};
use trackside_engine::paging::PageRequest;
use trackside_engine::projects;
use trackside_engine::tasks::Task;
use trackside_engine::vault::Vault;
use trackside_engine::{Result, Source};

use crate::office::Office;
use crate::place::{Place, on_each};

/// An office whose letters are read.
pub struct Mailroom {
    pub office: Office,
    jobs: DbJobs,
    vault: Vault,
}

/// A letter that would have gone out.
#[derive(Debug)]
struct Sent {
    to: String,
    letter: Letter,
}

impl Mailroom {
    /// It opens on the evening before the clocks are put forward in Berlin: 2026-03-28, 20:00 there.
    async fn open(place: &Place) -> Self {
        place.db.migrate().await.unwrap();
        let clock = MockClock::at("2026-03-28T19:00:00Z".parse().unwrap());
        let vault = Vault::new([7; 32]);
        let source = Source::new(clock.clone()).mailing(Post::new(Some(vault.clone()), "https://trackside.example"));
        let office = Office::beside(&place.db, clock, source.clone()).await;
        Self { jobs: DbJobs::new(place.db.clone(), source), office, vault }
    }

    /// Does what is due, as workers do, and answers the letters that go out.
    async fn work(&self) -> Vec<Sent> {
        let mut sent = Vec::new();
        loop {
            self.jobs.look(&["notify".to_owned()]).await.unwrap();
            let (worker, lease) = ("test".to_owned(), Duration::from_secs(15));
            let ask = Ask { queue: "notify".to_owned(), worker, limit: 10, lease, without: Vec::new() };
            let jobs = self.jobs.claim(ask).await.unwrap();
            if jobs.is_empty() {
                return sent;
            }
            for job in jobs {
                let outcome = self.run(&job, &mut sent).await;
                assert!(matches!(outcome, Outcome::Done | Outcome::Settled), "{job:?}: {outcome:?}");
                self.jobs.finish(vec![(job.ticket(), outcome)]).await.unwrap();
            }
        }
    }

    async fn run(&self, job: &Job, sent: &mut Vec<Sent>) -> Outcome {
        let Office { db, source, .. } = &self.office;
        match job.kind.as_str() {
            fan_out::KIND => fan_out::run(db, source, job, serde_json::from_str(&job.payload).unwrap()).await,
            carry::KIND => carry::run(db, source, job, serde_json::from_str(&job.payload).unwrap()).await,
            mail::KIND => {
                let sealed: mail::Sealed = serde_json::from_str(&job.payload).unwrap();
                let letter = sealed.open(&self.vault, job.id).unwrap();
                sent.push(Sent { to: letter.to, letter: letter.letter });
                Outcome::Done
            }
            other => panic!("{other} stands in the queue"),
        }
    }

    /// What somebody was told within Trackside, oldest first: what it says, and how often.
    async fn told(&self, user: UserId) -> Vec<(String, i64)> {
        self.notes(user).await.into_iter().map(|note| (note.message, note.times)).collect()
    }

    async fn notes(&self, user: UserId) -> Vec<Notification> {
        let cx = self.office.as_user(user, Role::TeamMember);
        let mut rx = self.office.db.read().await.unwrap();
        let page = PageRequest { limit: Some(200), cursor: None };
        let mut items = service::list(&mut rx, &cx, user, false, false, &page).await.unwrap().items;
        items.reverse();
        items
    }

    async fn prefer(&self, user: UserId, wanted: Value) -> Result<()> {
        let cx = self.office.as_user(user, Role::TeamMember);
        let wanted: Preferences = serde_json::from_value(wanted).unwrap();
        let put = async move |tx: &mut Tx| preferences::put(tx, &cx, user, wanted).await.map(drop);
        self.office.db.write(put).await
    }

    /// Says in somebody's profile where they are and what they speak.
    async fn lives(&self, user: UserId, zone: &'static str, locale: &'static str) {
        let write = async move |tx: &mut Tx| {
            tx.execute("update users set time_zone = $2, locale = $3 where id = $1", (user, zone, locale)).await
        };
        self.office.db.write(write).await.unwrap();
    }

    async fn comment(&self, by: UserId, task: &Task, body: &str) {
        let (cx, handle, new) =
            (self.office.as_user(by, Role::TeamMember), Handle::Id(task.id), json!({ "body": body }));
        let new: NewComment = serde_json::from_value(new).unwrap();
        let write = async move |tx: &mut Tx| {
            let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
            comments::service::comment(tx, &cx, &cx.actor.may(project)?, &handle, new).await.map(drop)
        };
        self.office.db.write(write).await.unwrap();
    }

    fn forward(&self, by: TimeDelta) {
        self.office.clock.advance(by);
    }

    fn now(&self) -> DateTime<Utc> {
        self.office.source.now()
    }
}

fn subjects(sent: &[Sent]) -> Vec<&str> {
    sent.iter().map(|sent| sent.letter.subject.as_str()).collect()
}

#[tokio::test]
async fn events_tell_those_whom_they_concern_and_nobody_of_their_own_doing() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { ada, bob, cy, .. } = room.office;
        let web = room.office.project("WEB").await;
        // Ada makes it, watches it, and gives it to Bob and herself.
        let new = json!({"title": "Door", "assignees": [ada, bob], "watchers": [ada, cy]});
        let task = room.office.create(&web, new).await.unwrap();
        room.work().await;
        assert_eq!(room.told(bob).await, [("ada assigned WEB-1: Door to you".to_owned(), 1)]);
        assert_eq!((room.told(ada).await, room.told(cy).await), (vec![], vec![]));
        // Bob hears that he is mentioned, and not besides that somebody commented.
        room.comment(cy, &task, &format!("Look, @{bob}")).await;
        room.work().await;
        assert_eq!(room.told(ada).await, [("cy commented on WEB-1: Door".to_owned(), 1)]);
        assert_eq!(room.told(bob).await[1].0, "cy mentioned you in a comment on WEB-1: Door");
        assert_eq!(room.told(cy).await, []);
        let note = &room.notes(bob).await[1];
        assert_eq!(
            (note.kind, note.task_id, note.project_id, note.actor_id),
            (Kind::Mention, Some(task.id), Some(web.id), Some(cy))
        );
        assert_eq!(note.subject, Some(task.id.to_string()));
        // What only says that work goes on is gathered while it is not read.
        let patch = json!({"status": "in_progress", "due_at": "2026-05-01T10:00:00Z"});
        let task = room.office.update(&task, None, patch).await.unwrap();
        room.work().await;
        assert_eq!(room.told(cy).await, [("ada moved WEB-1: Door from todo to in_progress".to_owned(), 2)]);
        room.forward(TimeDelta::minutes(11));
        room.office.update(&task, None, json!({"due_at": null})).await.unwrap();
        room.work().await;
        assert_eq!(room.told(cy).await[1], ("ada removed the due date of WEB-1: Door".to_owned(), 1));
        assert_eq!(room.told(ada).await.len(), 1, "nobody is told of what they did themselves");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_of_what_they_may_not_see_when_they_are_told() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { bob, cy, workspace, .. } = room.office;
        let web = room.office.project("WEB").await;
        let task = room.office.create(&web, json!({"title": "Door", "watchers": [bob, cy]})).await.unwrap();
        room.prefer(bob, json!({"choices": [{"channel": "email", "when": "hourly"}]})).await.unwrap();
        room.prefer(cy, json!({"choices": [{"channel": "email", "when": "hourly"}]})).await.unwrap();
        room.comment(room.office.ada, &task, "Secret").await;
        // A guest sees only what was assigned to them, and nothing was.
        let guest = async move |tx: &mut Tx| {
            let sql = "update members set role = $3 where workspace_id = $1 and user_id = $2";
            tx.execute(sql, (workspace, bob, "guest")).await
        };
        room.office.db.write(guest).await.unwrap();
        room.work().await;
        assert_eq!((room.told(bob).await.len(), room.told(cy).await.len()), (0, 1));
        // It is asked anew when the letter goes out.
        let out = async move |tx: &mut Tx| {
            tx.execute("delete from members where workspace_id = $1 and user_id = $2", (workspace, cy)).await
        };
        room.office.db.write(out).await.unwrap();
        room.forward(TimeDelta::hours(2));
        assert_eq!(subjects(&room.work().await), [""; 0]);
        // What is gone tells nothing, either.
        let task = room.office.create(&web, json!({"title": "Gate", "assignees": [room.office.ada]})).await.unwrap();
        room.office.delete(&task).await.unwrap();
        room.work().await;
    })
    .await;
}

#[tokio::test]
async fn quiet_hours_hold_letters_until_the_clock_on_the_wall_says_that_they_end() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { bob, cy, .. } = room.office;
        let web = room.office.project("WEB").await;
        room.lives(bob, "Europe/Berlin", "de-AT").await;
        for user in [bob, cy] {
            room.prefer(user, json!({"quiet_hours": {"from": "22:00", "to": "07:00"}})).await.unwrap();
        }
        // 23:00 in Berlin, in the night in which the clocks are put forward; Cy lives by UTC, where it is 22:00.
        room.forward(TimeDelta::hours(3));
        for title in ["One", "Two"] {
            room.office.create(&web, json!({"title": title, "assignees": [bob, cy]})).await.unwrap();
        }
        assert_eq!(subjects(&room.work().await), [""; 0]);
        assert_eq!(room.told(bob).await.len(), 2, "within Trackside nothing is held");
        // Seven in Berlin is five in UTC now; on the day before it was six.
        room.forward(TimeDelta::minutes(6 * 60 + 59));
        assert_eq!((room.now(), room.work().await.len()), ("2026-03-29T04:59:00Z".parse().unwrap(), 0));
        room.forward(TimeDelta::minutes(1));
        let sent = room.work().await;
        assert_eq!(subjects(&sent), ["2 Benachrichtigungen von office"]);
        assert!(sent[0].to.starts_with("bob."), "{sent:?}");
        let text = sent[0].letter.text();
        assert!(text.contains("ada hat dir WEB-1: One zugewiesen") && text.contains("WEB-2: Two"), "{text}");
        assert!(sent[0].letter.html().contains("<html lang=\"de\">"));
        room.forward(TimeDelta::hours(2));
        let sent = room.work().await;
        assert_eq!(subjects(&sent), ["2 notifications from office"]);
        room.forward(TimeDelta::days(2));
        assert_eq!(room.work().await.len(), 0, "nothing is sent twice");
    })
    .await;
}

#[tokio::test]
async fn what_is_gathered_comes_at_its_time_and_a_burst_as_one_letter() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { ada, bob, .. } = room.office;
        let web = room.office.project("WEB").await;
        let task = room.office.create(&web, json!({"title": "Door", "watchers": [bob]})).await.unwrap();
        room.lives(bob, "Europe/Berlin", "en").await;
        let daily =
            json!({"digest_at": "08:00", "choices": [{"channel": "email", "kind": "comment", "when": "daily"}]});
        room.prefer(bob, daily).await.unwrap();
        room.comment(ada, &task, "one").await;
        room.comment(ada, &task, "two").await;
        assert_eq!(room.work().await.len(), 0);
        room.forward(TimeDelta::hours(10));
        assert_eq!(room.work().await.len(), 0, "it is seven in UTC, but eight there only at six");
        let at = room.now();
        assert_eq!(at, "2026-03-29T05:00:00Z".parse::<DateTime<Utc>>().unwrap());
        room.forward(TimeDelta::hours(1));
        let sent = room.work().await;
        assert_eq!(subjects(&sent), ["2 notifications on WEB-1: Door"]);
        assert!(sent[0].letter.text().contains("“one”") && sent[0].letter.text().contains("“two”"));

        // The first of many mentions goes at once, the others together when the first is five minutes old.
        room.forward(TimeDelta::hours(1));
        for word in ["a", "b", "c", "d"] {
            room.comment(ada, &task, &format!("@{bob} {word}")).await;
        }
        let sent = room.work().await;
        assert_eq!(subjects(&sent), ["ada mentioned you in a comment on WEB-1: Door"], "{sent:?}");
        room.forward(TimeDelta::minutes(4));
        assert_eq!(room.work().await.len(), 0);
        room.forward(TimeDelta::minutes(1));
        assert_eq!(subjects(&room.work().await), ["3 notifications on WEB-1: Door"]);

        // A hundred tasks at once are a few letters, not a hundred.
        room.forward(TimeDelta::hours(1));
        for title in 0..30 {
            room.office.create(&web, json!({"title": format!("T{title}"), "assignees": [bob]})).await.unwrap();
        }
        let mut sent = room.work().await;
        room.forward(TimeDelta::minutes(6));
        sent.extend(room.work().await);
        assert!(sent.len() <= 6, "{:?}", subjects(&sent));
        let text: String = sent.iter().map(|sent| sent.letter.text()).collect();
        assert!((0..30).all(|title| text.contains(&format!(": T{title} to you"))), "none is lost: {text}");
    })
    .await;
}

#[tokio::test]
async fn preferences_decide_per_kind_channel_and_project_and_count_for_what_is_held() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { bob, .. } = room.office;
        let (web, ops) = (room.office.project("WEB").await, room.office.project("OPS").await);
        let wanted = json!({"choices": [
            {"channel": "email", "kind": "assigned", "when": "off"},
            {"channel": "email", "kind": "assigned", "project": ops.id, "when": "at_once"},
            {"channel": "app", "project": ops.id, "when": "off"},
        ]});
        room.prefer(bob, wanted).await.unwrap();
        room.office.create(&web, json!({"title": "Web", "assignees": [bob]})).await.unwrap();
        room.office.create(&ops, json!({"title": "Ops", "assignees": [bob]})).await.unwrap();
        assert_eq!(subjects(&room.work().await), ["ada assigned OPS-1: Ops to you"]);
        assert_eq!(room.told(bob).await, [("ada assigned WEB-1: Web to you".to_owned(), 1)]);
        // What is held is let go when quiet hours are given up, and is not sent when it is not wanted any more.
        let quiet = json!({"quiet_hours": {"from": "00:00", "to": "24:00"}});
        room.prefer(bob, quiet).await.unwrap();
        room.office.create(&web, json!({"title": "Held", "assignees": [bob]})).await.unwrap();
        assert_eq!(room.work().await.len(), 0);
        room.prefer(bob, json!({})).await.unwrap();
        assert_eq!(subjects(&room.work().await), ["ada assigned WEB-2: Held to you"]);
        let later = (room.now() + TimeDelta::hours(5)).to_rfc3339();
        room.prefer(bob, json!({"paused_until": later})).await.unwrap();
        room.office.create(&web, json!({"title": "Never", "assignees": [bob]})).await.unwrap();
        room.work().await;
        room.prefer(bob, json!({"choices": [{"channel": "email", "when": "off"}]})).await.unwrap();
        room.forward(TimeDelta::hours(6));
        assert_eq!(room.work().await.len(), 0);

        for (wrong, pointer) in [
            (json!({"quiet_hours": {"from": "07:00", "to": "07:00"}}), "/quiet_hours/to"),
            (json!({"paused_until": "2036-01-01T00:00:00Z"}), "/paused_until"),
            (json!({"choices": [{"channel": "app", "when": "daily"}]}), "/choices/0/when"),
            (
                json!({"choices": [{"channel": "app", "when": "off"}, {"channel": "app", "when": "at_once"}]}),
                "/choices/1",
            ),
            (
                json!({"choices": [{"channel": "email", "project": "proj_01h455vb4pex5vsknk084sn02q", "when": "off"}]}),
                "/choices/0/project",
            ),
        ] {
            assert_eq!(room.prefer(bob, wrong.clone()).await.unwrap_err().fields[0].pointer, pointer, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn dates_remind_once_however_they_are_moved() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { bob, .. } = room.office;
        let web = room.office.project("WEB").await;
        let look = async || reminders::run(&room.office.db, &room.office.source).await.unwrap();
        let new = json!({"title": "Door", "assignees": [bob], "due_at": "2026-03-30T12:00:00Z"});
        let task = room.office.create(&web, new).await.unwrap();
        room.office.create(&web, json!({"title": "Nobody's", "due_at": "2026-03-30T12:00:00Z"})).await.unwrap();
        room.office
            .create(&web, json!({"title": "Old", "assignees": [bob], "due_at": "2026-03-28T12:00:00Z"}))
            .await
            .unwrap();
        assert_eq!(look().await, 0);
        room.forward(TimeDelta::hours(18));
        assert_eq!((look().await, look().await), (1, 0));
        // Moved away and back again, it is the same date.
        room.office.update(&task, None, json!({"due_at": "2026-03-29T20:00:00Z"})).await.unwrap();
        assert_eq!(look().await, 1);
        let task = room.office.update(&task, None, json!({"due_at": "2026-03-30T12:00:00Z"})).await.unwrap();
        assert_eq!(look().await, 0);
        room.forward(TimeDelta::days(1));
        assert_eq!((look().await, look().await), (1, 0));
        let said: Vec<String> = {
            room.work().await;
            room.told(bob).await.into_iter().map(|(said, _)| said).filter(|said| said.contains("due on")).collect()
        };
        assert_eq!(
            said,
            [
                "WEB-1: Door is due on 2026-03-30 12:00",
                "WEB-1: Door is due on 2026-03-29 20:00",
                "WEB-1: Door was due on 2026-03-30 12:00 and is not done",
            ]
        );
        // A clock that is put back reminds of nothing anew; what is done reminds nobody.
        room.office.clock.advance(-TimeDelta::days(1));
        assert_eq!(look().await, 0);
        room.office
            .update(&task, None, json!({"due_at": "2026-03-30T18:00:00Z", "status": "completed"}))
            .await
            .unwrap();
        room.forward(TimeDelta::days(2));
        assert_eq!(look().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_told_under_one_key_is_told_to_each_once() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { ada, bob, cy, .. } = room.office;
        let tell = async |people: Vec<UserId>| {
            let cx = room.office.cx();
            let news = notifications::News::saying(Kind::Approval, "Please decide").key("approval-1").subject("run_1");
            room.office.db.write(async move |tx: &mut Tx| service::tell(tx, &cx, &news, &people).await).await.unwrap();
        };
        tell(vec![bob, bob]).await;
        tell(vec![bob, cy]).await;
        room.work().await;
        tell(vec![ada, bob, cy]).await;
        let sent = room.work().await;
        for user in [ada, bob, cy] {
            assert_eq!(room.told(user).await, [("Please decide".to_owned(), 1)]);
        }
        assert_eq!(subjects(&sent), ["Please decide"], "the two others had theirs before");
        // An import or a copy tells nobody.
        let (cx, news) = (room.office.cx().quietly(), notifications::News::saying(Kind::System, "x"));
        room.office.db.write(async move |tx: &mut Tx| service::tell(tx, &cx, &news, &[bob]).await).await.unwrap();
        room.work().await;
        assert_eq!(room.told(bob).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn notifications_are_put_off_counted_and_marked() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let Office { bob, cy, .. } = room.office;
        let web = room.office.project("WEB").await;
        for title in ["One", "Two"] {
            room.office.create(&web, json!({"title": title, "assignees": [bob]})).await.unwrap();
        }
        room.work().await;
        let cx = room.office.as_user(bob, Role::TeamMember);
        let id = room.notes(bob).await[0].id;
        let unread = async || service::count_unread(&mut room.office.db.read().await.unwrap(), &cx, bob).await.unwrap();
        let counted = unread().await;
        assert_eq!((counted.unread, counted.kinds.len(), counted.kinds[0].kind), (2, 1, Kind::Assigned));
        let snooze = async |user, until| {
            let cx = cx.clone();
            room.office.db.write(async move |tx: &mut Tx| service::snooze(tx, &cx, user, id, until).await).await
        };
        let until = room.now() + TimeDelta::hours(1);
        assert_eq!(snooze(cy, Some(until)).await.unwrap_err().code, "notification_not_found");
        assert_eq!(snooze(bob, Some(room.now())).await.unwrap_err().fields[0].pointer, "/until");
        assert_eq!(snooze(bob, Some(until)).await.unwrap().snoozed_until, Some(until));
        assert_eq!((room.told(bob).await.len(), unread().await.unread), (1, 1));
        // What is put off is not among all that is marked.
        let all = cx.clone();
        let mark = async move |tx: &mut Tx| service::mark_read(tx, &all, all.actor.workspace, bob, None).await;
        assert_eq!(room.office.db.write(mark).await.unwrap(), 1);
        room.forward(TimeDelta::hours(2));
        assert_eq!((room.told(bob).await.len(), unread().await.unread), (2, 1));
        assert_eq!(snooze(bob, Some(room.now() + TimeDelta::hours(1))).await.unwrap().read_at, None);
        assert_eq!(snooze(bob, None).await.unwrap().snoozed_until, None);
    })
    .await;
}

#[tokio::test]
async fn people_are_told_once_and_read_their_own() {
    on_each(async |place| {
        let room = Mailroom::open(place).await;
        let office = &room.office;
        let email = format!("Bob.{}@example.org", office.workspace);
        let sent = office.act(
            "notify.send",
            json!({"to": [office.bob, email, "role:team_member", "owner"], "message": "Look", "subject": "WEB-1"}),
        );
        assert_eq!(sent.await.unwrap()["notifications"].as_array().unwrap().len(), 3);
        for wrong in ["role:boss", "nobody", "no@example.org", "project.owner"] {
            let error = office.act("notify.send", json!({"to": [wrong], "message": "Look"})).await.unwrap_err();
            assert!(error.fields[0].pointer.starts_with("/to"), "{error}");
        }
        let error = office.act("notify.send", json!({"to": ["owner"], "message": "x".repeat(4097)})).await.unwrap_err();
        assert_eq!(error.fields[0].pointer, "/message");

        let (cx, to) = (office.cx(), [office.bob, office.source.new_id()]);
        let long = "ä".repeat(4000);
        office.db.write(async move |tx| service::notify(tx, &cx, &to, &long, None).await).await.unwrap();
        room.work().await;
        let bobs = room.notes(office.bob).await;
        assert_eq!((bobs.len(), bobs[0].message.as_str(), bobs[1].message.len()), (2, "Look", 4096));
        let mark = async |id| {
            let (cx, workspace, bob, ids) = (office.cx(), office.workspace, office.bob, vec![id]);
            let write = async move |tx: &mut Tx| service::mark_read(tx, &cx, workspace, bob, Some(&ids)).await;
            office.db.write(write).await.unwrap()
        };
        assert_eq!(mark(bobs[0].id).await, 1);
        assert_eq!(mark(room.notes(office.cy).await[0].id).await, 0, "nobody marks what is another's");
        assert_eq!(room.notes(office.cy).await[0].read_at, None);
    })
    .await;
}
