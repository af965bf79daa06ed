//! From a rule and its start to times on the wall clock.
//!
//! The rule goes from period to period (years, months, weeks …). Of each it finds the days that match and the times of
//! day, and walks through all pairs without writing them down: a rule may name every second of a year.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};

use super::{Frequency, RRule, Until};

/// The search gives up after so many days (of the finer frequencies: hours, minutes or seconds) without a match. The
/// calendar repeats after 146,097 days, so what steps by single days or months and has not matched by then never will.
const PATIENCE: u32 = 150_000;
/// And after so many altogether, which is more than the days up to the last year.
const ENDURANCE: u32 = 4_000_000;
/// No time lies in a later year.
const LAST_YEAR: i32 = 9999;
/// How long before `near` a search begins: what the zone does to times is less.
const MARGIN: TimeDelta = TimeDelta::days(2);

/// The times of a rule on the wall clock, in order, each once.
pub struct Walls<'r> {
    rule: &'r RRule,
    start: NaiveDateTime,
    /// Nothing earlier is given.
    floor: NaiveDateTime,
    months: Vec<i64>,
    month_days: Vec<i64>,
    days: Vec<(Option<i64>, Weekday)>,
    /// Which period comes next; 0 is the one of the start.
    period: i64,
    /// The days of the period at hand, and the times of a day.
    dates: Vec<NaiveDate>,
    times: Vec<NaiveTime>,
    /// Of all pairs of a date and a time, in order, those that `BYSETPOS` picks.
    picks: Option<Vec<usize>>,
    at: usize,
    left: Option<u32>,
    patience: u32,
    endurance: u32,
}

impl<'r> Walls<'r> {
    /// The times of `rule` from `start` on; those long before `near` may be passed over.
    pub(super) fn new(rule: &'r RRule, start: NaiveDateTime, near: Option<NaiveDateTime>) -> Self {
        let start = start.with_nanosecond(0).unwrap_or(start);
        let bare = rule.by_week_number.is_empty()
            && rule.by_year_day.is_empty()
            && rule.by_month_day.is_empty()
            && rule.by_day.is_empty();
        let (mut months, mut month_days, mut days) =
            (rule.by_month.clone(), rule.by_month_day.clone(), rule.by_day.clone());
        match rule.freq {
            Frequency::Yearly if bare => {
                if months.is_empty() {
                    months = vec![i64::from(start.month())];
                }
                month_days = vec![i64::from(start.day())];
            }
            Frequency::Monthly if bare => month_days = vec![i64::from(start.day())],
            Frequency::Weekly if bare => days = vec![(None, start.weekday())],
            _ => {}
        }
        let near = near.filter(|_| rule.count.is_none()).and_then(|near| near.checked_sub_signed(MARGIN));
        let floor = near.map_or(start, |near| near.max(start));
        let mut walls = Self {
            rule,
            start,
            floor,
            months,
            month_days,
            days,
            period: 0,
            dates: Vec::new(),
            times: Vec::new(),
            picks: None,
            at: 0,
            left: rule.count,
            patience: PATIENCE,
            endurance: ENDURANCE,
        };
        walls.period = walls.periods_to(floor).div_euclid(rule.interval).max(0);
        if rule.freq <= Frequency::Daily {
            walls.times = walls.times_of_day();
        }
        walls
    }

    /// How many periods of the frequency lie between the start and `time`, whatever the interval.
    fn periods_to(&self, time: NaiveDateTime) -> i64 {
        let years = i64::from(time.year()) - i64::from(self.start.year());
        match self.rule.freq {
            Frequency::Yearly => years,
            Frequency::Monthly => years * 12 + i64::from(time.month()) - i64::from(self.start.month()),
            Frequency::Weekly => (time.date() - self.week_of(self.start.date())).num_days().div_euclid(7),
            Frequency::Daily => (time.date() - self.start.date()).num_days(),
            unit => (time - self.first_of_unit()).num_seconds().div_euclid(seconds(unit)),
        }
    }

    /// The start without what is finer than its unit.
    fn first_of_unit(&self) -> NaiveDateTime {
        let finer = match self.rule.freq {
            Frequency::Hourly => i64::from(self.start.minute()) * 60 + i64::from(self.start.second()),
            Frequency::Minutely => i64::from(self.start.second()),
            _ => 0,
        };
        self.start - TimeDelta::seconds(finer)
    }

    fn week_of(&self, date: NaiveDate) -> NaiveDate {
        let past = date.weekday().days_since(self.rule.week_start);
        date.checked_sub_signed(TimeDelta::days(i64::from(past))).unwrap_or(date)
    }

