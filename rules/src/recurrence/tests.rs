//! What python-dateutil says, and what it does not say.

use std::time::Instant;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::Deserialize;

use super::*;

fn rule(text: &str, start: &str, zone: &str) -> Recurrence {
    Recurrence::new(text.parse().unwrap(), start.parse().unwrap(), zone.parse().unwrap())
}

fn shown(recurrence: &Recurrence, count: usize) -> Vec<String> {
    recurrence.times().take(count).map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).collect()
}

/// One rule, and what `data/recurrence.py` had from python-dateutil for it.
#[derive(Deserialize)]
struct Known {
    rule: String,
    start: NaiveDateTime,
    zone: String,
    /// How many were asked for: fewer mean that there are no more.
    asked: usize,
    /// Seconds since the epoch.
    times: Vec<i64>,
}

#[test]
fn the_times_are_those_of_python_dateutil() {
    let path = std::env::var("TRACKSIDE_RECURRENCES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/src/recurrence/data/recurrences.json").to_owned());
    let known: Vec<Known> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(known.len() >= 300);
    let mut wrong = Vec::new();
    for known in &known {
        let found = Recurrence::new(
            known.rule.parse().unwrap_or_else(|error| panic!("{}: {error}", known.rule)),
            known.start,
            known.zone.parse().unwrap(),
        );
        let times: Vec<i64> = found.times().take(known.asked).map(|time| time.timestamp()).collect();
        if times != known.times {
            let show = |times: &[i64]| {
                times
                    .iter()
                    .take(5)
                    .filter_map(|it| DateTime::from_timestamp(*it, 0))
                    .map(|it| it.to_string())
                    .collect::<Vec<_>>()
            };
            wrong.push(format!(
                "{} from {} in {}:\n  {} {:?}\n  {} {:?}",
                known.rule,
                known.start,
                known.zone,
                known.times.len(),
                show(&known.times),
                times.len(),
                show(&times)
            ));
        }
        // From anywhere within, the next is the next.
        for pair in times.windows(2).step_by(7) {
            let after = DateTime::<Utc>::from_timestamp(pair[0], 0).unwrap();
            let next = found.next_after(after).map(|time| time.timestamp());
            if next != Some(pair[1]) {
                wrong.push(format!(
                    "{} from {} in {}: after {after} comes {next:?}, not {}",
                    known.rule, known.start, known.zone, pair[1]
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong:\n{}",
        wrong.len(),
        known.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

#[test]
fn nine_is_nine_in_summer_and_in_winter() {
    let daily = rule("FREQ=DAILY", "2026-03-28T09:00:00", "Europe/Berlin");
    assert_eq!(
        shown(&daily, 3),
        ["2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00"]
    );
}

#[test]
fn a_time_that_the_clock_skips_is_later_and_one_that_it_shows_twice_is_the_first() {
    let daily = rule("FREQ=DAILY", "2026-03-28T02:30:00", "Europe/Berlin");
    assert_eq!(
        shown(&daily, 3),
        ["2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]
    );
    let autumn = rule("FREQ=DAILY", "2026-10-24T02:30:00", "Europe/Berlin");
    assert_eq!(
        shown(&autumn, 3),
        ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    );
    // Half an hour, in Lord Howe; half past midnight, where midnight itself was skipped.
    let howe = rule("FREQ=DAILY", "2026-10-04T02:15:00", "Australia/Lord_Howe");
    assert_eq!(shown(&howe, 1), ["2026-10-04T02:45:00+11:00"]);
    let paulo = rule("FREQ=DAILY", "2018-11-04T00:00:00", "America/Sao_Paulo");
    assert_eq!(shown(&paulo, 2), ["2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"]);
    // A whole day.
    let apia = rule("FREQ=DAILY", "2011-12-29T12:00:00", "Pacific/Apia");
    assert_eq!(
        shown(&apia, 3),
        ["2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00", "2012-01-01T12:00:00+14:00"]
    );
    // By the hour, the skipped one is no second time.
    let hourly = rule("FREQ=HOURLY", "2026-03-29T01:00:00", "Europe/Berlin");
    assert_eq!(
        shown(&hourly, 3),
        ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"]
    );
}

#[test]
fn days_with_and_without_a_number_may_stand_together() {
    let mixed = rule("FREQ=MONTHLY;BYDAY=1MO,FR", "2026-03-01T08:00:00", "UTC");
    let days: Vec<_> = mixed.times().take(6).map(|time| time.format("%d").to_string()).collect();
    assert_eq!(days, ["02", "06", "13", "20", "27", "03"]);
}

#[test]
fn single_times_come_and_go() {
    let mut weekly = rule("FREQ=WEEKLY;COUNT=3", "2026-03-02T08:00:00", "UTC");
    weekly.also = vec![
        "2026-03-10T08:00:00".parse().unwrap(),
        "2026-03-02T08:00:00".parse().unwrap(),
        "2026-02-01T08:00:00".parse().unwrap(),
    ];
    weekly.except = ["2026-03-09T08:00:00".parse().unwrap()].into();
    assert_eq!(
        shown(&weekly, 9),
        ["2026-02-01T08:00:00Z", "2026-03-02T08:00:00Z", "2026-03-10T08:00:00Z", "2026-03-16T08:00:00Z"]
    );
}

#[test]
fn an_end_that_is_a_date_includes_its_day() {
    for (until, count) in [
        ("20260304", 3),
        ("20260304T080000", 3),
        ("20260304T075959", 2),
        ("20260304T080000Z", 3),
        ("20260304T075959Z", 2),
    ] {
        assert_eq!(
            rule(&format!("RRULE:FREQ=DAILY;UNTIL={until}"), "2026-03-02T08:00:00", "UTC").times().count(),
            count,
            "{until}"
        );
    }
    let there = rule("FREQ=DAILY;UNTIL=20260304T080000Z", "2026-03-02T08:00:00", "America/New_York");
    assert_eq!(there.times().count(), 2);
}

#[test]
fn what_never_happens_ends_quickly() {
    let begun = Instant::now();
    for never in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=1",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=7",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=YEARLY;INTERVAL=4;BYYEARDAY=-400,366;BYMONTH=1",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
        "FREQ=MINUTELY;INTERVAL=100000;BYMONTH=2;BYMONTHDAY=30",
    ] {
        if never.contains("-400") {
            assert!(never.parse::<RRule>().is_err());
            continue;
        }
        assert_eq!(rule(never, "2026-01-01T00:00:00", "Europe/Berlin").times().count(), 0, "{never}");
    }
    // Whatever a minute is: nobody waits for one.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    // What is only rare is found.
    assert_eq!(
        shown(&rule("FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29", "2000-01-01T00:00:00", "UTC"), 2),
        ["2000-02-29T00:00:00Z", "2400-02-29T00:00:00Z"]
    );
    assert_eq!(
        shown(&rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2026-01-01T00:00:00", "UTC"), 1),
        ["2044-02-29T00:00:00Z"]
    );
}

#[test]
fn every_second_of_a_year_is_not_written_down() {
    let all = |most: usize| (0..most).map(|it| it.to_string()).collect::<Vec<_>>().join(",");
    let text = format!(
        "FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY={};BYHOUR={};BYMINUTE={};BYSECOND={}",
        all(32)[2..].to_owned(),
        all(24),
        all(60),
        all(60)
    );
    let every = rule(&text, "2026-12-31T23:59:58", "UTC");
    assert_eq!(shown(&every, 3), ["2026-12-31T23:59:58Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"]);
    let late: DateTime<Utc> = "2900-07-01T00:00:00Z".parse().unwrap();
    assert_eq!(every.next_after(late).unwrap().to_rfc3339(), "2900-07-01T00:00:01+00:00");
}

#[test]
fn what_is_no_rule_is_refused_part_by_part() {
    for (text, part) in [
        ("", "empty"),
        ("FREQ", "NAME=VALUE"),
        ("FREQ=", "FREQ"),
        ("FREQ=FORTNIGHTLY", "FORTNIGHTLY"),
        ("INTERVAL=2", "no FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=1.5", "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=99999999999999999999", "COUNT"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "both COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20270230", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20270101T2500Z", "UNTIL"),
        ("FREQ=DAILY;FREQ=WEEKLY", "twice"),
        ("FREQ=DAILY;BYDAY=XX", "BYDAY"),
        ("FREQ=DAILY;BYDAY=", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE"),
        ("FREQ=DAILY;BYSECOND=61", "BYSECOND"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS"),
        ("FREQ=DAILY;WKST=XX", "WKST"),
        ("FREQ=DAILY;DTSTART=20260101", "dtstart"),
        ("FREQ=YEARLY;BYEASTER=1", "BYEASTER"),
        ("FREQ=DAILY;X-ODD=1", "X-ODD"),
        ("FREQ=MONTHLY;BYDAY=1ä", "BYDAY"),
        ("ä", "NAME=VALUE"),
        ("FREQ=DAILY;UNTIL=äöüä", "UNTIL"),
    ] {
        let error = text.parse::<RRule>().unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(format!("FREQ=DAILY;BYSECOND={}", "1,".repeat(2_000)).parse::<RRule>().is_err());
    assert!("rrule:freq=daily;interval=2;".parse::<RRule>().is_ok());
}
