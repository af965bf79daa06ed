//! What only the database knows of a value: whether a project is there and may be seen, whether a person is a member, whether
//! a project has a status, whether there is such a hook. All that is wrong is told at once, each at its place.

use serde_json::{Value, json};
use trackside_rules::RuleTemplate;
use trackside_rules::rule_template::{ParameterType, Values};

use crate::access::{Actor, HookView, ProjectView, TaskView};
use crate::db::Rx;
use crate::error::FieldError;
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId};
use crate::projects::{self, Project, members};
use crate::{Class, Error, Result, hooks, workflow};

/// The values as a rule can use them: people by their ids.
pub(super) async fn resolve(
    rx: &mut Rx,
    actor: &Actor,
    template: &RuleTemplate,
    mut values: Values,
) -> Result<Result<Values, Vec<FieldError>>> {
    let mut asks = Asks { rx, actor, projects: Vec::new() };
    let mut wrong = Vec::new();
    // Projects first: statuses are theirs.
    let projects_first = [true, false];
    for projects in projects_first {
        for (name, parameter) in &template.parameters {
            if (parameter.kind == ParameterType::Project) != projects {
                continue;
            }
            let Some(value) = values.get_mut(name) else { continue };
            let items: Vec<(String, &mut Value)> = match value {
                Value::Array(items) => {
                    items.iter_mut().enumerate().map(|(at, item)| (format!("/{name}/{at}"), item)).collect()
                }
                one => vec![(format!("/{name}"), one)],
            };
            for (pointer, item) in items {
                let text = item.as_str().unwrap_or_default().to_owned();
                match asks.one(parameter.kind, &text).await? {
                    Ok(Some(known)) => *item = known,
                    Ok(None) => {}
                    Err(message) => wrong.push(FieldError { pointer, message }),
                }
            }
        }
    }
    Ok(if wrong.is_empty() { Ok(values) } else { Err(wrong) })
}

struct Asks<'a> {
    rx: &'a mut Rx,
    actor: &'a Actor,
    projects: Vec<Project>,
}

impl Asks<'_> {
    /// What is to stand in the value's place, if anything else; or what is wrong with it.
    async fn one(&mut self, kind: ParameterType, text: &str) -> Result<Result<Option<Value>, String>> {
        match kind {
            ParameterType::Project => self.project(text).await,
            ParameterType::Person => Ok(self.member(text).await?.map(|user| Some(json!(user)))),
            ParameterType::Recipient if text == "owner" || text.starts_with("role:") => Ok(Ok(None)),
            ParameterType::Recipient => Ok(self.member(text).await?.map(|_| None)),
            ParameterType::Status => self.status(text),
            ParameterType::Hook => self.hook(text).await,
            _ => Ok(Ok(None)),
        }
    }

    async fn project(&mut self, text: &str) -> Result<Result<Option<Value>, String>> {
        let unseen = || format!("There is no project `{text}`, or none that you may see; check its key.");
        let Ok(handle) = text.parse::<Handle<ProjectId>>() else { return Ok(Err(unseen())) };
        let found = projects::service::find(self.rx, self.actor.workspace, &handle).await;
        let seen = found.and_then(|project| self.actor.may::<ProjectView, _>(project));
        Ok(match seen {
            Ok(may) => {
                self.projects.push(may.into_resource());
                Ok(None)
            }
            Err(error) if matches!(error.class, Class::NotFound | Class::Denied) => Err(unseen()),
            Err(error) => return Err(error),
        })
    }

    async fn member(&mut self, text: &str) -> Result<Result<UserId, String>> {
        let workspace = self.actor.workspace;
        let found = if text.contains('@') {
            let found = members::by_email(self.rx, workspace, &[text.to_lowercase()]).await?;
            found.first().map(|(user, _)| *user)
        } else {
            match text.parse::<UserId>() {
                Ok(user) => members::among(self.rx, workspace, &[user]).await?.first().copied(),
                Err(_) => None,
            }
        };
        Ok(found.ok_or_else(|| format!("`{text}` is no member of this workspace; give a member's id or address.")))
    }

    /// Of what project it must be a status is known only when the template asks for one.
    fn status(&self, text: &str) -> Result<Result<Option<Value>, String>> {
        for project in &self.projects {
            let Ok(may) = self.actor.may::<TaskView, _>(project.clone()) else { continue };
            let flow = workflow::service::workflow(&may)?;
            let known: Vec<String> = flow.statuses.iter().map(|status| status.key.to_string()).collect();
            if !known.iter().any(|key| key == text) {
                let message = format!("`{text}` is no status of {}, which has {}.", project.key, known.join(", "));
                return Ok(Err(message));
            }
        }
        Ok(Ok(None))
    }

    /// Who may not see hooks is not told which there are.
    async fn hook(&mut self, text: &str) -> Result<Result<Option<Value>, String>> {
        let Ok(may) = self.actor.may_here::<HookView>() else { return Ok(Ok(None)) };
        let known = hooks::service::list(self.rx, &may).await?;
        if known.iter().any(|hook| hook.name == text || hook.id.to_string() == text) {
            return Ok(Ok(None));
        }
        let near = trackside_rules::problem::nearest(text, known.iter().map(|hook| hook.name.as_str()));
        let advice =
            near.map_or_else(|| "`POST /hooks` makes one".to_owned(), |near| format!("did you mean `{near}`?"));
        Ok(Err(format!("There is no hook `{text}`; {advice}")))
    }
}

/// All that is wrong with the values of a template.
pub(super) fn refused(wrong: impl IntoIterator<Item = FieldError>) -> Error {
    let wrong: Vec<FieldError> = wrong.into_iter().collect();
    let first = wrong.first().map(|field| format!("/parameters{}: {}", field.pointer, field.message));
    let error = Error::invalid("invalid_fields", first.unwrap_or_default());
    wrong
        .into_iter()
        .fold(error, |error, field| error.and_field(format!("/parameters{}", field.pointer), field.message))
}
