//! Whether a client of the interface as it was released still finds what it knows (API-07): compares two OpenAPI documents
//! and names every change that needs a new version of the interface.
//!
//! What a request may say must still be taken: no path, operation, parameter, field or value gone, nothing newly required,
//! no limit narrower. What an answer says must still be there: no status, field or type gone, no field missing or null that
//! was always there. More is fine: new paths, new optional fields, new values of a word in an answer.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

/// Which way a schema's values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// From the client: what was good must stay good.
    Request,
    /// To the client: what was sure must stay sure.
    Answer,
}

/// How deep schemas are compared; a schema that is a part of itself ends there.
const MAX_DEPTH: usize = 24;

const METHODS: &[&str] = &["get", "put", "post", "delete", "patch"];

/// Everything in `new` that breaks a client of `old`, one line each.
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut check = Check { old, new, found: Vec::new(), seen: HashSet::new() };
    for (path, item) in entries(&old["paths"]) {
        let now = &new["paths"][path];
        for (method, operation) in METHODS.iter().filter_map(|method| Some((*method, item.get(*method)?))) {
            let place = format!("{} {path}", method.to_uppercase());
            match now.get(method) {
                None => check.found.push(format!("{place} is gone")),
                Some(now) => check.operation(&place, operation, now),
            }
        }
    }
    check.found
}

struct Check<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
    /// The pairs of schemas that were compared, by address: a schema that is a part of itself, or of many others, is
    /// compared once.
    seen: HashSet<(*const Value, *const Value, Way)>,
}

impl<'a> Check<'a> {
    fn say(&mut self, place: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{place}: {what}"));
    }

