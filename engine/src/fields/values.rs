//! What a field may hold: values are checked, brought into one form, and told as text that compares as they do.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};
use url::Url;

use super::model::{Field, FieldOption, FieldType, MAX_TEXT, MAX_URL};
use super::ord;
use crate::ids::UserId;
use crate::patch::Patch;
use crate::{Error, Result};

/// The largest number, as a power of ten: with it, what JavaScript and JSON call a number loses no digit.
const MAX_DIGITS: usize = 15;
/// The most places behind the point of an amount.
const MAX_MONEY_SCALE: u32 = 4;

/// The fields that a project defines, with their options read.
#[derive(Debug)]
pub(crate) struct Definitions(Vec<(Field, Vec<FieldOption>)>);

/// What a task's `custom` becomes.
#[derive(Debug)]
pub(crate) struct Checked {
    /// All of it.
    pub custom: Map<String, Value>,
    /// The people among it whose membership is still to be checked, with their pointers.
    pub people: Vec<(String, UserId)>,
}

impl Definitions {
    pub(super) fn of(fields: Vec<Field>) -> Result<Self> {
        let read = |field: Field| field.options.read().map(|options| (field, options));
        fields.into_iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// The `custom` of a new task.
    pub(crate) fn whole(&self, given: Map<String, Value>) -> Result<Checked> {
        let mut checked = self.changed(Map::new(), Patch::Value(given))?;
        let missing = self.0.iter().find(|(field, _)| field.required && !checked.custom.contains_key(&field.key));
        if let Some((field, _)) = missing {
            return Err(refused(&field.key, format!("must be given: {} is required", field.name)));
        }
        // In the order of the fields, however they were given.
        let mut given = std::mem::take(&mut checked.custom);
        for (field, _) in &self.0 {
            if let Some(value) = given.remove(&field.key) {
                checked.custom.insert(field.key.clone(), value);
            }
        }
        Ok(checked)
    }

    /// A task's `custom` after a patch. What is not named stays as it is, whatever it is.
    pub(crate) fn changed(&self, before: Map<String, Value>, patch: Patch<Map<String, Value>>) -> Result<Checked> {
        let mut checked = Checked { custom: before, people: Vec::new() };
        let patch = match patch {
            Patch::Absent => return Ok(checked),
            Patch::Null => checked.custom.keys().map(|key| (key.clone(), Value::Null)).collect(),
            Patch::Value(patch) => patch,
        };
        for (key, value) in patch {
            let Some((field, options)) = self.0.iter().find(|(field, _)| field.key == key) else {
                // What was there before the definitions may still be taken away.
                if value.is_null() && checked.custom.remove(&key).is_some() {
                    continue;
                }
                return Err(self.unknown(&key));
            };
            if value.is_null() {
                if field.required {
                    return Err(refused(&key, format!("cannot be emptied: {} is required", field.name)));
                }
                checked.custom.remove(&key);
                continue;
            }
            let kept = keep(field, options, &value).map_err(|message| refused(&key, message))?;
            if field.kind == FieldType::User
                && let Some(user) = kept.as_str().and_then(|user| user.parse().ok())
            {
                checked.people.push((format!("/custom/{key}"), user));
            }
            checked.custom.insert(key, kept);
        }
        Ok(checked)
    }

    /// Whether the values of this field are shown only to those who may see what is sensitive.
    pub(crate) fn is_sensitive(&self, key: &str) -> bool {
        self.0.iter().any(|(field, _)| field.sensitive && field.key == key)
    }

    /// What a task holds, parted into what is shown with it and what is sensitive.
    pub(crate) fn part(&self, all: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
        all.into_iter().partition(|(key, _)| !self.is_sensitive(key))
    }

    /// The rows of a task's values: key, and text that compares as the value does.
    pub(crate) fn rows(&self, custom: &Map<String, Value>) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        for (field, options) in &self.0 {
            if let Some(value) = custom.get(&field.key) {
                rows.extend(ords(field, options, value).into_iter().map(|ord| (field.key.clone(), ord)));
            }
        }
        rows
    }

    fn unknown(&self, key: &str) -> Error {
        let shown: String = key.chars().take(64).collect();
        let keys: Vec<&str> = self.0.iter().map(|(field, _)| field.key.as_str()).collect();
        let message = format!("is no field of this project, which has {}; define it first", keys.join(", "));
        Error::field(format!("/custom/{}", shown.replace('~', "~0").replace('/', "~1")), message)
    }
}

fn refused(key: &str, message: impl Into<String>) -> Error {
    Error::field(format!("/custom/{key}"), message)
}

/// The value in the form that is kept, or what is wrong with it.
pub(super) fn keep(field: &Field, options: &[FieldOption], value: &Value) -> Result<Value, String> {
    match field.kind {
        FieldType::Text => text(value, MAX_TEXT).map(Value::from),
        FieldType::Number => number(value).and_then(shown_number),
        FieldType::Money => money(field, value),
        FieldType::Date => {
            date(value.as_str().unwrap_or_default()).map(|day| day.format("%Y-%m-%d").to_string().into())
        }
        FieldType::Select => choice(options, value).map(Value::from),
        FieldType::MultiSelect => choices(options, value),
        FieldType::User => {
            let user = value.as_str().and_then(|user| user.parse::<UserId>().ok());
            user.map(|user| user.to_string().into()).ok_or_else(|| "must be the id of a member of the workspace".into())
        }
        FieldType::Url => address(value),
        FieldType::Checkbox => value.as_bool().map(Value::from).ok_or_else(|| "must be true or false".into()),
    }
}

