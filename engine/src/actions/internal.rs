//! Actions on what is ours.

use std::future::Future;
use std::pin::Pin;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trackside_rules::graph::Write;

use super::effect::Effect;
use super::external::pointer;
use crate::access::Permission;
use crate::cx::Cx;
use crate::db::Tx;
use crate::{Error, Result, unfit};

/// An action that changes something of ours. It runs in the transaction that journals the step: whatever it writes
/// through `tx` happens exactly once, together with its events. It must await nothing but statements.
///
/// `cx.actor` is the rule with its owner's rights; the action asks for permission as everyone does.
pub trait Internal: Send + Sync + 'static {
    /// `task.create`: resource, dot, verb.
    const NAME: &'static str;
    /// One sentence, for the catalogue.
    const SUMMARY: &'static str;
    /// The event kinds that it can cause: what the loop check at save reads.
    const CAUSES: &'static [&'static str];
    /// Which of its inputs are seen in those events, and where: what is constant there, the loop check knows.
    const WRITES: &'static [Write] = &[];
    /// What it reads and writes, and how to undo it.
    const EFFECT: Effect;
    /// The permission that it asks for: what a token must cover to put a rule with it to work.
    type Needs: Permission;
    /// What a step's `with` must hold. Give it `#[serde(deny_unknown_fields)]`.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// What later steps see as `steps.<id>.output`.
    type Output: Serialize + JsonSchema;

    /// Does it.
    fn perform(tx: &mut Tx, cx: &Cx, input: Self::Input) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// An [`Internal`] action without its types, as the interpreter holds it.
pub trait ErasedInternal: Send + Sync {
    /// `task.create`.
    fn name(&self) -> &'static str;
    /// One sentence.
    fn summary(&self) -> &'static str;
    /// The event kinds that it can cause.
    fn causes(&self) -> &'static [&'static str];
    /// Which of its inputs are seen in them.
    fn writes(&self) -> &'static [Write];
    /// What it reads and writes, and how to undo it.
    fn effect(&self) -> Effect;
    /// The name of the permission that it asks for.
    fn needs(&self) -> &'static str;
    /// The JSON schema of its input.
    fn input_schema(&self) -> Value;
    /// The JSON schema of its output.
    fn output_schema(&self) -> Value;
    /// Does it, from JSON to JSON.
    fn perform<'a>(
        &'a self,
        tx: &'a mut Tx,
        cx: &'a Cx,
        input: Value,
    ) -> Pin<Box<dyn Future<Output = Result<Value>> + Send + 'a>>;
}

/// Carries the type of an action where a value is wanted.
struct Erased<A>(std::marker::PhantomData<fn() -> A>);

impl<A: Internal> ErasedInternal for Erased<A> {
    fn name(&self) -> &'static str {
        A::NAME
    }
    fn summary(&self) -> &'static str {
        A::SUMMARY
    }
    fn causes(&self) -> &'static [&'static str] {
        A::CAUSES
    }
    fn writes(&self) -> &'static [Write] {
        A::WRITES
    }
    fn effect(&self) -> Effect {
        A::EFFECT
    }
    fn needs(&self) -> &'static str {
        A::Needs::NAME
    }
    fn input_schema(&self) -> Value {
        schemars::schema_for!(A::Input).to_value()
    }
    fn output_schema(&self) -> Value {
        // As it is written, which may be otherwise than a vendor's answer is read.
        SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<A::Output>().to_value()
    }
    fn perform<'a>(
        &'a self,
        tx: &'a mut Tx,
        cx: &'a Cx,
        input: Value,
    ) -> Pin<Box<dyn Future<Output = Result<Value>> + Send + 'a>> {
        Box::pin(async move {
            let input = serde_path_to_error::deserialize(input).map_err(|error| {
                let (place, what) = (pointer(error.path()), error.inner().to_string());
                let at = if place.is_empty() { String::new() } else { format!(" at `{place}`") };
                let what = unfit::readable(&what);
                Error::invalid("action_input", format!("`{}` was given wrong input{at}: {what}", A::NAME))
            })?;
            let output = A::perform(tx, cx, input).await?;
            serde_json::to_value(output).map_err(|error| Error::internal(format!("output of {}: {error}", A::NAME)))
        })
    }
}

const fn erased<A: Internal>() -> &'static dyn ErasedInternal {
    &Erased::<A>(std::marker::PhantomData)
}

/// Every internal action, sorted by name.
pub const INTERNAL: &[&dyn ErasedInternal] = &[
    erased::<crate::resources::actions::CreateAbsence>(),
    erased::<crate::grants::actions::Assign>(),
    erased::<crate::grants::actions::End>(),
    erased::<crate::resources::actions::CreateAllocation>(),
    erased::<crate::budgets::actions::AddCost>(),
    erased::<crate::access::actions::Deactivate>(),
    erased::<crate::access::actions::Invite>(),
    erased::<crate::milestones::actions::Complete>(),
    erased::<crate::milestones::actions::Create>(),
    erased::<crate::milestones::actions::Delete>(),
    erased::<crate::milestones::actions::Reopen>(),
    erased::<crate::milestones::actions::Update>(),
    erased::<crate::notifications::actions::Send>(),
    erased::<crate::projects::actions::Archive>(),
    erased::<crate::projects::actions::Copy>(),
    erased::<crate::projects::actions::Create>(),
    erased::<crate::projects::actions::Unarchive>(),
    erased::<crate::projects::actions::Update>(),
    erased::<crate::recurrences::actions::Pause>(),
    erased::<crate::recurrences::actions::Resume>(),
    erased::<crate::sprints::actions::Close>(),
    erased::<crate::sprints::actions::Create>(),
    erased::<crate::sprints::actions::Start>(),
    erased::<crate::planning::actions::AddDependency>(),
    erased::<crate::tasks::actions::AddLabel>(),
    erased::<crate::tasks::actions::AddWatcher>(),
    erased::<crate::task_templates::actions::Apply>(),
    erased::<crate::tasks::actions::Assign>(),
    erased::<crate::comments::actions::Comment>(),
    erased::<crate::tasks::actions::Create>(),
    erased::<crate::tasks::actions::Delete>(),
    erased::<crate::comments::actions::Delete>(),
    erased::<crate::comments::actions::Edit>(),
    erased::<crate::links::actions::Link>(),
    erased::<crate::tasks::list_action::List>(),
    erased::<crate::attachments::actions::Remove>(),
    erased::<crate::planning::actions::RemoveDependency>(),
    erased::<crate::tasks::actions::RemoveLabel>(),
    erased::<crate::tasks::actions::RemoveWatcher>(),
    erased::<crate::planning::actions::Reschedule>(),
    erased::<crate::tasks::actions::SetStatus>(),
    erased::<crate::links::actions::Unlink>(),
    erased::<crate::tasks::actions::Update>(),
    erased::<crate::time_entries::actions::Log>(),
    erased::<crate::time_entries::actions::StartTimer>(),
    erased::<crate::time_entries::actions::StopTimerAction>(),
    erased::<crate::timesheets::actions::Approve>(),
    erased::<crate::timesheets::actions::Submit>(),
];
