//! What must hold besides the trigger: an expression, or the tree the visual builder edits, which
//! is turned into the same expression.

use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use crate::quotes::quoted as text;

/// A condition, as written.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum Condition {
    /// An expression.
    Text(String),
    /// A tree of comparisons.
    Tree(Tree),
}

/// A tree of comparisons.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum Tree {
    /// All of these hold.
    All {
        /// These.
        all: Vec<Tree>,
    },
    /// One of these holds.
    Any {
        /// These.
        any: Vec<Tree>,
    },
    /// None of these holds.
    Not {
        /// These.
        not: Vec<Tree>,
    },
    /// One comparison.
    Compare {
        /// Dotted path: `task.priority`.
        field: String,
        /// How it is compared.
        op: Operator,
        /// With what.
        #[serde(default)]
        value: Value,
    },
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Is equal.
    #[serde(alias = "=", alias = "==", alias = "is")]
    Eq,
    /// Is not equal.
    #[serde(alias = "!=", alias = "is_not")]
    Ne,
    /// Is less, or before.
    #[serde(alias = "<", alias = "before")]
    Lt,
    /// Is less or equal.
    #[serde(alias = "<=")]
    Lte,
    /// Is greater, or after.
    #[serde(alias = ">", alias = "after")]
    Gt,
    /// Is greater or equal.
    #[serde(alias = ">=")]
    Gte,
    /// Is one of a list.
    In,
    /// Is none of a list.
    NotIn,
    /// Holds: a list an item, a text a text.
    Contains,
    /// Does not hold.
    NotContains,
    /// A text begins with.
    StartsWith,
    /// A text ends with.
    EndsWith,
    /// Has a value; `value` is not needed.
    #[serde(alias = "is_present")]
    IsSet,
    /// Has none; `value` is not needed.
    #[serde(alias = "is_null")]
    IsNotSet,
}

impl Condition {
    /// The condition as one expression.
    pub fn expression(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Tree(tree) => tree.expression(),
        }
    }

    /// Each part that can be wrong by itself, with the pointer that leads to it from the condition.
    pub fn parts(&self) -> Vec<(String, String)> {
        match self {
            Self::Text(text) => vec![(String::new(), text.clone())],
            Self::Tree(tree) => {
                let mut parts = Vec::new();
                tree.parts(&mut String::new(), &mut parts);
                parts
            }
        }
    }
}

impl Tree {
    fn expression(&self) -> String {
        let join = |trees: &[Tree], word: &str| {
            trees.iter().map(|tree| format!("({})", tree.expression())).collect::<Vec<_>>().join(word)
        };
        match self {
            // As everywhere: all of nothing is true, any of nothing is not.
            Self::All { all } if all.is_empty() => "true".to_owned(),
            Self::Any { any } if any.is_empty() => "false".to_owned(),
            Self::Not { not } if not.is_empty() => "true".to_owned(),
            Self::All { all } => join(all, " && "),
            Self::Any { any } => join(any, " || "),
            Self::Not { not } => format!("!({})", join(not, " || ")),
            Self::Compare { field, op, value } => op.expression(&path(field), &literal(value)),
        }
    }

    fn parts(&self, pointer: &mut String, parts: &mut Vec<(String, String)>) {
        let (name, trees) = match self {
            Self::All { all } => ("all", all),
            Self::Any { any } => ("any", any),
            Self::Not { not } => ("not", not),
            Self::Compare { .. } => return parts.push((pointer.clone(), self.expression())),
        };
        for (index, tree) in trees.iter().enumerate() {
            let length = pointer.len();
            pointer.push_str(&format!("/{name}/{index}"));
            tree.parts(pointer, parts);
            pointer.truncate(length);
        }
    }

    /// How many levels of `all`, `any` and `not` there are.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::All { all: trees } | Self::Any { any: trees } | Self::Not { not: trees } => {
                1 + trees.iter().map(Self::depth).max().unwrap_or(0)
            }
            Self::Compare { .. } => 1,
        }
    }
}

impl Operator {
    fn expression(self, field: &str, value: &str) -> String {
        match self {
            Self::Eq => format!("{field} == {value}"),
            Self::Ne => format!("{field} != {value}"),
            Self::Lt => format!("{field} < {value}"),
            Self::Lte => format!("{field} <= {value}"),
            Self::Gt => format!("{field} > {value}"),
            Self::Gte => format!("{field} >= {value}"),
            Self::In => format!("{field} in {value}"),
            Self::NotIn => format!("!({field} in {value})"),
            Self::Contains => format!("{value} in {field}"),
            Self::NotContains => format!("!({value} in {field})"),
            Self::StartsWith => format!("starts_with({field}, {value})"),
            Self::EndsWith => format!("ends_with({field}, {value})"),
            Self::IsSet => format!("{field} != ()"),
            Self::IsNotSet => format!("{field} == ()"),
        }
    }
}

