//! The catalogue is committed: an event's schema under `docs/events/`, one file a kind, for whoever builds against it.
//! `make generate` writes the files; without it this test says which are not as the code declares them.

use std::collections::BTreeSet;
use std::path::Path;

use trackside_engine::events::{KINDS, catalogue};

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events");
    let write = std::env::var_os("TRACKSIDE_GENERATE").is_some();
    let mut expected = BTreeSet::new();
    for entry in catalogue() {
        let file = format!("{}.json", entry.kind);
        let text = serde_json::to_string_pretty(&entry).unwrap() + "\n";
        if write {
            std::fs::write(folder.join(&file), &text).unwrap();
        }
        let committed = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(
            committed == text,
            "docs/events/{file} is not what the code declares: run `make generate` and commit it"
        );
        expected.insert(file);
    }
    let there: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(there, expected, "a kind that is gone leaves its file behind: delete it");
}

#[test]
fn the_kinds_are_sorted_and_named_in_the_past() {
    assert!(KINDS.is_sorted_by_key(|kind| kind.name));
    for kind in KINDS {
        let (resource, happened) = kind.name.split_once('.').unwrap();
        let past = happened.ends_with("ed") || ["met", "timed_out", "withdrawn"].contains(&happened);
        assert!(!resource.is_empty() && past, "{}: resource, dot, past tense", kind.name);
    }
}
