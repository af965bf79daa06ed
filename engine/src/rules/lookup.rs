//! Names in a rule that lead nowhere just now: projects, groups, people, rules and hooks. They are warnings, since what is
//! named may be made later; a template is read when it runs.

use serde_json::Value;
use trackside_rules::model::{Match, Step};
use trackside_rules::problem::{nearest, pointer_key};
use trackside_rules::{Problem, Rule};

use super::{service, store};
use crate::access::{Actor, ProjectView, RuleView};
use crate::cx::Cx;
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::ProjectId;
use crate::{Class, Result, grants, hooks, notifications, projects, schedules};

/// So many names are looked through for the nearest.
const NEAR: usize = 500;

/// The names in a rule that lead nowhere as far as this actor may see, each at its place; and a clock that never comes.
pub async fn leads_nowhere(rx: &mut Rx, cx: &Cx, rule: &Rule) -> Result<Vec<Problem>> {
    let actor = &cx.actor;
    let mut look = Look { rx, actor, found: Vec::new() };
    for (at, project) in rule.scope.projects.iter().enumerate() {
        look.project(format!("/scope/projects/{at}"), project).await?;
    }
    look.matches("/trigger/match", &rule.trigger.matches).await?;
    for (pointer, step) in rule.walk() {
        look.step(&pointer, step).await?;
    }
    if rule.trigger.is_schedule()
        && schedules::service::never_comes(look.rx, actor.workspace, &rule.trigger, cx.now()).await?
    {
        let message = "This clock never comes: its time is past, or every time is left out.";
        look.say("never_due", "/trigger".to_owned(), message.to_owned(), None);
    }
    Ok(look.found)
}

struct Look<'l> {
    rx: &'l mut Rx,
    actor: &'l Actor,
    found: Vec<Problem>,
}

