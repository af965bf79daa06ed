//! The catalogue: every kind of event, in one sorted list.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::EventType;

/// One kind of event, as the catalogue shows it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// `task.created`.
    pub name: &'static str,
    /// Goes up when a field changes its meaning or goes away.
    pub version: i64,
    /// One sentence.
    pub summary: &'static str,
    /// What one must be allowed to see it.
    pub needs: &'static str,
    /// Makes the JSON schema of the payload.
    pub schema: fn() -> Value,
}

const fn kind<E: EventType>() -> Kind {
    Kind { name: E::KIND, version: E::VERSION, summary: E::SUMMARY, needs: E::NEEDS, schema: schema::<E> }
}

fn schema<E: JsonSchema>() -> Value {
    schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<E>().to_value()
}

/// Every kind of event, sorted by name.
pub const KINDS: &[Kind] = &[
    kind::<crate::grants::events::AccessAssigned>(),
    kind::<crate::grants::events::AccessEnded>(),
    kind::<crate::grants::events::GroupChanged>(),
    kind::<crate::grants::events::RoleChanged>(),
    kind::<crate::approvals::events::ApprovalDecided>(),
    kind::<crate::approvals::events::ApprovalDelegated>(),
    kind::<crate::approvals::events::ApprovalRequested>(),
    kind::<crate::approvals::events::ApprovalTimedOut>(),
    kind::<crate::approvals::events::ApprovalVoted>(),
    kind::<crate::approvals::events::ApprovalWithdrawn>(),
    kind::<crate::planning::events::BaselineCreated>(),
    kind::<crate::planning::events::BaselineDeleted>(),
    kind::<crate::budgets::events::BudgetCostAdded>(),
    kind::<crate::budgets::events::BudgetCostDeleted>(),
    kind::<crate::budgets::events::BudgetCostUpdated>(),
    kind::<crate::budgets::events::BudgetPlanned>(),
    kind::<crate::rates::events::BudgetRateAdded>(),
    kind::<crate::rates::events::BudgetRateDeleted>(),
    kind::<crate::rates::events::BudgetRateUpdated>(),
    kind::<crate::budgets::events::BudgetThresholdReached>(),
    kind::<crate::planning::events::CalendarUpdated>(),
    kind::<crate::fields::events::FieldCreated>(),
    kind::<crate::fields::events::FieldDeleted>(),
    kind::<crate::fields::events::FieldUpdated>(),
    kind::<crate::hooks::events::HookReceived>(),
    kind::<crate::access::events::MemberDeactivated>(),
    kind::<crate::access::events::MemberDeparted>(),
    kind::<crate::access::events::MemberInvitationRevoked>(),
    kind::<crate::access::events::MemberInvited>(),
    kind::<crate::access::events::MemberJoined>(),
    kind::<crate::access::events::MemberProfileChanged>(),
    kind::<crate::access::events::MemberReactivated>(),
    kind::<crate::access::events::MemberRoleChanged>(),
    kind::<crate::access::events::MemberSecondFactorDisabled>(),
    kind::<crate::access::events::MemberSecondFactorEnabled>(),
    kind::<crate::milestones::events::MilestoneCompleted>(),
    kind::<crate::milestones::events::MilestoneCreated>(),
    kind::<crate::milestones::events::MilestoneDeleted>(),
    kind::<crate::milestones::events::MilestoneReopened>(),
    kind::<crate::milestones::events::MilestoneTasksCompleted>(),
    kind::<crate::milestones::events::MilestoneUpdated>(),
    kind::<crate::planning::events::PlanUpdated>(),
    kind::<crate::projects::events::ProjectArchived>(),
    kind::<crate::projects::events::ProjectCopied>(),
    kind::<crate::projects::events::ProjectCreated>(),
    kind::<crate::projects::events::ProjectDeleted>(),
    kind::<crate::projects::events::ProjectHealthChanged>(),
    kind::<crate::tasks::events::LabelRenamed>(),
    kind::<crate::workflow::events::TypesChanged>(),
    kind::<crate::projects::events::ProjectUnarchived>(),
    kind::<crate::projects::events::ProjectUpdated>(),
    kind::<crate::workflow::events::WorkflowChanged>(),
    kind::<crate::recurrences::events::RecurrenceCreated>(),
    kind::<crate::recurrences::events::RecurrenceDeleted>(),
    kind::<crate::recurrences::events::RecurrenceOccurred>(),
    kind::<crate::recurrences::events::RecurrencePaused>(),
    kind::<crate::recurrences::events::RecurrenceResumed>(),
    kind::<crate::recurrences::events::RecurrenceUpdated>(),
    kind::<crate::resources::events::ResourceAbsenceAdded>(),
    kind::<crate::resources::events::ResourceAbsenceDeleted>(),
    kind::<crate::resources::events::ResourceAbsenceUpdated>(),
    kind::<crate::resources::events::ResourceAllocationAdded>(),
    kind::<crate::resources::events::ResourceAllocationDeleted>(),
    kind::<crate::resources::events::ResourceAllocationUpdated>(),
    kind::<crate::resources::events::ResourceOverAllocated>(),
    kind::<crate::resources::events::ResourceOverAllocationResolved>(),
    kind::<crate::rules::events::RuleChanged>(),
    kind::<crate::runs::events::RunFailed>(),
    kind::<crate::schedules::events::ScheduleOccurred>(),
    kind::<crate::sprints::events::SprintClosed>(),
    kind::<crate::sprints::events::SprintCreated>(),
    kind::<crate::sprints::events::SprintDeleted>(),
    kind::<crate::sprints::events::SprintStarted>(),
    kind::<crate::sprints::events::SprintUpdated>(),
    kind::<crate::tasks::events::TaskAssigned>(),
    kind::<crate::attachments::events::TaskAttachmentAdded>(),
    kind::<crate::attachments::events::TaskAttachmentRemoved>(),
    kind::<crate::rules::events::TaskButtonPressed>(),
    kind::<crate::comments::events::TaskCommentDeleted>(),
    kind::<crate::comments::events::TaskCommentEdited>(),
    kind::<crate::comments::events::TaskCommented>(),
    kind::<crate::tasks::events::TaskCreated>(),
    kind::<crate::schedules::events::DateReached>(),
    kind::<crate::tasks::events::TaskDeleted>(),
    kind::<crate::planning::events::TaskDependencyAdded>(),
    kind::<crate::planning::events::TaskDependencyRemoved>(),
    kind::<crate::links::events::TaskLinked>(),
    kind::<crate::comments::events::TaskMentioned>(),
    kind::<crate::planning::events::TaskRescheduled>(),
    kind::<crate::planning::events::TaskScheduleChanged>(),
    kind::<crate::tasks::events::TaskSensitiveChanged>(),
    kind::<crate::tasks::events::TaskStatusChanged>(),
    kind::<crate::links::events::TaskUnlinked>(),
    kind::<crate::tasks::events::TaskUnwatched>(),
    kind::<crate::tasks::events::TaskUpdated>(),
    kind::<crate::tasks::events::TaskWatched>(),
    kind::<crate::task_templates::events::TaskTemplateApplied>(),
    kind::<crate::task_templates::events::TaskTemplateCreated>(),
    kind::<crate::task_templates::events::TaskTemplateDeleted>(),
    kind::<crate::task_templates::events::TaskTemplateUpdated>(),
    kind::<crate::time_entries::events::TimeDeleted>(),
    kind::<crate::time_entries::events::TimeLogged>(),
    kind::<crate::time_entries::events::TimeTimerStarted>(),
    kind::<crate::time_entries::events::TimeTimerStopped>(),
    kind::<crate::time_entries::events::TimeUpdated>(),
    kind::<crate::timesheets::events::TimesheetApproved>(),
    kind::<crate::timesheets::events::TimesheetRejected>(),
    kind::<crate::timesheets::events::TimesheetReopened>(),
    kind::<crate::timesheets::events::TimesheetSubmitted>(),
    kind::<crate::views::events::ViewCreated>(),
    kind::<crate::views::events::ViewDeleted>(),
    kind::<crate::views::events::ViewUpdated>(),
];

/// A kind with its schema, as `GET /event-kinds` answers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CatalogueEntry {
    /// `task.created`.
    pub kind: &'static str,
    /// Goes up when a field changes its meaning or goes away.
    pub version: i64,
    /// One sentence.
    pub summary: &'static str,
    /// The permission that one needs, where it happens, to see it.
    pub needs: &'static str,
    /// The JSON schema (draft 2020-12) of the payload.
    pub schema: Value,
}

/// Every kind with its schema.
pub fn catalogue() -> Vec<CatalogueEntry> {
    KINDS
        .iter()
        .map(|kind| CatalogueEntry {
            kind: kind.name,
            version: kind.version,
            summary: kind.summary,
            needs: kind.needs,
            schema: (kind.schema)(),
        })
        .collect()
}
