//! Whose turn it is, by the clock alone.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use trackside_rules::recurrence::{Frequency, RRule, Recurrence, instant, wall};
use trackside_rules::schedule::{local, zone};

use super::model::Rotation;
use crate::{Error, Result};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// The shortest turn, in seconds.
const SHORTEST: i64 = 900;
/// Turns are counted from the start; so many of a recurrence are.
const MOST: usize = 50_000;

/// A rotation, ready to be asked.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    pub zone: Tz,
    start: NaiveDateTime,
    begins: DateTime<Utc>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Days(i64),
    Seconds(i64),
    Recurs(Box<Recurrence>),
}

/// One turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Which: 0, 1, 2 …
    pub number: i64,
    pub since: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

impl Turns {
    /// Reads a rotation.
    ///
    /// # Errors
    /// `invalid_fields`, at its place.
    pub(super) fn of(rotation: &Rotation) -> Result<Self> {
        let at = |field: &str| format!("/rotation/{field}");
        let zone =
            zone(rotation.tz.as_deref().unwrap_or("UTC")).map_err(|wrong| Error::field(at("tz"), wrong.message))?;
        let start = local("start", &rotation.start, zone).map_err(|wrong| Error::field(at("start"), wrong.message))?;
        let begins = instant(zone, start)
            .ok_or_else(|| Error::field(at("start"), "is a time that the clock of the zone never shows"))?
            .to_utc();
        let kind = match (rotation.every, &rotation.rrule) {
            (Some(every), None) => {
                let seconds = i64::try_from(every.0.as_secs()).unwrap_or(i64::MAX);
                if seconds < SHORTEST {
                    return Err(Error::field(at("every"), "must be at least 15m: nobody takes over more often"));
                }
                if seconds % DAY == 0 { Kind::Days(seconds / DAY) } else { Kind::Seconds(seconds) }
            }
            (None, Some(text)) => {
                let rule: RRule = text.parse().map_err(|message: String| Error::field(at("rrule"), message))?;
                if matches!(rule.freq, Frequency::Hourly | Frequency::Minutely | Frequency::Secondly) {
                    let message = "must be at most daily; write shorter turns as `every`";
                    return Err(Error::field(at("rrule"), message));
                }
                Kind::Recurs(Box::new(Recurrence::new(rule, start, zone)))
            }
            _ => return Err(Error::field("/rotation", "must have one of `every` and `rrule`")),
        };
        Ok(Self { zone, start, begins, kind })
    }

    /// The turn at a moment; none before the first.
    pub(super) fn at(&self, at: DateTime<Utc>) -> Option<Turn> {
        if at < self.begins {
            return None;
        }
        match &self.kind {
            Kind::Seconds(seconds) => {
                let number = (at - self.begins).num_seconds().div_euclid(*seconds);
                let moment = |number: i64| Some(self.begins + TimeDelta::try_seconds(number.checked_mul(*seconds)?)?);
                Some(Turn { number, since: moment(number)?, until: moment(number + 1) })
            }
            Kind::Days(days) => {
                let moment = |number: i64| {
                    let local = self.start.checked_add_signed(TimeDelta::try_days(number.checked_mul(*days)?)?)?;
                    Some(instant(self.zone, local)?.to_utc())
                };
                let passed = wall(self.zone, at) - self.start;
                let mut number = passed.num_seconds().div_euclid(days * DAY).max(0);
                // Where clocks are changed, the wall shows an hour twice, or not at all.
                while number > 0 && moment(number)? > at {
                    number -= 1;
                }
                while moment(number + 1).is_some_and(|next| next <= at) {
                    number += 1;
                }
                Some(Turn { number, since: moment(number)?, until: moment(number + 1) })
            }
            Kind::Recurs(recurrence) => {
                let (mut turn, mut after) = (Turn { number: 0, since: self.begins, until: None }, 0);
                for time in recurrence.after(self.begins).map(|time| time.to_utc()) {
                    if time > at || after >= MOST {
                        turn.until = Some(time);
                        break;
                    }
                    after += 1;
                    (turn.number, turn.since) = (turn.number + 1, time);
                }
                Some(turn)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn turns(every: Option<&str>, rrule: Option<&str>, start: &str, tz: &str) -> Turns {
        let every = every.map(|every| every.parse().unwrap());
        Turns::of(&Rotation { start: start.into(), tz: Some(tz.into()), every, rrule: rrule.map(str::to_owned) })
            .unwrap()
    }

    #[test]
    fn who_takes_over_at_nine_does_so_in_summer_too() {
        let weekly = turns(Some("1w"), None, "2026-03-16T09:00:00", "Europe/Berlin");
        assert_eq!(weekly.at(at("2026-03-16T07:59:59Z")), None);
        let turn = weekly.at(at("2026-03-23T08:00:00Z")).unwrap();
        assert_eq!((turn.number, turn.since), (1, at("2026-03-23T08:00:00Z")));
        // The clocks are put forward on the 29th.
        assert_eq!(turn.until, Some(at("2026-03-30T07:00:00Z")));
        assert_eq!(weekly.at(at("2026-03-30T06:59:59Z")).unwrap().number, 1);
        assert_eq!(weekly.at(at("2026-03-30T07:00:00Z")).unwrap().number, 2);
        let recurs = turns(None, Some("FREQ=WEEKLY;BYDAY=MO"), "2026-03-16T09:00:00", "Europe/Berlin");
        for moment in ["2026-03-16T08:00:00Z", "2026-03-29T12:00:00Z", "2026-03-30T07:00:00Z", "2027-01-04T08:00:00Z"] {
            assert_eq!(recurs.at(at(moment)), weekly.at(at(moment)), "{moment}");
        }
    }

    #[test]
    fn short_turns_go_by_the_time_that_passes() {
        let halves = turns(Some("12h"), None, "2026-03-28T20:00:00", "Europe/Berlin");
        let turn = halves.at(at("2026-03-29T07:00:00Z")).unwrap();
        assert_eq!(
            (turn.number, turn.since, turn.until),
            (1, at("2026-03-29T07:00:00Z"), Some(at("2026-03-29T19:00:00Z")))
        );
    }

    #[test]
    fn what_is_no_rotation_says_why() {
        let wrong = |every: Option<&str>, rrule: Option<&str>, start: &str, tz: &str| {
            let every = every.map(|every| every.parse().unwrap());
            let rotation =
                Rotation { start: start.into(), tz: Some(tz.into()), every, rrule: rrule.map(str::to_owned) };
            Turns::of(&rotation).unwrap_err().fields[0].pointer.clone()
        };
        assert_eq!(wrong(Some("1d"), None, "tomorrow", "UTC"), "/rotation/start");
        assert_eq!(wrong(Some("1d"), None, "2026-03-28T20:00:00", "Mars/Base"), "/rotation/tz");
        assert_eq!(wrong(Some("1m"), None, "2026-03-28T20:00:00", "UTC"), "/rotation/every");
        assert_eq!(wrong(None, Some("FREQ=HOURLY"), "2026-03-28T20:00:00", "UTC"), "/rotation/rrule");
        assert_eq!(wrong(None, None, "2026-03-28T20:00:00", "UTC"), "/rotation");
    }
}
