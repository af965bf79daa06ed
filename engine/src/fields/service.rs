//! The public verbs of custom fields.

use std::collections::BTreeMap;

use serde_json::Value;

use super::events::{FieldCreated, FieldDeleted, FieldUpdated};
use super::model::{
    Field, FieldOption, FieldPatch, FieldType, MAX_DESCRIPTION, MAX_FIELDS, MAX_NAME, MAX_OPTIONS, NewField,
};
use super::store;
use super::values::{self, Definitions};
use crate::access::{BudgetEdit, Granted, ProjectEdit, Reach, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::ids::{ProjectId, TaskId, WorkspaceId};
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectRef};
use crate::raw::Raw;
use crate::{Error, Result, schedules};

/// The fields of a project, in the order they were defined; at most [`MAX_FIELDS`].
pub async fn list(rx: &mut Rx, may: &Granted<TaskView, Project>) -> Result<Vec<Field>> {
    store::list_of_project(rx, may.resource().workspace_id, may.resource().id).await
}

/// The projects in which fields with these keys are sensitive, with the key.
pub(crate) async fn sensitive_named(
    rx: &mut Rx,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<Vec<(ProjectId, String)>> {
    store::list_sensitive(rx, workspace, keys).await
}

/// What fields are called in the projects that may be seen, to name one that is near; nothing where conditions decide.
pub(crate) async fn keys_seen(rx: &mut Rx, workspace: WorkspaceId, reach: Option<&Reach>) -> Result<Vec<String>> {
    let mut keys = store::list_keys(rx, workspace).await?;
    if let Some(reach) = reach {
        let ids = reach.by_ids();
        let within = |project: &ProjectId| ids.everywhere || ids.projects.contains(project);
        keys.retain(|(project, _)| !reach.is_conditional() && within(project) && !ids.not_projects.contains(project));
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// Refuses values of sensitive fields where they would stand openly, in what tasks are made from.
pub(crate) async fn refuse_sensitive(rx: &mut Rx, project: &Project, body: &Value) -> Result<()> {
    let Some(defined) = definitions(rx, project).await? else { return Ok(()) };
    let mut open = vec![body];
    while let Some(value) = open.pop() {
        let Value::Object(parts) = value else {
            open.extend(value.as_array().into_iter().flatten());
            continue;
        };
        if let Some(Value::Object(custom)) = parts.get("custom")
            && let Some(key) = custom.keys().find(|key| defined.is_sensitive(key))
        {
            let message = format!("`{key}` is sensitive, and whoever sees this would see it; leave it out");
            return Err(Error::field("/task/custom", message));
        }
        open.extend(parts.values());
    }
    Ok(())
}

/// What a project defines; nothing, without asking, of one that never defined anything.
pub(crate) async fn definitions(rx: &mut Rx, project: &Project) -> Result<Option<Definitions>> {
    if project.setup == 0 {
        return Ok(None);
    }
    let fields = store::list_of_project(rx, project.workspace_id, project.id).await?;
    if fields.is_empty() { Ok(None) } else { Definitions::of(fields).map(Some) }
}

/// Writes the values of a task as rows; `fresh` says that there are none yet.
pub(crate) async fn set_values(
    tx: &mut Tx,
    project: &Project,
    task: TaskId,
    rows: &[(String, String)],
    fresh: bool,
) -> Result<()> {
    store::set_values(tx, project.workspace_id, task, rows, fresh).await
}

/// Defines a field. A key that is in use answers the conflict `field_key_taken`. What tasks hold under its key already is
/// taken over where it fits.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectEdit, Project>, new: NewField) -> Result<Field> {
    projects::service::refuse_archived(may.resource())?;
    check_key(&new.key)?;
    check_name("/name", &new.name)?;
    check_description(&new.description)?;
    check_options(new.kind, &new.options)?;
    check_currency(new.kind, new.currency.as_deref())?;
    refuse_required_and_sensitive(new.required, new.sensitive)?;
    if new.sensitive {
        cx.actor.may::<BudgetEdit, _>(may.resource())?;
    }
    define(tx, cx, may.resource(), new).await
}

/// Defines in one project the fields of another; says how many. A definition holds no value, so those that are sensitive
/// need nothing else.
pub(crate) async fn copy(tx: &mut Tx, cx: &Cx, from: &Project, to: &Project) -> Result<usize> {
    let fields = store::list_of_project(tx, from.workspace_id, from.id).await?;
    let count = fields.len();
    for field in fields {
        define(tx, cx, to, field.definition()?).await?;
    }
    Ok(count)
}

async fn define(tx: &mut Tx, cx: &Cx, project: &Project, new: NewField) -> Result<Field> {
    let project = projects::service::lock(tx, project).await?;
    let known = store::list_of_project(tx, project.workspace_id, project.id).await?;
    if known.iter().any(|field| field.key == new.key) {
        let message = format!("{} has a field {} already; choose another key", project.key, new.key);
        return Err(Error::conflict("field_key_taken", message.clone()).and_field("/key", message));
    }
    if i64::try_from(known.len()).unwrap_or(i64::MAX) >= MAX_FIELDS {
        let detail =
            format!("{} has {MAX_FIELDS} fields, the most that a project may have; delete one first", project.key);
        return Err(Error::conflict("too_many_fields", detail));
    }
    let now = cx.now();
    let field = Field {
        id: cx.new_id(),
        workspace_id: project.workspace_id,
        project_id: project.id,
        key: new.key,
        name: new.name,
        description: new.description,
        kind: new.kind,
        options: Raw::of(&new.options)?,
        currency: new.currency,
        required: new.required,
        sensitive: new.sensitive,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &field).await?;
    projects::service::touch_setup(tx, &project).await?;
    let (fitting, unfitting) = settle(tx, cx, &field, &new.options, &BTreeMap::new()).await?;
    // Dates that tasks have in it already are seen by rules from now on.
    schedules::service::look_anew(tx, project.workspace_id, now).await?;
    let project = ProjectRef::from(&project);
    emit(tx, cx, &FieldCreated { field: &field, project: &project, fitting, unfitting }).await?;
    Ok(field)
}

/// Changes a field. `expected` is the version that the caller saw. An option that tasks hold goes away only if `replace`
/// says what they hold instead; otherwise the answer is the conflict `option_in_use`.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    key: &str,
    expected: Option<i64>,
    patch: FieldPatch,
) -> Result<Field> {
    projects::service::refuse_archived(may.resource())?;
    let project = projects::service::lock(tx, may.resource()).await?;
    let mut field = find(tx, &project, key).await?;
    if let Some(expected) = expected.filter(|expected| *expected != field.version) {
        let (key, version) = (&field.key, field.version);
        let detail = format!("you saw version {expected} of {key}, which is at version {version}; read it again");
        return Err(Error::stale(detail));
    }
    let (name, description) = (patch.name.required("/name")?, patch.description.or_default());
    let (required, sensitive) = (patch.required.required("/required")?, patch.sensitive.required("/sensitive")?);
    name.as_deref().map_or(Ok(()), |name| check_name("/name", name))?;
    description.as_deref().map_or(Ok(()), check_description)?;
    let options = patch.options.required("/options")?;
    options.as_deref().map_or(Ok(()), |options| check_options(field.kind, options))?;
    let before = field.options.read()?;
    let after = options.clone().unwrap_or_else(|| before.clone());
    check_replace(&patch.replace, &before, &after)?;
    let mut changes = Changes::new();
    change(&mut changes, "name", &mut field.name, name);
    change(&mut changes, "description", &mut field.description, description);
    change(&mut changes, "required", &mut field.required, required);
    change(&mut changes, "sensitive", &mut field.sensitive, sensitive);
    let mut now_options = before.clone();
    change(&mut changes, "options", &mut now_options, options);
    if changes.is_empty() {
        return Ok(field);
    }
    refuse_required_and_sensitive(field.required, field.sensitive)?;
    // What was hidden would be shown, or kept from whoever filled it in.
    if changes.contains_key("sensitive") || field.sensitive {
        cx.actor.may::<BudgetEdit, _>(&project)?;
    }
    field.options = Raw::of(&after)?;
    field.version += 1;
    field.updated_at = cx.now();
    store::update(tx, &field).await?;
    projects::service::touch_setup(tx, &project).await?;
    let keys = |options: &[FieldOption]| options.iter().map(|option| option.key.clone()).collect::<Vec<_>>();
    if changes.contains_key("sensitive") {
        settle(tx, cx, &field, &after, &patch.replace).await?;
    }
    if keys(&before) != keys(&after) {
        refuse_lost(tx, &field, &before, &after, &patch.replace).await?;
        settle(tx, cx, &field, &after, &patch.replace).await?;
    }
    emit(tx, cx, &FieldUpdated { field: &field, project: &ProjectRef::from(&project), change: &changes }).await?;
    Ok(field)
}

/// Deletes a field and its values; says how many tasks had one.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectEdit, Project>, key: &str) -> Result<u64> {
    projects::service::refuse_archived(may.resource())?;
    let project = projects::service::lock(tx, may.resource()).await?;
    let field = find(tx, &project, key).await?;
    if field.sensitive {
        cx.actor.may::<BudgetEdit, _>(&project)?;
    }
    store::clear_field(tx, project.workspace_id, project.id, &field.key).await?;
    let tasks = store::take_out(tx, project.workspace_id, project.id, &field.key, cx.now()).await?;
    store::delete(tx, project.workspace_id, field.id).await?;
    projects::service::touch_setup(tx, &project).await?;
    emit(tx, cx, &FieldDeleted { field: &field, project: &ProjectRef::from(&project), tasks }).await?;
    Ok(tasks)
}

