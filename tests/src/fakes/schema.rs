//! A vendor's API description as a judge: would the vendor take this request?
//!
//! Reads OpenAPI 3.0 and Swagger 2, whose schemas are close to JSON Schema draft 4; `nullable` is the difference that
//! matters and is translated. Stricter than the vendors in one thing: parameters and fields the description does not
//! know are refused, because a vendor that silently ignores them hides our mistakes.

use std::collections::HashMap;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Upper-case method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// The query as it came.
    pub query: String,
    /// Headers by lower-case name.
    pub headers: HashMap<String, String>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The token of `Authorization: Bearer`.
    pub fn bearer(&self) -> Option<&str> {
        self.headers.get("authorization")?.strip_prefix("Bearer ")
    }
}

/// One operation a request was recognised as, with what was read from it.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// The description's `operationId`, such as `issues/create`.
    pub operation: String,
    /// The parameters of the path.
    pub path: HashMap<String, String>,
    /// The body as JSON; a form's fields as an object.
    pub body: Value,
}

struct Parameter {
    name: String,
    required: bool,
    kind: String,
    schema: SchemaIndex,
}

struct Operation {
    id: String,
    method: String,
    path: Vec<String>,
    in_path: Vec<Parameter>,
    in_query: Vec<Parameter>,
    json: Option<(SchemaIndex, Vec<String>)>,
    form: Option<(SchemaIndex, Map<String, Value>)>,
    answers: HashMap<u16, SchemaIndex>,
}

/// A vendor's description, ready to judge.
pub struct Vendor {
    schemas: Schemas,
    operations: Vec<Operation>,
}

impl Vendor {
    /// Reads a description.
    ///
    /// # Panics
    /// When the file is not a description this can read: the fixture is broken then.
    pub fn read(text: &str) -> Self {
        let mut document: Value = serde_json::from_str(text).expect("the fixture is JSON");
        translate_nullable(&mut document);
        Reader { document, compiler: compiler(), schemas: Schemas::new(), operations: Vec::new(), resources: 0 }.read()
    }

    /// Recognises a request and checks its path, query and body.
    ///
    /// # Errors
    /// `None` when no operation has this method and path; otherwise everything the vendor would refuse.
    pub fn check(&self, received: &Received) -> Result<Recognised, Option<Vec<String>>> {
        let (operation, path) = self
            .operations
            .iter()
            .filter(|operation| operation.method == received.method)
            .find_map(|operation| Some((operation, fit(&operation.path, &received.path)?)))
            .ok_or(None)?;
        let mut problems = Vec::new();
        for parameter in &operation.in_path {
            self.check_text(parameter, &path[&parameter.name], &mut problems);
        }
        let query: HashMap<String, String> = form_urlencoded::parse(received.query.as_bytes()).into_owned().collect();
        for (name, value) in &query {
            match operation.in_query.iter().find(|parameter| parameter.name == *name) {
                Some(parameter) => self.check_text(parameter, value, &mut problems),
                None => problems.push(format!("query: unknown parameter `{name}`")),
            }
        }
        let missing = operation.in_query.iter().filter(|parameter| parameter.required);
        problems.extend(
            missing.filter(|p| !query.contains_key(&p.name)).map(|p| format!("query: `{}` is missing", p.name)),
        );
        let body = self.check_body(operation, received, &mut problems);
        if problems.is_empty() {
            Ok(Recognised { operation: operation.id.clone(), path, body })
        } else {
            Err(Some(problems))
        }
    }

