//! What the two databases say differently: FTS5 on SQLite, a `tsvector` with a GIN index on PostgreSQL. Both are given
//! words that were made here, so both find the same; a test prepares each list on its own database.
//!
//! FTS5 knows rows by number. A document's number begins with 24 bits of its workspace's id, so that a query reads one
//! stretch of the index, however much other workspaces have in it. That two workspaces share a stretch costs a little and
//! shows nothing: the workspace is compared all the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::MAX_RANKED;
use super::model::DocumentType;
use super::terms::{Term, Terms};
use super::words::words;
use crate::Result;
use crate::db::{Dialect, Rx, Tx, Value, row};
use crate::ids::{Id, ProjectId, TaskId, WorkspaceId};
use uuid::Uuid;

/// A document to be written.
pub(super) struct Document<'a> {
    pub workspace: WorkspaceId,
    pub project: ProjectId,
    pub task: TaskId,
    /// The task's id once more, or the comment's.
    pub id: Uuid,
    pub kind: DocumentType,
    pub title: &'a str,
    pub text: &'a str,
}

row! {
    /// A document that was found.
    #[derive(Debug, Clone)]
    pub(super) struct Match {
        pub kind: DocumentType,
        pub id: Uuid,
        /// Millionths.
        pub score: i64,
    }
}

/// Which documents come into question.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub workspace: WorkspaceId,
    pub kinds: Vec<DocumentType>,
    /// Only in these projects.
    pub projects: Option<Vec<ProjectId>>,
    /// Not this one, which stands above all others already.
    pub besides: Option<Uuid>,
}

impl Scope {
    /// Whether all projects come into question, otherwise which; and what does not.
    fn parts(&self) -> (bool, &[ProjectId], Uuid) {
        let projects = self.projects.as_deref();
        (projects.is_none(), projects.unwrap_or_default(), self.besides.unwrap_or(Uuid::nil()))
    }
}

