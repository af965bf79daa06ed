//! A cron line: which days it names, and which times of them, on the wall clock.
//!
//! The fields are read by the crate `cron`, whose days of the week begin with 1 for Sunday; they are put into its words
//! here, so that 1 is Monday, as in every crontab. What the crate does not know is read here: `L`, `W`, `#`, and that a day
//! of the month and a day of the week, both given, mean either. It is not asked for times, because it knows but one answer
//! for days on which clocks are changed.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use cron::{Schedule, TimeUnitSpec};

/// Days after which the calendar repeats: what has not come by then never comes.
const PATIENCE: u32 = 146_097;
/// No time lies in a later year.
const LAST_YEAR: i32 = 9999;
/// The longest line, in bytes.
const MAX_TEXT: usize = 500;
/// The fields of a line: what each is called, what may stand in it, and a line that has only it.
const FIELDS: [(&str, &str); 6] = [
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, `L`, `L-3`, `15W` or `LW`"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day of the week", "0 to 7 (0 and 7 are Sunday), SUN to SAT, `1#2` or `5L`"),
];
const SHORT: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A line, as it was read.
#[derive(Debug, Clone)]
pub struct Cron {
    fields: Schedule,
    /// Whether the crate's days of the month count: not when there are only days such as `L`.
    plain_month_days: bool,
    month_days: Vec<MonthDay>,
    plain_week_days: bool,
    week_days: Vec<WeekDay>,
    /// Whether one of a day of the month and a day of the week is enough.
    either: bool,
    /// Whether the minute or the hour begins with `*`.
    elapsed: bool,
}

/// A day of the month that depends on the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MonthDay {
    /// So many days before its last.
    FromEnd(u32),
    /// The day from Monday to Friday that is nearest to this one, in the same month.
    Near(u32),
    /// The last day from Monday to Friday.
    LastWeekday,
}

/// A day of the week, from 0 for Sunday, at a place in the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WeekDay {
    day: u32,
    /// The so many-th; the last when none.
    place: Option<u32>,
}

impl std::str::FromStr for Cron {
    type Err = String;

    /// Reads five fields (minute, hour, day of the month, month, day of the week), six with the second before them, or one of
    /// the words such as `@daily`. The error says what is wrong and what to write.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("The line has {} bytes; at most {MAX_TEXT} are allowed.", text.len()));
        }
        let text = text.trim().to_ascii_lowercase();
        let text = match text.starts_with('@') {
            true => SHORT.iter().find(|(word, _)| *word == text).map(|(_, line)| *line).ok_or_else(|| {
                let words: Vec<_> = SHORT.iter().map(|(word, _)| *word).collect();
                format!("`{text}` is none of {}.", words.join(", "))
            })?,
            false => &text,
        };
        let mut parts: Vec<&str> = text.split_whitespace().collect();
        if parts.len() == 5 {
            parts.insert(0, "0");
        }
        let [second, minute, hour, month_day, month, week_day] = parts[..] else {
            return Err(format!(
                "A cron line has five fields (minute, hour, day of the month, month, day of the week), or six with the \
                 second before them; this one has {}.",
                parts.len()
            ));
        };
        let (plain_month_day, month_days) = read_month_days(month_day)?;
        let (plain_week_day, week_days) = read_week_days(week_day)?;
        let usual = |plain: &Option<String>| plain.clone().unwrap_or_else(|| "*".to_owned());
        let line = [
            second.to_owned(),
            minute.to_owned(),
            hour.to_owned(),
            usual(&plain_month_day),
            month.to_owned(),
            usual(&plain_week_day),
        ];
        for (at, part) in line.iter().enumerate() {
            check(at, part, parts[at])?;
        }
        let fields = line.join(" ").parse::<Schedule>().map_err(|_| format!("`{text}` is no cron line."))?;
        let starred = |part: &str| part.starts_with(['*', '?']);
        let cron = Self {
            fields,
            plain_month_days: plain_month_day.is_some(),
            month_days,
            plain_week_days: plain_week_day.is_some(),
            week_days,
            either: !starred(month_day) && !starred(week_day),
            elapsed: starred(minute) || starred(hour),
        };
        // From the first year of a cycle of the calendar on: what is not found is never.
        match cron.walls(NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN)).next() {
            Some(_) => Ok(cron),
            None => Err("It never comes: none of its months has such a day.".to_owned()),
        }
    }
}

