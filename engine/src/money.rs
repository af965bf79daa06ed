//! Money: exact decimals, never binary fractions, in a currency of ISO 4217.
//!
//! An amount comes in as a string (`"12.50"`) or as a whole JSON number. A JSON number with a fraction is refused: what it
//! said is lost by the time it is read. It goes out as a string. Sums are exact; what is divided (an hour's rate by its
//! minutes) is rounded once, at the very end, half to even, to the currency's minor units.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::db::{Cell, Column, Kind, Param, Value};
use crate::{Error, Result};

/// The most digits before the point.
const MOST_DIGITS: usize = 12;
/// The most digits after it, of any currency and of any rate.
const MOST_DECIMALS: usize = 4;
/// Minutes of an hour, by which rates are divided.
const HOUR: i64 = 60;

/// An exact amount of money, without its currency: at most 12 digits before the point and 4 after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(Decimal);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The number, to reckon with.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// A sum, as exact as it was reckoned, rounded half to even to the minor units of its currency.
    pub fn rounded(sum: Decimal, currency: Currency) -> Self {
        let places = currency.decimals();
        let mut rounded = sum.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
        rounded.rescale(places);
        if rounded.is_zero() {
            rounded.set_sign_positive(true);
        }
        Self(rounded)
    }

    /// What so many minutes cost at this rate an hour, times 60: exact, so that sums of it are.
    pub fn for_minutes(self, minutes: i64) -> Decimal {
        self.0.saturating_mul(Decimal::from(minutes))
    }

    /// Refuses an amount finer than `decimals`, or not above zero; names the field.
    pub(crate) fn check(self, pointer: &str, decimals: u32, least: Least) -> Result<Self> {
        if self.0.normalize().scale() > decimals {
            let message = format!("has too many decimals; it takes {decimals} at most");
            return Err(Error::field(pointer, message));
        }
        match least {
            Least::Zero if self.0.is_sign_negative() && !self.0.is_zero() => {
                Err(Error::field(pointer, "must not be negative"))
            }
            Least::Positive if self.0 <= Decimal::ZERO => Err(Error::field(pointer, "must be more than 0")),
            _ => Ok(self),
        }
    }

    /// The same amount as it is written in its currency: `12.5` euros as `12.50`.
    #[must_use]
    pub fn written(self, currency: Currency) -> Self {
        let mut amount = self.0.normalize();
        if amount.scale() < currency.decimals() {
            amount.rescale(currency.decimals());
        }
        Self(amount)
    }
}

/// Which amounts a field takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Least {
    Zero,
    Positive,
}

/// A sixtieth of a sum that [`Amount::for_minutes`] made.
pub(crate) fn by_the_hour(sum: Decimal) -> Decimal {
    sum / Decimal::from(HOUR)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Amount {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let refused = |what: &str| Err(Error::invalid("invalid_amount", what.to_owned()));
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !fraction.is_none_or(plain) {
            return refused(
                "is no amount; write a decimal as a string such as \"12.50\", without an exponent or blanks",
            );
        }
        if whole.trim_start_matches('0').len() > MOST_DIGITS {
            return refused("is too large; it takes at most 12 digits before the point");
        }
        if fraction.is_some_and(|part| part.trim_end_matches('0').len() > MOST_DECIMALS || part.len() > 20) {
            return refused("has too many decimals; it takes 4 at most");
        }
        // Leading zeros are no digits of the number, and may be many.
        let kept = whole.trim_start_matches('0');
        let sign = if digits.len() < text.len() { "-" } else { "" };
        let number = format!("{sign}{}.{}", if kept.is_empty() { "0" } else { kept }, fraction.unwrap_or("0"));
        match Decimal::from_str_exact(&number) {
            Ok(number) if number.is_zero() => Ok(Self(Decimal::new(0, number.scale()))),
            Ok(number) => Ok(Self(if fraction.is_none() { number.trunc() } else { number })),
            Err(_) => refused("is no amount; write a decimal as a string such as \"12.50\""),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount as a string such as \"12.50\" (or a whole number): a fraction as a number is not exact")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
        text.parse().map_err(|error: Error| E::custom(&error.detail))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Amount, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Amount, E> {
        self.visit_str(&number.to_string())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AmountVisitor)
    }
}

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
            "description": "An exact decimal. A whole JSON number is read, too; a fraction as a number is refused.",
        })
    }
}

impl Param for Amount {
    const KIND: Kind = Kind::Text;
    fn value(&self) -> Value<'_> {
        Value::Text(self.0.to_string().into())
    }
}

impl Column for Amount {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        let text = cell.text()?;
        Decimal::from_str_exact(text)
            .map(Self)
            .map_err(|error| Error::internal(format!("`{text}` is no amount: {error}")))
    }
}

