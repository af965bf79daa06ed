//! Secrets in the inputs of actions that call other services. They are read when a run first calls somebody, and given only
//! to the call itself: what is kept of it is rendered without them, and what comes back is searched for them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trackside_rules::{ActionStep, Vars};

use super::super::interpreter::Walk;
use crate::actions::external::{Failure, Secret};
use crate::secrets::{MASKED, Mask};
use crate::{Result, variables};

/// The secrets that a rule names, as they are for a run.
pub(in super::super) struct Revealed {
    secrets: BTreeMap<String, Secret>,
    mask: Mask,
}

impl Walk<'_> {
    /// What the inputs of an action see, with `***` for every secret.
    pub(super) fn without_secrets(&self, action: &ActionStep) -> Vars {
        if action.secrets.is_empty() {
            return self.vars.clone();
        }
        self.vars.with("secrets", named(&action.secrets, |_| MASKED.into()))
    }

    /// The inputs as they go out: with the secrets that they name.
    pub(super) async fn reveal(&mut self, action: &ActionStep, input: Value) -> Result<Result<Value, Failure>> {
        if self.plan.compiled.secrets.is_empty() {
            return Ok(Ok(input));
        }
        if let Err(failure) = self.read_secrets().await? {
            return Ok(Err(failure));
        }
        let Some(Revealed { secrets, .. }) = self.revealed.as_ref().filter(|_| !action.secrets.is_empty()) else {
            return Ok(Ok(input));
        };
        if let Some(name) = action.secrets.iter().find(|name| !secrets.contains_key(*name)) {
            let error = format!(
                "there is no secret `{name}` any more, neither in the project nor in the workspace; set it again (PUT /api/v1/secrets/{name}) and run this anew"
            );
            return Ok(Err(Failure::permanent(error)));
        }
        let values = named(&action.secrets, |name| secrets.get(name).map_or("", Secret::reveal).into());
        let rendered = action.with.render(&self.vars.with("secrets", values));
        Ok(rendered.map_err(|problem| Failure::permanent(problem.to_string())))
    }

    /// What came back, without the secrets of the rule.
    pub(super) fn mask(&self, answer: Result<Value, Failure>) -> Result<Value, Failure> {
        match &self.revealed {
            None => answer,
            Some(Revealed { mask, .. }) => {
                answer.map(|output| mask.value(output)).map_err(|failure| failure.retold(|error| mask.text(error)))
            }
        }
    }

    /// Reads all secrets that the rule names: an answer may hold one that an earlier step sent.
    async fn read_secrets(&mut self) -> Result<Result<(), Failure>> {
        if self.revealed.is_some() {
            return Ok(Ok(()));
        }
        let (plan, runner) = (&self.plan, self.runner);
        let names: Vec<String> = plan.compiled.secrets.iter().cloned().collect();
        let project = {
            let (mut rx, whose) = (runner.db.read().await?, plan.whose(runner.source.now()));
            variables::project_of(&mut rx, whose, &plan.compiled.rule, &plan.facts).await?.map(|project| project.id)
        };
        let secrets = match runner.credentials.secrets(plan.workspace, project, &names).await {
            Ok(secrets) => secrets,
            Err(failure) => return Ok(Err(failure)),
        };
        let mask = Mask::of(secrets.values());
        self.revealed = Some(Revealed { secrets, mask });
        Ok(Ok(()))
    }
}

fn named(names: &[String], value: impl Fn(&str) -> Value) -> Value {
    Value::Object(names.iter().map(|name| (name.clone(), value(name))).collect::<Map<_, _>>())
}
