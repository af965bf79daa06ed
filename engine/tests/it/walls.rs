//! The second wall between workspaces, on PostgreSQL: what statements that forget to compare the workspace see and change.

use serde_json::json;
use trackside_engine::access::{Role, service};
use trackside_engine::db::{self, Db, One, Options, Tx};
use trackside_engine::ids::WorkspaceId;
use trackside_engine::{Class, Result};

use crate::office::Office;
use crate::place::Place;

/// Two workspaces with one of most things each.
async fn two(place: &Place) -> (Office, Office) {
    let one = Office::open(place).await;
    let other = Office::beside(&place.db, one.clock.clone(), one.source.clone()).await;
    for office in [&one, &other] {
        let project = office.project("WEB").await;
        let new = json!({"title": "Mine", "labels": ["a", "b"], "assignees": [office.bob]});
        office.create(&project, new).await.unwrap();
        office.create(&project, json!({"title": "Second"})).await.unwrap();
        let cx = office.cx();
        let record = async move |tx: &mut Tx| {
            trackside_engine::audit::service::record(tx, &cx, "role.created", "role_1", &json!({})).await
        };
        office.db.write(record).await.unwrap();
    }
    (one, other)
}

async fn count(db: &Db, what: &str) -> i64 {
    let sql = format!("select count(*) from {what}");
    db.read().await.unwrap().one::<One<i64>>(&sql, ()).await.unwrap().0
}

async fn run(db: &Db, sql: impl Into<String>) -> Result<u64> {
    let sql = sql.into();
    db.write(async move |tx: &mut Tx| tx.execute(&sql, ()).await).await
}

/// An id as PostgreSQL writes it.
async fn text(db: &Db, sql: &str, workspace: WorkspaceId) -> String {
    db.read().await.unwrap().one::<One<String>>(sql, (workspace,)).await.unwrap().0
}

#[tokio::test]
async fn statements_that_compare_nothing_see_and_change_one_workspace() {
    let Some(place) = Place::postgres().await else { return };
    let (one, other) = two(&place).await;
    let db = &place.db;
    let elsewhere = text(db, "select cast(id as text) from workspaces where id = $1", other.workspace).await;
    let task =
        text(db, "select cast(id as text) from tasks where workspace_id = $1 order by id limit 1", other.workspace)
            .await;
    db::within(one.workspace, async {
        for (what, seen) in [
            ("tasks", 2),
            ("projects", 1),
            ("members", 3),
            ("workspaces", 1),
            ("task_labels", 2),
            ("task_assignees", 1),
            ("audit_entries", 1),
            ("audit_heads", 1),
        ] {
            assert_eq!(count(db, what).await, seen, "{what}");
            let scanned = db.scan(async move |rx| rx.one::<One<i64>>(&format!("select count(*) from {what}"), ()).await).await;
            assert_eq!(scanned.unwrap().0, seen, "{what}");
        }
        let walled = format!("events where workspace_id = '{elsewhere}'");
        assert_eq!(count(db, &walled).await, 0);
        // A function that tells what it is given is not given it.
        assert_eq!(count(db, &format!("tasks where title like '%' and id = '{task}'")).await, 0);
        for (sql, changed) in [
            ("update tasks set title = 'Seen'".to_owned(), 2),
            (format!("update tasks set title = 'Seen' where id = '{task}'"), 0),
            (format!("delete from tasks where workspace_id = '{elsewhere}'"), 0),
            (format!("delete from task_labels where task_id = '{task}'"), 0),
            (format!("delete from workspaces where id = '{elsewhere}'"), 0),
            ("update members set role = 'admin'".to_owned(), 3),
        ] {
            assert_eq!(run(db, sql.clone()).await.unwrap(), changed, "{sql}");
        }
        for sql in [
            format!("update tasks set workspace_id = '{elsewhere}'"),
            format!("update projects set workspace_id = '{elsewhere}'"),
            format!("insert into task_labels (task_id, label) values ('{task}', 'c')"),
            format!("insert into members (workspace_id, user_id, role, created_at) select '{elsewhere}', id, 'admin', now() from users limit 1"),
            format!("insert into comments (id, workspace_id, task_id, body, created_at) values (gen_random_uuid(), '{elsewhere}', '{task}', 'x', now())"),
            "insert into workspaces (id, name, created_at) values (gen_random_uuid(), 'x', now())".to_owned(),
        ] {
            let error = run(db, sql.clone()).await.unwrap_err();
            assert!(error.detail.contains("row-level security"), "{sql}: {error}");
        }
        // Another's key is no conflict with one's own, and what refers to it is not found.
        let error = run(db, format!("delete from tasks where id = '{task}' or workspace_id <> '{elsewhere}'")).await;
        assert_eq!(error.unwrap(), 2);
    })
    .await;
    // Outside all is there: the other workspace as it was.
    assert_eq!(count(db, "tasks").await, 2);
    assert_eq!(count(db, "tasks where title = 'Mine'").await, 1);
    assert_eq!(count(db, "members where role = 'admin'").await, 4);
    assert_eq!(count(db, "workspaces").await, 2);
    place.remove().await;
}