/// Whoever may not see a field cannot fill it in.
fn refuse_required_and_sensitive(required: bool, sensitive: bool) -> Result<()> {
    if required && sensitive {
        return Err(Error::field(
            "/sensitive",
            "cannot stand beside `required`: whoever may not see it could make no task",
        ));
    }
    Ok(())
}

/// The field of a project with this key.
pub async fn get(rx: &mut Rx, may: &Granted<TaskView, Project>, key: &str) -> Result<Field> {
    find(rx, may.resource(), key).await
}

async fn find(rx: &mut Rx, project: &Project, key: &str) -> Result<Field> {
    let shown: String = key.chars().take(64).collect();
    store::find(rx, project.workspace_id, project.id, key).await?.ok_or_else(|| Error::not_found("field", shown))
}

/// Brings what tasks hold under the field's key in line with it: options that went away are replaced, what fits is brought
/// into its form, and the rows are written anew. How many tasks hold what fits, and what does not.
async fn settle(
    tx: &mut Tx,
    cx: &Cx,
    field: &Field,
    options: &[FieldOption],
    replace: &BTreeMap<String, Option<String>>,
) -> Result<(usize, usize)> {
    let workspace = field.workspace_id;
    let (mut changed, mut rows, mut fitting, mut unfitting) = (Vec::new(), Vec::new(), 0, 0);
    for (task, custom, hidden) in store::list_holders(tx, workspace, field.project_id, &field.key).await? {
        let (custom, hidden) = (custom.read()?, hidden.read()?);
        // Where it belongs, and where it stands: a field that becomes sensitive moves.
        let (mut here, mut there) = if field.sensitive { (hidden, custom) } else { (custom, hidden) };
        let moved = there.contains_key(&field.key);
        let Some(held) = there.remove(&field.key).or_else(|| here.get(&field.key).cloned()) else { continue };
        let wanted = replaced(&held, replace);
        let kept = wanted.as_ref().map(|wanted| values::keep(field, options, wanted));
        match kept {
            Some(Err(_)) => {
                unfitting += 1;
                if !moved {
                    continue;
                }
                here.insert(field.key.clone(), held);
            }
            Some(Ok(kept)) => {
                fitting += 1;
                rows.extend(values::ords(field, options, &kept).into_iter().map(|ord| (task, ord)));
                if kept == held && !moved {
                    continue;
                }
                here.insert(field.key.clone(), kept);
            }
            None => drop(here.remove(&field.key)),
        }
        let (custom, hidden) = if field.sensitive { (there, here) } else { (here, there) };
        changed.push((task, Raw::of(&custom)?.text().to_owned(), Raw::of(&hidden)?.text().to_owned()));
    }
    store::set_custom(tx, workspace, &changed, cx.now()).await?;
    store::clear_field(tx, workspace, field.project_id, &field.key).await?;
    store::insert_values(tx, workspace, &field.key, &rows).await?;
    Ok((fitting, unfitting))
}

