//! Reading a rule, with errors that name the place and the nearest right word.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{MAX_SOURCE, Rule};
use crate::problem::{Problem, pointer_key};

impl Rule {
    /// Reads a rule from JSON text and checks its shape.
    pub fn from_json(text: &str) -> Result<Self, Vec<Problem>> {
        if text.len() > MAX_SOURCE {
            return Err(vec![too_large(text.len())]);
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let rule: Self = read(&mut reader).map_err(|wrong| {
            let (problem, source) = *wrong;
            vec![match source.line() {
                0 => problem,
                line => problem.at(line as u32, source.column() as u32),
            }]
        })?;
        reader
            .end()
            .map_err(|error| vec![Problem::new("json", "", format!("There is text after the rule: {error}."))])?;
        rule.sound()
    }

    /// Reads a rule from a JSON value and checks its shape.
    pub fn from_value(value: &Value) -> Result<Self, Vec<Problem>> {
        let size = value.to_string().len();
        if size > MAX_SOURCE {
            return Err(vec![too_large(size)]);
        }
        let rule: Self = read(value).map_err(|wrong| vec![wrong.0])?;
        rule.sound()
    }

    pub(crate) fn sound(self) -> Result<Self, Vec<Problem>> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }
}

pub(crate) fn too_large(size: usize) -> Problem {
    Problem::new(
        "too_large",
        "",
        format!("The rule has {size} bytes; at most {MAX_SOURCE} are allowed. Split it into several rules."),
    )
}

fn read<'de, T: DeserializeOwned, D>(reader: D) -> Result<T, Box<(Problem, serde_json::Error)>>
where
    D: serde::Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let pointer = pointer(error.path());
        let source = error.into_inner();
        let code = match source.classify() {
            serde_json::error::Category::Data => "shape",
            _ => "json",
        };
        Box::new((shape(code, pointer, &source.to_string()), source))
    })
}

/// A problem out of serde's words, with the nearest of the names serde would have taken.
pub(crate) fn shape(code: &str, pointer: String, words: &str) -> Problem {
    let words = words.rsplit_once(" at line ").map_or(words, |(words, _)| words);
    let wrong = words.split('`').nth(1);
    // JSON's words quote each name, YAML's do not.
    let names = words.split_once(", expected ").map_or("", |(_, names)| names);
    let names = names
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|name| !matches!(*name, "" | "one" | "of" | "or"));
    let unknown = words.starts_with("unknown field") || words.starts_with("unknown variant");
    let mut message = plain(words);
    if let Some(first) = message.get(..1).map(str::to_uppercase) {
        message.replace_range(..1, &first);
    }
    message.push('.');
    let problem = Problem::new(code, pointer, message);
    match wrong {
        Some(wrong) if unknown => problem.nearest(wrong, names),
        _ => problem,
    }
}

/// Serde's words without those of the language that this is written in.
fn plain(words: &str) -> String {
    const KINDS: [(&[&str], &str); 3] = [
        (&["u8", "u16", "u32", "u64", "usize"], "a whole number from 0 on"),
        (&["i8", "i16", "i32", "i64", "isize"], "a whole number"),
        (&["f32", "f64"], "a number"),
    ];
    let words = words.strip_prefix("unknown_word: ").unwrap_or(words);
    let kind = |word: &str| KINDS.iter().find(|(names, _)| names.contains(&word)).map(|(_, said)| *said);
    if let Some(said) = words.strip_prefix("invalid ").and_then(kind) {
        return format!("this must be {said}");
    }
    let (found, wanted) =
        words.split_once(", expected ").map_or((words, None), |(found, wanted)| (found, Some(wanted)));
    let found = found
        .replace("invalid type: sequence", "invalid type: list")
        .replace("invalid type: map", "invalid type: object");
    let wanted = wanted.map(|wanted| match wanted {
        wanted if wanted.starts_with("struct ") => "an object",
        "a sequence" => "a list",
        "a map" => "an object",
        "a string" | "a borrowed string" | "string" => "a text",
        "a boolean" => "true or false",
        wanted => kind(wanted).unwrap_or(wanted),
    });
    let said = wanted.map_or(found.clone(), |wanted| format!("{found}, expected {wanted}"));
    said.trim_end_matches('.').to_owned()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut out = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => out.push_str(&format!("/{}", pointer_key(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    out
}
