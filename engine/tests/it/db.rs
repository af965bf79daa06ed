//! What storage promises, on both databases unless it is one's own.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use trackside_engine::db::{Both, Db, Dialect, Json, JsonText, Migration, One, Options, Signal, Tx};
use trackside_engine::{Class, Error, Result, row, statements};
use uuid::Uuid;

use crate::place::{Place, on_each};

row! {
    /// One of each type.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Thing {
        pub id: Uuid,
        pub space: i64,
        pub name: String,
        pub done: bool,
        pub weight: f64,
        pub due_at: Option<DateTime<Utc>>,
        pub data: serde_json::Value,
        pub raw: Option<Vec<u8>>,
    }
}

statements! {
    FIND = "select {Thing} from things where id = $1 for update", Thing;
    INSERT = "insert into things (id, space, name, done, weight, due_at, data, raw) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_IDS = "select {t.Thing} from things t where t.id = any($1) order by t.name", Thing;
    BY_NAMES = "select id from things where name = any($2) and space = $1";
    NOT_SPACES = "select cast(count(*) as bigint) from things where space <> all($1)";
    CLAIM = "update things set done = true where id in (select id from things where done = $1 order by name limit $2 for update skip locked) returning id";
    PAIRS = "select {a.Thing}, {b.Thing} from things a join things b on b.space = a.space + 1 order by a.name", Thing;
    RENAME = "update things set name = $2 where id = $1";
    COUNT = "select count(*) from things";
}

async fn things(db: &Db) {
    let sqlite = db.dialect() == Dialect::Sqlite;
    let sql =
        "create table things (id uuid primary key, space bigint not null, name text not null, done boolean not null,
        weight double precision not null, due_at timestamptz, data jsonb not null, raw bytea,
        parent uuid references things (id), unique (space, name),
        constraint things_weight_positive check (weight >= 0))";
    let own =
        sql.replace("uuid", "blob").replace("timestamptz", "integer").replace("jsonb", "text").replace("bytea", "blob");
    let sql = if sqlite { own } else { sql.to_owned() };
    db.write(async move |tx| tx.execute(&sql, ()).await).await.unwrap();
}

fn thing(number: u128) -> Thing {
    Thing {
        id: Uuid::from_u128(number),
        space: 7,
        name: format!("thing {number:04}"),
        done: false,
        weight: 1.5,
        due_at: DateTime::from_timestamp_micros(1_750_000_000_123_456),
        data: serde_json::json!({"a": [1, "two", null]}),
        raw: Some(vec![0, 1, 255]),
    }
}

type ThingArgs = (Uuid, i64, String, bool, f64, Option<DateTime<Utc>>, serde_json::Value, Option<Vec<u8>>);

fn args(it: &Thing) -> ThingArgs {
    let it = it.clone();
    (it.id, it.space, it.name, it.done, it.weight, it.due_at, it.data, it.raw)
}

async fn insert(tx: &mut Tx, it: &Thing) -> Result<u64> {
    tx.execute(INSERT, args(it)).await
}

async fn add(db: &Db, number: u128) -> Result<u64> {
    db.write(async move |tx| insert(tx, &thing(number)).await).await
}

async fn count(db: &Db) -> i64 {
    db.read().await.unwrap().one::<One<i64>>(COUNT, ()).await.unwrap().0
}

