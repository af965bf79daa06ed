//! Lengths of time as people write them: `5s`, `10m`, `48h`, `2d`.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest period a rule may name: ten years. Longer ones are slips, and near overflow.
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

/// A length of time written as a whole number and one unit: `250ms`, `5s`, `10m`, `48h`, `2d`, `1w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(pub Duration);

impl Period {
    /// A period of whole seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is not a length of time; write a number and a unit, such as `5s`, `10m`, `48h` or `2d`.")
        };
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return Err(wrong()),
        };
        let period = number.checked_mul(millis).map(Duration::from_millis);
        match period {
            Some(period) if period <= LONGEST => Ok(Self(period)),
            _ => Err(format!("`{text}` is longer than the longest allowed, `3650d`.")),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
            if millis >= size && millis.is_multiple_of(size) {
                return write!(f, "{}{unit}", millis / size);
            }
        }
        write!(f, "{millis}ms")
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(ms|s|m|h|d|w)$",
            "description": "A length of time: `5s`, `10m`, `48h`, `2d`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_says_it_back_shortest() {
        for (text, seconds, back) in
            [("5s", 5, "5s"), ("10m", 600, "10m"), ("48h", 172_800, "2d"), ("2d", 172_800, "2d"), ("90s", 90, "90s")]
        {
            let period: Period = text.parse().expect(text);
            assert_eq!(period.0.as_secs(), seconds);
            assert_eq!(period.to_string(), back);
        }
    }

    #[test]
    fn refuses_what_is_not_a_length_of_time() {
        for text in ["", "5", "s", "-5s", "5 s", "5y", "1.5h", "99999999999999999999s", "4000d", "５s"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