/// What is held after replacing options; nothing, if nothing is left.
fn replaced(held: &Value, replace: &BTreeMap<String, Option<String>>) -> Option<Value> {
    let one = |value: &Value| match value.as_str().and_then(|key| replace.get(key)) {
        Some(other) => other.clone().map(Value::from),
        None => Some(value.clone()),
    };
    match held {
        Value::Array(keys) => {
            let keys: Vec<Value> = keys.iter().filter_map(one).collect();
            (!keys.is_empty()).then_some(Value::Array(keys))
        }
        other => one(other),
    }
}

/// Refuses to take options away that tasks hold, if nothing is said to replace them.
async fn refuse_lost(
    tx: &mut Tx,
    field: &Field,
    before: &[FieldOption],
    after: &[FieldOption],
    replace: &BTreeMap<String, Option<String>>,
) -> Result<()> {
    let gone = |key: &str| !after.iter().any(|option| option.key == key) && !replace.contains_key(key);
    let gone: Vec<&str> = before.iter().map(|option| option.key.as_str()).filter(|key| gone(key)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let mut tasks = 0;
    let mut named = Vec::new();
    for (_, custom, hidden) in store::list_holders(tx, field.workspace_id, field.project_id, &field.key).await? {
        let all = if field.sensitive { hidden } else { custom }.read()?;
        let held = all.get(&field.key);
        let holds = |key: &&&str| match held {
            Some(Value::Array(keys)) => keys.iter().any(|held| held.as_str() == Some(**key)),
            held => held.and_then(Value::as_str) == Some(**key),
        };
        if let Some(key) = gone.iter().find(holds) {
            tasks += 1;
            if !named.contains(key) {
                named.push(key);
            }
        }
    }
    if tasks == 0 {
        return Ok(());
    }
    let message = format!(
        "{tasks} tasks hold {}; say in `replace` what they hold instead (null for nothing)",
        named.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
    );
    Err(Error::conflict("option_in_use", message.clone()).and_field("/options", message))
}

fn check_key(key: &str) -> Result<()> {
    let fits = (1..=64).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if fits { Ok(()) } else { Err(Error::field("/key", "must be 1 to 64 characters of a-z, 0-9 and _")) }
}

fn check_name(pointer: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > MAX_NAME {
        return Err(Error::field(pointer, format!("must be 1 to {MAX_NAME} characters")));
    }
    storable(pointer, name)
}

fn check_description(description: &str) -> Result<()> {
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(Error::field("/description", format!("must be at most {MAX_DESCRIPTION} characters")));
    }
    storable("/description", description)
}

