//! Reading a rule. What is wrong is said part by part.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use super::{Frequency, MAX_TEXT, RRule, Until};

/// The largest `INTERVAL` and `COUNT`.
const MAX_NUMBER: i64 = 100_000;

impl FromStr for RRule {
    type Err = String;

    /// Reads `FREQ=WEEKLY;BYDAY=MO`, also behind `RRULE:`. The error is a sentence.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("is longer than {MAX_TEXT} bytes"));
        }
        let body = text.trim();
        let body = body.get(..6).filter(|head| head.eq_ignore_ascii_case("RRULE:")).map_or(body, |_| &body[6..]);
        if body.is_empty() {
            return Err("is empty; write a rule such as FREQ=WEEKLY;BYDAY=MO".into());
        }
        let mut rule = Self::bare();
        let mut seen: Vec<String> = Vec::new();
        for part in body.trim_end_matches(';').split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| {
                format!("`{}` is no part of a rule; each is NAME=VALUE, parted by semicolons", short(part))
            })?;
            let name = name.trim().to_ascii_uppercase();
            if seen.contains(&name) {
                return Err(format!("says {} twice", short(&name)));
            }
            rule.take(&name, value.trim()).map_err(|what| format!("{}: {what}", short(&name)))?;
            seen.push(name);
        }
        if !seen.iter().any(|name| name == "FREQ") {
            return Err("has no FREQ; say how often, such as FREQ=DAILY".into());
        }
        rule.check().map(|()| rule)
    }
}

impl RRule {
    fn bare() -> Self {
        Self {
            freq: Frequency::Yearly,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Mon,
            by_month: Vec::new(),
            by_week_number: Vec::new(),
            by_year_day: Vec::new(),
            by_month_day: Vec::new(),
            by_day: Vec::new(),
            by_hour: Vec::new(),
            by_minute: Vec::new(),
            by_second: Vec::new(),
            by_position: Vec::new(),
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "FREQ" => self.freq = frequency(value)?,
            "INTERVAL" => self.interval = number(value, 1, MAX_NUMBER)?,
            "COUNT" => self.count = Some(u32::try_from(number(value, 1, MAX_NUMBER)?).map_err(|_| String::new())?),
            "UNTIL" => self.until = Some(until(value)?),
            "WKST" => self.week_start = weekday(value)?,
            "BYMONTH" => self.by_month = list(value, 1, 12, false)?,
            "BYWEEKNO" => self.by_week_number = list(value, 1, 53, true)?,
            "BYYEARDAY" => self.by_year_day = list(value, 1, 366, true)?,
            "BYMONTHDAY" => self.by_month_day = list(value, 1, 31, true)?,
            "BYDAY" => self.by_day = value.split(',').map(day).collect::<Result<_, _>>()?,
            "BYHOUR" => self.by_hour = list(value, 0, 23, false)?,
            "BYMINUTE" => self.by_minute = list(value, 0, 59, false)?,
            // A leap second is the second before it: no clock here knows one.
            "BYSECOND" => self.by_second = list(value, 0, 60, false)?.into_iter().map(|it| it.min(59)).collect(),
            "BYSETPOS" => self.by_position = list(value, 1, 366, true)?,
            "DTSTART" => return Err("belongs in `dtstart`, not in the rule".into()),
            "BYEASTER" => return Err("is no part of RFC 5545 and is not known here".into()),
            _ => {
                return Err("is no part of a rule; there are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYWEEKNO, \
                            BYYEARDAY, BYMONTHDAY, BYDAY, BYHOUR, BYMINUTE, BYSECOND and BYSETPOS"
                    .into());
            }
        }
        for by in [&mut self.by_hour, &mut self.by_minute, &mut self.by_second] {
            by.sort_unstable();
            by.dedup();
        }
        Ok(())
    }

