//! JSON to engine values and back, and what works on values of any type.

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map};
use serde_json::{Number, Value};

use super::{MAX_FIELDS, MAX_LIST, MAX_TEXT, Span, Timestamp};
use crate::syntax::Paths;

/// Values an expression may read of one variable at once.
const MAX_READ: usize = 10_000;
/// Levels of a value.
const MAX_LEVELS: usize = 100;

/// An error of a function, for the person who called it.
pub(super) type Failed<T> = Result<T, Box<EvalAltResult>>;

/// Makes the error a function gives.
pub(super) fn fail<T>(message: impl Into<String>) -> Failed<T> {
    let message: String = message.into();
    Err(message.into())
}

/// The parts of `value` that `paths` names, as an engine value.
pub(crate) fn from_json(value: &Value, paths: &Paths) -> Result<Dynamic, String> {
    match value {
        Value::Object(fields) if !paths.whole => from_fields(fields, paths),
        Value::Object(_) | Value::Array(_) => {
            if count(value, MAX_READ) >= MAX_READ {
                return Err(format!("this holds more than {MAX_READ} values; name the field you need"));
            }
            Ok(whole(value, 0))
        }
        _ => Ok(whole(value, 0)),
    }
}

/// The same for the fields of an object.
pub(crate) fn from_fields(fields: &serde_json::Map<String, Value>, paths: &Paths) -> Result<Dynamic, String> {
    let mut map = Map::new();
    if paths.whole {
        for (name, value) in fields {
            map.insert(name.as_str().into(), from_json(value, paths)?);
        }
    }
    for (name, paths) in &paths.fields {
        if let Some(value) = fields.get(name) {
            map.insert(name.as_str().into(), from_json(value, paths)?);
        }
    }
    Ok(map.into())
}

fn whole(value: &Value, level: usize) -> Dynamic {
    match value {
        // JSON text cannot be this deep (serde_json stops at 128), a value made by hand can.
        _ if level > MAX_LEVELS => Dynamic::UNIT,
        Value::Null => Dynamic::UNIT,
        Value::Bool(yes) => (*yes).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or(f64::INFINITY).into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(|item| whole(item, level + 1)).collect::<Array>().into(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.as_str().into(), whole(value, level + 1))).collect::<Map>().into()
        }
    }
}

/// How many values `value` holds, itself included, counting no further than `limit`.
pub(crate) fn count(value: &Value, limit: usize) -> usize {
    let mut seen = 0;
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        seen += 1;
        if seen + waiting.len() >= limit {
            return limit;
        }
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(fields) => waiting.extend(fields.values()),
            _ => {}
        }
    }
    seen
}

/// An engine value as JSON. A moment becomes RFC 3339 text, a length of time its seconds.
pub(crate) fn to_json(value: &Dynamic) -> Result<Value, String> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(yes) = value.as_bool() {
        return Ok(Value::Bool(yes));
    }
    if let Ok(whole) = value.as_int() {
        return Ok(whole.into());
    }
    if let Ok(number) = value.as_float() {
        return Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| format!("{number} cannot be written as a JSON number"));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(Value::String(text.to_string()));
    }
    if let Ok(c) = value.as_char() {
        return Ok(Value::String(c.into()));
    }
    if let Ok(items) = value.as_array_ref() {
        return items.iter().map(to_json).collect::<Result<_, _>>().map(Value::Array);
    }
    if let Ok(fields) = value.as_map_ref() {
        let fields = fields.iter().map(|(name, value)| Ok((name.to_string(), to_json(value)?)));
        return fields.collect::<Result<_, String>>().map(Value::Object);
    }
    if let Some(moment) = value.read_lock::<Timestamp>() {
        return Ok(Value::String(moment.to_string()));
    }
    if let Some(span) = value.read_lock::<Span>() {
        return Ok(span.seconds().into());
    }
    Err(format!("a {} is not a value that can be used here", value.type_name()))
}

/// Whether two values are equal; numbers by value, a moment also with its text.
pub(super) fn same(one: &Dynamic, two: &Dynamic) -> bool {
    if let (Ok(one), Ok(two)) = (one.as_immutable_string_ref(), two.as_immutable_string_ref()) {
        return *one == *two;
    }
    if let (Some(one), Some(two)) = (float(one), float(two)) {
        return one == two;
    }
    if let (Ok(one), Ok(two)) = (one.as_bool(), two.as_bool()) {
        return one == two;
    }
    if let (Ok(one), Ok(two)) = (one.as_array_ref(), two.as_array_ref()) {
        return one.len() == two.len() && one.iter().zip(two.iter()).all(|(one, two)| same(one, two));
    }
    if let (Ok(one), Ok(two)) = (one.as_map_ref(), two.as_map_ref()) {
        return one.len() == two.len() && one.iter().all(|(name, one)| two.get(name).is_some_and(|two| same(one, two)));
    }
    if let (Some(one), Some(two)) = (Timestamp::read(one), Timestamp::read(two)) {
        return one == two;
    }
    if let (Some(one), Some(two)) = (one.read_lock::<Span>(), two.read_lock::<Span>()) {
        return *one == *two;
    }
    one.is_unit() && two.is_unit()
}

