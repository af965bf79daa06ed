//! What a template asks, and what may be answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::ROLES;
use crate::period::Period;
use crate::schedule::zone;

/// Items of a list.
const MAX_ITEMS: usize = 50;
/// Characters of a text, unless the parameter says less.
const MAX_TEXT: i64 = 1_000;
/// Characters of what is a word, a name or an address.
const MAX_WORD: usize = 200;
/// Characters of an address on the web.
const MAX_URL: usize = 2_000;

/// Something that a template asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleParameter")]
pub struct Parameter {
    /// What kind of answer.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// What the person reads.
    pub label: String,
    /// What helps the person answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the answer is a list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub many: bool,
    /// What it is when nothing is given. Without it something must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What might be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
    /// For `choice`: the answers allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// For `number`: the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// For `number`: the most; for `text`: how many characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

/// What kind of answer a template asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RuleParameterType")]
pub enum ParameterType {
    /// Text.
    Text,
    /// One of `options`.
    Choice,
    /// A project's key or id.
    Project,
    /// A status of tasks.
    Status,
    /// A member, by id or e-mail address.
    Person,
    /// Who is told or asked: a member by id or e-mail address, `role:<role>`, or `owner`, who owns the rule.
    Recipient,
    /// A length of time of whole seconds: `30m`, `48h`, `3d`.
    Duration,
    /// A whole number.
    Number,
    /// A time of day, `09:00`.
    Time,
    /// An IANA time zone, `Europe/Berlin`.
    Zone,
    /// A channel of a chat: `#general` or its id.
    Channel,
    /// An absolute http or https address.
    Url,
    /// A hook's name or id.
    Hook,
    /// A label of tasks.
    Label,
}

impl Parameter {
    /// The answer in the form in which it is used; or where below the answer something is wrong, and what.
    pub fn read(&self, given: &Value) -> Result<Value, (String, String)> {
        if !self.many {
            return self.one(given).map_err(|message| (String::new(), message));
        }
        let Value::Array(items) = given else {
            return Err((String::new(), format!("This is a list; each item is {}.", self.wanted())));
        };
        if items.is_empty() && !self.may_be_empty() {
            return Err((String::new(), "Give at least one.".to_owned()));
        }
        if items.len() > MAX_ITEMS {
            return Err((String::new(), format!("At most {MAX_ITEMS} are allowed.")));
        }
        let items = items.iter().enumerate();
        let items = items.map(|(index, item)| self.one(item).map_err(|message| (format!("/{index}"), message)));
        items.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn may_be_empty(&self) -> bool {
        self.default.as_ref().and_then(Value::as_array).is_some_and(Vec::is_empty)
    }

    fn one(&self, given: &Value) -> Result<Value, String> {
        let wrong = || format!("This must be {}.", self.wanted());
        if self.kind == ParameterType::Number {
            let number = given.as_i64().ok_or_else(wrong)?;
            let fits = self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max);
            return if fits { Ok(json!(number)) } else { Err(wrong()) };
        }
        let text = given.as_str().ok_or_else(wrong)?;
        let length = text.chars().count();
        // What no database keeps, and nobody can see.
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err("This must not contain control characters; leave them out.".to_owned());
        }
        let word =
            |length_of: usize| (1..=length_of).contains(&length) && text.trim() == text && !text.contains(['\n', '\t']);
        let fits = match self.kind {
            ParameterType::Text => {
                i64::try_from(length).is_ok_and(|length| length <= self.max.unwrap_or(MAX_TEXT))
                    && !text.trim().is_empty()
            }
            ParameterType::Choice => self.options.iter().any(|option| option == text),
            ParameterType::Status => {
                word(MAX_WORD) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            }
            ParameterType::Person => word(MAX_WORD) && (text.contains('@') || text.starts_with("user_")),
            ParameterType::Recipient => {
                let person = text.contains('@') || text.starts_with("user_") || text == "owner";
                word(MAX_WORD) && text.strip_prefix("role:").map_or(person, |role| ROLES.contains(&role))
            }
            ParameterType::Duration => {
                let period: Period = text.parse()?;
                return if period.0.is_zero() || period.0.subsec_nanos() > 0 {
                    Err("This must be at least a second, and whole seconds.".to_owned())
                } else {
                    Ok(json!(period.to_string()))
                };
            }
            ParameterType::Time => time(text).is_some(),
            ParameterType::Zone => zone(text).is_ok(),
            ParameterType::Channel => word(80) && !text.contains(char::is_whitespace),
            ParameterType::Url => {
                let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
                length <= MAX_URL && rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
            }
            ParameterType::Label => word(64),
            ParameterType::Project | ParameterType::Hook => word(MAX_WORD),
            ParameterType::Number => false,
        };
        if fits { Ok(given.clone()) } else { Err(wrong()) }
    }

