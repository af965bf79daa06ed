//! Every area is on the list, and every statement of every area is understood by both databases.

use std::collections::BTreeSet;

use trackside_engine::AREAS;

use crate::place::on_each;

#[test]
fn every_folder_with_a_store_is_on_the_list_and_the_list_is_sorted() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders: BTreeSet<String> = std::fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("store.rs").exists())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        AREAS.iter().map(|area| area.name.to_owned()).collect::<Vec<_>>(),
        folders.into_iter().collect::<Vec<_>>()
    );
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
    })
    .await;
}