macro_rules! texts {
    ($(#[$meta:meta])* $list:ident: $($name:ident = $text:expr;)+) => {
        $(const $name: &str = $text;)+
        $(#[$meta])*
        pub const $list: &[&str] = &[$($name),+];
    };
}

/// Which documents come into question, as `$1` to `$5`: the one place for that, on both databases.
macro_rules! in_scope {
    () => {
        " d.workspace_id = $1 and d.kind = any($2) and ($3 or d.project_id = any($4)) and d.id <> $5 "
    };
}

/// A page of `found (kind, id, tier, size)`: the tier counts most, then how few words it stands among, then how new it is.
/// Nothing in it depends on what else there is, so that no workspace's answers tell of another's documents.
macro_rules! best_first {
    () => {
        ", scored (kind, id, score) as (select kind, id, 1000000 * tier + 1000000 / (1 + size) from found) \
          select kind, id, score from scored where score < $8 or (score = $8 and id < $9) \
          order by score desc, id desc limit $10"
    };
}

texts! {
    /// The statements for SQLite.
    SQLITE:
    LITE_INSERT = "insert into search_docs (doc, workspace_id, project_id, task_id, id, kind, title_words, text_words) values \
        ((select coalesce(max(doc), $8) + 1 from search_docs where doc between $8 and $9), $1, $2, $3, $4, $5, $6, $7) \
        returning doc";
    LITE_INSERT_WORDS = "insert into search_fts (rowid, title, text) values ($1, $2, $3)";
    LITE_UPDATE = "update search_docs set title_words = $3, text_words = $4 where task_id = $1 and id = $2 returning doc";
    LITE_UPDATE_WORDS = "update search_fts set title = $2, text = $3 where rowid = $1";
    LITE_PAGE = concat!(
        "with newest (kind, id, titled, title_words, text_words) as (select d.kind, d.id, \
             f.rowid in (select rowid from search_fts where search_fts match $7 and rowid between $11 and $12 \
                 order by rowid desc limit $13), \
             d.title_words, d.text_words \
         from search_fts f cross join search_docs d on d.doc = f.rowid \
         where search_fts match $6 and f.rowid between $11 and $12 and", in_scope!(),
        "order by f.rowid desc limit $13), \
         found (kind, id, tier, size) as (select kind, id, \
             case when kind = 'comment' then 1 when titled then 3 else 2 end, \
             case when titled then title_words else text_words end from newest)",
        best_first!());
    LITE_COUNT = concat!(
        "select d.kind, d.project_id, count(*) from search_fts f cross join search_docs d on d.doc = f.rowid \
         where search_fts match $6 and f.rowid between $7 and $8 and", in_scope!(), "group by d.kind, d.project_id");
}

texts! {
    /// The statements for PostgreSQL.
    POSTGRES:
    PG_PUT = "insert into search_docs (workspace_id, project_id, task_id, id, kind, title_words, text_words, words) \
        values ($1, $2, $3, $4, $5, $6, $7, cast(cast($8 as text) as tsvector)) on conflict (task_id, id) do update set \
        title_words = excluded.title_words, text_words = excluded.text_words, words = excluded.words";
    PG_PAGE = concat!(
        "with newest (kind, id, titled, title_words, text_words) as (select d.kind, d.id, \
             d.words @@ cast(cast($7 as text) as tsquery), d.title_words, d.text_words from search_docs d \
         where d.words @@ cast(cast($6 as text) as tsquery) and", in_scope!(), "order by d.id desc limit $11), \
         found (kind, id, tier, size) as (select kind, id, \
             case when kind = 'comment' then cast(1 as bigint) when titled then 3 else 2 end, \
             case when titled then title_words else text_words end from newest)",
        best_first!());
    PG_COUNT = concat!(
        "select d.kind, d.project_id, count(*) from search_docs d where d.words @@ cast(cast($6 as text) as tsquery) and",
        in_scope!(), "group by d.kind, d.project_id");
}

/// Writes a document; `fresh` says that there is none yet under its id.
pub(super) async fn put(tx: &mut Tx, document: &Document<'_>, fresh: bool) -> Result<()> {
    let Document { workspace, project, task, id, kind, title, text } = document;
    let ((title_words, title), (text_words, text)) = if tx.dialect() == Dialect::Postgres {
        let (sizes, words) = vector(title, text);
        let args = (workspace, project, task, id, kind, sizes[0], sizes[1], words);
        return tx.execute(PG_PUT, args).await.map(drop);
    } else {
        (spaced(title), spaced(text))
    };
    let known: Option<(i64,)> =
        if fresh { None } else { tx.opt(LITE_UPDATE, (task, id, title_words, text_words)).await? };
    if let Some((doc,)) = known {
        return tx.execute(LITE_UPDATE_WORDS, (doc, title, text)).await.map(drop);
    }
    let (first, last) = stretch(*workspace);
    let args = (workspace, project, task, id, kind, title_words, text_words, first, last);
    let (doc,): (i64,) = tx.one(LITE_INSERT, args).await?;
    tx.execute(LITE_INSERT_WORDS, (doc, title, text)).await.map(drop)
}

/// The best documents behind a place, which is a score and an id.
pub(super) async fn page(
    rx: &mut Rx,
    terms: &Terms,
    scope: &Scope,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<Match>> {
    if terms.terms.is_empty() {
        return Ok(Vec::new());
    }
    let (score, id) = after.unwrap_or((i64::MAX, Uuid::max()));
    let (Scope { workspace, kinds, .. }, (anywhere, projects, besides)) = (scope, scope.parts());
    if rx.dialect() == Dialect::Postgres {
        let (all, title) = (tsquery(terms, ""), tsquery(terms, "A"));
        let args = (workspace, kinds, anywhere, projects, besides, all, title, score, id, limit, MAX_RANKED);
        return rx.all_anew(PG_PAGE, args).await;
    }
    let (first, last) = stretch(*workspace);
    let (all, title) = (fts5(terms), format!("title : ({})", fts5(terms)));
    let args = (workspace, kinds, anywhere, projects, besides, all, title, score, id, limit, first, last, MAX_RANKED);
    rx.all(LITE_PAGE, args).await
}

/// How many documents there are of each type in each project.
pub(super) async fn count(rx: &mut Rx, terms: &Terms, scope: &Scope) -> Result<Vec<(DocumentType, ProjectId, i64)>> {
    if terms.terms.is_empty() {
        return Ok(Vec::new());
    }
    let (Scope { workspace, kinds, .. }, (anywhere, projects, besides)) = (scope, scope.parts());
    if rx.dialect() == Dialect::Postgres {
        return rx.all_anew(PG_COUNT, (workspace, kinds, anywhere, projects, besides, tsquery(terms, ""))).await;
    }
    let (first, last) = stretch(*workspace);
    rx.all(LITE_COUNT, (workspace, kinds, anywhere, projects, besides, fts5(terms), first, last)).await
}

/// The condition that a row of `tasks` is found by these words, for a statement whose `$1` is the workspace: a text with
/// `{}` for each parameter, and the parameters.
pub(crate) fn task_filter(
    dialect: Dialect,
    workspace: WorkspaceId,
    terms: &Terms,
) -> (&'static str, Vec<Value<'static>>) {
    if terms.terms.is_empty() {
        return ("1 = 0", Vec::new());
    }
    if dialect == Dialect::Postgres {
        let text = "id in (select d.id from search_docs d where d.workspace_id = $1 and d.kind = 'task' \
             and d.words @@ cast(cast({} as text) as tsquery))";
        return (text, vec![Value::Text(tsquery(terms, "").into())]);
    }
    let (first, last) = stretch(workspace);
    let text = "id in (select d.id from search_fts f cross join search_docs d on d.doc = f.rowid where \
         search_fts match {} and f.rowid between {} and {} and d.workspace_id = $1 and d.kind = 'task')";
    (text, vec![Value::Text(fts5(terms).into()), Value::Int(first), Value::Int(last)])
}

/// The numbers that a workspace's documents may have, before the first and the last.
fn stretch(workspace: WorkspaceId) -> (i64, i64) {
    const PLACES: u32 = 38;
    let first = ((workspace.uuid().as_u128() & 0xff_ffff) as i64) << PLACES;
    (first, first + (1 << PLACES) - 1)
}

/// How many words there are, and those with a space between each, for FTS5's `ascii` tokenizer, which parts them there
/// and nowhere else.
fn spaced(text: &str) -> (i64, String) {
    let (mut count, mut out) = (0, String::with_capacity(text.len()));
    for word in words(text) {
        if count > 0 {
            out.push(' ');
        }
        out.push_str(&word.folded);
        count += 1;
    }
    (count, out)
}

/// [FTS5's query](https://www.sqlite.org/fts5.html#full_text_query_syntax): `"front door" AND "fi" *`.
fn fts5(terms: &Terms) -> String {
    let mut out = String::new();
    for (at, Term { words, prefix }) in terms.terms.iter().enumerate() {
        // Words are letters and digits, so that quotes hold them. Writing to a String cannot fail.
        let _ = write!(out, "{}\"{}\"", if at == 0 { "" } else { " AND " }, words.join(" "));
        out.push_str(if *prefix { " *" } else { "" });
    }
    out
}

/// [PostgreSQL's query](https://www.postgresql.org/docs/current/datatype-textsearch.html): `('front' <-> 'door') & 'fi':*`.
fn tsquery(terms: &Terms, weight: &str) -> String {
    let mut out = String::new();
    for (at, Term { words, prefix }) in terms.terms.iter().enumerate() {
        out.push_str(if at == 0 { "(" } else { " & (" });
        for (number, word) in words.iter().enumerate() {
            let star = if *prefix && number + 1 == words.len() { "*" } else { "" };
            let colon = if star.is_empty() && weight.is_empty() { "" } else { ":" };
            let _ = write!(out, "{}'{word}'{colon}{star}{weight}", if number == 0 { "" } else { " <-> " });
        }
        out.push(')');
    }
    out
}

/// How many words title and text have, and those with their places and weights, `'door':2A,17B`: a `tsvector` as text. PostgreSQL keeps places up to 16,383
/// and 255 of one word.
fn vector(title: &str, text: &str) -> ([i64; 2], String) {
    const LAST: usize = 16_383;
    const MOST: usize = 255;
    let mut places: BTreeMap<String, Vec<(usize, char)>> = BTreeMap::new();
    let (mut place, mut sizes) = (0, [0; 2]);
    for (size, (weight, part)) in sizes.iter_mut().zip([('A', title), ('B', text)]) {
        for word in words(part) {
            place += 1;
            *size += 1;
            let known = places.entry(word.folded).or_default();
            if known.len() < MOST {
                known.push((place.min(LAST), weight));
            }
        }
        // So that no phrase begins in the title and ends in the text.
        place += 1;
    }
    let mut out = String::new();
    for (word, places) in places {
        let _ = write!(out, "'{word}':");
        for (at, (place, weight)) in places.into_iter().enumerate() {
            let _ = write!(out, "{}{place}{weight}", if at == 0 { "" } else { "," });
        }
        out.push(' ');
    }
    (sizes, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_are_told_the_same() {
        let terms = Terms::parse("q", "fix \"front Dóor\" o'fi").unwrap();
        assert_eq!(fts5(&terms), "\"fix\" AND \"front door\" AND \"o fi\" *");
        assert_eq!(tsquery(&terms, ""), "('fix') & ('front' <-> 'door') & ('o' <-> 'fi':*)");
        assert_eq!(tsquery(&terms, "A"), "('fix':A) & ('front':A <-> 'door':A) & ('o':A <-> 'fi':*A)");
        assert_eq!(spaced("Fix the <door>!"), (3, "fix the door".into()));
        let vector = vector("Fix the door", "The \\ 'door'");
        assert_eq!(vector, ([3, 2], "'door':3A,6B 'fix':1A 'the':2A,5B ".into()));
    }

    #[test]
    fn the_stretches_of_workspaces_lie_apart() {
        let workspace = |low: u128| WorkspaceId::from_uuid(Uuid::from_u128(low));
        let (one, two) = (stretch(workspace(1)), stretch(workspace(2)));
        assert!(one.0 > 0 && one.1 < two.0 && stretch(workspace(u128::MAX)).1 > 0);
    }
}
