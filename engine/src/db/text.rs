//! Statement texts: `sql!` and `row!` put them together while compiling, `statements!` lists them, and SQLite's version
//! of a text is made here once and kept.

use std::collections::HashMap;

use super::words::{Token, tokens};

/// A row type: the struct, [`FromRow`](crate::db::FromRow) over its fields in order, and `COLUMNS`, their names for `sql!`.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $(#[$first_meta:meta])* $first_vis:vis $first:ident : $first_type:ty
        $(, $(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty)* $(,)?
    }) => {
        $(#[$meta])*
        #[allow(missing_docs, reason = "a row's fields are its columns, and those are told in the migration")]
        $vis struct $name {
            $(#[$first_meta])* $first_vis $first: $first_type,
            $($(#[$field_meta])* $field_vis $field: $type,)*
        }
        impl $name {
            /// The columns, in the order of the fields.
            #[allow(dead_code, reason = "rows read by hand need no list")]
            pub const COLUMNS: &'static str = concat!(stringify!($first) $(, ", ", stringify!($field))*);
        }
        impl $crate::db::FromRow for $name {
            fn from_row(row: &mut $crate::db::Row<'_>) -> $crate::Result<Self> {
                Ok(Self { $first: row.take()?, $($field: row.take()?,)* })
            }
        }
    };
}

/// A statement text as a constant: `sql!("select {Task} from tasks where id = $1", Task)` puts `Task::COLUMNS` in the
/// place of `{Task}`, and `{t.Task}` gives each column the prefix `t.`. Other braces are left alone.
#[macro_export]
macro_rules! sql {
    ($text:literal) => {{
        const _: () = assert!(!$crate::db::has_hole($text), "name the rows after the text: sql!(\"… {{Task}} …\", Task)");
        $text
    }};
    ($text:literal, $($row:ident),+ $(,)?) => {{
        const ROWS: &[(&str, &str)] = &[$((stringify!($row), $row::COLUMNS)),+];
        const LENGTH: usize = $crate::db::splice::<0>($text, ROWS).1;
        const BYTES: [u8; LENGTH] = $crate::db::splice::<LENGTH>($text, ROWS).0;
        const TEXT: &str = match ::std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("statements are UTF-8"), // while compiling only
        };
        const _: () = assert!(!$crate::db::has_hole(TEXT), "a row in braces is not named after the text");
        TEXT
    }};
}

/// All statements of a `store.rs`: one private constant each, and `pub const ALL`, which a test prepares on both
/// databases. See the module documentation of [`db`](crate::db).
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:literal $(, $row:ident)* ;)+) => {
        $($(#[$meta])* const $name: &str = $crate::sql!($text $(, $row)*);)+
        /// Every statement of this store.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

/// Replaces `{Name}` and `{alias.Name}` in `text`; returns as many bytes as fit and the length needed.
#[doc(hidden)]
pub const fn splice<const N: usize>(text: &str, rows: &[(&str, &str)]) -> ([u8; N], usize) {
    let text = text.as_bytes();
    let mut out = [0u8; N];
    let mut length = 0;
    let mut at = 0;
    while at < text.len() {
        match hole(text, at, rows) {
            Some((alias_end, row, end)) => {
                let columns = rows[row].1.as_bytes();
                let mut column = 0;
                while column < columns.len() {
                    let starts = column == 0 || (columns[column - 1] == b' ' && columns[column] != b' ');
                    if starts {
                        let mut alias = at + 1;
                        while alias < alias_end {
                            if length < N {
                                out[length] = text[alias];
                            }
                            length += 1;
                            alias += 1;
                        }
                    }
                    if length < N {
                        out[length] = columns[column];
                    }
                    length += 1;
                    column += 1;
                }
                at = end;
            }
            None => {
                if length < N {
                    out[length] = text[at];
                }
                length += 1;
                at += 1;
            }
        }
    }
    (out, length)
}

/// Whether there is something like `{Task}` or `{t.Task}` in the text, which no one filled.
#[doc(hidden)]
pub const fn has_hole(text: &str) -> bool {
    let text = text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        let mut end = at + 1;
        let mut capital = false;
        while text[at] == b'{'
            && end < text.len()
            && (text[end].is_ascii_alphanumeric() || text[end] == b'.' || text[end] == b'_')
        {
            capital = capital || text[end].is_ascii_uppercase();
            end += 1;
        }
        if capital && end < text.len() && text[end] == b'}' {
            return true;
        }
        at += 1;
    }
    false
}

/// A hole at `at`: where its alias (with the point) ends, which row it names, and where the text goes on.
const fn hole(text: &[u8], at: usize, rows: &[(&str, &str)]) -> Option<(usize, usize, usize)> {
    if text[at] != b'{' {
        return None;
    }
    let mut name = at + 1;
    let mut end = at + 1;
    while end < text.len() && text[end] != b'}' {
        if text[end] == b'.' {
            name = end + 1;
        }
        end += 1;
    }
    let mut row = 0;
    while end < text.len() && row < rows.len() {
        let wanted = rows[row].0.as_bytes();
        let mut same = 0;
        while same < wanted.len() && name + same < end && text[name + same] == wanted[same] {
            same += 1;
        }
        if same == wanted.len() && name + same == end {
            return Some((name, row, end + 1));
        }
        row += 1;
    }
    None
}

/// SQLite's versions of the texts that one connection has met.
///
/// The key is the address of the text, the text itself is compared: some nanoseconds for a constant.
#[derive(Default)]
pub(super) struct Texts(HashMap<(usize, usize), (Box<str>, Box<str>)>);

/// Dynamic texts come and go; past this many the memory starts anew.
const MOST_TEXTS: usize = 4096;

impl Texts {
    /// The text for SQLite.
    pub(super) fn sqlite(&mut self, sql: &str) -> &str {
        let key = (sql.as_ptr() as usize, sql.len());
        let known = self.0.get(&key).is_some_and(|(text, _)| **text == *sql);
        if !known && self.0.len() >= MOST_TEXTS {
            self.0.clear();
        }
        let entry = self.0.entry(key).or_insert_with(|| (sql.into(), for_sqlite(sql).into()));
        if !known && *entry.0 != *sql {
            *entry = (sql.into(), for_sqlite(sql).into());
        }
        &entry.1
    }
}

/// How a statement asks PostgreSQL for locks on the rows it reads.
const LOCKS: &[&[&str]] = &[&["for", "update"], &["for", "no", "key", "update"], &["for", "share"]];

/// Rewrites what SQLite says differently: `$1` is `?1`, `= any($1)` and `<> all($1)` are lists, `for update` and its
/// kin do not exist (SQLite has one writer at a time).
pub(super) fn for_sqlite(sql: &str) -> String {
    let tokens: Vec<Token<'_>> = tokens(sql).collect();
    let word = |at: usize| tokens.get(at).map_or("", |token| token.code());
    let is = |at: usize, wanted: &str| word(at).eq_ignore_ascii_case(wanted);
    let mut out = String::with_capacity(sql.len() + 32);
    let mut at = 0;
    while at < tokens.len() {
        let list = match (word(at), word(at + 1).to_ascii_lowercase().as_str()) {
            ("=", "any") => Some("in"),
            ("<>" | "!=", "all") => Some("not in"),
            _ => None,
        };
        if let (Some(operator), "(", Some(number), ")") = (list, word(at + 2), number(word(at + 3)), word(at + 4)) {
            out.push_str(tokens[at].space);
            out.push_str(&format!("{operator} (select value from rarray(?{number}))"));
            at += 5;
        } else if let Some(length) =
            LOCKS.iter().find(|lock| (0..).zip(**lock).all(|(nth, word)| is(at + nth, word))).map(|lock| lock.len())
        {
            at += length;
            if is(at, "of") {
                at += 2;
            }
            if is(at, "nowait") {
                at += 1;
            } else if is(at, "skip") && is(at + 1, "locked") {
                at += 2;
            }
        } else {
            out.push_str(tokens[at].space);
            match number(word(at)) {
                Some(number) => out.push_str(&format!("?{number}")),
                None => out.push_str(tokens[at].text),
            }
            at += 1;
        }
    }
    out
}

/// The number of a placeholder.
pub(super) fn number(word: &str) -> Option<usize> {
    word.strip_prefix('$')?.parse().ok()
}

/// Repeats the row of an `insert … values ($1, …)` for several rows at once. `None` when the text has no such row, or
/// placeholders outside of it, which would mean something else for each row.
pub(super) fn repeat_values(sql: &str, columns: usize, rows: usize) -> Option<String> {
    let tokens: Vec<Token<'_>> = tokens(sql).collect();
    let start = tokens.iter().position(|token| token.code().eq_ignore_ascii_case("values"))? + 1;
    let mut depth = 0usize;
    let length = tokens[start..].iter().position(|token| {
        match token.code() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })?;
    let (head, row, tail) = (&tokens[..start], &tokens[start..=start + length], &tokens[start + length + 1..]);
    if row.len() < 3 || head.iter().chain(tail).any(|token| number(token.code()).is_some()) {
        return None;
    }
    let mut out = String::with_capacity(sql.len() * rows);
    let plain =
        |out: &mut String, tokens: &[Token<'_>]| tokens.iter().for_each(|token| out.extend([token.space, token.text]));
    plain(&mut out, head);
    for at in 0..rows {
        out.push_str(if at == 0 { "" } else { "," });
        for token in row {
            match number(token.code()) {
                Some(number) => out.push_str(&format!("{}${}", token.space, number + at * columns)),
                None => out.extend([token.space, token.text]),
            }
        }
    }
    plain(&mut out, tail);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_sqlites() {
        for (common, sqlite) in [
            ("select $2, $10 from t", "select ?2, ?10 from t"),
            ("select '$1 = any($1)', \"$1\" -- $1\n, $1", "select '$1 = any($1)', \"$1\" -- $1\n, ?1"),
            ("select 'it''s $1', /* $2 */ $1", "select 'it''s $1', /* $2 */ ?1"),
            ("where id = ANY($1) and n = $2", "where id in (select value from rarray(?1)) and n = ?2"),
            ("where id <> all( $1 )", "where id not in (select value from rarray(?1))"),
            ("select a from t where b = $1 for update", "select a from t where b = ?1"),
            ("(select a from t limit $1 for update of t skip locked) x", "(select a from t limit ?1) x"),
            ("select a from t where b = $1 for no key update nowait", "select a from t where b = ?1"),
            ("select payload->>'a' from t", "select payload->>'a' from t"),
            ("where name like '%for update%'", "where name like '%for update%'"),
        ] {
            assert_eq!(for_sqlite(common), sqlite);
        }
    }

    #[test]
    fn texts_at_one_address_are_told_apart() {
        let mut texts = Texts::default();
        let mut text = String::from("select $1");
        assert_eq!(texts.sqlite(&text), "select ?1");
        text.replace_range(.., "delete $1");
        assert_eq!(texts.sqlite(&text), "delete ?1");
    }

    #[test]
    fn an_inserted_row_is_repeated() {
        let text = repeat_values("insert into t (a, b) values ($1, lower($2)) on conflict do nothing", 2, 2);
        let wanted = "insert into t (a, b) values ($1, lower($2)), ($3, lower($4)) on conflict do nothing";
        assert_eq!(text.as_deref(), Some(wanted));
        assert_eq!(repeat_values("insert into t values ($1) on conflict (a) do update set b = $2", 2, 2), None);
        assert_eq!(repeat_values("update t set a = $1", 1, 2), None);
    }

    #[test]
    fn columns_are_spliced_while_compiling() {
        row! {
            #[allow(dead_code)]
            struct Task { id: i64, title: String }
        }
        const FIND: &str = sql!("select {Task} from tasks where data = '{}' or id = $1", Task);
        assert_eq!(FIND, "select id, title from tasks where data = '{}' or id = $1");
        assert_eq!(
            sql!("select {t.Task}, '{other}' from tasks t", Task),
            "select t.id, t.title, '{other}' from tasks t"
        );
    }
}