/// A currency of ISO 4217 that has minor units: what people pay with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Its three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals its minor units are: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        // Gold and the like have codes, and no minor units.
        let known = if text.len() == 3 { iso_currency::Currency::from_code(text) } else { None };
        known.filter(|currency| currency.exponent().is_some()).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(20).collect();
            let detail = format!("`{shown}` is no currency; write its three capital letters of ISO 4217, such as EUR");
            Error::invalid("unknown_currency", detail)
        })
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(|error: Error| serde::de::Error::custom(&error.detail))
    }
}

impl JsonSchema for Currency {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "A code of ISO 4217: `EUR`." })
    }
}

impl Param for Currency {
    const KIND: Kind = Kind::Text;
    fn value(&self) -> Value<'_> {
        Value::Text(self.code().into())
    }
}

impl Column for Currency {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.text()?.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<Amount, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        for (value, shown) in [
            (json!("12.50"), "12.50"),
            (json!("0.1"), "0.1"),
            (json!(12), "12"),
            (json!(-3), "-3"),
            (json!("-0.00"), "0.00"),
            (json!("999999999999.9999"), "999999999999.9999"),
            (json!("000012"), "12"),
            (json!("1.500000"), "1.500000"),
        ] {
            assert_eq!(read(value.clone()).unwrap().to_string(), shown, "{value}");
        }
        for value in [
            json!(12.5),
            json!(1e3),
            json!("1e3"),
            json!("1_000"),
            json!("1,5"),
            json!(""),
            json!("."),
            json!("1."),
            json!(".5"),
            json!("+1"),
            json!(" 1"),
            json!("--1"),
            json!("NaN"),
            json!("١"),
            json!("1000000000000"),
            json!(u64::MAX),
            json!("0.00001"),
            json!("1".repeat(400)),
            json!(format!("0.{}", "0".repeat(400))),
            json!(null),
            json!(true),
            json!(["1"]),
        ] {
            assert!(read(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn currencies_are_those_of_iso_4217_with_minor_units() {
        for (code, decimals) in [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!((currency.code(), currency.decimals()), (code, decimals));
        }
        for code in ["", "eur", "EURO", "ABC", "XAU", "XXX", "E\0R", "€"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }

    #[test]
    fn a_half_goes_to_the_even_neighbour() {
        let eur: Currency = "EUR".parse().unwrap();
        for (exact, rounded) in
            [("0.005", "0.00"), ("0.015", "0.02"), ("0.025", "0.02"), ("2.5", "2.50"), ("-0.005", "0.00")]
        {
            let sum = Decimal::from_str_exact(exact).unwrap();
            assert_eq!(Amount::rounded(sum, eur).to_string(), rounded, "{exact}");
        }
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!(Amount::rounded(Decimal::from_str_exact("1.5").unwrap(), yen).to_string(), "2");
        assert_eq!(("7".parse::<Amount>().unwrap().written(eur).to_string()), "7.00");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Sums by decimals are those by whole minor units, which are counted here without any decimal.
        #[test]
        fn sums_are_exact(cents in proptest::collection::vec(0_i64..100_000_000_000, 0..50), order in any::<prop::sample::Index>()) {
            let eur: Currency = "EUR".parse().unwrap();
            let mut amounts: Vec<Amount> =
                cents.iter().map(|cents| format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap()).collect();
            if !amounts.is_empty() {
                let at = order.index(amounts.len());
                amounts.rotate_left(at);
            }
            let sum = amounts.iter().fold(Decimal::ZERO, |sum, amount| sum.saturating_add(amount.decimal()));
            let total: i64 = cents.iter().sum();
            prop_assert_eq!(Amount::rounded(sum, eur).to_string(), format!("{}.{:02}", total / 100, total % 100));
        }

        /// Time at rates an hour, against whole numbers: hundredths of cents times minutes, divided once.
        #[test]
        fn time_is_priced_exactly(parts in proptest::collection::vec((0_i64..10_000_000, 1_i64..1441), 0..50)) {
            let eur: Currency = "EUR".parse().unwrap();
            let (mut sum, mut whole) = (Decimal::ZERO, 0_i128);
            for (rate, minutes) in parts {
                let amount: Amount = format!("{}.{:04}", rate / 10_000, rate % 10_000).parse().unwrap();
                sum = sum.saturating_add(amount.for_minutes(minutes));
                whole += i128::from(rate) * i128::from(minutes);
            }
            // Cents are `whole / (60 * 100)`, a half to the even neighbour.
            let (cents, rest) = (whole / 6000, whole % 6000);
            let up = rest > 3000 || (rest == 3000 && cents % 2 == 1);
            let cents = cents + i128::from(up);
            let expected = format!("{}.{:02}", cents / 100, cents % 100);
            prop_assert_eq!(Amount::rounded(by_the_hour(sum), eur).to_string(), expected);
        }

        #[test]
        fn whatever_is_sent_is_read_or_refused(text in ".{0,60}") {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
            }
            let _ = text.parse::<Currency>();
        }
    }
}
