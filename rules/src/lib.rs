//! The rule language of Trackside.
//!
//! A rule is data: *when* this event comes, *if* that holds, *do* these steps. This crate is all
//! that can be said about a rule without touching the world. It does no IO and knows no clock: the
//! moment is passed in, so the same facts and the same rule always give the same answer, today and
//! when a recorded run is played again.
//!
//! # The way of a rule
//!
//! 1. It is **written** as JSON ([`Rule::from_json`]) or YAML ([`Rule::from_yaml`]). Both refuse what
//!    they do not know, and say where and what was probably meant.
//! 2. It is **checked** against the [`Catalogue`] of events and actions ([`check()`]): unknown fields,
//!    values of the wrong type, missing inputs. Every finding is a [`Problem`] with a pointer, a
//!    line and a column. [`Rule::unsupported`] names what can be written but not yet carried out.
//! 3. It is **compiled** once ([`Compiled::new`]) into a tree whose steps hold their expressions and
//!    templates ready to run.
//! 4. It is **indexed** by event kind and project ([`matcher::Index`]), so that an event meets only
//!    the rules that may care.
//! 5. An event's facts become [`Facts`] once; each candidate's [`matcher::Matcher`] and condition
//!    are asked with [`Vars`] = facts + moment. The interpreter in the engine then walks the steps,
//!    adding results (`steps.<id>.output`) and loop items to the same [`Vars`].
//!
//! # What an expression is
//!
//! One Rhai expression without statements: `task.priority in ["high", "critical"] &&
//! task.due_at < now + days(2)`. Texts may be quoted singly or doubly. What is missing is null
//! (written `()`), the property of null is null, and a comparison with null is false. Moments are
//! RFC 3339 texts in JSON and compare as moments with `now`, `date(…)` and each other's sums.
//! The functions are listed in [`FUNCTIONS`]. Whatever a user writes ends within 50 ms and a few
//! megabytes: see [`sandbox`] for how, and [`hostile`] for the scripts that try otherwise.
//!
//! # What is deliberately absent
//!
//! No access to files, network, environment, randomness or the clock; no modules, no `eval`, no
//! function pointers by name; no regular expressions (their cost cannot be bounded by length).

pub mod check;
pub mod compiled;
pub mod explain;
pub mod expression;
pub mod facts;
pub mod for_each;
pub mod graph;
pub mod hostile;
pub mod matcher;
pub mod model;
pub mod period;
pub mod places;
pub mod problem;
mod quotes;
pub mod recurrence;
pub mod rule_template;
pub mod sandbox;
pub mod schedule;
mod syntax;
mod tell;
pub mod template;
mod yaml;

pub use check::names::{Names, is_name};
pub use check::{Catalogue, check, check_names};
pub use compiled::{
    ActionStep, ApproveStep, CallStep, Compiled, CompiledRetry, CompiledStep, EventStep, Failure, Keys, Kind,
    ScriptStep, WaitStep,
};
pub use explain::{Part, Parts};
pub use expression::{Expr, Script};
pub use facts::{Facts, GIVEN_NAMES, Vars};
pub use for_each::{ForEach, RELATIONS, Source};
pub use model::Rule;
pub use period::Period;
pub use places::Places;
pub use problem::{Problem, Severity};
pub use rule_template::RuleTemplate;
pub use sandbox::{FUNCTIONS, Sandbox, moment};
pub use tell::tell;
pub use template::Template;
pub use yaml::{read_yaml, write_yaml};
