//! Every area is on the list, and every statement of every area is understood by both databases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use trackside_engine::actions::INTERNAL;
use trackside_engine::db::{Dialect, migrations};
use trackside_engine::events::KINDS;
use trackside_engine::{AREAS, search};

use crate::place::on_each;

#[test]
fn every_folder_with_a_store_is_on_the_list_and_the_list_is_sorted() {
    let folders: BTreeSet<String> = files(&source())
        .into_iter()
        .filter(|path| path.join("store.rs").exists())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        AREAS.iter().map(|area| area.name.to_owned()).collect::<Vec<_>>(),
        folders.into_iter().collect::<Vec<_>>()
    );
}

/// The texts between quotes in the file `name` of every area, as far as they look like `resource.word`.
fn dotted_words(name: &str) -> Vec<String> {
    let files: Vec<PathBuf> = files(&source()).into_iter().map(|folder| folder.join(name)).collect();
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let dotted = |word: &&str| {
        word.split_once('.').is_some_and(|(resource, verb)| {
            let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            plain(resource) && plain(verb)
        })
    };
    texts.flat_map(|text| text.split('"').filter(dotted).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_kind_of_event_is_on_its_list() {
    for word in dotted_words("events.rs") {
        assert!(KINDS.iter().any(|kind| kind.name == word), "`{word}` is declared; add its line to events::KINDS");
    }
}

#[test]
fn every_action_is_on_its_list_and_the_list_is_sorted() {
    assert!(INTERNAL.is_sorted_by(|one, other| one.name() < other.name()), "sort actions::INTERNAL by name");
    // An action's file also names the events that it causes, and what it goes by and changes.
    let touched: Vec<&str> =
        INTERNAL.iter().flat_map(|action| [action.effect().reads, action.effect().writes].concat()).collect();
    let other = |word: &String| KINDS.iter().all(|kind| kind.name != word) && !touched.contains(&word.as_str());
    for word in dotted_words("actions.rs").into_iter().filter(other) {
        assert!(INTERNAL.iter().any(|action| action.name() == word), "add the line of `{word}` to actions::INTERNAL");
    }
}

#[test]
fn every_migration_is_on_the_list_for_both_databases() {
    for database in ["sqlite", "postgres"] {
        let folder = source().join("../../migrations").join(database);
        let there = files(&folder).into_iter().map(|file| file.file_stem().unwrap().to_string_lossy().into_owned());
        assert!(
            there.eq(migrations::ALL.iter().map(|migration| migration.name.to_owned())),
            "{database}: the files are not those of db::migrations::ALL"
        );
    }
}

#[tokio::test]
async fn every_statement_is_understood_by_both_databases() {
    on_each(async |place| {
        place.db.migrate().await.unwrap();
        for area in AREAS {
            for statement in area.statements.iter().copied().flatten() {
                if let Err(error) = place.db.prepare_all(&[statement]).await {
                    panic!("{}: {error}\n{statement}", area.name);
                }
            }
        }
        let own = if place.db.dialect() == Dialect::Sqlite { search::SQLITE } else { search::POSTGRES };
        place.db.prepare_all(own).await.unwrap();
    })
    .await;
}