    /// Checks what a fake is about to answer; statuses the description does not have pass.
    ///
    /// # Errors
    /// What the vendor would never answer.
    pub fn check_answer(&self, operation: &str, status: u16, body: &Value) -> Result<(), String> {
        let operation = self.operations.iter().find(|known| known.id == operation);
        match operation.and_then(|operation| operation.answers.get(&status)) {
            Some(schema) => self.schemas.validate(body, *schema).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    fn check_text(&self, parameter: &Parameter, text: &str, problems: &mut Vec<String>) {
        if let Err(error) = self.schemas.validate(&typed(&parameter.kind, text), parameter.schema) {
            problems.push(format!("`{}`: {error}", parameter.name));
        }
    }

    fn check_body(&self, operation: &Operation, received: &Received, problems: &mut Vec<String>) -> Value {
        let kind = received.headers.get("content-type").map_or("", |kind| kind.split(';').next().unwrap_or("").trim());
        if let (Some((schema, fields)), "application/x-www-form-urlencoded") = (&operation.form, kind) {
            let mut body = Map::new();
            for (name, value) in form_urlencoded::parse(&received.body) {
                let kind = fields.get(name.as_ref()).and_then(|field| field["type"].as_str()).unwrap_or("string");
                body.insert(name.to_string(), typed(kind, &value));
            }
            let body = Value::Object(body);
            problems.extend(self.schemas.validate(&body, *schema).err().map(|error| format!("body: {error}")));
            return body;
        }
        let Some((schema, known)) = &operation.json else {
            if operation.form.is_some() {
                problems.push(format!("content-type: `{kind}` is not taken"));
            } else if !received.body.is_empty() {
                problems.push("body: this operation takes none".into());
            }
            return Value::Null;
        };
        if kind != "application/json" {
            problems.push(format!("content-type: `{kind}` is not application/json"));
        }
        let body: Value = match serde_json::from_slice(&received.body) {
            Ok(body) => body,
            Err(error) => {
                problems.push(format!("body: {error}"));
                return Value::Null;
            }
        };
        problems.extend(self.schemas.validate(&body, *schema).err().map(|error| format!("body: {error}")));
        for name in body.as_object().into_iter().flat_map(Map::keys).filter(|name| !known.contains(name)) {
            problems.push(format!("body: unknown field `{name}`"));
        }
        body
    }
}

/// Turns a description into compiled schemas.
struct Reader {
    document: Value,
    compiler: Compiler,
    schemas: Schemas,
    operations: Vec<Operation>,
    resources: usize,
}

impl Reader {
    fn read(mut self) -> Vendor {
        let paths = self.document["paths"].as_object().expect("a description has paths").clone();
        for (path, methods) in &paths {
            for (method, operation) in methods.as_object().expect("a path has methods") {
                let operation = self.operation(path, method, operation);
                self.operations.push(operation);
            }
        }
        Vendor { schemas: self.schemas, operations: self.operations }
    }

    fn operation(&mut self, path: &str, method: &str, operation: &Value) -> Operation {
        let mut made = Operation {
            id: operation["operationId"].as_str().expect("an operation has an id").to_owned(),
            method: method.to_uppercase(),
            path: path.split('/').map(str::to_owned).collect(),
            in_path: Vec::new(),
            in_query: Vec::new(),
            json: None,
            form: None,
            answers: HashMap::new(),
        };
        let mut fields = Map::new();
        let mut required = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolve(parameter);
            let name = parameter["name"].as_str().expect("a parameter has a name").to_owned();
            let schema = parameter.get("schema").cloned().unwrap_or_else(|| json!({ "type": parameter["type"] }));
            let is_required = parameter["required"] == true;
            let kind = schema["type"].as_str().unwrap_or("string").to_owned();
            let list = match parameter["in"].as_str() {
                Some("path") => &mut made.in_path,
                Some("query") => &mut made.in_query,
                Some("formData") => {
                    required.extend(is_required.then(|| name.clone()));
                    fields.insert(name, schema);
                    continue;
                }
                // Slack's `token` header is its Authorization header; the fakes check that themselves.
                _ => continue,
            };
            list.push(Parameter { name, required: is_required, kind, schema: self.compile(schema) });
        }
        if !fields.is_empty() {
            let mut schema = json!({ "type": "object", "properties": fields, "additionalProperties": false });
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            made.form = Some((self.compile(schema), fields));
        }
        if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
            let known = schema["properties"].as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
            made.json = Some((self.compile(schema.clone()), known));
        }
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            let schema = answer.pointer("/content/application~1json/schema").or_else(|| answer.get("schema"));
            if let (Ok(status), Some(schema)) = (status.parse(), schema) {
                made.answers.insert(status, self.compile(schema.clone()));
            }
        }
        made
    }

    fn resolve(&self, value: &Value) -> Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).expect("a $ref leads somewhere").clone(),
            None => value.clone(),
        }
    }

    /// Compiles a schema as a document of its own, beside the definitions its `$ref`s lead to.
    fn compile(&mut self, mut schema: Value) -> SchemaIndex {
        if let Some(reference) = schema["$ref"].as_str() {
            schema = json!({ "allOf": [{ "$ref": reference }] });
        }
        for place in ["components", "definitions"] {
            if let Some(definitions) = self.document.get(place) {
                schema[place] = match place {
                    "components" => json!({ "schemas": definitions["schemas"] }),
                    _ => definitions.clone(),
                };
            }
        }
        self.resources += 1;
        let place = format!("http://vendor.test/{}.json", self.resources);
        self.compiler.add_resource(&place, schema).expect("the address can be read");
        self.compiler.compile(&place, &mut self.schemas).unwrap_or_else(|error| panic!("{error:#}"))
    }
}

fn compiler() -> Compiler {
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V4);
    compiler
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema adds the type `null`.
fn translate_nullable(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(translate_nullable),
        Value::Object(fields) => {
            fields.values_mut().for_each(translate_nullable);
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                fields.remove("nullable");
                if let Some(Value::Array(options)) = fields.get_mut("enum") {
                    options.push(Value::Null);
                }
                match fields.get_mut("type") {
                    Some(kind) => *kind = json!([kind.clone(), "null"]),
                    None => *value = json!({ "anyOf": [{ "type": "null" }, fields.clone()] }),
                }
            }
        }
        _ => {}
    }
}

/// Text from a path, query or form as the type the description gives it.
fn typed(kind: &str, text: &str) -> Value {
    match kind {
        "integer" | "number" | "boolean" => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.into())),
        _ => Value::String(text.into()),
    }
}

/// The parameters of a path that fits a template such as `/repos/{owner}/{repo}`.
fn fit(template: &[String], path: &str) -> Option<HashMap<String, String>> {
    let parts: Vec<&str> = path.split('/').collect();
    if parts.len() != template.len() {
        return None;
    }
    let mut found = HashMap::new();
    for (part, expected) in parts.into_iter().zip(template) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !part.is_empty() => {
                found.insert(name.to_owned(), part.to_owned());
            }
            None if part == expected => {}
            _ => return None,
        }
    }
    Some(found)
}