    fn operation(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        self.parameters(place, old, new);
        self.body(place, follow(self.old, &old["requestBody"]), follow(self.new, &new["requestBody"]));
        for (status, answer) in entries(&old["responses"]).filter(|(status, _)| status.starts_with('2')) {
            let Some(now) = new["responses"].get(status).map(|now| follow(self.new, now)) else {
                self.say(place, format_args!("no longer answers {status}"));
                continue;
            };
            for (kind, media) in entries(&follow(self.old, answer)["content"]) {
                match now["content"].get(kind) {
                    None => self.say(place, format_args!("{status} is no longer {kind}")),
                    Some(now) => {
                        self.schema(&format!("{place}: {status}"), &media["schema"], &now["schema"], Way::Answer, 0);
                    }
                }
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let of = |document: &'a Value, operation: &'a Value| -> Vec<&'a Value> {
            let list = operation["parameters"].as_array().into_iter().flatten();
            list.map(|parameter| follow(document, parameter)).collect()
        };
        let (before, now) = (of(self.old, old), of(self.new, new));
        let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        let named = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
        for parameter in &before {
            match now.iter().find(|other| same(parameter, other)) {
                None => self.say(place, format_args!("the parameter `{}` is gone", named(parameter))),
                Some(other) => {
                    let place = format!("{place}: the parameter `{}`", named(parameter));
                    self.schema(&place, &parameter["schema"], &other["schema"], Way::Request, 0);
                }
            }
        }
        for parameter in now.iter().filter(|parameter| parameter["required"] == true) {
            let known = before.iter().find(|other| same(parameter, other));
            if !known.is_some_and(|known| known["required"] == true) {
                self.say(place, format_args!("the parameter `{}` is required", named(parameter)));
            }
        }
    }

    fn body(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        if new["required"] == true && old["required"] != true {
            self.say(place, "a body is required");
        }
        for (kind, media) in entries(&old["content"]) {
            match new["content"].get(kind) {
                None => self.say(place, format_args!("no longer takes {kind}")),
                Some(now) => self.schema(&format!("{place}: body"), &media["schema"], &now["schema"], Way::Request, 0),
            }
        }
    }

    fn schema(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way, depth: usize) {
        let (old, new) = (follow(self.old, old), follow(self.new, new));
        if depth > MAX_DEPTH || !self.seen.insert((std::ptr::from_ref(old), std::ptr::from_ref(new), way)) {
            return;
        }
        self.types(place, old, new, way);
        self.words(place, old, new, way);
        if way == Way::Request {
            self.limits(place, old, new);
        }
        match (alternatives(self.old, old).as_slice(), alternatives(self.new, new).as_slice()) {
            ([before], [now]) => self.parts(place, before, now, way, depth),
            // Of several shapes each that could be sent must still fit one; what answers may be is left to the types.
            (several, now) if way == Way::Request => {
                for &before in several {
                    let fits = now.iter().any(|&now| {
                        let mut alone =
                            Check { old: self.old, new: self.new, found: Vec::new(), seen: self.seen.clone() };
                        alone.parts(place, before, now, way, depth);
                        alone.found.is_empty()
                    });
                    if !fits {
                        self.say(place, "takes a shape no longer that it took");
                    }
                }
            }
            _ => {}
        }
    }

    fn types(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (before, now) = (types(self.old, old, 0), types(self.new, new, 0));
        let (from, into) = if way == Way::Request { (&before, &now) } else { (&now, &before) };
        let Some(into) = into else { return };
        let Some(from) = from else {
            let what = if way == Way::Request { "takes no longer everything" } else { "may be of any type now" };
            return self.say(place, what);
        };
        let covered = |kind: &&str| into.contains(*kind) || (*kind == "integer" && into.contains("number"));
        for kind in from.iter().copied().filter(|kind| !covered(kind)) {
            match way {
                Way::Request => self.say(place, format_args!("takes no {kind} any more")),
                Way::Answer => self.say(place, format_args!("may be {kind} now")),
            }
        }
    }

    /// The words that a client may say; a new one in an answer is fine.
    fn words(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (before, now) = (words(self.old, old), words(self.new, new));
        if let (Way::Request, Some(now)) = (way, now) {
            match before {
                None => self.say(place, "takes only some words now"),
                Some(before) => {
                    for word in before.difference(&now) {
                        self.say(place, format_args!("takes {word} no longer"));
                    }
                }
            }
        }
    }

    fn limits(&mut self, place: &str, old: &Value, new: &Value) {
        for (name, is_upper) in [
            ("maxLength", true),
            ("maximum", true),
            ("maxItems", true),
            ("minLength", false),
            ("minimum", false),
            ("minItems", false),
        ] {
            let Some(now) = new[name].as_f64() else { continue };
            let narrower = |before: f64| if is_upper { now < before } else { now > before };
            if old[name].as_f64().is_none_or(narrower) {
                self.say(place, format_args!("`{name}` is {now}"));
            }
        }
        if new["pattern"].is_string() && new["pattern"] != old["pattern"] {
            self.say(place, "has another pattern");
        }
    }

    /// Fields and items of one shape.
    fn parts(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way, depth: usize) {
        if old.get("items").is_some() && new.get("items").is_some() {
            self.schema(&format!("{place}[]"), &old["items"], &new["items"], way, depth + 1);
        }
        let (before, now) = (fields(self.old, old), fields(self.new, new));
        let open = now.is_empty() && new["additionalProperties"] != false;
        for (&name, &schema) in &before {
            let place = format!("{place}.{name}");
            match now.get(name) {
                Some(&now) => self.schema(&place, schema, now, way, depth + 1),
                // What has no names for its fields takes any.
                None if way == Way::Request && open => {}
                None => self.say(&place, "is gone"),
            }
        }
        let (had, has) = (required(self.old, old), required(self.new, new));
        match way {
            Way::Request => {
                for name in has.difference(&had) {
                    self.say(&format!("{place}.{name}"), "is required");
                }
            }
            Way::Answer => {
                for name in had.difference(&has).filter(|name| now.contains_key(**name)) {
                    self.say(&format!("{place}.{name}"), "may be missing now");
                }
            }
        }
    }
}

fn entries<'a>(value: &'a Value) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    value.as_object().into_iter().flatten()
}

/// What a reference leads to.
fn follow<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    for _ in 0..MAX_DEPTH {
        match value["$ref"].as_str().and_then(|to| document.pointer(to.trim_start_matches('#'))) {
            Some(target) => value = target,
            None => break,
        }
    }
    value
}