    fn times_of_day(&self) -> Vec<NaiveTime> {
        let RRule { by_hour, by_minute, by_second, .. } = self.rule;
        let or = |by: &Vec<i64>, own: u32| if by.is_empty() { vec![i64::from(own)] } else { by.clone() };
        let time = self.start.time();
        let (hours, minutes) = (or(by_hour, time.hour()), or(by_minute, time.minute()));
        cross(&hours, &minutes, &or(by_second, time.second()))
    }

    /// Goes to the next period; false when there is none.
    fn advance(&mut self) -> bool {
        self.dates.clear();
        self.at = 0;
        if self.rule.freq <= Frequency::Daily { self.advance_by_days() } else { self.advance_within_days() }
    }

    fn advance_by_days(&mut self) -> bool {
        let Some(step) = self.period.checked_mul(self.rule.interval) else { return false };
        let Some((first, last)) = self.bounds(step) else { return false };
        self.period += 1;
        let mut date = first;
        let mut seen = 0;
        while date <= last {
            if !self.months.is_empty() && !self.months.contains(&i64::from(date.month())) {
                let next = next_month(date);
                seen += 1;
                date = next;
                continue;
            }
            if self.matches(date) {
                self.dates.push(date);
            }
            seen += 1;
            date = date.succ_opt().unwrap_or(NaiveDate::MAX);
        }
        self.tire(seen);
        self.pick();
        true
    }

    fn tire(&mut self, seen: u32) {
        self.patience = self.patience.saturating_sub(seen);
        self.endurance = self.endurance.saturating_sub(seen);
    }

