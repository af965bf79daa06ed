//! What croniter, cronsim and cron-parser say, and what is ours alone.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::SecondsFormat;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn cron(line: &str, tz: &str) -> Timetable {
    Timetable::read(Written { cron: Some(line), tz: Some(tz), ..Written::default() }).unwrap()
}

fn with(line: &str, tz: &str, gap: Gap, fold: Fold) -> Timetable {
    Timetable::read(Written { cron: Some(line), tz: Some(tz), gap: Some(gap), fold: Some(fold), ..Written::default() })
        .unwrap()
}

/// The next times as the clock of the zone shows them.
fn shown(timetable: &Timetable, after: &str, count: usize) -> Vec<String> {
    let times = timetable.after(at(after)).take(count);
    times.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).collect()
}

/// A line, and what `data/crons.py` had from the three programs for it.
#[derive(Deserialize)]
struct Known {
    cron: String,
    r#in: Vec<Answers>,
}

#[derive(Deserialize)]
struct Answers {
    zone: String,
    from: i64,
    /// Seconds after `from`, when all three say so.
    same: Option<Vec<i64>>,
    croniter: Option<Vec<i64>>,
    cronsim: Option<Vec<i64>>,
    parser: Option<Vec<i64>>,
}

#[test]
fn where_croniter_cronsim_and_cron_parser_agree_so_do_we() {
    let path = std::env::var("TRACKSIDE_CRONS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/src/schedule/data/crons.json").to_owned());
    let known: Vec<Known> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(known.len() >= 200 && known.iter().all(|line| line.r#in.len() == 10));
    let (mut wrong, mut agreed, mut sides) = (Vec::new(), 0, BTreeMap::<&str, usize>::new());
    for (line, answers) in known.iter().flat_map(|line| line.r#in.iter().map(move |answers| (&line.cron, answers))) {
        let from = DateTime::from_timestamp(answers.from, 0).unwrap();
        let asked = 6;
        let times: Vec<i64> =
            cron(line, &answers.zone).after(from).take(asked).map(|time| time.timestamp() - answers.from).collect();
        if let Some(same) = &answers.same {
            agreed += 1;
            if times != *same {
                wrong.push(format!("{line} in {} from {from}: {same:?}, not {times:?}", answers.zone));
            }
            continue;
        }
        let with = [("croniter", &answers.croniter), ("cronsim", &answers.cronsim), ("cron-parser", &answers.parser)];
        let mut alone = true;
        for (name, _) in with.iter().filter(|(_, theirs)| theirs.as_ref() == Some(&times)) {
            *sides.entry(name).or_default() += 1;
            alone = false;
        }
        if alone {
            *sides.entry("nobody").or_default() += 1;
        }
    }
    println!("{agreed} agreed; where they differ we are with {sides:?}");
    assert!(agreed >= 2_000, "{agreed}");
    assert!(wrong.is_empty(), "{} of {agreed}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn a_time_of_day_that_the_clock_skips_comes_after_the_gap_unless_it_is_told_otherwise() {
    let spring = "2026-03-28T12:00:00Z";
    let daily = "30 2 * * *";
    assert_eq!(
        shown(&cron(daily, "Europe/Berlin"), spring, 2),
        ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    );
    let shift = with(daily, "Europe/Berlin", Gap::Shift, Fold::First);
    assert_eq!(shown(&shift, spring, 2), ["2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]);
    let skip = with(daily, "Europe/Berlin", Gap::Skip, Fold::First);
    assert_eq!(shown(&skip, spring, 1), ["2026-03-30T02:30:00+02:00"]);
    let there = "2026-03-07T12:00:00Z";
    assert_eq!(shown(&cron(daily, "America/New_York"), there, 1), ["2026-03-08T03:00:00-04:00"]);
    // Half an hour only, in Lord Howe; midnight itself, in São Paulo; a whole day, in Apia.
    assert_eq!(
        shown(&cron("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03T00:00:00Z", 1),
        ["2026-10-04T02:30:00+11:00"]
    );
    assert_eq!(
        shown(&cron("0 0 * * *", "America/Sao_Paulo"), "2018-11-03T12:00:00Z", 2),
        ["2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"]
    );
    assert_eq!(
        shown(&cron("0 12 * * *", "Pacific/Apia"), "2011-12-30T00:00:00Z", 2),
        ["2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"]
    );
    // Several in the gap are one after it.
    assert_eq!(
        shown(&cron("0,15,30 2 * * *", "Europe/Berlin"), spring, 2),
        ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
    );
    let in_order = with("30 2,3 * * *", "Europe/Berlin", Gap::Shift, Fold::First);
    assert_eq!(shown(&in_order, spring, 2), ["2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]);
    // In order, though 02:45 is put behind 03:10.
    let in_order = with("45,10 2,3 * * *", "Europe/Berlin", Gap::Shift, Fold::First);
    assert_eq!(
        shown(&in_order, spring, 4),
        [
            "2026-03-29T03:10:00+02:00",
            "2026-03-29T03:45:00+02:00",
            "2026-03-30T02:10:00+02:00",
            "2026-03-30T02:45:00+02:00"
        ]
    );
}

#[test]
fn a_time_of_day_that_the_clock_shows_twice_comes_the_first_time_unless_it_is_told_otherwise() {
    let autumn = "2026-10-24T12:00:00Z";
    let daily = "30 2 * * *";
    let first = ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"];
    assert_eq!(shown(&cron(daily, "Europe/Berlin"), autumn, 2), first);
    let last = with(daily, "Europe/Berlin", Gap::After, Fold::Last);
    assert_eq!(shown(&last, autumn, 2), ["2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"]);
    let both = with(daily, "Europe/Berlin", Gap::After, Fold::Both);
    assert_eq!(shown(&both, autumn, 2), ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]);
    // From within: between the two, and in the second.
    assert_eq!(shown(&both, "2026-10-25T00:45:00Z", 1), ["2026-10-25T02:30:00+01:00"]);
    assert_eq!(shown(&cron(daily, "Europe/Berlin"), "2026-10-25T00:45:00Z", 1), ["2026-10-26T02:30:00+01:00"]);
    assert_eq!(
        shown(&cron("45 1 * * *", "Australia/Lord_Howe"), "2026-04-04T03:00:00Z", 2),
        ["2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"]
    );
    assert_eq!(
        shown(&with("45 1 * * *", "America/New_York", Gap::After, Fold::Last), "2026-10-31T12:00:00Z", 1),
        ["2026-11-01T01:45:00-05:00"]
    );
}

#[test]
fn every_quarter_of_an_hour_stays_one_when_clocks_are_changed() {
    for (zone, from) in [
        ("Europe/Berlin", "2026-03-28T22:00:00Z"),
        ("Europe/Berlin", "2026-10-24T22:00:00Z"),
        ("America/New_York", "2026-03-08T03:00:00Z"),
        ("America/New_York", "2026-11-01T03:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T12:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T12:00:00Z"),
    ] {
        let times: Vec<i64> =
            cron("*/15 * * * *", zone).after(at(from)).take(40).map(|time| time.timestamp()).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 900), "{zone} {from}");
    }
}

#[test]
fn days_are_those_of_a_crontab_and_not_those_of_the_crate() {
    let days = |line: &str, count: usize| -> String {
        let times = cron(line, "UTC");
        let days: Vec<_> =
            times.after(at("2026-02-28T23:00:00Z")).take(count).map(|time| time.format("%a%-d").to_string()).collect();
        days.join(" ")
    };
    // 1 is Monday; 0 and 7 are Sunday.
    assert_eq!(days("0 9 * * 1-5", 6), "Mon2 Tue3 Wed4 Thu5 Fri6 Mon9");
    assert_eq!(days("0 9 * * 0", 2), "Sun1 Sun8");
    assert_eq!(days("0 9 * * 7", 2), "Sun1 Sun8");
    assert_eq!(days("0 9 * * 5-7", 3), "Sun1 Fri6 Sat7");
    assert_eq!(days("0 9 * * fri-sun", 3), "Sun1 Fri6 Sat7");
    assert_eq!(days("0 9 * * */2", 4), "Sun1 Tue3 Thu5 Sat7");
    // A day of the month and a day of the week, both given: either. With `*`: both.
    assert_eq!(days("0 9 13 * 5", 4), "Fri6 Fri13 Fri20 Fri27");
    assert_eq!(days("0 9 15 * 1", 4), "Mon2 Mon9 Sun15 Mon16");
    assert_eq!(days("0 9 */2 * 1", 3), "Mon9 Mon23 Mon13");
    assert_eq!(days("0 9 ? * MON", 2), "Mon2 Mon9");
    // What the crate does not know.
    assert_eq!(days("0 9 L * *", 3), "Tue31 Thu30 Sun31");
    assert_eq!(days("0 9 L-2 * *", 2), "Sun29 Tue28");
    assert_eq!(days("0 9 LW * *", 3), "Tue31 Thu30 Fri29");
    assert_eq!(days("0 9 15W * *", 3), "Mon16 Wed15 Fri15");
    assert_eq!(days("0 9 1W * *", 3), "Mon2 Wed1 Fri1");
    assert_eq!(days("0 9 31W 5 *", 1), "Fri29");
    assert_eq!(days("0 9 1W,L * *", 3), "Mon2 Tue31 Wed1");
    assert_eq!(days("0 9 * * 1#2", 2), "Mon9 Mon13");
    assert_eq!(days("0 9 * * 5L", 2), "Fri27 Fri24");
    assert_eq!(days("0 9 * * mon#1,5L", 3), "Mon2 Fri27 Mon6");
    assert_eq!(days("@weekly", 2), "Sun1 Sun8");
    assert_eq!(shown(&cron("15 30 9 * * *", "UTC"), "2026-03-01T09:30:15Z", 1), ["2026-03-02T09:30:15Z"]);
    assert_eq!(shown(&cron("0 0 29 2 *", "UTC"), "2096-03-01T00:00:00Z", 1), ["2104-02-29T00:00:00Z"]);
}

#[test]
fn what_never_comes_is_refused() {
    for line in ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31W 2 *", "0 0 L-30 2 *"] {
        let wrong = line.parse::<Cron>().unwrap_err();
        assert!(wrong.contains("never"), "{line}: {wrong}");
    }
    // With a day of the week beside it, there are days.
    assert!("0 0 31 2 1".parse::<Cron>().is_ok());
    assert!("0 0 29 2 *".parse::<Cron>().is_ok());
}

#[test]
fn what_is_no_cron_line_is_refused_field_by_field() {
    for (line, said) in [
        ("", "five fields"),
        ("* * * *", "this one has 4"),
        ("* * * * * * *", "this one has 7"),
        ("60 * * * *", "`60` is no minute"),
        ("* 24 * * *", "`24` is no hour"),
        ("* * 0 * *", "`0` is no day of the month"),
        ("* * 32 * *", "`32` is no day of the month"),
        ("* * 32W * *", "`32w` is no day of the month"),
        ("* * L-31 * *", "`l-31` is no day of the month"),
        ("* * * 13 *", "`13` is no month"),
        ("* * * MAI *", "`mai` is no month"),
        ("* * * * 8", "`8` is no day of the week"),
        ("* * * * MO", "`mo` is no day of the week"),
        ("* * * * FRI-MON", "`fri-mon` is no day of the week"),
        ("* * * * 1#6", "`1#6` is no day of the week"),
        ("* * * * L", "`l` is no day of the week"),
        ("*/0 * * * *", "`*/0` is no minute"),
        ("*/60 * * * *", "`*/60` is no minute"),
        ("5-1 * * * *", "`5-1` is no minute"),
        ("1, * * * *", "`1,` is no minute"),
        ("-1 * * * *", "`-1` is no minute"),
        ("99 * * * * *", "`99` is no second"),
        ("@reboot", "`@reboot` is none of @yearly"),
        ("0 9 * * ä", "is no day of the week"),
        ("ä * * * *", "is no minute"),
        ("H * * * *", "`h` is no minute"),
    ] {
        let wrong = line.parse::<Cron>().unwrap_err();
        assert!(wrong.contains(said), "{line}: {wrong}");
    }
    assert!("1,".repeat(400).parse::<Cron>().unwrap_err().contains("500"));
}

#[test]
fn intervals_moments_and_recurrences_are_schedules_too() {
    let read = |written: Written<'_>| Timetable::read(written).unwrap();
    let every = read(Written { every: Some("15m".parse().unwrap()), tz: Some("Europe/Berlin"), ..Written::default() });
    assert_eq!(shown(&every, "2026-03-29T00:50:00Z", 2), ["2026-03-29T03:00:00+02:00", "2026-03-29T03:15:00+02:00"]);
    assert_eq!(shown(&every, "2026-03-01T09:00:00Z", 1), ["2026-03-01T10:15:00+01:00"]);
    let from = read(Written {
        every: Some("90m".parse().unwrap()),
        start: Some("2026-03-01T09:10:00Z"),
        ..Written::default()
    });
    assert_eq!(shown(&from, "2026-01-01T00:00:00Z", 2), ["2026-03-01T09:10:00Z", "2026-03-01T10:40:00Z"]);
    assert_eq!(shown(&from, "2026-03-01T10:40:00Z", 1), ["2026-03-01T12:10:00Z"]);
    let once =
        read(Written { once: Some("2026-03-02T09:00:00+01:00"), tz: Some("Europe/Berlin"), ..Written::default() });
    assert_eq!(shown(&once, "2026-03-02T07:59:59Z", 2), ["2026-03-02T09:00:00+01:00"]);
    assert!(shown(&once, "2026-03-02T08:00:00Z", 1).is_empty());
    let recurs = |gap| {
        read(Written {
            rrule: Some("FREQ=DAILY;COUNT=3"),
            start: Some("2026-03-28T02:30:00"),
            tz: Some("Europe/Berlin"),
            gap,
            ..Written::default()
        })
    };
    let spring = "2026-03-28T12:00:00Z";
    assert_eq!(shown(&recurs(None), spring, 9), ["2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]);
    assert_eq!(shown(&recurs(Some(Gap::After)), spring, 9), ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
    assert_eq!(shown(&recurs(Some(Gap::Skip)), spring, 9), ["2026-03-30T02:30:00+02:00"]);
}

#[test]
fn a_schedule_that_makes_no_sense_is_refused_by_its_field() {
    let (line, rule) = (Some("0 9 * * *"), Some("FREQ=DAILY"));
    let usual = Written::default();
    for (written, field, said) in [
        (usual, "cron", "write `cron`"),
        (Written { cron: line, once: Some("x"), ..usual }, "once", "`cron` is given already"),
        (Written { cron: Some("0 0 31 2 *"), ..usual }, "cron", "never"),
        (Written { cron: line, tz: Some("Mars/Olympus"), ..usual }, "tz", "Mars/Olympus"),
        (Written { cron: line, start: Some("2026-03-01"), ..usual }, "start", "needs no `start`"),
        (Written { every: Some(Period::seconds(0)), ..usual }, "every", "at least a second"),
        (Written { every: Some("1500ms".parse().unwrap()), ..usual }, "every", "whole seconds"),
        (Written { every: Some(Period::seconds(5)), gap: Some(Gap::Skip), ..usual }, "gap", "no gap"),
        (Written { once: Some("2026-03-02T09:00:00Z"), fold: Some(Fold::Both), ..usual }, "fold", "no fold"),
        (Written { once: Some("2026-03-02T09:00:00"), ..usual }, "once", "with its offset"),
        (Written { once: Some("tomorrow"), ..usual }, "once", "with its offset"),
        (Written { rrule: rule, ..usual }, "start", "needs a `start`"),
        (Written { rrule: rule, start: Some("soon"), ..usual }, "start", "2026"),
        (Written { rrule: Some("FREQ=OFTEN"), start: Some("2026-03-01"), ..usual }, "rrule", "OFTEN"),
    ] {
        let wrong = Timetable::read(written).unwrap_err();
        assert_eq!(wrong.field, field, "{written:?}");
        assert!(wrong.message.contains(said), "{wrong:?}");
    }
}

#[test]
fn the_latest_of_a_long_time_are_found_from_its_end() {
    let every_second = cron("* * * * * *", "UTC");
    let begun = Instant::now();
    let (latest, more) = every_second.latest(at("2000-01-01T00:00:00Z"), at("2026-03-01T09:00:00Z"), 3, |_| true);
    assert_eq!(
        (latest, more),
        (vec![at("2026-03-01T08:59:58Z"), at("2026-03-01T08:59:59Z"), at("2026-03-01T09:00:00Z")], true)
    );
    let yearly = cron("0 0 1 1 *", "UTC");
    let (latest, more) = yearly.latest(at("2020-06-01T00:00:00Z"), at("2026-03-01T09:00:00Z"), 2, |_| true);
    assert_eq!((latest, more), (vec![at("2025-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")], true));
    let (latest, more) = yearly.latest(at("2024-06-01T00:00:00Z"), at("2026-03-01T09:00:00Z"), 2, |_| true);
    assert_eq!((latest.len(), more), (2, false));
    assert_eq!(yearly.latest(at("2026-02-01T00:00:00Z"), at("2026-03-01T09:00:00Z"), 2, |_| true), (vec![], false));
    // A clock that was put back.
    assert_eq!(yearly.latest(at("2026-02-01T00:00:00Z"), at("2020-03-01T09:00:00Z"), 2, |_| true), (vec![], false));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever asks for the next time, again and again for a year, from whatever moments: none is lost, none comes twice, and
    /// what is found is what counting every minute finds.
    #[test]
    fn a_year_of_a_schedule_has_each_of_its_times_once(
        minute in prop::sample::select(vec!["0", "30", "*/20", "5,50", "*"]),
        hour in prop::sample::select(vec!["2", "*", "1-3", "*/2", "9,17"]),
        day in prop::sample::select(vec!["*", "1", "L", "25-31", "*/2"]),
        week_day in prop::sample::select(vec!["*", "0", "1-5", "0#4"]),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        gap in prop::sample::select(vec![Gap::After, Gap::Shift, Gap::Skip]),
        fold in prop::sample::select(vec![Fold::First, Fold::Last, Fold::Both]),
        steps in prop::collection::vec(1_i64..3_000_000, 40),
    ) {
        let line = format!("{minute} {hour} {day} * {week_day}");
        let timetable = with(&line, zone, gap, fold);
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let times: Vec<DateTime<Utc>> = timetable.after(from).map(|time| time.to_utc()).take_while(|time| *time <= until).collect();
        prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
        // Away from the days on which clocks are changed: the same as minute by minute.
        let names: Cron = line.parse().unwrap();
        let tz: Tz = zone.parse().unwrap();
        let mut counted = 0;
        let offset = |moment: DateTime<Utc>| wall(tz, moment) - moment.naive_utc();
        for day in (2..360).filter(|day| offset(from + TimeDelta::days(day - 2)) == offset(from + TimeDelta::days(day + 2))) {
            for minute in (0..1_440).step_by(5) {
                let moment = from + TimeDelta::minutes(day * 1_440 + minute);
                let local = wall(tz, moment);
                let named = names.walls(local).next() == Some(local);
                prop_assert_eq!(times.binary_search(&moment).is_ok(), named, "{} at {}", &line, moment);
                counted += usize::from(named);
            }
        }
        prop_assert!(counted <= times.len());
        // In leaps, with the latest of each: together they are all.
        let (mut now, mut found) = (from, Vec::new());
        for step in steps.iter().cycle() {
            let then = (now + TimeDelta::seconds(*step)).min(until);
            found.extend(timetable.latest(now, then, usize::MAX, |_| true).0);
            now = then;
            if now == until { break }
        }
        prop_assert_eq!(&found, &times);
        prop_assert_eq!(timetable.next_after(from), times.first().copied());
    }
}