/// The shapes that a schema leaves open, null aside; itself, if it has no alternatives.
fn alternatives<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let several = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    match several {
        None => vec![schema],
        Some(several) => several.iter().map(|one| follow(document, one)).filter(|one| one["type"] != "null").collect(),
    }
}

/// The types that a schema lets through; none where it lets through any.
fn types<'a>(document: &'a Value, schema: &'a Value, depth: usize) -> Option<BTreeSet<&'a str>> {
    let schema = follow(document, schema);
    match &schema["type"] {
        Value::String(one) => return Some([one.as_str()].into()),
        Value::Array(several) => return Some(several.iter().filter_map(Value::as_str).collect()),
        _ => {}
    }
    let several = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    if let Some(several) = several.filter(|_| depth < MAX_DEPTH) {
        let each: Option<Vec<_>> = several.iter().map(|one| types(document, one, depth + 1)).collect();
        return Some(each?.into_iter().flatten().collect());
    }
    let named = schema.get("const").or_else(|| schema["enum"].get(0));
    match named? {
        Value::String(_) => Some(["string"].into()),
        Value::Number(_) => Some(["number"].into()),
        Value::Bool(_) => Some(["boolean"].into()),
        _ => None,
    }
}

/// The words that a schema is limited to, as JSON.
fn words(document: &Value, schema: &Value) -> Option<BTreeSet<String>> {
    if let Some(word) = schema.get("const") {
        return Some([word.to_string()].into());
    }
    if let Some(several) = schema["enum"].as_array() {
        return Some(several.iter().map(Value::to_string).collect());
    }
    // Words with a description each are alternatives of constants.
    let several = schema["oneOf"].as_array().or(schema["anyOf"].as_array())?;
    let several = several.iter().map(|one| follow(document, one)).filter(|one| one["type"] != "null");
    let each: Option<Vec<BTreeSet<String>>> = several.map(|one| words(document, one)).collect();
    each.map(|each| each.into_iter().flatten().collect())
}

/// The fields of a shape, with those of its parts.
fn fields<'a>(document: &'a Value, schema: &'a Value) -> BTreeMap<&'a str, &'a Value> {
    let mut found: BTreeMap<_, _> =
        entries(&schema["properties"]).map(|(name, schema)| (name.as_str(), schema)).collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(fields(document, follow(document, part)));
    }
    found
}

