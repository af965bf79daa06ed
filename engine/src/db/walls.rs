//! The second wall between workspaces: row-level security on PostgreSQL.
//!
//! The first wall are the statements, each of which compares the workspace. Should one forget to, this one holds: in a
//! transaction that was begun [`within`](super::within) a workspace, the database itself shows and changes only that
//! workspace's rows. After every migration each table that holds rows of workspaces gets one policy:
//!
//! - a table with `workspace_id`: that is the transaction's workspace (or null, where that stands for the program itself);
//! - a table without, whose rows belong to a row of another table (a label to its task): that row is visible;
//! - `workspaces`: the row itself.
//!
//! Where no workspace is set, all is visible. `force` makes the policies hold for the owner of the tables, who we are.
//! They hold for no superuser and no role with BYPASSRLS; [`Db::walls`] tells, and so do `doctor` and the start.
//!
//! What must stay open is listed in [`OPEN`]; a test fails when a table is neither walled nor on that list.

use std::collections::{BTreeMap, BTreeSet};

use super::tenant::SETTING;
use super::transaction::{Rx, Tx};
use super::{Db, Dialect, One};
use crate::Result;

/// Tables that have no wall, and why.
pub const OPEN: &[(&str, &str)] = &[
    ("installation", "of the installation, not of a workspace"),
    ("jobs", "one line for all: where a job stands depends on the others'; only verbs of the queue read it"),
    ("log_head", "the one head of the one log; it holds a number"),
    ("migrations", "of the installation"),
    ("nodes", "of the installation: who works"),
    ("one_time_tokens", "of a person, who belongs to several workspaces"),
    ("push_keys", "of the installation; sealed"),
    ("queues", "of the installation: whether each is paused, and how it is worked on"),
    ("recovery_codes", "of a person"),
    ("refused_addresses", "of an address, whoever has it in whichever workspace"),
    ("rule_book", "one revision for the rules of all; it holds a number"),
    ("signing_keys", "of the installation; sealed"),
    ("totp_factors", "of a person"),
    ("users", "a person is in the system once and a member of several workspaces"),
];
/// Tables whose names begin so are left open: `@@` is not leakproof, so behind a policy PostgreSQL would read all rows
/// rather than ask the index. They hold what stands in walled tables, through which what they find is read.
const SEARCH: &str = "search_";
/// The policy's name. Another figure whenever [`policy`] says something else, so that it is made anew.
const POLICY: &str = "trackside_wall_1";

/// How a table is walled.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wall {
    /// By its own column; whether that may be null.
    Column { name: &'static str, nullable: bool },
    /// By the row that this column points to: column, table, its column.
    Parent { column: String, table: String, key: String },
}

/// How the second wall stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walls {
    /// Tables that should have a forced policy and have none.
    pub missing: Vec<String>,
    /// Whom the policies do not hold: the role that we are, when it is a superuser or has BYPASSRLS.
    pub passes: Option<String>,
}

/// A table, as the catalogue tells it: its name, whether it has `workspace_id`, whether that may be null, and whether our
/// policy is forced on it.
type Table = (String, bool, bool, bool);
/// A reference by one column that is never null: table, column, the table it points to, its column.
type Reference = (String, String, String, String);

const TABLES: &str = "select cast(c.relname as text), a.attname is not null, coalesce(not a.attnotnull, false), \
     c.relrowsecurity and c.relforcerowsecurity and p.polname is not null \
     from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped \
     left join pg_policy p on p.polrelid = c.oid and p.polname = $1 \
     where c.relkind in ('r', 'p') and c.relnamespace = cast(current_schema() as regnamespace) order by c.relname";
const REFERENCES: &str = "select cast(c.relname as text), cast(a.attname as text), cast(f.relname as text), cast(k.attname as text) \
     from pg_constraint r join pg_class c on c.oid = r.conrelid join pg_class f on f.oid = r.confrelid \
     join pg_attribute a on a.attrelid = c.oid and a.attnum = r.conkey[1] \
     join pg_attribute k on k.attrelid = f.oid and k.attnum = r.confkey[1] \
     where r.contype = 'f' and cardinality(r.conkey) = 1 and a.attnotnull and c.oid <> f.oid \
     and c.relnamespace = cast(current_schema() as regnamespace) order by c.relname, a.attnum";
const PASSES: &str =
    "select cast(rolname as text) from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)";

impl Db {
    /// How the second wall stands; `None` on SQLite, where there is none.
    pub async fn walls(&self) -> Result<Option<Walls>> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(None);
        }
        let mut rx = self.read().await?;
        let (_, missing) = plan(&mut rx).await?;
        let passes: Option<One<String>> = rx.opt(PASSES, ()).await?;
        Ok(Some(Walls { missing: missing.into_keys().collect(), passes: passes.map(|role| role.0) }))
    }

    /// The tables that no wall surrounds and [`OPEN`] does not name; for a test that wants none.
    pub async fn open_tables(&self) -> Result<Vec<String>> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(Vec::new());
        }
        Ok(plan(&mut *self.read().await?).await?.0)
    }
}