fn float(value: &Dynamic) -> Option<f64> {
    value.as_float().ok().or_else(|| value.as_int().ok().map(|whole| whole as f64))
}

/// How much a value holds, against the engine's limits; functions that gather values ask as they go,
/// because the engine asks only when they are done.
#[derive(Default)]
pub(super) struct Size {
    items: usize,
    fields: usize,
    bytes: usize,
}

impl Size {
    /// Adds one value; an error when all together are too much.
    pub fn add(&mut self, value: &Dynamic) -> Failed<()> {
        if let Ok(text) = value.as_immutable_string_ref() {
            self.bytes += text.len();
        } else if let Ok(items) = value.as_array_ref() {
            self.items += items.len();
            items.iter().try_for_each(|item| self.add(item))?;
        } else if let Ok(fields) = value.as_map_ref() {
            self.fields += fields.len();
            fields.values().try_for_each(|value| self.add(value))?;
        }
        if self.items > MAX_LIST || self.fields > MAX_FIELDS || self.bytes > MAX_TEXT {
            return fail("The list grows too large.");
        }
        Ok(())
    }

    /// Adds one value as an item of the list being gathered.
    pub fn item(&mut self, value: &Dynamic) -> Failed<()> {
        self.items += 1;
        self.add(value)
    }
}

/// A value as text, if it is a single value; lists and maps have no text of their own.
pub(super) fn as_text(value: &Dynamic) -> Failed<ImmutableString> {
    match to_json(value) {
        Ok(Value::Null) => Ok("".into()),
        Ok(Value::String(text)) => Ok(text.into()),
        Ok(Value::Array(_)) => fail("A list is not a text; use `join`."),
        Ok(Value::Object(_)) => fail("An object is not a text; name one of its fields."),
        Ok(other) => Ok(other.to_string().into()),
        Err(message) => fail(message),
    }
}

pub(super) fn register(engine: &mut Engine) {
    // What is missing stays missing: `task.assignee.name` of a task nobody has is null, no error.
    engine.register_indexer_get(|_: &mut (), _: ImmutableString| Dynamic::UNIT);
    engine.register_indexer_get(|_: &mut (), _: i64| Dynamic::UNIT);
    engine.register_fn("==", |one: Array, two: Array| same(&one.into(), &two.into()));
    engine.register_fn("!=", |one: Array, two: Array| !same(&one.into(), &two.into()));
    engine.register_fn("==", |one: Map, two: Map| same(&one.into(), &two.into()));
    engine.register_fn("!=", |one: Map, two: Map| !same(&one.into(), &two.into()));
    engine.register_fn("default", |value: Dynamic, other: Dynamic| if value.is_unit() { other } else { value });
    engine.register_fn("to_string", |value: Dynamic| as_text(&value));
    engine.register_fn("get", |value: Dynamic, path: ImmutableString| get(&value, &path));
    engine.register_fn("get", |value: Dynamic, path: ImmutableString, other: Dynamic| match get(&value, &path) {
        found if found.is_unit() => other,
        found => found,
    });
    engine.register_fn("contains", |fields: &mut Map, name: ImmutableString| fields.contains_key(name.as_str()));
    engine.register_fn("keys", |fields: &mut Map| -> Failed<Array> {
        gather(fields.keys().map(|name| Dynamic::from(ImmutableString::from(name.as_str()))))
    });
    engine.register_fn("values", |fields: &mut Map| gather(fields.values().cloned()));
    engine.register_fn("len", |fields: &mut Map| fields.len() as i64);
    engine.register_fn("is_empty", |fields: &mut Map| fields.is_empty());
    engine.register_fn("is_empty", |(): ()| true);
    engine.register_fn("keys", |(): ()| Array::new());
    engine.register_fn("values", |(): ()| Array::new());
}

/// Gathers values into a list, within the limits.
pub(super) fn gather(values: impl Iterator<Item = Dynamic>) -> Failed<Array> {
    let mut size = Size::default();
    let mut list = Array::new();
    for value in values {
        size.item(&value)?;
        list.push(value);
    }
    Ok(list)
}

/// The value at a dotted path, `commits.0.author.name`; null when there is none.
fn get(value: &Dynamic, path: &str) -> Dynamic {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let found = if let Ok(fields) = value.as_map_ref() {
        fields.get(first).cloned()
    } else if let Ok(items) = value.as_array_ref() {
        first.parse::<usize>().ok().and_then(|index| items.get(index).cloned())
    } else {
        None
    };
    match (found, rest) {
        (Some(found), Some(rest)) => get(&found, rest),
        (Some(found), None) => found,
        (None, _) => Dynamic::UNIT,
    }
}