fn required<'a>(document: &'a Value, schema: &'a Value) -> BTreeSet<&'a str> {
    let mut found: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(required(document, follow(document, part)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A document with one operation, whose body and answer are a thing; `$ref`s and null are as aide writes them.
    fn document(thing: Value) -> Value {
        json!({
            "paths": { "/things": { "post": {
                "parameters": [
                    { "name": "limit", "in": "query", "schema": { "type": ["integer", "null"] } },
                    { "$ref": "#/components/parameters/Key" },
                ],
                "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                "responses": { "201": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } }, "default": {} },
            } } },
            "components": {
                "parameters": { "Key": { "name": "Key", "in": "header", "schema": { "type": "string" } } },
                "schemas": { "Thing": thing, "Word": { "oneOf": [{ "const": "a" }, { "const": "b" }] } },
            },
        })
    }

    fn thing() -> Value {
        json!({ "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string", "maxLength": 10 },
            "size": { "type": ["integer", "null"], "minimum": 0 },
            "word": { "anyOf": [{ "$ref": "#/components/schemas/Word" }, { "type": "null" }] },
            "parts": { "type": "array", "items": { "type": "object", "properties": { "at": { "type": "number" } } } },
            "again": { "$ref": "#/components/schemas/Thing" },
        } })
    }

    fn changed(pointer: &str, value: Option<Value>) -> Vec<String> {
        let old = document(thing());
        let mut new = old.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = &name.replace("~1", "/").replace("~0", "~");
        let parent = new.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match (parent, value) {
            (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
            (Value::Object(fields), None) => drop(fields.remove(name).unwrap()),
            (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
            (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
            _ => panic!("{pointer}"),
        }
        breaking(&old, &new)
    }

    #[test]
    fn what_breaks_nobody_is_fine() {
        let (thing, post) = ("/components/schemas/Thing", "/paths/~1things/post");
        assert_eq!(breaking(&document(super::tests::thing()), &document(super::tests::thing())), [""; 0]);
        for (pointer, value) in [
            ("/paths/~1more".to_owned(), json!({ "get": {} })),
            (format!("{thing}/properties/more"), json!({ "type": "string" })),
            (format!("{thing}/properties/name/maxLength"), json!(20)),
            (format!("{thing}/properties/size/minimum"), json!(-1)),
            (format!("{thing}/description"), json!("A thing.")),
            (format!("{post}/responses/202"), json!({})),
            (format!("{post}/parameters/0/schema"), json!({ "type": ["number", "null"] })),
        ] {
            assert_eq!(changed(&pointer, Some(value)), [""; 0], "{pointer}");
        }
        let more = json!({ "oneOf": [{ "const": "a" }, { "const": "b" }, { "const": "c" }] });
        assert_eq!(changed("/components/schemas/Word", Some(more)), [""; 0]);
    }

    #[test]
    fn what_breaks_a_client_is_named() {
        let (thing, post) = ("/components/schemas/Thing", "/paths/~1things/post");
        let fields = format!("{thing}/properties");
        for (pointer, value, expected) in [
            ("/paths/~1things".to_owned(), None, "POST /things is gone"),
            (post.to_owned(), None, "POST /things is gone"),
            (format!("{post}/parameters/0"), None, "POST /things: the parameter `limit` is gone"),
            (
                format!("{post}/parameters/0/required"),
                Some(json!(true)),
                "POST /things: the parameter `limit` is required",
            ),
            (
                format!("{post}/parameters/0/schema"),
                Some(json!({ "type": "integer" })),
                "POST /things: the parameter `limit`: takes no null any more",
            ),
            (
                "/components/parameters/Key/schema/pattern".into(),
                Some(json!("^a")),
                "POST /things: the parameter `Key`: has another pattern",
            ),
            (
                format!("{post}/requestBody/content"),
                Some(json!({ "text/plain": {} })),
                "POST /things: no longer takes application/json",
            ),
            (format!("{post}/responses/201"), None, "POST /things: no longer answers 201"),
            (
                format!("{post}/responses/201/content"),
                Some(json!({ "text/csv": {} })),
                "POST /things: 201 is no longer application/json",
            ),
            (format!("{fields}/size"), None, "POST /things: body.size: is gone"),
            (format!("{fields}/size"), None, "POST /things: 201.size: is gone"),
            (format!("{fields}/parts/items/properties/at"), None, "POST /things: 201.parts[].at: is gone"),
            (format!("{thing}/required"), Some(json!(["name", "size"])), "POST /things: body.size: is required"),
            (format!("{thing}/required"), Some(json!([])), "POST /things: 201.name: may be missing now"),
            (format!("{fields}/name/type"), Some(json!(["string", "null"])), "POST /things: 201.name: may be null now"),
            (
                format!("{fields}/size/type"),
                Some(json!(["string", "null"])),
                "POST /things: body.size: takes no integer any more",
            ),
            (
                format!("{fields}/size/type"),
                Some(json!(["number", "null"])),
                "POST /things: 201.size: may be number now",
            ),
            (format!("{fields}/name/maxLength"), Some(json!(5)), "POST /things: body.name: `maxLength` is 5"),
            (format!("{fields}/name/enum"), Some(json!(["x"])), "POST /things: body.name: takes only some words now"),
            (
                format!("{fields}/parts/items"),
                Some(json!({ "type": "string" })),
                "POST /things: body.parts[]: takes no object any more",
            ),
            ("/components/schemas/Word/oneOf/1".into(), None, "POST /things: body.word: takes \"b\" no longer"),
        ] {
            let found = changed(&pointer, value);
            assert!(found.iter().any(|line| line == expected), "{pointer}: {found:#?}");
        }
    }

    #[test]
    fn the_document_breaks_nothing_of_itself() {
        let document: Value = serde_json::from_str(&crate::openapi::json()).unwrap();
        assert_eq!(breaking(&document, &document), [""; 0]);
    }
}
