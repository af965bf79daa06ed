//! The list of projects: filters, order and page.

use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{Project, ProjectStatus};
use crate::Result;
use crate::access::permissions::{Granted, ProjectView};
use crate::access::{Reach, Scoped as _, Sight as _};
use crate::db::{Kind, Param, Rx};
use crate::handle::UserHandle;
use crate::ids::{ProjectId, UserId};
use crate::listing::{self, CREATED_AT, Column, Request, Statement};
use crate::paging::Page;

/// What a list of projects can be asked for. Where several values may stand, commas part them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectQuery {
    /// active, on_hold, completed, archived; any but archived when left out.
    pub status: Option<String>,
    /// Those who answer for it: ids, or `me`.
    pub owner: Option<String>,
    /// Part of the name or key.
    pub q: Option<String>,
    /// `true`: only templates; `false`: only projects that are none.
    pub template: Option<bool>,
    /// `true`: archived ones, too.
    pub include_archived: bool,
    /// Any of created_at, due_at, key, name, updated_at; `-` before one turns it round. `created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// Rows to pass over, at most 10,000; `cursor` is faster and misses nothing.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts the projects on all pages.
    pub total: bool,
}

const COLUMNS: &[Column] = &[
    CREATED_AT,
    Column { name: "due_at", sql: "due_at", kind: Kind::Time, nullable: true },
    Column { name: "key", sql: "key", kind: Kind::Text, nullable: false },
    Column { name: "name", sql: "name", kind: Kind::Text, nullable: false },
    Column { name: "updated_at", sql: "updated_at", kind: Kind::Time, nullable: false },
];

/// The page that `query` asks for.
pub(super) async fn page(
    rx: &mut Rx,
    may: &Granted<ProjectView, Reach>,
    query: &ProjectQuery,
) -> Result<Page<Project>> {
    let ProjectQuery { sort, limit, offset, cursor, total, .. } = query;
    let request = Request::new(COLUMNS, "created_at", sort.as_deref(), *limit, *offset, cursor.as_deref(), *total)?;
    let filters = Filters::read(may, query)?;
    let from = filters.from(may);
    let value = |project: &Project, column: &Column| match column.name {
        "due_at" => listing::time(project.due_at),
        "key" => project.key.clone().into(),
        "name" => project.name.clone().into(),
        "updated_at" => listing::time(Some(project.updated_at)),
        _ => listing::id(project.id),
    };
    let sees = |project: &Project| may.sees(&project.place(), &|| project.facts());
    request.page(rx, Project::COLUMNS, from, value, sees).await
}

/// The ids of all projects that `query` lets through, whatever page it asks for; at most `most`.
pub(super) async fn ids(
    rx: &mut Rx,
    may: &Granted<ProjectView, Reach>,
    query: &ProjectQuery,
    most: i64,
) -> Result<Vec<ProjectId>> {
    let filters = Filters::read(may, query)?;
    let mut rows: Vec<Project> = filters.from(may).all(rx, Project::COLUMNS, most).await?;
    rows.retain(|project| may.sees(&project.place(), &|| project.facts()));
    Ok(rows.into_iter().map(|project| project.id).collect())
}

/// The filters of a query, read.
struct Filters<'a> {
    statuses: Option<Vec<ProjectStatus>>,
    owners: Option<Vec<UserId>>,
    part: Option<&'a str>,
    template: Option<bool>,
    include_archived: bool,
}

impl<'a> Filters<'a> {
    fn read(may: &Granted<ProjectView, Reach>, query: &'a ProjectQuery) -> Result<Self> {
        let owners = |text: &str| {
            let handles = listing::values::<UserHandle>("owner", text)?;
            handles.into_iter().map(|user| user.of(may.resource().actor())).collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            statuses: query.status.as_deref().map(|text| listing::values("status", text)).transpose()?,
            owners: query.owner.as_deref().map(owners).transpose()?,
            part: listing::part(query.q.as_deref())?,
            template: query.template,
            include_archived: query.include_archived,
        })
    }

    /// `from projects where …`, as far as ids tell what may be seen.
    fn from<'s>(&'s self, may: &'s Granted<ProjectView, Reach>) -> Statement<'s> {
        let mut from = Statement::from("projects", may.workspace());
        if let Some(within) = may.reach().map(Reach::by_ids) {
            if !within.everywhere {
                from.any_of("id", within.projects);
            }
            if !within.not_projects.is_empty() {
                from.push(" and id <> all(").bind(within.not_projects.value()).push(")");
            }
        }
        match &self.statuses {
            Some(statuses) => from.any_of("status", statuses),
            None if !self.include_archived => {
                from.push(" and status <> 'archived'");
            }
            None => {}
        }
        if let Some(owners) = &self.owners {
            from.any_of("owner_id", owners);
        }
        if let Some(template) = &self.template {
            from.push(" and is_template = ").bind(template.value());
        }
        if let Some(part) = self.part {
            from.contains(&["name", "key"], part);
        }
        from
    }
}
