//! Moments and lengths of time. JSON has no moment, so wherever a moment is compared or calculated
//! with, RFC 3339 text is taken as one; null makes a comparison false and a calculation null.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeDelta, Timelike, Utc};
use rhai::{Dynamic, Engine, ImmutableString};

use super::{
    number::short,
    value::{Failed, fail},
};

/// A moment. Written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub DateTime<Utc>);

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub TimeDelta);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Span {
    /// Whole seconds.
    pub fn seconds(self) -> i64 {
        self.0.num_seconds()
    }
}

impl Timestamp {
    /// Reads RFC 3339 text, or a day (its first moment in UTC).
    fn parse(text: &str) -> Failed<Self> {
        Self::try_parse(text).map_or_else(
            || fail(format!("`{}` is not a moment; write RFC 3339, such as `2026-01-31T09:00:00Z`.", short(text))),
            Ok,
        )
    }

    fn try_parse(text: &str) -> Option<Self> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Some(Self(moment.to_utc()));
        }
        let day: NaiveDate = text.parse().ok()?;
        Some(Self(day.and_time(chrono::NaiveTime::MIN).and_utc()))
    }

    /// The moment a value is or says.
    pub(super) fn read(value: &Dynamic) -> Option<Self> {
        if let Some(moment) = value.read_lock::<Self>() {
            return Some(*moment);
        }
        Self::try_parse(&value.as_immutable_string_ref().ok()?)
    }

    fn plus(self, span: Span) -> Failed<Self> {
        self.0.checked_add_signed(span.0).map(Self).ok_or_else(|| "The moment is too far away.".into())
    }

    fn minus(self, span: Span) -> Failed<Self> {
        self.0.checked_sub_signed(span.0).map(Self).ok_or_else(|| "The moment is too far away.".into())
    }
}

/// The moment that a text says: RFC 3339, or a day, which is its first moment in UTC.
pub fn moment(text: &str) -> Option<DateTime<Utc>> {
    Timestamp::try_parse(text).map(|moment| moment.0)
}

/// `count` units of `seconds` each.
fn span(count: f64, seconds: f64) -> Failed<Span> {
    let millis = count * seconds * 1000.0;
    // Beyond a thousand years nobody means it, and the calendar ends at 262,000.
    if !millis.is_finite() || millis.abs() > 1000.0 * 366.0 * 86_400_000.0 {
        return fail("The length of time is too large.");
    }
    Ok(Span(TimeDelta::milliseconds(millis as i64)))
}

pub(super) fn register(engine: &mut Engine) {
    for (name, seconds) in
        [("seconds", 1.0), ("minutes", 60.0), ("hours", 3_600.0), ("days", 86_400.0), ("weeks", 604_800.0)]
    {
        engine.register_fn(name, move |count: i64| span(count as f64, seconds));
        engine.register_fn(name, move |count: f64| span(count, seconds));
    }
    engine.register_fn("date", |text: &str| Timestamp::parse(text));
    engine.register_fn("date", |moment: Timestamp| moment);
    engine.register_fn("date", |(): ()| ());
    engine.register_fn("to_string", |moment: Timestamp| moment.to_string());

    engine.register_get("year", |moment: &mut Timestamp| i64::from(moment.0.year()));
    engine.register_get("month", |moment: &mut Timestamp| i64::from(moment.0.month()));
    engine.register_get("day", |moment: &mut Timestamp| i64::from(moment.0.day()));
    engine.register_get("hour", |moment: &mut Timestamp| i64::from(moment.0.hour()));
    engine.register_get("minute", |moment: &mut Timestamp| i64::from(moment.0.minute()));
    engine.register_get("weekday", |moment: &mut Timestamp| {
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
            [moment.0.weekday().num_days_from_monday() as usize % 7]
    });
    engine.register_get("date", |moment: &mut Timestamp| moment.0.format("%Y-%m-%d").to_string());
    engine.register_get("days", |span: &mut Span| span.0.num_days());
    engine.register_get("hours", |span: &mut Span| span.0.num_hours());
    engine.register_get("minutes", |span: &mut Span| span.0.num_minutes());
    engine.register_get("seconds", |span: &mut Span| span.seconds());

    compare(engine);
    calculate(engine);
}

fn compare(engine: &mut Engine) {
    macro_rules! operators {
        ($($name:literal $op:tt),*) => {$(
            engine.register_fn($name, |one: Timestamp, two: Timestamp| one $op two);
            engine.register_fn($name, |one: Timestamp, two: &str| -> Failed<bool> { Ok(one $op Timestamp::parse(two)?) });
            engine.register_fn($name, |one: &str, two: Timestamp| -> Failed<bool> { Ok(Timestamp::parse(one)? $op two) });
            engine.register_fn($name, |one: Span, two: Span| one $op two);
        )*};
    }
    operators!("<" <, "<=" <=, ">" >, ">=" >=, "==" ==, "!=" !=);
}

fn calculate(engine: &mut Engine) {
    engine.register_fn("+", |moment: Timestamp, span: Span| moment.plus(span));
    engine.register_fn("+", |span: Span, moment: Timestamp| moment.plus(span));
    engine.register_fn("-", |moment: Timestamp, span: Span| moment.minus(span));
    engine.register_fn("+", |text: &str, span: Span| Timestamp::parse(text)?.plus(span));
    engine.register_fn("-", |text: &str, span: Span| Timestamp::parse(text)?.minus(span));
    engine.register_fn("-", |one: Timestamp, two: Timestamp| Span(one.0 - two.0));
    engine.register_fn("-", |one: &str, two: Timestamp| -> Failed<Span> { Ok(Span(Timestamp::parse(one)?.0 - two.0)) });
    engine.register_fn("-", |one: Timestamp, two: &str| -> Failed<Span> { Ok(Span(one.0 - Timestamp::parse(two)?.0)) });
    for name in ["+", "-"] {
        engine.register_fn(name, |(): (), _: Span| ());
        engine.register_fn(name, |(): (), _: Timestamp| ());
        engine.register_fn(name, |_: Timestamp, (): ()| ());
    }
    let too_long = "The length of time is too large.";
    engine.register_fn("+", move |one: Span, two: Span| -> Failed<Span> {
        one.0.checked_add(&two.0).map(Span).ok_or_else(|| too_long.into())
    });
    engine.register_fn("-", move |one: Span, two: Span| -> Failed<Span> {
        one.0.checked_sub(&two.0).map(Span).ok_or_else(|| too_long.into())
    });
    engine.register_fn("*", |one: Span, times: i64| span(one.0.num_milliseconds() as f64 / 1000.0, times as f64));
    engine.register_fn("*", |times: i64, one: Span| span(one.0.num_milliseconds() as f64 / 1000.0, times as f64));
    engine.register_fn("+", |text: ImmutableString, moment: Timestamp| format!("{text}{moment}"));
    engine.register_fn("+", |moment: Timestamp, text: ImmutableString| format!("{moment}{text}"));
}
