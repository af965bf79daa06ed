//! The one place where text written by users is run.
//!
//! There is one engine, shared by all (making one costs about 100 µs). It begins empty: no package
//! of the engine's library is loaded, since those bring `sleep`, `replace`, `pad`, `range` and others
//! that no limit stops. Every function an expression can call is in `text`, `list`, `time` and
//! `number`, and each bounds what it takes and gives.
//!
//! What bounds the rest:
//! - the source: 8 KiB, 32 levels deep, then a tree at most 96 levels deep;
//! - the work: 100,000 steps and 50 ms, counted per evaluation over closures too (the engine's own
//!   count forgets what closures did);
//! - the memory: texts of 16 KiB, lists of 512, maps of 1,024; 64 variables, 16 calls deep;
//! - expressions have no variables, loops or functions at all; only [`Script`](crate::Script)s do.

mod list;
pub(crate) mod meter;
mod number;
mod text;
mod time;
pub(crate) mod value;

use std::{
    cell::RefCell,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use rhai::{AST, Dynamic, Engine, EvalAltResult, OptimizationLevel, Scope, Token};

pub use time::{Span, Timestamp, moment};

use crate::{
    facts::Vars,
    problem::Problem,
    syntax::{self, Reads, at_position},
};

use meter::Limit;

/// Bytes of one expression or script.
pub const MAX_EXPRESSION: usize = 8 * 1024;
/// Bytes of a text an expression makes.
pub const MAX_TEXT: usize = 16 * 1024;
/// Items of a list an expression makes, counting lists inside.
pub const MAX_LIST: usize = 512;
/// Fields of a map an expression makes, counting maps inside.
pub const MAX_FIELDS: usize = 1024;

/// Bytes of an error's message that come from the expression.
const MAX_MESSAGE: usize = 500;

/// Every function of the language, for completion and for suggestions.
pub const FUNCTIONS: &[&str] = &[
    "abs",
    "all",
    "any",
    "ceil",
    "contains",
    "count",
    "date",
    "days",
    "default",
    "ends_with",
    "filter",
    "find",
    "first",
    "floor",
    "get",
    "hours",
    "is_empty",
    "join",
    "keys",
    "last",
    "len",
    "lines",
    "lower",
    "map",
    "max",
    "min",
    "minutes",
    "replace",
    "round",
    "seconds",
    "split",
    "starts_with",
    "sub_string",
    "sum",
    "task_key",
    "task_keys",
    "to_float",
    "to_int",
    "to_lower",
    "to_string",
    "to_upper",
    "trim",
    "type_of",
    "upper",
    "values",
    "weeks",
];

/// Whether statements are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One expression.
    Expression,
    /// Statements, loops and functions.
    Script,
}

/// The shared engine. Cloning it is free.
#[derive(Clone)]
pub struct Sandbox {
    engine: Arc<Engine>,
    limit: Limit,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sandbox")
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

thread_local! {
    /// The variables of the evaluation this thread is in, when its closures use variables from
    /// outside. The engine would share such a variable behind a lock and then stumble over it when
    /// the closure reads what its caller holds; a value handed out here is never shared.
    static OUTSIDE: RefCell<HashMap<String, Dynamic>> = RefCell::default();
}

impl Sandbox {
    /// Makes the engine. Make one per process.
    pub fn new() -> Self {
        let limit = meter::USUAL;
        Self { engine: Arc::new(engine(limit)), limit }
    }

    /// One for conditions that are judged while others wait, such as those that say who may do what: they have a tenth of
    /// the steps and of the time.
    pub fn strict() -> Self {
        let limit = meter::STRICT;
        Self { engine: Arc::new(engine(limit)), limit }
    }

    pub(crate) fn compile(&self, source: &str, mode: Mode) -> Result<(AST, Reads), Problem> {
        if source.len() > MAX_EXPRESSION {
            let message = format!("The expression has {} bytes; at most {MAX_EXPRESSION} are allowed.", source.len());
            return Err(Problem::new("too_large", "", message));
        }
        if source.trim().is_empty() {
            return Err(Problem::new("syntax", "", "The expression is empty.").at(1, 1));
        }
        if let Some(problem) = crate::quotes::too_long_chain(source) {
            return Err(problem);
        }
        let source = crate::quotes::double(source);
        let compiled = guarded(|| match mode {
            Mode::Expression => self.engine.compile_expression(&source),
            Mode::Script => self.engine.compile(&source),
        })?;
        let ast = compiled.map_err(|error| {
            let mut said = sentence(&error.err_type().to_string());
            if mode == Mode::Expression {
                said.push_str(crate::quotes::foreign(&source).unwrap_or_default());
            }
            at_position(Problem::new("syntax", "", said), error.position())
        })?;
        let reads = syntax::inspect(&ast, mode)?;
        Ok((ast, reads))
    }

