//! JSON schemas as shapes: what a value can be, and what its fields can be.

use serde_json::Value;

/// What kinds a value may have, as bits.
pub(super) type Kinds = u8;
pub(super) const NULL: Kinds = 1;
pub(super) const BOOL: Kinds = 2;
pub(super) const NUMBER: Kinds = 4;
pub(super) const TEXT: Kinds = 8;
pub(super) const LIST: Kinds = 16;
pub(super) const MAP: Kinds = 32;
pub(super) const MOMENT: Kinds = 64;
pub(super) const SPAN: Kinds = 128;
/// Nothing is known.
pub(super) const ANY: Kinds = u8::MAX;

/// The keyword of a schema of text that names the usual words, where others may be added.
const USUAL: &str = "x-usual";

/// How many references are followed before a schema counts as unknown.
const MAX_REFERENCES: usize = 32;

/// A place in a schema, with the schema its references start from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'c> {
    root: &'c Value,
    schema: &'c Value,
}

/// What is known of a value.
#[derive(Debug, Clone)]
pub(super) struct Shape<'c> {
    pub kinds: Kinds,
    /// The only texts it can be, if there are only so many.
    pub constants: Vec<&'c str>,
    /// Whether those are only the usual ones, and others may be added elsewhere.
    pub usual: bool,
    /// The texts written in the expression that this value is, or (for a list) holds.
    pub literals: Vec<(String, rhai::Position)>,
    /// What an item of the list is, where no schema says it.
    pub item: Option<Box<Shape<'c>>>,
    /// The schemas it may follow, references resolved.
    nodes: Vec<Node<'c>>,
}

/// What is known of a field.
pub(super) enum Field<'c> {
    Found(Shape<'c>),
    /// It cannot be; these can.
    Missing(Vec<&'c str>),
}

impl<'c> Shape<'c> {
    pub fn of(kinds: Kinds) -> Self {
        Self { kinds, constants: Vec::new(), usual: false, literals: Vec::new(), item: None, nodes: Vec::new() }
    }

    pub fn any() -> Self {
        Self::of(ANY)
    }

    pub fn list(item: Self) -> Self {
        Self { item: Some(Box::new(item)), ..Self::of(LIST) }
    }

    /// The same, made of these written texts.
    pub fn written(mut self, literals: Vec<(String, rhai::Position)>) -> Self {
        self.literals = literals;
        self
    }

    pub fn schema(schema: &'c Value) -> Self {
        Self::node(Node { root: schema, schema })
    }

    fn node(node: Node<'c>) -> Self {
        let mut nodes = Vec::new();
        let known = resolve(node, &mut nodes, 0);
        let mut shape = Self::of(0);
        let mut bound = true;
        for node in &nodes {
            let (kinds, constants) = kinds(node.schema);
            shape.kinds |= kinds;
            shape.usual |= node.schema.get(USUAL).is_some();
            match constants {
                Some(constants) => shape.constants.extend(constants),
                None if kinds & TEXT != 0 => bound = false,
                None => {}
            }
        }
        if !bound {
            shape.constants.clear();
        }
        if !known || shape.kinds == 0 {
            return Self::any();
        }
        shape.nodes = nodes;
        shape
    }

    pub fn is_any(&self) -> bool {
        self.kinds == ANY
    }

    /// The same value, which may also be the other.
    pub fn or(mut self, other: Self) -> Self {
        if self.is_any() || other.is_any() {
            return Self::any();
        }
        if self.constants.is_empty() || other.constants.is_empty() {
            let one_text = self.kinds & TEXT == 0 || other.kinds & TEXT == 0;
            if !one_text {
                self.constants.clear();
                self.literals.clear();
            }
        }
        self.kinds |= other.kinds;
        self.usual |= other.usual;
        self.constants.extend(other.constants);
        self.literals.extend(other.literals);
        self.nodes.extend(other.nodes);
        self.item = match (self.item, other.item) {
            (Some(one), Some(two)) => Some(Box::new(one.or(*two))),
            (one, two) => one.or(two),
        };
        self
    }

    /// What an item of this list is.
    pub fn items(&self) -> Self {
        if let Some(item) = &self.item {
            return (**item).clone();
        }
        let items = self
            .nodes
            .iter()
            .filter_map(|node| Some(Node { root: node.root, schema: node.schema.get("items")? }))
            .map(Self::node);
        items.reduce(Self::or).unwrap_or_else(Self::any)
    }

    /// What the field is.
    pub fn field(&self, name: &str) -> Field<'c> {
        if self.is_any() {
            return Field::Found(Self::any());
        }
        let mut found: Option<Self> = None;
        let mut names = Vec::new();
        let mut add = |shape: Self| {
            found = Some(match found.take() {
                Some(found) => found.or(shape),
                None => shape,
            })
        };
        if self.kinds & MAP != 0 && self.nodes.is_empty() {
            add(Self::any());
        }
        for node in &self.nodes {
            if kinds(node.schema).0 & MAP == 0 {
                continue;
            }
            let properties = node.schema.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flatten().map(|(name, _)| name.as_str()));
            match (properties.and_then(|properties| properties.get(name)), node.schema.get("additionalProperties")) {
                (Some(schema), _) => add(Self::node(Node { root: node.root, schema })),
                (None, Some(Value::Bool(false))) => {}
                (None, Some(schema)) => add(Self::node(Node { root: node.root, schema })),
                // A schema that lists properties lists all of them; one without lists none of them.
                (None, None) if properties.is_none() => add(Self::any()),
                (None, None) => {}
            }
        }
        match found {
            Some(mut shape) => {
                // The field of what may be null may be null.
                if self.kinds & NULL != 0 && !shape.is_any() {
                    shape.kinds |= NULL;
                }
                Field::Found(shape)
            }
            None => Field::Missing(names),
        }
    }

    /// The inputs that must be given, for the schema of an action.
    pub fn required(&self) -> Vec<&'c str> {
        let lists = self.nodes.iter().filter_map(|node| node.schema.get("required")?.as_array());
        lists.flatten().filter_map(Value::as_str).collect()
    }

    /// Its kinds in words: `text or null`.
    pub fn words(&self) -> String {
        let names = [
            (BOOL, "true/false"),
            (NUMBER, "number"),
            (TEXT, "text"),
            (LIST, "list"),
            (MAP, "object"),
            (MOMENT, "moment"),
            (SPAN, "length of time"),
        ];
        let words: Vec<_> =
            names.into_iter().filter(|(kind, _)| self.kinds & kind != 0).map(|(_, word)| word).collect();
        if words.is_empty() { "null".to_owned() } else { words.join(" or ") }
    }

    /// The same after an article: `an object`.
    pub fn some(&self) -> String {
        match self.words() {
            words if words == "null" => words,
            words if words.starts_with('o') => format!("an {words}"),
            words => format!("a {words}"),
        }
    }
}

