//! Many rules, and the variables that they go by, changed together: all of it or nothing.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trackside_rules::Rule;

use super::model::{RuleInfo, RuleState};
use super::service;
use crate::access::VariableManage;
use crate::actions::Actions;
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{ProjectId, RuleId};
use crate::projects::place::place;
use crate::{Class, Error, Result, variables};

/// The most rules that are changed together.
pub const MOST_RULES: usize = 500;

/// What is to be changed. Every rule must have been [accepted](service::accept).
#[derive(Debug, Default)]
pub struct Several {
    /// New rules.
    pub create: Vec<Rule>,
    /// New versions: the rule, the version that it was made from, and what it becomes.
    pub replace: Vec<(RuleId, Option<i64>, Rule)>,
    /// Rules to be switched off.
    pub pause: Vec<RuleId>,
    /// Rules to be deleted.
    pub delete: Vec<RuleId>,
    /// Whether new rules are put to work at once.
    pub enable: bool,
    /// Variables to be set: in which project, the name, the value.
    pub set: Vec<(Option<Handle<ProjectId>>, String, Value)>,
    /// Variables to be deleted.
    pub unset: Vec<(Option<Handle<ProjectId>>, String)>,
}

/// What became of it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "RulesApplied")]
pub struct Applied {
    /// The new rules, in the order in which they were given.
    pub created: Vec<RuleRef>,
    /// Those with a new version; one that is the same already is left out.
    pub replaced: Vec<RuleRef>,
    /// Those that were switched off.
    pub paused: Vec<RuleRef>,
    /// Those that were deleted.
    pub deleted: Vec<RuleRef>,
}

/// A rule in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleRef {
    /// Its id.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i64,
    /// Its state.
    pub state: RuleState,
}

impl From<RuleInfo> for RuleRef {
    fn from(info: RuleInfo) -> Self {
        Self { id: info.id, name: info.name, version: info.version, state: info.state }
    }
}

/// Changes all of it.
///
/// # Errors
/// Those of each change, with the pointer to it; then nothing is changed.
pub async fn apply(tx: &mut Tx, cx: &Cx, actions: &Actions, several: Several) -> Result<Applied> {
    let mut applied = Applied::default();
    for (at, (project, name, value)) in several.set.iter().enumerate() {
        let set = async {
            let place = place::<VariableManage>(tx, cx, project.as_ref()).await?;
            variables::service::set(tx, cx, &place, name, value).await
        };
        set.await.map_err(|error| error.under(&format!("/variables/set/{at}")))?;
    }
    if !several.create.is_empty() {
        // Who applies the same files at the same moment waits here, and then finds the rules.
        service::reread(tx).await?;
    }
    for (at, rule) in several.create.into_iter().enumerate() {
        let create = async {
            if service::is_named(tx, cx.actor.workspace, &rule.name).await? {
                let detail = format!("somebody has made a rule called “{}” meanwhile; compare again", rule.name);
                return Err(Error::stale(detail).and_field("/name", "there is one of this name"));
            }
            let created = service::create(tx, cx, &cx.actor.may_here()?, rule).await?;
            if !several.enable {
                return Ok(created);
            }
            let may = cx.actor.may(created)?;
            service::switch(tx, cx, actions, &may, RuleState::Enabled).await
        };
        applied.created.push(told(create.await, "create", at)?.into());
    }
    for (at, (id, version, rule)) in several.replace.into_iter().enumerate() {
        let replace = async {
            let known = service::find(tx, cx.actor.workspace, id).await?;
            let before = known.version;
            let may = cx.actor.may(known)?;
            let info = service::replace(tx, cx, actions, &may, version, rule).await?;
            Ok::<_, Error>((info.version != before).then_some(info))
        };
        applied.replaced.extend(told(replace.await, "replace", at)?.map(RuleRef::from));
    }
    for (at, id) in several.pause.into_iter().enumerate() {
        let pause = async {
            let may = cx.actor.may(service::find(tx, cx.actor.workspace, id).await?)?;
            service::switch(tx, cx, actions, &may, RuleState::Paused).await
        };
        applied.paused.push(told(pause.await, "pause", at)?.into());
    }
    for (at, id) in several.delete.into_iter().enumerate() {
        let delete = async {
            let known = service::find(tx, cx.actor.workspace, id).await?;
            let may = cx.actor.may(known)?;
            service::delete(tx, cx, &may).await?;
            Ok::<_, Error>(may.into_resource())
        };
        applied.deleted.push(told(delete.await, "delete", at)?.into());
    }
    for (at, (project, name)) in several.unset.iter().enumerate() {
        let unset = async {
            let place = place::<VariableManage>(tx, cx, project.as_ref()).await?;
            variables::service::delete(tx, cx, &place, name).await
        };
        unset.await.map_err(|error| error.under(&format!("/variables/unset/{at}")))?;
    }
    Ok(applied)
}

/// The outcome, with the place of what failed.
fn told<T>(outcome: Result<T>, list: &str, at: usize) -> Result<T> {
    outcome.map_err(|error| if error.class == Class::Busy { error } else { error.under(&format!("/{list}/{at}")) })
}

/// Refuses more than can be changed together.
///
/// # Errors
/// `too_many_rules`.
pub fn fits(count: usize) -> Result<()> {
    if count <= MOST_RULES {
        return Ok(());
    }
    let detail = format!("{count} rules are to be changed together, and at most {MOST_RULES} can be; do it in parts");
    Err(Error::invalid("too_many_rules", detail))
}
