//! `docs/promises.md` names tests that are there, for every promise.

use std::path::Path;

/// What stands between backticks in a cell of the table.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_promise_names_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("docs/promises.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row.len() == 6)
        .collect();
    let rows = rows.iter().filter(|row| !row[3].is_empty() && row[3].starts_with('`'));
    let mut kept = Vec::new();
    for row in rows {
        let (file, tests) = (named(row[3])[0], named(row[4]));
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(!tests.is_empty(), "{row:?} names no test");
        for test in tests {
            assert!(text.contains(&format!("fn {test}(")), "{file} has no test `{test}`");
        }
        kept.push(row[1]);
    }
    for promise in 1..=10 {
        let id = format!("PRO-{promise:02}");
        assert!(kept.contains(&id.as_str()), "docs/promises.md says nothing of {id}");
    }
}