    /// The first and last day of the period that lies `step` units after the start's.
    fn bounds(&self, step: i64) -> Option<(NaiveDate, NaiveDate)> {
        let start = self.start.date();
        let (first, last) = match self.rule.freq {
            Frequency::Yearly => {
                let year = i32::try_from(i64::from(start.year()).checked_add(step)?).ok()?;
                (NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?)
            }
            Frequency::Monthly => {
                let month = (i64::from(start.year()) * 12 + i64::from(start.month0())).checked_add(step)?;
                let (year, month) = (i32::try_from(month.div_euclid(12)).ok()?, month.rem_euclid(12) + 1);
                let first = NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, 1)?;
                (first, next_month(first).pred_opt()?)
            }
            Frequency::Weekly => {
                let first = self.week_of(start).checked_add_signed(TimeDelta::try_days(step.checked_mul(7)?)?)?;
                (first, first.checked_add_signed(TimeDelta::days(6))?)
            }
            _ => {
                let day = start.checked_add_signed(TimeDelta::try_days(step)?)?;
                (day, day)
            }
        };
        (first.year() <= LAST_YEAR).then_some((first, last))
    }

    fn advance_within_days(&mut self) -> bool {
        let unit = seconds(self.rule.freq);
        let Some(step) = self.period.checked_mul(self.rule.interval).and_then(|step| step.checked_mul(unit)) else {
            return false;
        };
        let time = TimeDelta::try_seconds(step).and_then(|step| self.first_of_unit().checked_add_signed(step));
        let Some(time) = time.filter(|time| time.year() <= LAST_YEAR) else { return false };
        self.tire(1);
        // Whatever does not match is left as a whole: the day, the hour, the minute.
        let has = |by: &[i64], value: u32| by.is_empty() || by.contains(&i64::from(value));
        let month = has(&self.months, time.month());
        let (hour, minute) = (has(&self.rule.by_hour, time.hour()), has(&self.rule.by_minute, time.minute()));
        let within = if !month || !self.matches(time.date()) {
            Some((i64::from(time.num_seconds_from_midnight()), 86_400))
        } else if !hour {
            Some((i64::from(time.minute() * 60 + time.second()), 3_600))
        } else if self.rule.freq == Frequency::Secondly && !minute {
            Some((i64::from(time.second()), 60))
        } else {
            None
        };
        if let Some((past, whole)) = within {
            let (left, stride) = (whole - past, unit.saturating_mul(self.rule.interval));
            self.period += (left + stride - 1).div_euclid(stride).max(1);
            return true;
        }
        self.period += 1;
        let RRule { by_minute, by_second, .. } = self.rule;
        let or = |by: &Vec<i64>, own: u32| if by.is_empty() { vec![i64::from(own)] } else { by.clone() };
        let only = |by: &[i64], own: u32| if has(by, own) { vec![i64::from(own)] } else { Vec::new() };
        let minutes = match self.rule.freq {
            Frequency::Hourly => or(by_minute, self.start.minute()),
            _ => only(by_minute, time.minute()),
        };
        let seconds = match self.rule.freq {
            Frequency::Secondly => only(by_second, time.second()),
            _ => or(by_second, self.start.second()),
        };
        self.times = cross(&[i64::from(time.hour())], &minutes, &seconds);
        self.dates.push(time.date());
        self.pick();
        true
    }

    fn matches(&self, date: NaiveDate) -> bool {
        let in_month = i64::from(next_month(date).pred_opt().map_or(31, |last| last.day()));
        let day = i64::from(date.day());
        let in_year = if date.leap_year() { 366 } else { 365 };
        let ordinal = i64::from(date.ordinal());
        let either = |by: &[i64], value: i64, count: i64| {
            by.is_empty() || by.contains(&value) || by.contains(&(value - count - 1))
        };
        // In a year, numbers count through the year; with months, through each of them.
        let through_month = self.rule.freq == Frequency::Monthly || !self.rule.by_month.is_empty();
        let (place, count) = if through_month { (day, in_month) } else { (ordinal, in_year) };
        let (forward, backward) = ((place - 1) / 7 + 1, -((count - place) / 7 + 1));
        either(&self.month_days, day, in_month)
            && either(&self.rule.by_year_day, ordinal, in_year)
            && (self.days.is_empty()
                || self.days.iter().any(|(number, weekday)| {
                    *weekday == date.weekday() && number.is_none_or(|number| number == forward || number == backward)
                }))
            && (self.rule.by_week_number.is_empty() || self.in_weeks(date))
    }

    /// Whether the date's week is one of `BYWEEKNO`. Week 1 is the first with four days in the year.
    fn in_weeks(&self, date: NaiveDate) -> bool {
        let first = |year: i32| NaiveDate::from_ymd_opt(year, 1, 4).map(|fourth| self.week_of(fourth));
        let mut year = date.year();
        if first(year).is_some_and(|first| date < first) {
            year -= 1;
        } else if first(year + 1).is_some_and(|next| date >= next) {
            year += 1;
        }
        let (Some(begins), Some(ends)) = (first(year), first(year + 1)) else { return false };
        let (week, weeks) = ((date - begins).num_days() / 7 + 1, (ends - begins).num_days() / 7);
        self.rule.by_week_number.iter().any(|number| *number == week || *number == week - weeks - 1)
    }

    /// Finds what `BYSETPOS` picks, and passes over what lies before the floor.
    fn pick(&mut self) {
        let total = self.dates.len() * self.times.len();
        self.picks = (!self.rule.by_position.is_empty()).then(|| {
            let place = |position: &i64| match position {
                1.. => usize::try_from(position - 1).ok().filter(|at| *at < total),
                _ => total.checked_sub(usize::try_from(-position).ok()?),
            };
            let mut picks: Vec<usize> = self.rule.by_position.iter().filter_map(place).collect();
            picks.sort_unstable();
            picks.dedup();
            picks
        });
        let (mut low, mut high) = (0, self.picks.as_ref().map_or(total, Vec::len));
        while low < high {
            let middle = (low + high) / 2;
            if self.pair(middle).is_some_and(|time| time < self.floor) { low = middle + 1 } else { high = middle }
        }
        self.at = low;
    }

    fn pair(&self, at: usize) -> Option<NaiveDateTime> {
        let index = match &self.picks {
            Some(picks) => *picks.get(at)?,
            None => at,
        };
        let date = self.dates.get(index.checked_div(self.times.len())?)?;
        Some(date.and_time(*self.times.get(index % self.times.len())?))
    }
}

impl Iterator for Walls<'_> {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        if self.left == Some(0) {
            return None;
        }
        let time = loop {
            if let Some(time) = self.pair(self.at) {
                break time;
            }
            if self.patience == 0 || self.endurance == 0 || !self.advance() {
                return None;
            }
        };
        self.at += 1;
        self.patience = PATIENCE;
        if let Some(Until::Wall(until)) = self.rule.until
            && time > until
        {
            self.left = Some(0);
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(time)
    }
}

fn seconds(unit: Frequency) -> i64 {
    match unit {
        Frequency::Hourly => 3_600,
        Frequency::Minutely => 60,
        _ => 1,
    }
}

fn next_month(date: NaiveDate) -> NaiveDate {
    let (year, month) = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(NaiveDate::MAX)
}

/// Every time of these hours, minutes and seconds, which are sorted.
fn cross(hours: &[i64], minutes: &[i64], seconds: &[i64]) -> Vec<NaiveTime> {
    let mut times = Vec::with_capacity(hours.len() * minutes.len() * seconds.len());
    for hour in hours {
        for minute in minutes {
            let whole = hour * 3_600 + minute * 60;
            let all = seconds.iter().filter_map(|second| u32::try_from(whole + second).ok());
            times.extend(all.filter_map(|second| NaiveTime::from_num_seconds_from_midnight_opt(second, 0)));
        }
    }
    times
}