/// Whether the crate takes this field, alone.
fn check(at: usize, part: &str, written: &str) -> Result<(), String> {
    let (name, allowed) = FIELDS[at];
    let wrong = || {
        format!(
            "`{written}` is no {name}; write {allowed}, `*`, a list with `,`, a range with `-`, or a step with `/`."
        )
    };
    if !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?,-/".contains(&byte)) {
        return Err(wrong());
    }
    let mut line = ["*"; 6];
    line[at] = part;
    line.join(" ").parse::<Schedule>().map(drop).map_err(|_| wrong())
}

/// The days of the month that the crate reads, if there are any, and the others.
fn read_month_days(field: &str) -> Result<(Option<String>, Vec<MonthDay>), String> {
    let (mut plain, mut others) = (Vec::new(), Vec::new());
    for item in field.split(',') {
        let number = |text: &str, least: u32, most: u32| {
            let number = text.parse::<u32>().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("`{item}` is no day of the month; write {}.", FIELDS[3].1))
        };
        match item {
            "l" => others.push(MonthDay::FromEnd(0)),
            "lw" | "wl" => others.push(MonthDay::LastWeekday),
            _ => match (item.strip_prefix("l-"), item.strip_suffix('w')) {
                (Some(before), _) => others.push(MonthDay::FromEnd(number(before, 0, 30)?)),
                (_, Some(day)) => others.push(MonthDay::Near(number(day, 1, 31)?)),
                (None, None) => plain.push(item),
            },
        }
    }
    Ok(((!plain.is_empty()).then(|| plain.join(",")), others))
}

/// The days of the week as the crate counts them, if there are any plain ones, and the others.
fn read_week_days(field: &str) -> Result<(Option<String>, Vec<WeekDay>), String> {
    let wrong = |item: &str| format!("`{item}` is no day of the week; write {}.", FIELDS[5].1);
    let (mut plain, mut others) = ([false; 7], Vec::new());
    let mut any = false;
    for item in field.split(',') {
        if let Some((day, place)) = item.split_once('#') {
            let place = place.parse().ok().filter(|place| (1..=5).contains(place)).ok_or_else(|| wrong(item))?;
            others.push(WeekDay { day: week_day(day).ok_or_else(|| wrong(item))? % 7, place: Some(place) });
        } else if let Some(day) = item.strip_suffix('l') {
            others.push(WeekDay { day: week_day(day).ok_or_else(|| wrong(item))? % 7, place: None });
        } else {
            any = true;
            week_range(item, &mut plain).ok_or_else(|| wrong(item))?;
        }
    }
    if !any {
        return Ok((None, others));
    }
    let days: Vec<String> =
        (1..).zip(plain).filter(|(_, named)| *named).map(|(day, _): (u32, _)| day.to_string()).collect();
    Ok((Some(if days.len() == 7 { "*".to_owned() } else { days.join(",") }), others))
}

/// Notes the days of `1`, `mon-fri`, `*/2`, `1-5/2`. None when it is no such thing.
fn week_range(item: &str, named: &mut [bool; 7]) -> Option<()> {
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| (1..=7).contains(step))?)),
        None => (item, None),
    };
    let (first, last) = match range.split_once('-') {
        _ if matches!(range, "*" | "?") => (0, 6),
        // Sunday may end a week as well as begin it.
        Some((first, last)) => (week_day(first)?, week_day(last).map(|last| if last == 0 { 7 } else { last })?),
        None if step.is_some() => (week_day(range)?, 7),
        None => (week_day(range)?, week_day(range)?),
    };
    if first > last {
        return None;
    }
    (first..=last).step_by(step.unwrap_or(1)).for_each(|day| named[day as usize % 7] = true);
    Some(())
}

/// From 0 for Sunday to 7 for the Sunday after.
fn week_day(text: &str) -> Option<u32> {
    match text.as_bytes() {
        [digit @ b'0'..=b'7'] => Some(u32::from(digit - b'0')),
        _ => {
            let at = WEEKDAYS.iter().position(|name| *name == text)?;
            u32::try_from(at).ok()
        }
    }
}

impl Cron {
    /// Whether it goes on with the time that passes rather than with the wall clock: its minute or hour begins with `*`.
    pub(super) fn is_elapsed(&self) -> bool {
        self.elapsed
    }

