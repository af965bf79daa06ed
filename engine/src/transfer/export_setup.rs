//! Writing down what a project has beside its tasks.

use std::collections::HashMap;

use serde_json::Value;

use super::export::Names;
use super::portable::{LeftOut, Portable};
use super::setup::{
    PortableBaseline, PortableBudget, PortableCost, PortableDates, PortableMember, PortablePlan, PortableRecurrence,
    PortableTemplate,
};
use super::store;
use crate::access::permissions::{BudgetView, Granted, ProjectView, RecurrenceView, TaskTemplateView, TaskView};
use crate::budgets;
use crate::cx::Cx;
use crate::db::Rx;
use crate::fields::Field;
use crate::grants::project_members;
use crate::ids::TaskId;
use crate::planning::{CalendarSource, baselines, plans};
use crate::projects::Project;
use crate::raw::Raw;
use crate::task_templates::TaskBody;
use crate::{Class, Result};

/// Adds to the document what the project has beside its tasks, as far as the actor may see it.
pub(super) async fn add(
    rx: &mut Rx,
    cx: &Cx,
    may: &Granted<TaskView, Project>,
    mut document: Portable,
    fields: Vec<Field>,
    keys: &HashMap<TaskId, String>,
    names: &Names,
) -> Result<Portable> {
    let project = may.resource();
    document.workflow = project.workflow.as_ref().map(|own| own.read()).transpose()?;
    document.types = project.types.as_ref().map_or_else(|| Ok(Vec::new()), |own| own.read())?;
    document.fields = fields.into_iter().map(Field::definition).collect::<Result<_>>()?;
    document.baselines = baselines_of(rx, project, keys).await?;
    match cx.actor.may::<ProjectView, _>(project.clone()) {
        Ok(may) => {
            let calendar = plans::calendar(rx, &may).await?;
            document.calendar = (calendar.source == CalendarSource::Project).then_some(calendar.working_time);
            let settings = plans::settings(rx, &may).await?;
            let plan = PortablePlan { start_at: settings.start_at, status_at: settings.status_at };
            document.plan = (plan != PortablePlan::default()).then_some(plan);
            document.members = members(rx, &may, names).await?;
        }
        Err(_) => document.left_out.push(LeftOut::Members),
    }
    if let Ok(may) = cx.actor.may::<BudgetView, _>(project.clone()) {
        add_money(rx, &may, &mut document).await?;
    }
    let templates = store::templates(rx, project.workspace_id, project.id).await?;
    let known: HashMap<_, _> = templates.iter().enumerate().map(|(at, it)| (it.id, format!("t{}", at + 1))).collect();
    if cx.actor.may::<TaskTemplateView, _>(project).is_ok() {
        for template in templates {
            let (reference, name) = (known[&template.id].clone(), template.name);
            let task = body(names, &template.body)?;
            document.task_templates.push(PortableTemplate { reference, name, task });
        }
    } else {
        document.left_out.push(LeftOut::TaskTemplates);
    }
    // What they make is seen in them.
    let may_see = cx.actor.may::<RecurrenceView, _>(project).is_ok();
    if may_see && cx.actor.may::<TaskTemplateView, _>(project).is_ok() {
        for it in store::recurrences(rx, project.workspace_id, project.id).await? {
            document.recurrences.push(PortableRecurrence {
                name: it.name,
                template: it.template_id.and_then(|template| known.get(&template).cloned()),
                task: it.body.map(|task| body(names, &task)).transpose()?,
                variables: it.variables.read()?,
                rrule: it.rrule,
                dtstart: it.dtstart,
                tz: it.tz,
                exdates: it.exdates.read()?,
                paused: it.paused,
            });
        }
    } else {
        document.left_out.push(LeftOut::Recurrences);
    }
    Ok(document)
}

fn body(names: &Names, body: &Raw<TaskBody>) -> Result<Value> {
    let mut body = body.json()?;
    names.body(&mut body);
    Ok(body)
}

async fn baselines_of(rx: &mut Rx, project: &Project, keys: &HashMap<TaskId, String>) -> Result<Vec<PortableBaseline>> {
    let mut found = Vec::new();
    for (name, dates) in store::baselines(rx, project.workspace_id, project.id).await? {
        let dates = baselines::read_dates(&dates)?.into_iter().filter_map(|(task, start, finish, duration)| {
            Some(PortableDates { task: keys.get(&task)?.clone(), start, finish, duration })
        });
        let mut tasks: Vec<_> = dates.collect();
        tasks.sort_by_key(|it| super::export::number(&it.task));
        found.push(PortableBaseline { name, tasks });
    }
    Ok(found)
}

async fn members(rx: &mut Rx, may: &Granted<ProjectView, Project>, names: &Names) -> Result<Vec<PortableMember>> {
    let roles = store::roles(rx, may.resource().workspace_id).await?;
    let members = project_members::list(rx, may).await?;
    let told = members.into_iter().filter_map(|member| {
        let own = roles.iter().find(|(id, _)| id.to_string() == member.role).map(|(_, name)| name.clone());
        Some(PortableMember { person: names.address(member.user)?.clone(), role: own.unwrap_or(member.role) })
    });
    Ok(told.collect())
}

async fn add_money(rx: &mut Rx, may: &Granted<BudgetView, Project>, document: &mut Portable) -> Result<()> {
    let budget = match budgets::service::find(rx, may).await {
        Err(error) if error.class == Class::NotFound => return Ok(()),
        other => other?,
    };
    let (currency, planned, thresholds) = (budget.currency, budget.planned, budget.thresholds);
    document.budget = Some(PortableBudget { currency, planned, thresholds });
    let project = may.resource();
    for cost in store::costs(rx, project.workspace_id, project.id).await? {
        document.costs.push(PortableCost {
            amount: cost.amount,
            date: cost.day,
            category: cost.category,
            state: cost.state,
            note: cost.note,
        });
    }
    Ok(())
}
