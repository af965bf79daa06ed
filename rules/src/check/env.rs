//! What can be seen at one place of a rule.

use super::Catalogue;
use super::names::{Names, Secrets};
use super::schema::{self, Field, MAP, Shape};
use crate::facts::{GIVEN_NAMES, is_given_name};

/// Variables that every rule has without a schema.
const UNTYPED: &[&str] = &["run", "rule", "error", "workspace", "event", "actor"];

/// The variables at one place of a rule.
#[derive(Clone)]
pub(super) struct Env<'c> {
    /// The event; `None` when nothing is known of it.
    pub facts: Option<Shape<'c>>,
    pub inputs: Option<Shape<'c>>,
    /// Step id → its action.
    pub steps: Vec<(&'c str, Option<&'c str>)>,
    /// Step id → what the event says that it waits for.
    pub awaited: Vec<(&'c str, Shape<'c>)>,
    pub catalogue: &'c Catalogue,
    /// The variables and secrets that there are, if they are known.
    pub names: Option<&'c Names>,
    pub secrets: Secrets,
    /// Steps of branches that run beside this place.
    pub beside: Vec<&'c str>,
    /// Whether nothing here happens in one project, though events of this kind may.
    pub homeless: bool,
    /// Whether this is judged on another event than the rule's own.
    pub other_event: bool,
    /// Innermost last. A local without a name spreads its fields as variables.
    pub locals: Vec<(Option<String>, Shape<'c>)>,
}

impl<'c> Env<'c> {
    pub fn add_local(&mut self, name: String, shape: Shape<'c>) {
        self.locals.push((Some(name), shape));
    }

    pub fn with(&self, name: Option<&str>, shape: Shape<'c>) -> Self {
        let mut env = self.clone();
        env.locals.push((name.map(str::to_owned), shape));
        env
    }

    /// The same where no secret may stand, because it is this.
    pub fn without_secrets(&self, place: impl Into<String>) -> Self {
        Self { secrets: Secrets::Not(place.into()), ..self.clone() }
    }

    pub fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|(local, _)| local.as_deref() == Some(name))
    }

    /// The shape of a variable, or the names there are.
    pub fn variable(&self, name: &str) -> Result<Shape<'c>, Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for (local, shape) in self.locals.iter().rev() {
            match local {
                Some(local) if local == name => return Ok(shape.clone()),
                Some(local) => names.push(local.clone()),
                None if name == "item" => return Ok(shape.clone()),
                None => match shape.field(name) {
                    // Nothing is known of the items, so the name may well be one of their fields.
                    Field::Found(_) if shape.is_any() && !is_given_name(name) => {
                        return Ok(Shape::any());
                    }
                    Field::Found(field) if !shape.is_any() => return Ok(field),
                    Field::Found(_) => {}
                    Field::Missing(fields) => names.extend(fields.into_iter().map(str::to_owned)),
                },
            }
        }
        match name {
            "now" => return Ok(Shape::of(schema::MOMENT)),
            "steps" => return Ok(Shape::of(MAP)),
            "inputs" if self.inputs.is_some() || self.facts.is_none() => {
                return Ok(self.inputs.clone().unwrap_or_else(Shape::any));
            }
            "body" | "headers" | "query" if self.facts.is_none() && self.inputs.is_none() => return Ok(Shape::any()),
            "project" if self.homeless => return Err(given(names)),
            "secrets" => return Ok(Shape::any()),
            "vars" => return Ok(self.names.map_or_else(Shape::any, |names| Shape::schema(&names.variables))),
            _ => {}
        }
        let Some(facts) = &self.facts else {
            let posted = matches!(name, "body" | "headers" | "query");
            return if is_given_name(name) && !posted { Ok(Shape::any()) } else { Err(given(names)) };
        };
        match facts.field(name) {
            Field::Found(shape) => Ok(shape),
            Field::Missing(_) if UNTYPED.contains(&name) => Ok(Shape::any()),
            Field::Missing(fields) => {
                names.extend(fields.into_iter().map(str::to_owned));
                names.extend(["now", "steps"].map(str::to_owned));
                Err(names)
            }
        }
    }

    /// Why a variable that some rules have is not here.
    pub fn hint(&self, name: &str) -> &'static str {
        match name {
            "inputs" => " Only what a `manual` rule is asked is there.",
            "body" | "headers" | "query" => " Only an event of a hook has it.",
            "project" if self.homeless => " A schedule is in a project if `scope` names that one alone.",
            _ => "",
        }
    }

    /// The same beside other branches, of which these are the steps.
    pub fn beside(&self, steps: Vec<&'c str>) -> Self {
        let mut env = self.clone();
        env.steps.retain(|(step, _)| !steps.contains(step));
        env.beside.extend(steps);
        env
    }

    pub fn has_step(&self, id: &str) -> bool {
        self.steps.iter().any(|(step, _)| *step == id)
    }

    pub fn step_ids(&self) -> impl Iterator<Item = &'c str> {
        self.steps.iter().map(|(id, _)| *id)
    }

    /// What the step's action gives, if the catalogue says it.
    pub fn output(&self, id: &str) -> Option<Shape<'c>> {
        if let Some((_, event)) = self.awaited.iter().find(|(step, _)| *step == id) {
            return Some(event.clone());
        }
        let (_, action) = self.steps.iter().find(|(step, _)| *step == id)?;
        self.catalogue.outputs.get((*action)?).map(Shape::schema)
    }
}

fn given(mut names: Vec<String>) -> Vec<String> {
    names.extend(GIVEN_NAMES.iter().map(|name| (*name).to_owned()));
    names
}