    /// The times on the wall clock from `from` on, in order, each once.
    pub(super) fn walls(&self, from: NaiveDateTime) -> Walls<'_> {
        // What is finer than a second has passed.
        let from = match from.with_nanosecond(0) {
            Some(whole) if whole == from => Some(whole),
            Some(whole) => whole.checked_add_signed(chrono::TimeDelta::seconds(1)),
            None => None,
        };
        Walls { cron: self, next: from }
    }

    fn names(&self, date: NaiveDate) -> bool {
        let Some(last) = last_of_month(date) else { return false };
        let month_day = self.plain_month_days && self.fields.days_of_month().includes(date.day())
            || self.month_days.iter().any(|day| day.is(date, last));
        let number = date.weekday().num_days_from_sunday();
        let week_day = self.plain_week_days && self.fields.days_of_week().includes(number + 1)
            || self.week_days.iter().any(|day| day.is(date, last));
        if self.either { month_day || week_day } else { month_day && week_day }
    }

    /// The first day from `date` on that it names.
    fn day_from(&self, mut date: NaiveDate) -> Option<NaiveDate> {
        let mut left = PATIENCE;
        while left > 0 && date.year() <= LAST_YEAR {
            if !self.fields.months().includes(date.month()) {
                let end = last_of_month(date)?;
                left = left.saturating_sub(end.day() - date.day() + 1);
                date = end.succ_opt()?;
                continue;
            }
            if self.names(date) {
                return Some(date);
            }
            left -= 1;
            date = date.succ_opt()?;
        }
        None
    }

    /// The first time of day from `from` on.
    fn time_from(&self, from: NaiveTime) -> Option<NaiveTime> {
        let (hours, minutes, seconds) = (self.fields.hours(), self.fields.minutes(), self.fields.seconds());
        for hour in hours.range(from.hour()..) {
            let minute = if hour == from.hour() { from.minute() } else { 0 };
            for minute in minutes.range(minute..) {
                let same = (hour, minute) == (from.hour(), from.minute());
                if let Some(second) = seconds.range(if same { from.second() } else { 0 }..).next() {
                    return NaiveTime::from_hms_opt(hour, minute, second);
                }
            }
        }
        None
    }
}

impl MonthDay {
    fn is(self, date: NaiveDate, last: NaiveDate) -> bool {
        match self {
            Self::FromEnd(before) => date.day() + before == last.day(),
            Self::LastWeekday => near(last, last) == Some(date),
            Self::Near(day) => date.with_day(day).and_then(|day| near(day, last)) == Some(date),
        }
    }
}

impl WeekDay {
    fn is(self, date: NaiveDate, last: NaiveDate) -> bool {
        date.weekday().num_days_from_sunday() == self.day
            && match self.place {
                Some(place) => date.day0() / 7 + 1 == place,
                None => date.day() + 7 > last.day(),
            }
    }
}

/// The day from Monday to Friday nearest to `day` in its month, which ends with `last`.
fn near(day: NaiveDate, last: NaiveDate) -> Option<NaiveDate> {
    match day.weekday().num_days_from_monday() {
        5 if day.day() == 1 => day.checked_add_days(Days::new(2)),
        5 => day.pred_opt(),
        6 if day == last => day.checked_sub_days(Days::new(2)),
        6 => day.succ_opt(),
        _ => Some(day),
    }
}

fn last_of_month(date: NaiveDate) -> Option<NaiveDate> {
    let next = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    NaiveDate::from_ymd_opt(next.0, next.1, 1)?.pred_opt()
}

/// The times of a line on the wall clock.
pub(super) struct Walls<'c> {
    cron: &'c Cron,
    /// Nothing earlier comes.
    next: Option<NaiveDateTime>,
}

impl Iterator for Walls<'_> {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        let from = self.next.take()?;
        let mut date = self.cron.day_from(from.date())?;
        let start = if date == from.date() { from.time() } else { NaiveTime::MIN };
        let time = match self.cron.time_from(start) {
            Some(time) => time,
            None => {
                date = self.cron.day_from(date.succ_opt()?)?;
                self.cron.time_from(NaiveTime::MIN)?
            }
        };
        let found = date.and_time(time);
        self.next = found.checked_add_signed(chrono::TimeDelta::seconds(1));
        Some(found)
    }
}