    /// What one answer must be, in words.
    fn wanted(&self) -> String {
        match self.kind {
            ParameterType::Text => format!("a text of 1 to {} characters", self.max.unwrap_or(MAX_TEXT)),
            ParameterType::Choice => format!("one of `{}`", self.options.join("`, `")),
            ParameterType::Project => "a project's key or id".to_owned(),
            ParameterType::Status => "a status, such as `in_progress`".to_owned(),
            ParameterType::Person => "a member's id or e-mail address".to_owned(),
            ParameterType::Recipient => {
                format!("a member's id or e-mail address, `role:` with one of {}, or `owner`", ROLES.join(", "))
            }
            ParameterType::Duration => "a length of time, such as `30m`, `48h` or `3d`".to_owned(),
            ParameterType::Number => match (self.min, self.max) {
                (Some(min), Some(max)) => format!("a whole number from {min} to {max}"),
                (Some(min), None) => format!("a whole number, at least {min}"),
                (None, Some(max)) => format!("a whole number, at most {max}"),
                (None, None) => "a whole number".to_owned(),
            },
            ParameterType::Time => "a time of day from `00:00` to `23:59`".to_owned(),
            ParameterType::Zone => "an IANA time zone, such as `Europe/Berlin`".to_owned(),
            ParameterType::Channel => "a channel, such as `#general`".to_owned(),
            ParameterType::Url => "an absolute http or https address".to_owned(),
            ParameterType::Hook => "a hook's name or id".to_owned(),
            ParameterType::Label => "a label of 1 to 64 characters".to_owned(),
        }
    }

    /// The JSON schema of the answer.
    pub fn schema(&self) -> Value {
        let mut one = match self.kind {
            ParameterType::Choice => json!({ "type": "string", "enum": self.options }),
            ParameterType::Number => json!({ "type": "integer" }),
            ParameterType::Text => {
                json!({ "type": "string", "minLength": 1, "maxLength": self.max.unwrap_or(MAX_TEXT) })
            }
            ParameterType::Label => json!({ "type": "string", "minLength": 1, "maxLength": 64 }),
            ParameterType::Duration => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d|w)$" }),
            ParameterType::Time => json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" }),
            ParameterType::Status => json!({ "type": "string", "pattern": "^[a-z0-9_]+$" }),
            ParameterType::Url => json!({ "type": "string", "format": "uri" }),
            _ => json!({ "type": "string", "minLength": 1 }),
        };
        if self.kind == ParameterType::Number
            && let Value::Object(one) = &mut one
        {
            one.extend(self.min.map(|min| ("minimum".to_owned(), json!(min))));
            one.extend(self.max.map(|max| ("maximum".to_owned(), json!(max))));
        }
        let mut schema = match self.many {
            false => one,
            true => json!({
                "type": "array", "items": one, "minItems": i32::from(!self.may_be_empty()), "maxItems": MAX_ITEMS,
            }),
        };
        if let Value::Object(schema) = &mut schema {
            schema.insert("title".to_owned(), json!(self.label));
            let help = self.description.clone().unwrap_or_else(|| format!("Each is {}.", self.wanted()));
            schema.insert("description".to_owned(), json!(help));
            let more: Map<String, Value> = [("default", &self.default)]
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
                .collect();
            schema.extend(more);
            schema.extend(self.example.clone().map(|example| ("examples".to_owned(), json!([example]))));
        }
        schema
    }
}

/// Hour and minute of `09:30`.
pub(super) fn time(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}
