//! PRO-09 over the real program, two nodes on one database, and a clock that runs and jumps: libfaketime shows both a time
//! that the story writes into a file. A year goes by in steps of some days; now and then the clock is put back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};
use trackside_engine::Source;
use trackside_engine::db::{Db, Options, Signal, Tx};
use trackside_tests::harness::{Api, Database, Server, Setup, run_story};

/// Where Debian and its relatives put the library, on each kind of machine.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|folder| folder.path());
    let found = folders.chain([PathBuf::from("/usr/lib"), PathBuf::from("/usr/local/lib")]);
    let found = found.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    found.expect("libfaketime is missing, without which no clock can be put: run scripts/install-test-tools.sh")
}

/// The clock of all that is started by it.
struct Clock {
    file: PathBuf,
    offset: TimeDelta,
}

impl Clock {
    fn at(folder: &Path, time: DateTime<Utc>) -> Self {
        let mut clock = Self { file: folder.join("clock"), offset: TimeDelta::zero() };
        clock.put(time);
        clock
    }

    /// Shows this time from now on.
    fn put(&mut self, time: DateTime<Utc>) {
        self.offset = time - Source::default().now();
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{:+}\n", self.offset.num_seconds())).unwrap();
        // Whoever reads it finds the old or the new one.
        std::fs::rename(new, &self.file).unwrap();
    }

    fn now(&self) -> DateTime<Utc> {
        Source::default().now() + self.offset
    }

    fn seen_by(&self, setup: Setup) -> Setup {
        let setup = setup.env("LD_PRELOAD", library().to_str().unwrap()).env("FAKETIME_NO_CACHE", "1");
        // Pauses are as long as ever.
        let setup = setup.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
        setup.env("FAKETIME_TIMESTAMP_FILE", self.file.to_str().unwrap())
    }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// Half past two in Berlin on each day of 2027: on the 28th of March there is no such time, and it is done at three; on the 31st
/// of October there are two.
fn half_past_two() -> BTreeSet<DateTime<Utc>> {
    let mut times = BTreeSet::new();
    for date in day(2027, 1, 1).iter_days().take_while(|date| date.year() == 2027) {
        let utc = |hour: u32, minute: u32| Utc.from_utc_datetime(&date.and_hms_opt(hour, minute, 0).unwrap());
        if date == day(2027, 3, 28) {
            times.insert(utc(1, 0));
        } else if date == day(2027, 10, 31) {
            times.extend([utc(0, 30), utc(1, 30)]);
        } else if (day(2027, 3, 28)..day(2027, 10, 31)).contains(&date) {
            times.insert(utc(0, 30));
        } else {
            times.insert(utc(1, 30));
        }
    }
    times
}

/// Every twelve hours.
fn twice_a_day() -> BTreeSet<DateTime<Utc>> {
    let days = day(2027, 1, 1).iter_days().take_while(|date| date.year() == 2027);
    days.flat_map(|date| [0, 12].map(|hour| Utc.from_utc_datetime(&date.and_hms_opt(hour, 0, 0).unwrap()))).collect()
}

/// The nominal times that were announced for a rule, with how often.
async fn announced(db: &Database, rule: &str) -> Vec<DateTime<Utc>> {
    let rows =
        db.rows("select cast(payload as text), cast(0 as bigint) from events where kind = 'schedule.occurred'").await;
    let payloads = rows.iter().map(|(payload, _)| serde_json::from_str::<Value>(payload).unwrap());
    let own = payloads.filter(|payload| payload["rule"]["id"] == rule);
    own.map(|payload| payload["schedule"]["nominal_at"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_schedules_goes_by_on_two_nodes_with_a_jumping_clock() {
    run_story(Database::postgres().await, async |db| {
        let begin = Utc.with_ymd_and_hms(2027, 1, 2, 3, 0, 0).unwrap();
        let mut clock = Clock::at(db.folder(), begin);
        let server = clock.seen_by(Server::on(&db)).start().await;
        let _other = clock.seen_by(Server::on(&db)).worker().start().await;
        let api = Api::set_up(&server).await;
        let mut rules = Vec::new();
        for (trigger, times) in [
            (json!({ "cron": "30 2 * * *", "tz": "Europe/Berlin", "fold": "both", "catch_up": "all" }), half_past_two()),
            (json!({ "every": "12h", "catch_up": "all" }), twice_a_day()),
        ] {
            let mut rule = json!({ "name": format!("{trigger}"), "trigger": trigger, "steps": [{ "id": "end", "stop": "{{ schedule.local }}" }] });
            rule["trigger"]["on"] = json!("schedule");
            let id = api.post("/rules", rule).await.expect_status(201).text("/id");
            api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
            rules.push((id, times));
        }
        let hand = Db::open(&Options::new(db.url())).await.unwrap();
        let poke = async || {
            hand.write(async |tx: &mut Tx| {
                tx.wake(Signal::Schedules);
                Ok(())
            })
            .await
            .unwrap();
        };
        let (mut furthest, end) = (begin, Utc.with_ymd_and_hms(2027, 12, 30, 0, 0, 0).unwrap());
        let jumps = [3, 11, -4, 19, 1, 27, -40, 45, 14, -1, 8].map(TimeDelta::days);
        for jump in jumps.into_iter().cycle() {
            // A few minutes beside the hour, so that nothing comes due while it is looked.
            clock.put((clock.now() + jump).min(end) + TimeDelta::minutes(7));
            furthest = furthest.max(clock.now());
            poke().await;
            for looks in 0.. {
                let mut right = true;
                for (rule, times) in &rules {
                    let wanted = times.range(begin..furthest).count();
                    right &= announced(&db, rule).await.len() >= wanted;
                }
                if right {
                    break;
                }
                assert!(looks < 300, "at {} not all times were announced", clock.now());
                tokio::time::sleep(Duration::from_millis(100)).await;
                if looks % 10 == 9 {
                    poke().await;
                }
            }
            db.quiet(Duration::from_secs(30)).await;
            if clock.now() >= end {
                break;
            }
        }
        for (rule, times) in &rules {
            let announced = announced(&db, rule).await;
            let once: BTreeSet<DateTime<Utc>> = announced.iter().copied().collect();
            let wanted: BTreeSet<DateTime<Utc>> = times.range(begin..furthest).copied().collect();
            let (lost, made_up): (Vec<_>, Vec<_>) = (wanted.difference(&once).collect(), once.difference(&wanted).collect());
            assert!(lost.is_empty() && made_up.is_empty(), "lost {lost:?}, made up {made_up:?}");
            assert_eq!(once.len(), announced.len(), "none is doubled");
        }
        let events = db.count("events where kind = 'schedule.occurred'").await;
        assert_eq!(db.count("runs where state = 'succeeded'").await, events);
        assert_eq!(db.count("runs").await, events);
        hand.close().await;
    })
    .await;
}
