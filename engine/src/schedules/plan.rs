//! Which times of a schedule are to be announced now.
//!
//! A time that is noticed within [`GRACE`] is in time, and so is one that waited for a run to end. Every other is missed: it
//! passed while nothing ran, while the database could not be asked, while the clock was put forward, or while the rule was
//! switched off. Of those missed, `none` takes none, `last` the latest unless another time is due as well, `all` each. No more
//! than [`MOST`] are taken, the latest.

use chrono::{DateTime, TimeDelta, Utc};
use trackside_rules::model::CatchUp;
use trackside_rules::schedule::Timetable;

/// So late a time is in time.
const GRACE: TimeDelta = TimeDelta::seconds(60);
/// The most times that are announced together.
pub(super) const MOST: usize = 100;
/// How far ahead a time is looked for that a calendar does not leave out.
const HORIZON: TimeDelta = TimeDelta::days(5 * 366);

/// Times that are later than this are noticed in time.
pub(super) fn in_time_after(now: DateTime<Utc>) -> DateTime<Utc> {
    now - GRACE
}

/// A time that is to be announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub nominal: DateTime<Utc>,
    pub caught_up: bool,
}

/// What a schedule is looked at with.
pub(super) struct Plan<'p> {
    pub timetable: &'p Timetable,
    /// Whether a time counts: not when a calendar leaves it out.
    pub counts: &'p (dyn Fn(DateTime<Utc>) -> bool + Sync),
    /// Everything up to here is settled.
    pub settled: DateTime<Utc>,
    /// Since when times wait for a run to end.
    pub waiting_since: Option<DateTime<Utc>>,
    pub catch_up: CatchUp,
}

impl Plan<'_> {
    /// The times to be announced at `now`, in order.
    pub(super) fn due(&self, now: DateTime<Utc>) -> Vec<Due> {
        let grace = in_time_after(now);
        let cut = self.waiting_since.map_or(grace, |since| since.min(grace)).max(self.settled);
        let (fresh, more) = self.timetable.latest(cut, now, MOST, self.counts);
        let mut due: Vec<Due> = fresh.into_iter().map(|nominal| Due { nominal, caught_up: false }).collect();
        let wanted = match self.catch_up {
            CatchUp::None => 0,
            CatchUp::Last => usize::from(due.is_empty()),
            CatchUp::All => MOST - due.len(),
        };
        if wanted > 0 && !more {
            let (missed, _) = self.timetable.latest(self.settled, cut, wanted, self.counts);
            due.splice(0..0, missed.into_iter().map(|nominal| Due { nominal, caught_up: true }));
        }
        due
    }

    /// The first time after `after` that counts.
    pub(super) fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut times = self.timetable.after(after).map(|time| time.to_utc());
        times.by_ref().take_while(|time| *time - after <= HORIZON).find(|time| (self.counts)(*time))
    }
}

#[cfg(test)]
mod tests {
    use trackside_rules::schedule::Written;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-03-{text}Z").parse().unwrap()
    }

    fn due(cron: &str, settled: &str, now: &str, catch_up: CatchUp, waiting: Option<&str>) -> Vec<String> {
        let timetable = Timetable::read(Written { cron: Some(cron), ..Written::default() }).unwrap();
        let counts = |time: DateTime<Utc>| time != at("07T09:00:00");
        let plan = Plan {
            timetable: &timetable,
            counts: &counts,
            settled: at(settled),
            waiting_since: waiting.map(at),
            catch_up,
        };
        let shown = |due: &Due| format!("{}{}", due.nominal.format("%dT%H:%M"), if due.caught_up { "!" } else { "" });
        plan.due(at(now)).iter().map(shown).collect()
    }

    #[test]
    fn what_is_noticed_at_once_is_in_time_and_the_rest_is_as_the_rule_says() {
        let daily = "0 9 * * *";
        for catch_up in [CatchUp::None, CatchUp::Last, CatchUp::All] {
            assert_eq!(due(daily, "02T08:00:00", "02T09:00:00", catch_up, None), ["02T09:00"]);
            assert_eq!(due(daily, "02T09:00:00", "02T09:00:00", catch_up, None), [""; 0]);
            assert_eq!(due(daily, "02T08:00:00", "02T08:59:59", catch_up, None), [""; 0]);
        }
        assert_eq!(due(daily, "02T09:00:00", "05T10:00:00", CatchUp::None, None), [""; 0]);
        assert_eq!(due(daily, "02T09:00:00", "05T10:00:00", CatchUp::Last, None), ["05T09:00!"]);
        assert_eq!(
            due(daily, "02T09:00:00", "05T10:00:00", CatchUp::All, None),
            ["03T09:00!", "04T09:00!", "05T09:00!"]
        );
        // Where one is in time, the last that was missed is not made up for beside it.
        assert_eq!(due(daily, "02T09:00:00", "05T09:00:10", CatchUp::Last, None), ["05T09:00"]);
        assert_eq!(due(daily, "02T09:00:00", "05T09:00:10", CatchUp::None, None), ["05T09:00"]);
        assert_eq!(due(daily, "03T09:00:00", "05T09:00:10", CatchUp::All, None), ["04T09:00!", "05T09:00"]);
        // The 7th is left out by a calendar.
        assert_eq!(due(daily, "05T09:00:00", "08T08:00:00", CatchUp::Last, None), ["06T09:00!"]);
        assert_eq!(due(daily, "05T09:00:00", "07T09:00:00", CatchUp::None, None), [""; 0]);
    }

    #[test]
    fn times_that_wait_for_a_run_are_not_missed() {
        assert_eq!(
            due("*/10 * * * *", "02T09:00:00", "02T09:35:00", CatchUp::None, Some("02T09:00:00")),
            ["02T09:10", "02T09:20", "02T09:30"]
        );
        assert_eq!(due("*/10 * * * *", "02T09:00:00", "02T09:35:00", CatchUp::None, None), [""; 0]);
    }

    #[test]
    fn what_was_missed_before_others_began_to_wait_was_missed_all_the_same() {
        // Noticed at 09:35, when it had to wait for a run; looked at again at 09:51.
        assert_eq!(
            due("*/10 * * * *", "02T09:10:00", "02T09:51:00", CatchUp::All, Some("02T09:34:00")),
            ["02T09:20!", "02T09:30!", "02T09:40", "02T09:50"]
        );
    }

    #[test]
    fn no_more_are_made_up_for_than_a_hundred() {
        let made_up = due("* * * * *", "02T00:00:00", "04T00:00:00", CatchUp::All, None);
        assert_eq!((made_up.len(), made_up.last().map(String::as_str)), (100, Some("04T00:00")));
        let every_second = due("* * * * * *", "02T00:00:00", "04T00:00:00", CatchUp::None, None);
        assert_eq!(every_second.len(), 60);
    }
}