    pub(crate) fn evaluate(&self, ast: &AST, reads: &Reads, vars: &Vars) -> Result<Dynamic, Problem> {
        let mut scope = Scope::new();
        let mut outside = HashMap::new();
        for (name, paths) in &reads.names {
            let Some(value) = vars.get(name, paths) else {
                continue;
            };
            let value = value.map_err(|message| Problem::new("too_large", "", format!("`{name}`: {message}")))?;
            if reads.captures {
                outside.insert(name.clone(), value);
            } else {
                scope.push_constant_dynamic(name.as_str(), value);
            }
        }
        let _outside = Outside::set(outside);
        let _running = meter::start(self.limit);
        let result = guarded(|| self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, ast))?;
        result.map_err(|error| failure(&error))
    }
}

/// The engine with all that expressions and scripts may use, and nothing else.
#[expect(deprecated, reason = "`on_var` and `on_parse_token` are marked so only because the engine may change them")]
fn engine(limit: Limit) -> Engine {
    let mut engine = Engine::new_raw();
    engine
        .set_max_operations(limit.steps)
        .set_max_expr_depths(32, 16)
        .set_max_string_size(MAX_TEXT)
        .set_max_array_size(MAX_LIST)
        .set_max_map_size(MAX_FIELDS)
        .set_max_call_levels(16)
        .set_max_functions(16)
        .set_max_variables(64)
        // The cache of strings is behind a lock all threads share.
        .set_max_strings_interned(0)
        .set_optimization_level(OptimizationLevel::None);
    for word in ["eval", "Fn", "call", "curry", "print", "debug", "is_shared", "import", "export", "this"] {
        engine.disable_symbol(word);
    }
    engine.on_print(|_| {});
    engine.on_debug(|_, _, _| {});
    engine.on_progress(|_| meter::step().then_some(Dynamic::UNIT));
    engine.on_var(|name, index, _| {
        // An index is the parser's word that the name is a parameter or local.
        if index > 0 {
            return Ok(None);
        }
        Ok(OUTSIDE.with_borrow(|outside| outside.get(name).cloned()))
    });
    // `default` is reserved for a future of Rhai that we do not use.
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if *word == "default" => Token::Identifier(word),
        token => token,
    });
    text::register(&mut engine);
    list::register(&mut engine);
    number::register(&mut engine);
    time::register(&mut engine);
    value::register(&mut engine);
    engine
}

/// Takes the variables away again when the evaluation ends, however it ends.
struct Outside(bool);

impl Outside {
    fn set(variables: HashMap<String, Dynamic>) -> Self {
        let used = !variables.is_empty();
        if used {
            OUTSIDE.set(variables);
        }
        Self(used)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if self.0 {
            OUTSIDE.take();
        }
    }
}

/// The engine has a few `unreachable!`; a user's text that reached one must not end a worker.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Problem> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| Problem::new("internal", "", "The expression broke the engine; write it differently."))
}

/// A run-time error as a problem: the innermost cause, in plain words.
fn failure(error: &EvalAltResult) -> Problem {
    let inner = innermost(error);
    let at = if inner.position().is_none() { error.position() } else { inner.position() };
    let (code, message) = match inner {
        EvalAltResult::ErrorTooManyOperations(_) | EvalAltResult::ErrorTerminated(..) => {
            ("too_long", "The expression works too long; simplify it.".to_owned())
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => {
            ("too_large", format!("The expression makes too large a value ({what})."))
        }
        EvalAltResult::ErrorStackOverflow(_) => ("too_deep", "The expression calls itself too deeply.".to_owned()),
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            ("unknown_variable", format!("There is no variable `{name}`."))
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => ("unknown_function", no_function(signature)),
        EvalAltResult::ErrorMismatchDataType(wanted, given, _) => {
            ("wrong_type", format!("A value of type {} is needed here, this is {}.", plain(wanted), plain(given)))
        }
        other => {
            let mut bare = match other {
                EvalAltResult::ErrorRuntime(said, _) => said.to_string(),
                other => other.to_string(),
            };
            // A script may throw the whole event.
            bare.truncate(bare.floor_char_boundary(MAX_MESSAGE));
            if let Some(cut) = bare.rfind(" (line ") {
                bare.truncate(cut);
            }
            ("evaluation", sentence(&bare))
        }
    };
    at_position(Problem::new(code, "", message), at)
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => innermost(inner),
        other => other,
    }
}

fn no_function(signature: &str) -> String {
    let name = signature.split([' ', '(']).next().unwrap_or_default();
    let types = signature.split_once('(').map_or("", |(_, types)| types.trim_end_matches(')'));
    let types: Vec<_> = types.split(", ").filter(|name| !name.is_empty()).map(plain).collect();
    if name.starts_with(|c: char| c.is_alphabetic()) {
        format!("There is no function `{name}` for ({}).", types.join(", "))
    } else {
        format!("`{name}` does not work with {}.", types.join(" and "))
    }
}

/// The engine's name of a type in the words this language uses.
pub(crate) fn plain(name: &str) -> &str {
    match name.trim() {
        "()" => "null",
        "i64" => "number",
        "f64" => "number",
        "string" | "ImmutableString" | "&str" | "&str | ImmutableString | String" => "text",
        "array" => "list",
        "bool" => "true/false",
        name if name.ends_with("Timestamp") => "moment",
        name if name.ends_with("Span") => "length of time",
        other => other,
    }
}

fn sentence(words: &str) -> String {
    let mut out = words.trim_end_matches('.').to_owned();
    out.push('.');
    out
}