fn check_options(kind: FieldType, options: &[FieldOption]) -> Result<()> {
    if !kind.is_select() {
        return if options.is_empty() {
            Ok(())
        } else {
            Err(Error::field("/options", format!("a {kind} has no options; leave them out")))
        };
    }
    if options.is_empty() || options.len() > MAX_OPTIONS {
        return Err(Error::field("/options", format!("must be 1 to {MAX_OPTIONS}")));
    }
    for (at, FieldOption { key, name }) in options.iter().enumerate() {
        let fits = (1..=64).contains(&key.len())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'));
        if !fits {
            let message = "must be 1 to 64 characters of a-z, 0-9, _ and -";
            return Err(Error::field(format!("/options/{at}/key"), message));
        }
        check_name(&format!("/options/{at}/name"), name)?;
        if options[..at].iter().any(|earlier| earlier.key == *key) {
            return Err(Error::field(format!("/options/{at}/key"), "stands there twice; name each option once"));
        }
    }
    Ok(())
}

fn check_currency(kind: FieldType, currency: Option<&str>) -> Result<()> {
    let is_code = |code: &str| iso_currency::Currency::from_code(code).is_some();
    match (kind, currency) {
        (FieldType::Money, Some(code)) if is_code(code) => Ok(()),
        (FieldType::Money, _) => Err(Error::field("/currency", "must be an ISO 4217 code for a money: `EUR`")),
        (_, None) => Ok(()),
        (kind, Some(_)) => Err(Error::field("/currency", format!("a {kind} has no currency; leave it out"))),
    }
}

fn check_replace(
    replace: &BTreeMap<String, Option<String>>,
    before: &[FieldOption],
    after: &[FieldOption],
) -> Result<()> {
    let has = |options: &[FieldOption], key: &str| options.iter().any(|option| option.key == key);
    for (from, to) in replace {
        let shown: String = from.chars().take(64).collect();
        if !has(before, from) || has(after, from) {
            let message = format!("`{shown}` is no option that goes away; name those that do");
            return Err(Error::field("/replace", message));
        }
        if to.as_ref().is_some_and(|to| !has(after, to)) {
            return Err(Error::field(
                "/replace",
                format!("what replaces `{shown}` must be one of the options that stay"),
            ));
        }
    }
    Ok(())
}

/// PostgreSQL stores every character but U+0000; what is refused by one database is refused by both.
fn storable(pointer: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::field(pointer, "must not contain the character U+0000"));
    }
    Ok(())
}