/// Whether values of these kinds can ever be equal or ordered. Null compares with all (to false),
/// and a text may be a moment.
pub(super) fn comparable(one: Kinds, two: Kinds) -> bool {
    let (one, two) = (one & !NULL, two & !NULL);
    one == 0
        || two == 0
        || one & two != 0
        || (one & TEXT != 0 && two & MOMENT != 0)
        || (one & MOMENT != 0 && two & TEXT != 0)
}

/// Adds every schema the node may stand for; false when one of them is not known.
fn resolve<'c>(node: Node<'c>, out: &mut Vec<Node<'c>>, depth: usize) -> bool {
    if depth > MAX_REFERENCES {
        return false;
    }
    if let Some(reference) = node.schema.get("$ref").and_then(Value::as_str) {
        let Some(target) = reference.strip_prefix('#').and_then(|pointer| node.root.pointer(pointer)) else {
            return false;
        };
        return resolve(Node { root: node.root, schema: target }, out, depth + 1);
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(choices) = node.schema.get(word).and_then(Value::as_array) {
            return choices.iter().all(|schema| resolve(Node { root: node.root, schema }, out, depth + 1));
        }
    }
    if let Some([schema]) = node.schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return resolve(Node { root: node.root, schema }, out, depth + 1);
    }
    out.push(node);
    kinds(node.schema).0 != ANY
}

fn kinds(schema: &Value) -> (Kinds, Option<Vec<&str>>) {
    let constants = match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(constant), _) => Some(std::slice::from_ref(constant)),
        (None, Some(constants)) => Some(constants.as_slice()),
        (None, None) => None,
    };
    let usual = schema.get(USUAL).and_then(Value::as_array).map(Vec::as_slice);
    let constants = constants.or(usual);
    let of_constants = constants.map(|constants| constants.iter().fold(0, |kinds, constant| kinds | kind_of(constant)));
    let texts = constants.map(|constants| constants.iter().filter_map(Value::as_str).collect());
    let kinds = match schema.get("type") {
        Some(Value::String(name)) => named(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).fold(0, |kinds, name| kinds | named(name)),
        _ if schema.get("properties").is_some() => MAP,
        _ => of_constants.unwrap_or(ANY),
    };
    (kinds, texts)
}

fn named(name: &str) -> Kinds {
    match name {
        "null" => NULL,
        "boolean" => BOOL,
        "integer" | "number" => NUMBER,
        "string" => TEXT,
        "array" => LIST,
        "object" => MAP,
        _ => ANY,
    }
}

/// The kind of a JSON value.
pub(super) fn kind_of(value: &Value) -> Kinds {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOL,
        Value::Number(_) => NUMBER,
        Value::String(_) => TEXT,
        Value::Array(_) => LIST,
        Value::Object(_) => MAP,
    }
}
