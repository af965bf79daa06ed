//! Making what a document says beside its tasks: before them what they need, behind them what speaks of them.

use std::collections::HashMap;

use serde_json::Value;

use super::import::{Work, short};
use super::portable::{LeftOut, Portable};
use super::store;
use crate::access::permissions::{
    BudgetEdit, ProjectEdit, ProjectView, RecurrenceEdit, TaskEdit, TaskTemplateEdit, TaskView,
};
use crate::budgets::{self, NewBudget, NewCost};
use crate::db::Tx;
use crate::fields::{self, FieldType};
use crate::grants::{ProjectRole, project_members};
use crate::handle::Handle;
use crate::ids::TaskTemplateId;
use crate::patch::Patch;
use crate::planning::{NewBaseline, NewPlanSettings, NewSchedule, baselines, plans, schedules};
use crate::projects::{self, ProjectPatch};
use crate::recurrences::{self, NewRecurrence};
use crate::task_templates::{self, NewTemplate, TaskBody};
use crate::tasks::{self, TaskPatch};
use crate::workflow::{self, NewType, NewWorkflow};
use crate::{Class, Error, Result};

impl<'a> Work<'a> {
    /// What tasks need: statuses, types, and what is to be known of the fields.
    pub(super) async fn prepare(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        self.values.may_edit = self.cx.actor.may::<BudgetEdit, _>(self.project.clone()).is_ok();
        if let Some(words) = left_out(document) {
            self.report
                .notes
                .push(format!("whoever exported the document could not see, so it does not hold: {words}"));
        }
        if !self.fresh {
            self.pass_over(document);
            let may = self.cx.actor.may::<TaskView, _>(self.project.clone())?;
            for field in fields::service::list(tx, &may).await? {
                self.remember(&field.key, field.kind, field.sensitive);
            }
            return Ok(());
        }
        self.values.wait = true;
        document.fields.iter().for_each(|field| self.remember(&field.key, field.kind, field.sensitive));
        if document.types.is_empty() && document.workflow.is_none() {
            return Ok(());
        }
        let may = self.cx.actor.may::<ProjectEdit, _>(self.project.clone())?;
        for (at, own) in document.types.iter().enumerate() {
            let new = NewType { key: own.key, name: own.name.clone() };
            match workflow::service::create_type(tx, self.cx, &may, new).await {
                Ok(_) => self.report.types += 1,
                Err(error) => self.note_at(&format!("types/{at}"), error)?,
            }
        }
        if let Some(own) = &document.workflow {
            let (statuses, transitions) = (own.statuses.clone(), own.transitions.clone());
            let new = NewWorkflow { statuses, transitions, initial: own.initial, replace: Default::default() };
            match workflow::service::set_workflow(tx, self.cx, &may, None, new).await {
                Ok((made, _)) => self.report.statuses = made.statuses.len(),
                Err(error) => self.note_at("workflow", error)?,
            }
        }
        // The tasks are checked by what the project has now.
        self.project = projects::service::find(tx, self.project.workspace_id, &Handle::Id(self.project.id)).await?;
        Ok(())
    }

    fn remember(&mut self, key: &str, kind: FieldType, sensitive: bool) {
        if kind == FieldType::User {
            self.values.user_fields.insert(key.to_owned());
        }
        if sensitive {
            self.values.sensitive.insert(key.to_owned());
        }
    }

    /// A project that is there stays what it is.
    fn pass_over(&mut self, document: &Portable) {
        let passed = [
            ("its workflow", document.workflow.is_some()),
            ("its types", !document.types.is_empty()),
            ("its fields", !document.fields.is_empty()),
            ("its calendar", document.calendar.is_some()),
            ("its plan", document.plan.is_some()),
            ("its people", !document.members.is_empty()),
            ("its budget and costs", document.budget.is_some()),
            ("its baselines", !document.baselines.is_empty()),
            ("its task templates", !document.task_templates.is_empty()),
            ("its recurring tasks", !document.recurrences.is_empty()),
        ];
        let passed: Vec<&str> = passed.into_iter().filter(|(_, there)| *there).map(|(what, _)| what).collect();
        if !passed.is_empty() {
            let what = passed.join(", ");
            let note = format!("of the document's project only the tasks are taken into one that is there, not {what}");
            self.report.notes.push(note);
        }
    }