#[tokio::test]
async fn the_workspace_never_reaches_the_next_user_of_a_connection() {
    let Some(place) = Place::postgres().await else { return };
    let (one, other) = two(&place).await;
    let narrow = Db::open(&Options { pool: 1, ..place.options.clone() }).await.unwrap();
    for _ in 0..3 {
        assert_eq!(count(&narrow, "tasks").await, 4);
        for office in [&one, &other] {
            db::within(office.workspace, async {
                assert_eq!(count(&narrow, "tasks").await, 2);
                assert_eq!(run(&narrow, "update tasks set title = 'x'").await.unwrap(), 2);
                run(&narrow, "select nonsense").await.unwrap_err();
                let failed = narrow.read().await.unwrap().all::<One<i64>>("select 1 / 0", ()).await;
                assert_eq!(failed.unwrap_err().class, Class::Internal);
                assert_eq!(db::everywhere(count(&narrow, "tasks")).await, 4);
            })
            .await;
            assert_eq!(run(&narrow, "update tasks set title = 'y'").await.unwrap(), 4);
        }
    }
    narrow.close().await;
    place.remove().await;
}

#[tokio::test]
async fn every_table_is_walled_or_open_for_a_reason() {
    let Some(place) = Place::postgres().await else { return };
    let db = &place.db;
    db.migrate().await.unwrap();
    assert_eq!(
        db.open_tables().await.unwrap(),
        [""; 0],
        "wall them (a `workspace_id`, or a reference to what has one), or give the reason in db::OPEN"
    );
    let walls = db.walls().await.unwrap().unwrap();
    assert_eq!((walls.missing.as_slice(), walls.passes), (&[][..], None));
    let there: Vec<One<String>> =
        db.read().await.unwrap().all("select cast(relname as text) from pg_class", ()).await.unwrap();
    for (name, _) in db::OPEN {
        assert!(there.iter().any(|table| table.0 == *name), "db::OPEN names {name}, which is no table");
    }
    assert!(db::OPEN.is_sorted());

    // A table that comes later has its wall with the next migration; what stands is left alone.
    run(db, "create table kites (id uuid primary key, workspace_id uuid not null)").await.unwrap();
    run(db, "create table tails (kite_id uuid not null references kites (id), length bigint)").await.unwrap();
    assert_eq!(db.walls().await.unwrap().unwrap().missing, ["kites", "tails"]);
    db.migrate().await.unwrap();
    db.migrate().await.unwrap();
    assert_eq!(db.walls().await.unwrap().unwrap().missing, [""; 0]);
    run(db, "alter table kites no force row level security").await.unwrap();
    assert_eq!(db.walls().await.unwrap().unwrap().missing, ["kites"]);
    db.migrate().await.unwrap();
    assert_eq!(db.walls().await.unwrap().unwrap().missing, [""; 0]);
    place.remove().await;
}

