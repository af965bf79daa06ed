//! The public verbs of variables. One for a project wants the permission on that project, any other on the workspace:
//! [`place`](crate::projects::place) asks for it.

use serde_json::{Value, json};

use super::model::{MAX_VALUE, MAX_VARIABLES, Variable, checked_name};
use super::store;
use crate::access::VariableManage;
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::place::{self, Place};
use crate::raw::Raw;
use crate::{Error, Result, audit, rules};

/// The variables of a project, or of the workspace with those of all its projects, in the order in which they were set first.
///
/// # Errors
/// `invalid_parameter`, `invalid_cursor`.
pub async fn list(rx: &mut Rx, cx: &Cx, place: &Place<VariableManage>, page: &PageRequest) -> Result<Page<Variable>> {
    let limit = page.limit()?;
    let rows = store::list(rx, place.workspace(), place.project(), page.after()?, limit + 1).await?;
    let mut page = Page::cut(rows, limit, |last| Cursor::of_id(last.id));
    // What belongs to a project on which the actor may not do this is not there for them.
    let places =
        place::those_with::<VariableManage>(rx, &cx.actor, page.items.iter().filter_map(|item| item.project_id))
            .await?;
    page.items.retain(|item| item.project_id.is_none_or(|project| places.contains(&project)));
    Ok(page)
}

/// One variable, of just this place.
///
/// # Errors
/// `variable_not_found`.
pub async fn find(rx: &mut Rx, place: &Place<VariableManage>, name: &str) -> Result<Variable> {
    let found = store::find(rx, place.workspace(), place.project(), name).await?;
    found.ok_or_else(|| missing(place, name))
}

/// Sets a variable, whether there was one or not. The same value again changes nothing.
///
/// # Errors
/// `invalid_name`, `invalid_fields`, `too_many_variables`.
pub async fn set(tx: &mut Tx, cx: &Cx, place: &Place<VariableManage>, name: &str, value: &Value) -> Result<Variable> {
    let (name, value) = (checked_name(name)?, Raw::of(value)?);
    if value.text().len() > MAX_VALUE {
        return Err(Error::field("/value", format!("must be at most {MAX_VALUE} bytes of JSON")));
    }
    if value.text().contains("\\u0000") {
        return Err(Error::field("/value", "must not hold the character U+0000"));
    }
    let known = store::find(tx, place.workspace(), place.project(), name).await?;
    if let Some(known) = known.as_ref().filter(|known| known.value.text() == value.text()) {
        return Ok(known.clone());
    }
    let variable = Variable {
        id: known.as_ref().map_or_else(|| cx.new_id(), |known| known.id),
        name: name.to_owned(),
        value,
        project_id: place.project(),
        project_key: place.key().map(str::to_owned),
        set_by: cx.actor.user(),
        set_at: cx.now(),
    };
    if known.is_none() && store::count(tx, place.workspace(), place.project()).await? >= MAX_VARIABLES {
        let detail = format!("there are {MAX_VARIABLES} variables here, the most there may be; delete some first");
        return Err(Error::conflict("too_many_variables", detail));
    }
    // Of several who set it first at one moment all but one find it there.
    let written = known.is_none() && store::insert(tx, place.workspace(), &variable).await?;
    if !written {
        store::update(tx, place.workspace(), &variable).await?;
    }
    noted(tx, cx, place, "variable.set", &variable.name).await?;
    Ok(variable)
}

/// Deletes a variable. Rules read null for it from now on, or the workspace's of the same name.
///
/// # Errors
/// `variable_not_found`.
pub async fn delete(tx: &mut Tx, cx: &Cx, place: &Place<VariableManage>, name: &str) -> Result<()> {
    if !store::delete(tx, place.workspace(), place.project(), name).await? {
        return Err(missing(place, name));
    }
    noted(tx, cx, place, "variable.deleted", name).await
}

/// The audit log tells of it, without the value, and every node reads what rules go by again.
async fn noted(tx: &mut Tx, cx: &Cx, place: &Place<VariableManage>, what: &'static str, name: &str) -> Result<()> {
    audit::service::record(tx, cx, what, name, &json!({ "name": name, "project": place.project() })).await?;
    rules::service::reread(tx).await
}

fn missing(place: &Place<VariableManage>, name: &str) -> Error {
    let shown: String = name.chars().take(64).collect();
    match place.key() {
        None => Error::not_found("variable", format!("`{shown}` of the workspace itself")),
        Some(key) => Error::not_found("variable", format!("`{shown}` of the project {key}")),
    }
}