impl Look<'_> {
    fn say(&mut self, code: &str, pointer: String, message: String, near: Option<String>) {
        self.found.push(Problem { suggestion: near, ..Problem::new(code, pointer, message).warning() });
    }

    async fn step(&mut self, pointer: &str, step: &Step) -> Result<()> {
        if let Some(project) = step.with.get("project").and_then(Value::as_str).filter(|_| step.action.is_some()) {
            self.project(format!("{pointer}/with/project"), project).await?;
        }
        for field in ["to", "among"] {
            let names = step.with.get(field).and_then(Value::as_array).into_iter().flatten();
            for (at, name) in names.filter_map(Value::as_str).enumerate().filter(|_| step.action.is_some()) {
                self.person(format!("{pointer}/with/{field}/{at}"), name).await?;
            }
        }
        for (at, name) in step.approve.iter().flat_map(|approve| &approve.by).enumerate() {
            self.person(format!("{pointer}/approve/by/{at}"), name).await?;
        }
        if let Some(event) = step.wait.as_ref().and_then(|wait| wait.event.as_ref()) {
            self.matches(&format!("{pointer}/wait/event/match"), &event.matches).await?;
        }
        match step.call.as_deref().filter(|name| is_constant(name)) {
            Some(name) => self.call(pointer, step, name).await,
            None => Ok(()),
        }
    }

    async fn matches(&mut self, pointer: &str, matches: &Match) -> Result<()> {
        for name in ["project", "hook"] {
            let wanted = match matches.get(name) {
                Some(Value::Array(wanted)) => wanted.clone(),
                Some(wanted) => vec![wanted.clone()],
                None => continue,
            };
            let pointer = format!("{pointer}/{name}");
            for wanted in wanted.iter().filter_map(Value::as_str).filter(|wanted| *wanted != "*") {
                match name {
                    "hook" => self.hook(pointer.clone(), wanted).await?,
                    _ => self.project(pointer.clone(), wanted).await?,
                }
            }
        }
        Ok(())
    }

    async fn project(&mut self, pointer: String, name: &str) -> Result<()> {
        let Some(handle) = constant(name).and_then(|name| name.parse::<Handle<ProjectId>>().ok()) else {
            return Ok(());
        };
        let workspace = self.actor.workspace;
        let found = there(projects::service::find(self.rx, workspace, &handle).await)?;
        if found.is_some_and(|project| self.actor.may::<ProjectView, _>(project).is_ok()) {
            return Ok(());
        }
        let known = projects::service::in_use(self.rx, workspace, NEAR).await?;
        let seen = known.into_iter().filter_map(|project| self.actor.may::<ProjectView, _>(project).ok());
        let seen: Vec<_> = seen.map(|may| may.into_resource()).collect();
        // A match may also say a project's name.
        if pointer.contains("/match/") && seen.iter().any(|project| project.name == name) {
            return Ok(());
        }
        let near = nearest(name, seen.iter().map(|project| project.key.as_str())).map(str::to_owned);
        self.say("no_such_project", pointer, format!("There is no project `{}` now.", short(name)), near);
        Ok(())
    }

    async fn hook(&mut self, pointer: String, name: &str) -> Result<()> {
        if constant(name).is_none() {
            return Ok(());
        }
        let known = hooks::service::named(self.rx, self.actor.workspace).await?;
        if known.iter().any(|(id, known)| known == name || *id == name) {
            return Ok(());
        }
        let near = nearest(name, known.iter().map(|(_, name)| name.as_str())).map(str::to_owned);
        self.say("no_such_hook", pointer, format!("There is no hook `{}` now.", short(name)), near);
        Ok(())
    }

    /// A group, or a member by `user:`. Roles are refused elsewhere; words such as `owner` are not looked up.
    async fn person(&mut self, pointer: String, name: &str) -> Result<()> {
        let Some((kind @ ("group" | "user"), rest)) = constant(name).and_then(|name| name.split_once(':')) else {
            return Ok(());
        };
        let workspace = self.actor.workspace;
        match notifications::people::check(self.rx, workspace, "", &[name.to_owned()]).await {
            Ok(()) => return Ok(()),
            Err(error) if matches!(error.class, Class::NotFound | Class::Invalid) => {}
            Err(error) => return Err(error),
        }
        let groups = grants::groups::names(self.rx, workspace).await?;
        let near = nearest(rest, groups.iter().map(String::as_str)).filter(|_| kind == "group");
        let near = near.map(|near| format!("group:{near}"));
        self.say("nobody_here", pointer, format!("`{}` is nobody here now.", short(name)), near);
        Ok(())
    }

    async fn call(&mut self, pointer: &str, step: &Step, name: &str) -> Result<()> {
        let at = format!("{pointer}/call");
        let found = match service::named(self.rx, self.actor.workspace, name).await {
            Err(error) if error.code == "rule_name_ambiguous" => {
                let message = format!("Several rules are called `{}`; call the one you mean by its id.", short(name));
                self.say("rule_name_ambiguous", at, message, None);
                return Ok(());
            }
            found => there(found)?.and_then(|info| self.actor.may::<RuleView, _>(info).ok()),
        };
        let Some(info) = found.map(|may| may.into_resource()) else {
            let near = self.near_rule(name).await?;
            self.say("no_such_rule", at, format!("There is no rule `{}` now.", short(name)), near);
            return Ok(());
        };
        let trigger = &info.rule.trigger;
        if !trigger.is_manual() || trigger.is_button() {
            let message =
                format!("`{}` is not called: only rules with the trigger `manual` and no `subject` are.", short(name));
            self.say("rule_not_callable", at, message, None);
            return Ok(());
        }
        let asked: Vec<&str> = trigger.form.keys().map(String::as_str).collect();
        for given in step.with.keys().filter(|given| !trigger.form.contains_key(*given)) {
            let near = nearest(given, asked.iter().copied()).map(str::to_owned);
            let message = format!("`{}` does not ask for `{given}`.", short(name));
            self.say("unknown_input", format!("{pointer}/with/{}", pointer_key(given)), message, near);
        }
        let needed = trigger.form.iter().filter(|(_, input)| input.required && input.default.is_none());
        for (missing, _) in needed.filter(|(input, _)| !step.with.contains_key(*input)) {
            let message = format!("`{}` needs the input `{missing}`.", short(name));
            self.say("missing_input", format!("{pointer}/with"), message, None);
        }
        Ok(())
    }

    /// The nearest name of a rule that one may see.
    async fn near_rule(&mut self, name: &str) -> Result<Option<String>> {
        let known = store::names(self.rx, self.actor.workspace).await?;
        let Some(near) = nearest(name, known.iter().map(|rule| rule.name.as_str())) else { return Ok(None) };
        let id = known.iter().find(|rule| rule.name == near).map(|rule| rule.id);
        let Some(id) = id else { return Ok(None) };
        let info = service::find(self.rx, self.actor.workspace, id).await?;
        Ok(self.actor.may::<RuleView, _>(info).is_ok().then(|| near.to_owned()))
    }
}

/// What was found; nothing where it is not there or cannot be a name.
fn there<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn constant(name: &str) -> Option<&str> {
    Some(name).filter(|name| is_constant(name))
}

fn is_constant(name: &str) -> bool {
    !name.contains("{{")
}

fn short(name: &str) -> String {
    name.chars().take(64).collect()
}