    /// Defines the fields, behind the tasks: so those keep what they hold although it would not be taken now, and those that
    /// a field is required of need not have it. Sensitive values come behind their fields, so that nobody sees them before.
    pub(super) async fn fields(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        if !self.fresh || document.fields.is_empty() {
            return Ok(());
        }
        let may = self.cx.actor.may::<ProjectEdit, _>(self.project.clone())?;
        let mut left = Vec::new();
        for (at, field) in document.fields.iter().enumerate() {
            if field.sensitive && !self.values.may_edit {
                left.push(format!("`{}`", short(&field.key)));
                continue;
            }
            match fields::service::create(tx, self.cx, &may, field.clone()).await {
                Ok(_) => self.report.fields += 1,
                Err(error) => self.note_at(&format!("fields/{at}"), error)?,
            }
        }
        if !left.is_empty() {
            let note =
                format!("the sensitive fields {} are left off: to define them needs budget.edit", left.join(", "));
            self.report.notes.push(note);
        }
        self.project = projects::service::find(tx, self.project.workspace_id, &Handle::Id(self.project.id)).await?;
        for (task, line, hidden) in std::mem::take(&mut self.values.hidden) {
            let may = self.cx.actor.may::<TaskEdit, _>(self.project.clone())?;
            let patch = TaskPatch { custom: Patch::Value(hidden), ..TaskPatch::default() };
            if let Err(error) = tasks::service::update(tx, self.cx, &may, &Handle::Id(task), None, patch).await {
                self.note(Some(line), "custom", error)?;
            }
        }
        Ok(())
    }

    /// What tasks say about their time.
    pub(super) async fn schedules(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        for task in &document.tasks {
            let (Some(schedule), Some(id)) = (&task.schedule, self.tasks.get(task.key.as_str()).copied()) else {
                continue;
            };
            let may = self.cx.actor.may::<TaskEdit, _>(self.project.clone())?;
            let new = NewSchedule {
                constraint: schedule.constraint,
                constraint_at: schedule.constraint_at,
                duration: schedule.duration,
                progress: Some(schedule.progress),
                actual_start: schedule.actual_start,
                actual_finish: schedule.actual_finish,
                calendar: schedule.calendar.clone(),
            };
            match schedules::set(tx, self.cx, &may, &Handle::Id(id), None, new).await {
                Ok(_) => self.report.schedules += 1,
                Err(error) => self.note(Some(task.line), "schedule", error)?,
            }
        }
        Ok(())
    }

    /// What a new project gets beside its tasks.
    pub(super) async fn settle(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        if !self.fresh {
            return Ok(());
        }
        self.plan(tx, document).await?;
        self.baselines(tx, document).await?;
        self.routines(tx, document).await?;
        self.money(tx, document).await?;
        self.members(tx, document).await
    }

    async fn plan(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        if let Some(calendar) = &document.calendar {
            let may = self.cx.actor.may::<ProjectEdit, _>(self.project.clone())?;
            if let Err(error) = plans::set_calendar(tx, self.cx, &may, None, Some(calendar.clone())).await {
                self.note_at("calendar", error)?;
            }
        }
        if let Some(plan) = &document.plan {
            let may = self.cx.actor.may::<ProjectEdit, _>(self.project.clone())?;
            let new = NewPlanSettings { start_at: plan.start_at, status_at: plan.status_at };
            if let Err(error) = plans::set_settings(tx, self.cx, &may, None, new).await {
                self.note_at("plan", error)?;
            }
        }
        Ok(())
    }

    async fn baselines(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        for (at, baseline) in document.baselines.iter().enumerate() {
            let may = self.cx.actor.may::<ProjectEdit, _>(self.project.clone())?;
            let mut dates = Vec::with_capacity(baseline.tasks.len());
            for (nth, it) in baseline.tasks.iter().enumerate() {
                match self.tasks.get(it.task.as_str()) {
                    Some(task) => dates.push((*task, it.start, it.finish, it.duration)),
                    None => self.note_at(&format!("baselines/{at}/tasks/{nth}"), unknown("task", &it.task))?,
                }
            }
            let (text, new) = (baselines::write_dates(&dates)?, NewBaseline { name: baseline.name.clone() });
            match baselines::create(tx, self.cx, &may, new, dates.len(), &text).await {
                Ok(_) => self.report.baselines += 1,
                Err(error) => self.note_at(&format!("baselines/{at}"), error)?,
            }
        }
        Ok(())
    }