/// The texts that a value compares by, of one that fits; none of one that does not.
pub(super) fn ords(field: &Field, options: &[FieldOption], value: &Value) -> Vec<String> {
    let Ok(kept) = keep(field, options, value) else {
        return Vec::new();
    };
    let place = |key: &str| options.iter().position(|option| option.key == key).map(|place| ord::option(place, key));
    match (field.kind, &kept) {
        (FieldType::MultiSelect, Value::Array(keys)) => {
            keys.iter().filter_map(Value::as_str).filter_map(place).collect()
        }
        (FieldType::Select, Value::String(key)) => place(key).into_iter().collect(),
        (FieldType::Number, number) => {
            decimal(&number.to_string()).map(|it| ord::number('n', it)).into_iter().collect()
        }
        (FieldType::Money, Value::Object(money)) => {
            let amount = money.get("amount").and_then(Value::as_str).and_then(decimal);
            amount.map(|amount| ord::number('m', amount)).into_iter().collect()
        }
        (FieldType::Checkbox, Value::Bool(yes)) => vec![checkbox(*yes)],
        (kind, Value::String(text)) => vec![ord::text(letter(kind), text)],
        _ => Vec::new(),
    }
}

/// The text that a yes or no compares by.
pub(super) fn checkbox(yes: bool) -> String {
    format!("b{}", u8::from(yes))
}

/// The letter that the texts of a type begin with.
pub(super) fn letter(kind: FieldType) -> char {
    match kind {
        FieldType::Text => 't',
        FieldType::Number => 'n',
        FieldType::Money => 'm',
        FieldType::Date => 'd',
        FieldType::Select | FieldType::MultiSelect => 's',
        FieldType::User => 'u',
        FieldType::Url => 'w',
        FieldType::Checkbox => 'b',
    }
}

fn text(value: &Value, longest: usize) -> Result<&str, String> {
    value
        .as_str()
        .filter(|text| !text.is_empty() && text.chars().count() <= longest && !text.contains('\0'))
        .ok_or_else(|| format!("must be text of 1 to {longest} characters, without the character U+0000"))
}

/// A decimal number, as people and programs write it.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let read = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
    read.ok().map(|number| number.normalize())
}

fn number(value: &Value) -> Result<Decimal, String> {
    let wrong = || format!("must be a number of at most {MAX_DIGITS} digits");
    let number = match value {
        // The shortest text that reads as this number again: what the caller wrote, as far as a float can tell.
        Value::Number(number) => decimal(&number.to_string()),
        Value::String(text) => decimal(text.trim()),
        _ => None,
    };
    let digits = |number: &Decimal| {
        let text = number.abs().to_string();
        text.bytes().filter(u8::is_ascii_digit).count()
    };
    number.filter(|number| digits(number) <= MAX_DIGITS).ok_or_else(wrong)
}

/// As JSON: with at most 15 digits a float shows the same ones again.
fn shown_number(number: Decimal) -> Result<Value, String> {
    let text = number.to_string();
    if let Ok(whole) = i64::from_str(&text) {
        return Ok(whole.into());
    }
    let float = f64::from_str(&text).ok().and_then(Number::from_f64);
    float.map(Value::Number).ok_or_else(|| "must be a number".to_owned())
}

fn money(field: &Field, value: &Value) -> Result<Value, String> {
    let currency = field.currency.as_deref().unwrap_or_default();
    let wrong = || {
        format!(
            "must be an amount in {currency} with at most {MAX_MONEY_SCALE} places behind the point: `\"12.50\"`, or \
             `{{\"amount\": \"12.50\", \"currency\": \"{currency}\"}}`"
        )
    };
    let amount = match value {
        Value::Object(money) => {
            let named = money.get("currency").is_none_or(|named| named.as_str() == Some(currency));
            if !named || money.keys().any(|key| key != "amount" && key != "currency") {
                return Err(wrong());
            }
            money.get("amount")
        }
        other => Some(other),
    };
    let amount = amount.and_then(|amount| number(amount).ok()).filter(|amount| amount.scale() <= MAX_MONEY_SCALE);
    let amount = amount.ok_or_else(wrong)?;
    Ok(json!({ "amount": amount.to_string(), "currency": currency }))
}

/// A day.
pub(super) fn date(text: &str) -> Result<NaiveDate, String> {
    use chrono::Datelike as _;
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|day| text.len() == 10 && (1..=9999).contains(&day.year()))
        .ok_or_else(|| "must be a day: `2026-03-09`".to_owned())
}

fn choice<'v>(options: &[FieldOption], value: &'v Value) -> Result<&'v str, String> {
    let known = |key: &&str| options.iter().any(|option| option.key == *key);
    value.as_str().filter(known).ok_or_else(|| {
        let keys: Vec<&str> = options.iter().take(20).map(|option| option.key.as_str()).collect();
        let more = if options.len() > keys.len() { " …" } else { "" };
        format!("must be one of {}{more}", keys.join(", "))
    })
}

/// The options chosen, each once, in the order of the options.
fn choices(options: &[FieldOption], value: &Value) -> Result<Value, String> {
    let given = value.as_array().ok_or("must be a list of options, by their keys")?;
    if given.is_empty() {
        return Err("must name an option at least; null empties it".into());
    }
    let given = given.iter().map(|key| choice(options, key)).collect::<Result<Vec<_>, _>>()?;
    let keys = options.iter().filter(|option| given.contains(&option.key.as_str()));
    Ok(keys.map(|option| Value::from(option.key.as_str())).collect())
}

fn address(value: &Value) -> Result<Value, String> {
    let wrong = || format!("must be an http or https address of at most {MAX_URL} bytes");
    let text = value.as_str().map(str::trim).filter(|text| text.len() <= MAX_URL).ok_or_else(wrong)?;
    let fits = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if fits && !text.contains('\0') { Ok(text.into()) } else { Err(wrong()) }
}
