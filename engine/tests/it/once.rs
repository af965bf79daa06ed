//! What is done once notes it with the first that it writes.

use std::sync::Arc;

use trackside_engine::db::{Db, Once, One, Tx, carried};
use trackside_engine::{Class, Error, Result};

use crate::place::on_each;

async fn add(db: &Db, number: i64) -> Result<u64> {
    db.write(async move |tx: &mut Tx| tx.execute("insert into numbers values ($1)", (number,)).await).await
}

async fn count(db: &Db) -> i64 {
    db.read().await.unwrap().one::<One<i64>>("select count(*) from numbers", ()).await.unwrap().0
}

/// Notes the number 100.
fn once() -> Arc<Once> {
    Once::new(|tx| Box::pin(async move { tx.execute("insert into numbers values (100)", ()).await.map(drop) }))
}

#[tokio::test]
async fn the_first_write_of_what_is_done_once_takes_its_note_along() {
    on_each(async |place| {
        let db = &place.db;
        db.write(async |tx: &mut Tx| tx.execute("create table numbers (n bigint primary key)", ()).await)
            .await
            .unwrap();
        let first = once();
        let refused = first.clone().scope(db.write(async |_: &mut Tx| Err::<(), _>(Error::denied("No.")))).await;
        assert!(refused.is_err() && !first.is_noted());
        assert_eq!(count(db).await, 0, "what is refused notes nothing");
        let twice = async {
            add(db, 1).await.unwrap();
            add(db, 2).await.unwrap();
        };
        first.clone().scope(twice).await;
        assert!(first.is_noted());
        assert_eq!(count(db).await, 3, "what is written later notes nothing more");
        let unnoted = once().scope(add(db, 3)).await;
        assert_eq!(
            (unnoted.unwrap_err().class, count(db).await),
            (Class::Conflict, 3),
            "nothing is written without the note"
        );
        // A task of its own belongs to it when it is carried there.
        let (alone, along) = (db.clone(), db.clone());
        let spawned = async {
            tokio::spawn(async move { add(&alone, 4).await }).await.unwrap().unwrap();
            tokio::spawn(carried(async move { add(&along, 5).await })).await.unwrap()
        };
        assert!(once().scope(spawned).await.is_err());
        assert_eq!(count(db).await, 4);
    })
    .await;
}