#[tokio::test]
async fn every_type_comes_back_as_it_went_in() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        let full = thing(1);
        let empty = Thing { due_at: None, raw: None, done: true, weight: 2.0, data: serde_json::json!([]), ..thing(2) };
        let both = [full.clone(), empty.clone()];
        db.write(async move |tx| tx.execute_many(INSERT, &both.each_ref().map(args)).await).await.unwrap();
        let mut rx = db.read().await.unwrap();
        assert_eq!(rx.opt::<Thing>(FIND, (full.id,)).await.unwrap(), Some(full.clone()));
        assert_eq!(rx.one::<Thing>(FIND, (empty.id,)).await.unwrap(), empty);
        assert_eq!(rx.opt::<Thing>(FIND, (Uuid::nil(),)).await.unwrap(), None);
        let missing = rx.one::<Thing>(FIND, (Uuid::nil(),)).await.unwrap_err();
        assert_eq!((missing.class, missing.code), (Class::Internal, "row_missing"));
        let text: One<String> = rx.one("select data from things where id = $1", (full.id,)).await.unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text.0).unwrap(), full.data);
        let typed: (Json<Vec<String>>, i64) =
            rx.one("select data, space from things where id = $1", (empty.id,)).await.unwrap();
        assert_eq!(typed, (Json(vec![]), 7));
        let wrong = rx.one::<One<Uuid>>("select name from things limit 1", ()).await.unwrap_err();
        assert_eq!(wrong.code, "unreadable_column");
        let null =
            rx.one::<One<String>>("select name from (select cast(null as text) as name) n", ()).await.unwrap_err();
        assert_eq!(null.code, "unreadable_column");
    })
    .await;
}

#[tokio::test]
async fn one_text_serves_both_databases() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        db.prepare_all(ALL).await.unwrap();
        let fault = db.prepare_all(&["select nothing from nowhere"]).await.unwrap_err();
        assert!(fault.detail.contains("nowhere"), "{fault}");
        for number in 1..=4 {
            add(db, number).await.unwrap();
        }
        let ids = [Uuid::from_u128(3), Uuid::from_u128(1), Uuid::from_u128(9)];
        let mut rx = db.read().await.unwrap();
        let found: Vec<Thing> = rx.all(BY_IDS, (ids.as_slice(),)).await.unwrap();
        assert_eq!(found, [thing(1), thing(3)]);
        let found: Vec<One<Uuid>> = rx.all(BY_NAMES, (7i64, vec!["thing 0002", "thing 0009"])).await.unwrap();
        assert_eq!(found, [One(Uuid::from_u128(2))]);
        assert_eq!(rx.one::<One<i64>>(NOT_SPACES, (vec![1i64, 7],)).await.unwrap(), One(0));
        assert_eq!(rx.one::<One<i64>>(NOT_SPACES, (Vec::<i64>::new(),)).await.unwrap(), One(4));
        drop(rx);
        let claimed: Vec<One<Uuid>> = db.write(async |tx| tx.all(CLAIM, (false, 3i64)).await).await.unwrap();
        assert_eq!(claimed.len(), 3);
        let json = JsonText(r#"{"deep": {"er": "x"}}"#);
        db.write(async move |tx| {
            tx.execute("update things set data = $1, space = 8 where name = 'thing 0004'", (json,)).await
        })
        .await
        .unwrap();
        let mut rx = db.read().await.unwrap();
        let deep: One<String> =
            rx.one("select data->'deep'->>'er' from things where space = $1", (8i64,)).await.unwrap();
        assert_eq!(deep.0, "x");
        let pairs: Vec<Both<Thing, Thing>> = rx.all(PAIRS, ()).await.unwrap();
        assert_eq!((pairs.len(), pairs[0].0.space, pairs[0].1.space), (3, 7, 8));
        let wrong = rx.all::<Thing>(FIND, ()).await.unwrap_err();
        assert_eq!(wrong.class, Class::Internal);
    })
    .await;
}