    /// Task templates, and recurring tasks, which may be made of them.
    async fn routines(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        let mut templates: HashMap<&str, TaskTemplateId> = HashMap::new();
        for (at, template) in document.task_templates.iter().enumerate() {
            let may = self.cx.actor.may::<TaskTemplateEdit, _>(self.project.clone())?;
            let made = match self.body(&template.task) {
                Ok(task) => {
                    let new = NewTemplate { name: template.name.clone(), task };
                    task_templates::service::create(tx, self.cx, &may, new).await
                }
                Err(error) => Err(error),
            };
            match made {
                Ok(made) => {
                    self.report.task_templates += 1;
                    templates.insert(&template.reference, made.id);
                }
                Err(error) => self.note_at(&format!("task_templates/{at}"), error)?,
            }
        }
        for (at, it) in document.recurrences.iter().enumerate() {
            let may = self.cx.actor.may::<RecurrenceEdit, _>(self.project.clone())?;
            let template = it
                .template
                .as_deref()
                .map(|name| templates.get(name).copied().ok_or_else(|| unknown("task template", name)));
            let task = it.task.as_ref().map(|task| self.body(task)).transpose();
            let made = match (template.transpose(), task) {
                (Ok(template), Ok(task)) => {
                    let new = NewRecurrence {
                        name: it.name.clone(),
                        template,
                        task,
                        variables: it.variables.clone(),
                        rrule: it.rrule.clone(),
                        dtstart: it.dtstart.clone(),
                        tz: it.tz.clone(),
                        exdates: it.exdates.clone(),
                        paused: it.paused,
                    };
                    match self.soon.get(at) {
                        Some(Ok(soon)) => recurrences::service::create(tx, self.cx, &may, new, soon).await,
                        Some(Err(trouble)) => {
                            self.keep(trouble.clone())?;
                            continue;
                        }
                        None => Err(recurrences::service::too_many(&self.project)),
                    }
                }
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            match made {
                Ok(_) => self.report.recurrences += 1,
                Err(error) => self.note_at(&format!("recurrences/{at}"), error)?,
            }
        }
        if self.report.recurrences > 0 {
            self.report.notes.push("recurring tasks are made in your name from now on".to_owned());
        }
        Ok(())
    }

    /// What a template makes, with the people of here.
    fn body(&mut self, told: &Value) -> Result<TaskBody> {
        let mut body = told.clone();
        self.people.body(&mut body, &self.values);
        serde_path_to_error::deserialize(body).map_err(|error| {
            let pointer = format!("/task/{}", error.path().to_string().replace(['.', '['], "/").replace(']', ""));
            Error::field(pointer, error.inner().to_string())
        })
    }

    async fn money(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        let Some(budget) = &document.budget else { return Ok(()) };
        let Ok(may) = self.cx.actor.may::<BudgetEdit, _>(self.project.clone()) else {
            self.report.notes.push("the budget and its costs are left off: to plan them needs budget.edit".to_owned());
            return Ok(());
        };
        let (currency, planned) = (budget.currency, budget.planned);
        let new = NewBudget { currency, planned, thresholds: Some(budget.thresholds.clone()) };
        if let Err(error) = budgets::service::plan(tx, self.cx, &may, None, new).await {
            return self.note_at("budget", error);
        }
        for (at, cost) in document.costs.iter().enumerate() {
            let new = NewCost {
                amount: cost.amount,
                currency: None,
                date: Some(cost.date),
                category: cost.category.clone(),
                state: Some(cost.state),
                note: cost.note.clone(),
            };
            match budgets::costs::add(tx, self.cx, &may, new).await {
                Ok(_) => self.report.costs += 1,
                Err(error) => self.note_at(&format!("costs/{at}"), error)?,
            }
        }
        Ok(())
    }

    /// The people of the project. Who may not let people in leaves them to somebody who may.
    async fn members(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        if document.members.is_empty() {
            return Ok(());
        }
        let may = self.cx.actor.may::<ProjectView, _>(self.project.clone())?;
        let roles = store::roles(tx, self.project.workspace_id).await?;
        for member in &document.members {
            let Some(user) = self.people.known(&member.person) else { continue };
            let own = roles.iter().find(|(_, name)| *name == member.role).map(|(id, _)| id.to_string());
            let role = own.unwrap_or_else(|| member.role.clone());
            match project_members::put(tx, self.cx, &may, user, ProjectRole { role }).await {
                Ok(_) => self.report.members += 1,
                Err(error)
                    if matches!(error.class, Class::Denied | Class::Invalid | Class::NotFound | Class::Conflict) =>
                {
                    let told = error.fields.first().map_or(error.detail.as_str(), |wrong| wrong.message.as_str());
                    let (person, role) = (short(&member.person), short(&member.role));
                    let note = format!("{person} is left off as `{role}` of the project: {told}");
                    self.report.notes.push(note);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How the new project stands and does, now that everything is in it.
    pub(super) async fn project(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        let (told, now) = (&document.project, &self.project);
        if !self.fresh || (told.status == now.status && told.health.is_none()) {
            return Ok(());
        }
        let mut patch = ProjectPatch { status: Patch::Value(told.status), ..ProjectPatch::default() };
        if let Some(health) = told.health {
            patch.health = Patch::Value(health);
            patch.health_note = Patch::Value(told.health_note.clone());
        }
        let may = self.cx.actor.may::<ProjectEdit, _>(self.project.clone())?;
        match projects::service::update(tx, self.cx, &may, None, patch).await {
            Ok(_) => Ok(()),
            Err(error) => self.note_at("project", error),
        }
    }
}

fn left_out(document: &Portable) -> Option<String> {
    let words: Vec<&str> = document
        .left_out
        .iter()
        .map(|word| match word {
            LeftOut::Sensitive => "sensitive values and the budget",
            LeftOut::Tasks => "some tasks",
            LeftOut::Members => "the people of the project",
            LeftOut::Sprints => "sprints",
            LeftOut::Milestones => "milestones",
            LeftOut::People => "who is meant anywhere",
            LeftOut::TaskTemplates => "task templates",
            LeftOut::Recurrences => "recurring tasks",
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn unknown(what: &str, name: &str) -> Error {
    Error::invalid("unknown_reference", format!("there is no {what} `{}` in the document", short(name)))
}