/// Gives every table its wall that has none yet.
pub(super) async fn raise(tx: &mut Tx) -> Result<()> {
    let (_, missing) = plan(tx).await?;
    for (table, wall) in missing {
        let expression = policy(&table, &wall);
        let old: Vec<One<String>> = tx
            .all("select cast(p.policyname as text) from pg_policies p where p.schemaname = current_schema() and p.tablename = $1 \
                 and p.policyname like 'trackside_wall_%'", (table.as_str(),))
            .await?;
        let mut text: String = old.iter().map(|One(name)| format!("drop policy {name} on {table}; ")).collect();
        text += &format!(
            "alter table {table} enable row level security; alter table {table} force row level security; \
             create policy {POLICY} on {table} for all using ({expression}) with check ({expression})"
        );
        tx.batch(&text).await?;
        tracing::debug!(table, "a table has its wall");
    }
    Ok(())
}

/// Tables that are open and should not be, and the walls that are missing.
async fn plan(rx: &mut Rx) -> Result<(Vec<String>, BTreeMap<String, Wall>)> {
    let tables: Vec<Table> = rx.all(TABLES, (POLICY,)).await?;
    let references: Vec<Reference> = rx.all(REFERENCES, ()).await?;
    let (walls, open) = walls(&tables, &references);
    let standing: BTreeSet<&str> = tables.iter().filter(|table| table.3).map(|table| table.0.as_str()).collect();
    Ok((open, walls.into_iter().filter(|(table, _)| !standing.contains(table.as_str())).collect()))
}

fn walls(tables: &[Table], references: &[Reference]) -> (BTreeMap<String, Wall>, Vec<String>) {
    let exempt = |table: &str| table.starts_with(SEARCH) || OPEN.iter().any(|(open, _)| *open == table);
    let mut walls = BTreeMap::new();
    for (table, owned, nullable, _) in tables.iter().filter(|(table, ..)| !exempt(table)) {
        if table == "workspaces" {
            walls.insert(table.clone(), Wall::Column { name: "id", nullable: false });
        } else if *owned {
            walls.insert(table.clone(), Wall::Column { name: "workspace_id", nullable: *nullable });
        }
    }
    // From the parents down, until nothing new is found.
    loop {
        let found = references.iter().find(|(table, _, parent, _)| {
            !walls.contains_key(table) && !exempt(table) && parent != "workspaces" && walls.contains_key(parent)
        });
        let Some((table, column, parent, key)) = found else { break };
        let wall = Wall::Parent { column: column.clone(), table: parent.clone(), key: key.clone() };
        walls.insert(table.clone(), wall);
    }
    let open = |table: &&Table| !walls.contains_key(&table.0) && !exempt(&table.0);
    let open = tables.iter().filter(open).map(|table| table.0.clone()).collect();
    (walls, open)
}

/// When a row is visible, and may be written. The setting stands in sub-selects, so that it is looked at once for a
/// statement and not for each row; the empty one first, so that nothing more is done where no workspace is set. A parent is
/// asked for as a value and not by `exists`, which PostgreSQL would rather answer for all rows at once, by reading the whole
/// table of parents.
fn policy(table: &str, wall: &Wall) -> String {
    let unset = format!("(select coalesce(current_setting('{SETTING}', true), '') = '')");
    match wall {
        Wall::Column { name, nullable } => {
            let null = if *nullable { format!(" or {name} is null") } else { String::new() };
            format!("{unset} or {name} = (select cast(nullif(current_setting('{SETTING}', true), '') as uuid)){null}")
        }
        Wall::Parent { column, table: parent, key } => {
            format!("{unset} or (select true from {parent} parent where parent.{key} = {table}.{column})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_row_of_a_workspace_is_walled_through_it() {
        let table = |name: &str, owned| (name.to_owned(), owned, false, false);
        let tables = [
            table("drops", false),
            table("labels", false),
            table("search_tasks", true),
            table("tasks", true),
            table("users", false),
            table("workspaces", false),
        ];
        let reference = |from: &str, to: &str| (from.to_owned(), format!("{to}_id"), to.to_owned(), "id".to_owned());
        let references = [reference("drops", "labels"), reference("labels", "tasks"), reference("labels", "users")];
        let (walls, open) = walls(&tables, &references);
        assert_eq!(walls.keys().collect::<Vec<_>>(), ["drops", "labels", "tasks", "workspaces"]);
        assert!(policy("labels", &walls["labels"]).contains("from tasks parent where parent.id = labels.tasks_id"));
        assert_eq!(open, [""; 0]);
        let (_, open) = super::walls(&[table("stray", false)], &[]);
        assert_eq!(open, ["stray"]);
    }
}