#[tokio::test]
async fn many_rows_go_in_at_once() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        let rows: Vec<_> = (0..333).map(|number| args(&thing(number))).collect();
        assert_eq!(db.write(async move |tx| tx.execute_many(INSERT, &rows).await).await.unwrap(), 333);
        let rows: Vec<_> = (300..400).map(|number| args(&thing(number))).collect();
        let (head, tail) = INSERT.split_once(" values").map(|(head, _)| (head, "on conflict do nothing")).unwrap();
        assert_eq!(db.write(async move |tx| tx.insert_many(head, tail, &rows).await).await.unwrap(), 67);
        let renames: Vec<_> = (0..20).map(|n| (Uuid::from_u128(n), format!("new {n}"))).collect();
        assert_eq!(db.write(async move |tx| tx.execute_many(RENAME, &renames).await).await.unwrap(), 20);
        assert_eq!(count(db).await, 400);
        let none: [(i64,); 0] = [];
        assert_eq!(db.write(async move |tx| tx.execute_many("nonsense", &none).await).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn violations_are_named_alike() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        add(db, 1).await.unwrap();
        let same_id = Thing { name: "other".into(), ..thing(1) };
        let again = db.write(async move |tx| insert(tx, &same_id).await).await.unwrap_err();
        assert_eq!((again.class, again.constraint()), (Class::Conflict, Some("things_pkey")));
        let same_name = Thing { id: Uuid::from_u128(2), ..thing(1) };
        let again = db.write(async move |tx| insert(tx, &same_name).await).await.unwrap_err();
        assert_eq!(
            (again.class, again.code, again.constraint()),
            (Class::Conflict, "already_exists", Some("things_space_name_key"))
        );
        let light = Thing { weight: -1.0, ..thing(3) };
        let light = db.write(async move |tx| insert(tx, &light).await).await.unwrap_err();
        assert_eq!((light.class, light.constraint()), (Class::Invalid, Some("things_weight_positive")));
        let orphan = db
            .write(async |tx| tx.execute("update things set parent = $1", (Uuid::from_u128(99),)).await)
            .await
            .unwrap_err();
        assert_eq!((orphan.class, orphan.code, orphan.constraint()), (Class::Conflict, "reference_broken", None));
        let nameless =
            db.write(async |tx| tx.execute(RENAME, (Uuid::from_u128(1), None::<String>)).await).await.unwrap_err();
        assert_eq!((nameless.class, nameless.code), (Class::Invalid, "value_missing"));
        assert!(std::error::Error::source(&nameless).is_some());
    })
    .await;
}

#[tokio::test]
async fn a_write_is_all_or_nothing() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        let refused: Result<()> = db
            .write(async |tx| {
                insert(tx, &thing(1)).await?;
                assert_eq!(tx.one::<One<i64>>(COUNT, ()).await?, One(1));
                Err(Error::denied("No."))
            })
            .await;
        assert_eq!(refused.unwrap_err().class, Class::Denied);
        assert_eq!(count(db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_failed_statement_spoils_the_write() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        add(db, 1).await.unwrap();
        let swallowed = db
            .write(async |tx| {
                insert(tx, &thing(2)).await?;
                assert!(insert(tx, &thing(1)).await.is_err());
                let next = insert(tx, &thing(3)).await.unwrap_err();
                assert_eq!(next.code, "write_spoilt");
                Ok(())
            })
            .await;
        assert_eq!(swallowed.unwrap_err().code, "write_spoilt");
        assert_eq!(count(db).await, 1);
        add(db, 2).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_statements_are_awaited_in_a_write() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        let waited = db
            .write(async |tx| {
                insert(tx, &thing(1)).await?;
                tokio::task::yield_now().await;
                insert(tx, &thing(2)).await
            })
            .await;
        assert_eq!(waited.unwrap_err().code, "write_waited");
        assert_eq!(count(db).await, 0);
        add(db, 3).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_panic_in_a_write_is_its_error_alone() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        let (panicked, fine) = tokio::join!(
            db.write(async |tx| -> Result<()> {
                insert(tx, &thing(1)).await?;
                panic!("on purpose");
            }),
            add(db, 2),
        );
        let panicked = panicked.unwrap_err();
        assert_eq!((panicked.class, panicked.code), (Class::Internal, "write_panicked"));
        assert!(panicked.detail.contains("db.rs:"), "{panicked}");
        fine.unwrap();
        assert_eq!(count(db).await, 1);
    })
    .await;
}