    /// What the parts forbid each other, by section 3.3.10.
    fn check(&self) -> Result<(), String> {
        if self.count.is_some() && self.until.is_some() {
            return Err("has both COUNT and UNTIL; say only one".into());
        }
        let within = |name: &str, bad: bool, why: &str| if bad { Err(format!("{name}: {why}")) } else { Ok(()) };
        let numbered = self.by_day.iter().any(|(number, _)| number.is_some());
        within(
            "BYDAY",
            numbered && self.freq > Frequency::Monthly,
            "may have numbers (1MO) only with FREQ=MONTHLY or YEARLY",
        )?;
        within("BYDAY", numbered && !self.by_week_number.is_empty(), "may have no numbers beside BYWEEKNO")?;
        let (yearly, days) = (self.freq == Frequency::Yearly, !self.by_year_day.is_empty());
        within("BYWEEKNO", !self.by_week_number.is_empty() && !yearly, "goes only with FREQ=YEARLY")?;
        let between = matches!(self.freq, Frequency::Monthly | Frequency::Weekly | Frequency::Daily);
        within("BYYEARDAY", days && between, "does not go with FREQ=DAILY, WEEKLY or MONTHLY")?;
        let weekly = self.freq == Frequency::Weekly;
        within("BYMONTHDAY", !self.by_month_day.is_empty() && weekly, "does not go with FREQ=WEEKLY")?;
        let others = [&self.by_month, &self.by_week_number, &self.by_year_day, &self.by_month_day];
        let times = [&self.by_hour, &self.by_minute, &self.by_second];
        let none = self.by_day.is_empty() && others.iter().chain(&times).all(|by| by.is_empty());
        within("BYSETPOS", !self.by_position.is_empty() && none, "picks from what another BY… part says; give one")
    }
}

fn frequency(text: &str) -> Result<Frequency, String> {
    Ok(match text.to_ascii_uppercase().as_str() {
        "YEARLY" => Frequency::Yearly,
        "MONTHLY" => Frequency::Monthly,
        "WEEKLY" => Frequency::Weekly,
        "DAILY" => Frequency::Daily,
        "HOURLY" => Frequency::Hourly,
        "MINUTELY" => Frequency::Minutely,
        "SECONDLY" => Frequency::Secondly,
        _ => {
            let known = "YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY";
            return Err(format!("`{}` is none of {known}", short(text)));
        }
    })
}

fn number(text: &str, least: i64, most: i64) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let found = text.parse().ok().filter(|number| plain && (least..=most).contains(number));
    found.ok_or_else(|| format!("`{}` must be a whole number, {least} to {most}", short(text)))
}

/// Numbers parted by commas; with `signed` also counted from the end.
fn list(text: &str, least: i64, most: i64, signed: bool) -> Result<Vec<i64>, String> {
    let one = |text: &str| match number(text.trim(), -most, most) {
        Ok(found) if (least..=most).contains(&found) || (signed && (least..=most).contains(&-found)) => Ok(found),
        _ if signed => Err(format!("`{}` must be {least} to {most}, or -{most} to -{least}", short(text))),
        _ => Err(format!("`{}` must be {least} to {most}", short(text))),
    };
    text.split(',').map(one).collect()
}

fn weekday(text: &str) -> Result<Weekday, String> {
    Ok(match text.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return Err(format!("`{}` is none of MO, TU, WE, TH, FR, SA, SU", short(text))),
    })
}

/// `MO`, `2MO`, `-1FR`.
fn day(text: &str) -> Result<(Option<i64>, Weekday), String> {
    let text = text.trim();
    let split = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at));
    let (number, word) = text.split_at(split.ok_or_else(|| format!("`{}` is no day such as MO or 2MO", short(text)))?);
    let word = weekday(word)?;
    if number.is_empty() {
        return Ok((None, word));
    }
    let [number] = list(number, 1, 53, true)?[..] else { return Err(format!("`{}` is no day", short(text))) };
    Ok((Some(number), word))
}

/// `20261231`, `20261231T170000` or `20261231T170000Z`.
fn until(text: &str) -> Result<Until, String> {
    let wrong = || format!("`{}` must be like 20261231, 20261231T170000 or 20261231T170000Z", short(text));
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y%m%d").map_err(|_| wrong());
    if !text.is_ascii() || !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong());
    }
    match text.len() {
        8 => NaiveTime::from_hms_opt(23, 59, 59).map(|end| day(text).map(|day| Until::Wall(day.and_time(end)))),
        15 | 16 => {
            Some(NaiveDateTime::parse_from_str(&text[..15], "%Y%m%dT%H%M%S").map_err(|_| wrong()).and_then(|time| {
                match &text[15..] {
                    "" => Ok(Until::Wall(time)),
                    "Z" | "z" => Ok(Until::Instant(time)),
                    _ => Err(wrong()),
                }
            }))
        }
        _ => None,
    }
    .unwrap_or_else(|| Err(wrong()))
}

fn short(text: &str) -> String {
    text.chars().take(32).collect()
}