/// A dotted path as an expression; parts that are not plain names are put in brackets.
fn path(field: &str) -> String {
    let mut out = String::new();
    for (index, part) in field.split('.').enumerate() {
        let plain = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if index == 0 {
            out.push_str(part);
        } else if plain {
            out.push('.');
            out.push_str(part);
        } else if !part.is_empty() && part.len() < 10 && part.chars().all(|c| c.is_ascii_digit()) {
            out.push_str(&format!("[{part}]"));
        } else {
            out.push_str(&format!("[{}]", text(part)));
        }
    }
    out
}

/// A JSON value as a literal of the expression language.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        // A moment is compared as a moment, not letter by letter.
        Value::String(moment) if chrono::DateTime::parse_from_rfc3339(moment).is_ok() => {
            format!("date({})", text(moment))
        }
        Value::String(words) => text(words),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{}: {}", text(key), literal(value))).collect();
            format!("#{{{}}}", fields.join(", "))
        }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Tree(tree) => tree.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Condition;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an expression, or an object with `all`, `any`, `not` or `field`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Condition, E> {
                Ok(Condition::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Condition, A::Error> {
                Tree::deserialize(MapAccessDeserializer::new(map)).map(Condition::Tree)
            }
        }
        deserializer.deserialize_any(Words)
    }
}

/// A node of the tree as written: one flat object, so that errors name the field they mean.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Tree")]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<Vec<Tree>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    any: Option<Vec<Tree>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not: Option<OneOrMany>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    op: Option<Operator>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    value: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected an object or a list of objects, each with `all`, `any`, `not`, or `field` and `op`"
)]
enum OneOrMany {
    Many(Vec<Tree>),
    One(Box<Tree>),
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = Written { all: None, any: None, not: None, field: None, op: None, value: Value::Null };
        match self.clone() {
            Self::All { all } => written.all = Some(all),
            Self::Any { any } => written.any = Some(any),
            Self::Not { not } => written.not = Some(OneOrMany::Many(not)),
            Self::Compare { field, op, value } => {
                written.field = Some(field);
                written.op = Some(op);
                written.value = value;
            }
        }
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written { all: Some(all), any: None, not: None, field: None, op: None, value: Value::Null } => {
                Ok(Self::All { all })
            }
            Written { all: None, any: Some(any), not: None, field: None, op: None, value: Value::Null } => {
                Ok(Self::Any { any })
            }
            Written { all: None, any: None, not: Some(not), field: None, op: None, value: Value::Null } => {
                Ok(Self::Not {
                    not: match not {
                        OneOrMany::Many(trees) => trees,
                        OneOrMany::One(tree) => vec![*tree],
                    },
                })
            }
            Written { all: None, any: None, not: None, field: Some(field), op: Some(op), value } => {
                Ok(Self::Compare { field, op, value })
            }
            Written { all: None, any: None, not: None, field: Some(_), op: None, .. } => {
                Err(de::Error::missing_field("op"))
            }
            _ => {
                Err(de::Error::custom("expected exactly one of `all`, `any`, `not`, or `field` with `op` and `value`"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_becomes_one_expression() {
        let condition: Condition = serde_json::from_value(json!({"all": [
            {"field": "task.priority", "op": "in", "value": ["high", "critical"]},
            {"any": [{"field": "task.labels", "op": "contains", "value": "say \"hi\""}, {"not": [{"field": "task.due_at", "op": "<", "value": "2026-01-01T00:00:00Z"}]}]},
            {"field": "task.assignee", "op": "is_set"},
            {"field": "headers.x-id.0", "op": "eq", "value": 1},
        ]})).expect("a condition");
        assert_eq!(
            condition.expression(),
            r#"(task.priority in ["high", "critical"]) && (("say \"hi\"" in task.labels) || (!((task.due_at < date("2026-01-01T00:00:00Z"))))) && (task.assignee != ()) && (headers["x-id"][0] == 1)"#
        );
        assert_eq!(condition.parts()[1].0, "/all/1/any/0");
        let again: Condition = serde_json::from_value(serde_json::to_value(&condition).expect("json")).expect("again");
        assert_eq!(again, condition);
    }

    #[test]
    fn a_tree_that_says_two_things_is_refused() {
        assert!(serde_json::from_value::<Condition>(json!({"all": [], "any": []})).is_err());
        assert!(serde_json::from_value::<Condition>(json!({"field": "x"})).unwrap_err().to_string().contains("`op`"));
        assert!(serde_json::from_value::<Condition>(json!(7)).is_err());
    }
}