/// What an axum handler or `tokio::spawn` demands.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

trait Store: Send + Sync {
    fn save(&self, number: u128) -> std::pin::Pin<Box<dyn Future<Output = Result<u64>> + Send + '_>>;
}

impl Store for Db {
    fn save(&self, number: u128) -> std::pin::Pin<Box<dyn Future<Output = Result<u64>> + Send + '_>> {
        Box::pin(add(self, number))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_can_be_spawned() {
    on_each(async |place| {
        let db = place.db.clone();
        things(&db).await;
        let spawned = tokio::spawn(async move {
            let name = String::from("borrowed by the closure's own block");
            let ids = vec![thing(1), thing(2)];
            db.write(async move |tx| {
                for it in &ids {
                    insert(tx, it).await?;
                }
                tx.execute_many(RENAME, &[(ids[0].id, name.as_str())]).await?;
                let found: Vec<Thing> = tx.all(BY_IDS, (vec![ids[0].id],)).await?;
                let mut seen = 0;
                tx.each(BY_IDS, (vec![ids[1].id],), |_: Thing| {
                    seen += 1;
                    Ok(())
                })
                .await?;
                Ok((found.len(), seen))
            })
            .await
        });
        assert_eq!(spawned.await.unwrap().unwrap(), (1, 1));
        let db = place.db.clone();
        sendable(add(&db, 3)).await.unwrap();
        let store: Box<dyn Store> = Box::new(db.clone());
        store.save(4).await.unwrap();
        sendable(db.write_boxed(Box::new(|tx| Box::pin(async move { insert(tx, &thing(5)).await })))).await.unwrap();
        let read = sendable(async { db.read().await?.all::<Thing>(BY_IDS, (Vec::<Uuid>::new(),)).await });
        assert!(read.await.unwrap().is_empty());
        let all: Result<i64> = sendable(db.scan(async |rx| {
            let mut all = 0;
            rx.each("select name from things", (), |_: One<String>| {
                all += 1;
                Ok(())
            })
            .await?;
            Ok(all)
        }))
        .await;
        assert_eq!(all.unwrap(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_side_by_side_all_arrive() {
    on_each(async |place| {
        things(&place.db).await;
        let tasks: Vec<_> = (0..200u128)
            .map(|number| {
                let db = place.db.clone();
                // Every seventh collides and must not disturb the others of its batch.
                tokio::spawn(async move { add(&db, if number % 7 == 0 { 0 } else { number }).await.is_ok() })
            })
            .collect();
        let mut arrived = 0;
        for task in tasks {
            arrived += i64::from(task.await.unwrap());
        }
        assert_eq!((arrived, count(&place.db).await), (172, 172));
    })
    .await;
}

#[tokio::test]
async fn signals_fire_after_the_commit() {
    on_each(async |place| {
        let db = &place.db;
        things(db).await;
        tokio::time::sleep(Duration::from_millis(300)).await; // PostgreSQL: the listener fires everything once it listens
        let mut jobs = db.signals().watch(Signal::Jobs);
        let log = db.signals().notified(Signal::Log);
        let failed = db.write(async |tx| -> Result<()> {
            tx.wake(Signal::Jobs);
            Err(Error::denied("No."))
        });
        failed.await.unwrap_err();
        assert!(!jobs.has_changed().unwrap());
        db.write(async |tx| {
            tx.wake(Signal::Jobs);
            tx.wake(Signal::Jobs);
            tx.wake(Signal::Log);
            insert(tx, &thing(1)).await
        })
        .await
        .unwrap();
        assert!(jobs.has_changed().unwrap());
        jobs.borrow_and_update();
        tokio::time::timeout(Duration::from_secs(5), log).await.unwrap();
        if db.dialect() == Dialect::Postgres {
            let other = Db::open(&place.options).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            let heard = other.signals().notified(Signal::Events);
            let mut own = db.signals().watch(Signal::Events);
            db.write(async |tx| {
                tx.wake(Signal::Events);
                Ok(())
            })
            .await
            .unwrap();
            tokio::time::timeout(Duration::from_secs(5), heard).await.unwrap();
            own.borrow_and_update();
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(!own.has_changed().unwrap(), "a node does not wake itself twice");
            other.close().await;
        }
    })
    .await;
}

const STEPS: &[Migration] = &[
    Migration {
        name: "0001_a",
        sqlite: "create table a (x int); insert into a values (1);",
        postgres: "create table a (x bigint); insert into a values (1);",
    },
    Migration { name: "0002_b", sqlite: "alter table a add y int;", postgres: "alter table a add y bigint;" },
];
const BROKEN: &[Migration] = &[
    STEPS[0],
    STEPS[1],
    Migration {
        name: "0003_deferred",
        sqlite: "create table p (id int primary key); create table c (p int references p (id) deferrable initially deferred);",
        postgres: "create table p (id int primary key); create table c (p int references p (id) deferrable initially deferred);",
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_run_once_and_forward() {
    on_each(async |place| {
        let db = &place.db;
        let (one, two) = tokio::join!(db.migrate_by(STEPS), db.migrate_by(STEPS));
        let mut applied = [one.unwrap(), two.unwrap()].concat();
        applied.sort();
        assert_eq!(applied, ["0001_a", "0002_b"]);
        assert_eq!(
            db.read().await.unwrap().all::<(Option<i64>, i64)>("select y, x from a", ()).await.unwrap(),
            [(None, 1)]
        );
        assert_eq!(db.migrate_by(BROKEN).await.unwrap_err().code, "migration_failed");
        assert!(db.migrate_by(STEPS).await.unwrap().is_empty(), "the broken step left nothing");
        assert_eq!(db.migrate_by(&STEPS[..1]).await.unwrap_err().code, "database_newer");
    })
    .await;
}

#[tokio::test]
async fn a_closed_database_says_so() {
    on_each(async |place| {
        let db = Db::open(&place.options).await.unwrap();
        let clone = db.clone();
        db.close().await;
        let late = clone.write(async |tx| tx.execute("select 1", ()).await).await.unwrap_err();
        assert_eq!(late.class, Class::Busy);
        assert_eq!(clone.read().await.err().map(|error| error.class), Some(Class::Busy));
    })
    .await;
    let nowhere = trackside_engine::db::Options::new("mysql://x");
    assert_eq!(Db::open(&nowhere).await.err().map(|error| error.code), Some("database_url"));
}

#[tokio::test]
async fn a_dropped_caller_that_waits_is_skipped() {
    let place = Place::sqlite().await;
    let db = &place.db;
    things(db).await;
    let slow = db.write(async |tx| {
        std::thread::sleep(Duration::from_millis(100));
        insert(tx, &thing(1)).await
    });
    let given_up = async { tokio::time::timeout(Duration::from_millis(10), add(db, 2)).await };
    let (slow, given_up) = tokio::join!(slow, given_up);
    slow.unwrap();
    given_up.unwrap_err();
    add(db, 3).await.unwrap();
    assert_eq!(count(db).await, 2);
    assert_eq!(db.slow_writes(), 1);
    place.remove().await;
}

#[tokio::test]
async fn a_full_disk_undoes_the_batch_and_says_try_again() {
    let place = Place::sqlite().await;
    let db = &place.db;
    things(db).await;
    let pages: One<i64> = db.write(async |tx| tx.one("pragma page_count", ()).await).await.unwrap();
    let limit = move |more: i64| format!("pragma max_page_count = {}", pages.0 + more);
    let small = limit(20);
    db.write(async move |tx| tx.one::<One<i64>>(&small, ()).await).await.unwrap();
    let hold = db.write(async |_| {
        std::thread::sleep(Duration::from_millis(15)); // so that the next three are in one batch
        Ok(())
    });
    let big = Thing { raw: Some(vec![1; 1_000_000]), ..thing(2) };
    let full = db.write(async move |tx| insert(tx, &big).await);
    let (_, first, full, last) = tokio::join!(hold, add(db, 1), full, add(db, 3));
    let (first, full) = (first.unwrap_err(), full.unwrap_err());
    assert_eq!((first.class, first.code), (Class::Busy, "write_undone"));
    assert_eq!((full.class, full.code), (Class::Busy, "database_full"));
    last.unwrap();
    assert_eq!(count(db).await, 1);
    add(db, 1).await.unwrap();
    place.remove().await;
}

#[tokio::test]
async fn the_writer_is_durable_and_keeps_the_callers_span() {
    use tracing_subscriber::util::SubscriberInitExt;
    tracing_subscriber::registry().init();
    let place = Place::sqlite().await;
    let settings = async |tx: &mut Tx| {
        let mut found = Vec::new();
        for name in ["synchronous", "foreign_keys"] {
            found.push(tx.one::<One<i64>>(&format!("pragma {name}"), ()).await?.0);
        }
        let One(mode): One<String> = tx.one("pragma journal_mode", ()).await?;
        let span = tracing::Span::current().metadata().map(|span| span.name());
        Ok((found, mode, span))
    };
    let span = tracing::info_span!("request");
    let found = tracing::Instrument::instrument(place.db.write(settings), span).await.unwrap();
    assert_eq!(found, (vec![2, 1], "wal".to_owned(), Some("request")));
    place.remove().await;
}

#[tokio::test]
async fn what_cannot_be_json_is_an_error() {
    on_each(async |place| {
        things(&place.db).await;
        let keys = || std::collections::BTreeMap::from([((1, 2), 3)]);
        let failed =
            place.db.write(async move |tx| tx.execute("update things set data = $1", (Json(keys()),)).await).await;
        assert!(failed.unwrap_err().detail.contains("cannot be written as JSON"));
    })
    .await;
}

#[tokio::test]
async fn readers_cannot_write() {
    let place = Place::sqlite().await;
    things(&place.db).await;
    let mut rx = place.db.read().await.unwrap();
    assert!(rx.all::<One<i64>>("delete from things returning space", ()).await.is_err());
    drop(rx);
    place.remove().await;
}

/// A frozen process must not keep its locks: the one on the log's head would hold up every dispatcher.
#[tokio::test]
async fn a_transaction_that_falls_silent_is_ended_by_postgres() {
    on_each(async |place| {
        if place.db.dialect() == Dialect::Postgres {
            let mut rx = place.db.read().await.unwrap();
            let silent = "select current_setting('idle_in_transaction_session_timeout')";
            assert_eq!(rx.one::<One<String>>(silent, ()).await.unwrap(), One("10s".to_owned()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_nobody_waits_for_any_more_is_not_left_open() {
    let Some(place) = Place::postgres().await else { return };
    let db = Db::open(&Options { pool: 1, ..place.options.clone() }).await.unwrap();
    let transaction = async || db.read().await?.one::<(i64,)>("select txid_current()", ()).await;
    let mut dropped = 0;
    while dropped < 3 {
        transaction().await.unwrap();
        // The connection is checked before it is in the pool again.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let write = Box::pin(db.write(async |tx: &mut Tx| tx.execute("select 1", ()).await.map(drop)));
        // On a busy machine the server may answer before it is asked what it says, each time: then the write is through at once.
        match write.now_or_never() {
            Some(through) => through.unwrap(),
            None => dropped += 1,
        }
        // The only connection comes back, and what it does now stands for itself.
        assert_ne!(transaction().await.unwrap(), transaction().await.unwrap());
    }
    db.close().await;
    place.remove().await;
}