#[tokio::test]
async fn whom_the_wall_does_not_hold_is_told() {
    let Ok(server) = std::env::var("TRACKSIDE_TEST_PG") else { return };
    let Some(place) = Place::postgres().await else { return };
    place.db.migrate().await.unwrap();
    let name = place.options.url.rsplit_once('/').unwrap().1;
    let server = server.trim_end_matches('/').trim_end_matches("/postgres");
    let db = Db::open(&Options { pool: 1, ..Options::new(format!("{server}/{name}")) }).await.unwrap();
    assert!(db.walls().await.unwrap().unwrap().passes.is_some());
    db.close().await;
    let sqlite = Place::sqlite().await;
    assert_eq!(sqlite.db.walls().await.unwrap(), None);
    sqlite.remove().await;
    place.remove().await;
}

#[tokio::test]
async fn lists_keep_their_indexes_behind_the_wall() {
    let Some(place) = Place::postgres().await else { return };
    let (one, _) = two(&place).await;
    let db = &place.db;
    // Enough of them that reading all would be dearer, half of them another's.
    run(db, "insert into tasks select gen_random_uuid(), workspace_id, project_id, n + 100, key || '-' || n, version, null, title || n, description, kind, status, \
         priority, labels, assignees, start_at, due_at, custom, created_by, created_at, updated_at, completed_at \
         from tasks, generate_series(1, 5000) n where number = 1").await.unwrap();
    run(db, "insert into task_labels select id, 'l' || (number % 50) from tasks where number > 100").await.unwrap();
    run(db, "analyze").await.unwrap_or_default();
    let id = one.workspace;
    let plan = async |sql: &str| {
        let lines: Vec<One<String>> = db.read().await.unwrap().all(&format!("explain {sql}"), (id,)).await.unwrap();
        lines.into_iter().map(|line| line.0).collect::<Vec<_>>().join("\n")
    };
    for (sql, index) in [
        ("select * from tasks where workspace_id = $1 order by id limit 26", "tasks_workspace"),
        (
            "select * from tasks where workspace_id = $1 order by priority desc, (due_at is null), due_at, id limit 26",
            "tasks_workspace_urgency",
        ),
        ("select * from tasks where workspace_id = $1 and key = 'WEB-1-77'", "tasks_workspace_id_key_key"),
    ] {
        for scope in [false, true] {
            let text = if scope { db::within(id, plan(sql)).await } else { plan(sql).await };
            assert!(text.contains(&format!("using {index} on tasks")), "{sql}, within: {scope}\n{text}");
        }
    }
    // Nor is a whole table read to see whose a label is.
    let labels = "select t.id from tasks t where t.workspace_id = $1 \
         and exists (select 1 from task_labels l where l.task_id = t.id and l.label = 'a') order by t.id limit 26";
    let text = db::within(id, plan(labels)).await;
    assert!(!text.contains("Seq Scan on tasks") && !text.contains("hashed SubPlan"), "{text}");
    place.remove().await;
}

#[tokio::test]
async fn what_is_asked_for_all_is_refused_within_one() {
    let Some(place) = Place::postgres().await else { return };
    let (one, other) = two(&place).await;
    for office in [&one, &other] {
        let may = office.as_user(office.ada, Role::Admin).actor.may_here().unwrap();
        let asked = async {
            let mut rx = place.db.read().await.unwrap();
            service::must_operate(&mut rx, &may).await.map_err(|error| error.class)
        };
        assert_eq!(db::within(office.workspace, asked).await, Err(Class::Internal), "nobody becomes the operator so");
    }
    let may = other.cx().actor.may_here().unwrap();
    let mut rx = place.db.read().await.unwrap();
    assert_eq!(service::must_operate(&mut rx, &may).await.map_err(|error| error.class), Err(Class::Denied));
    drop(rx);
    place.remove().await;
}
