//! The audit log: what is written down, that it stays, and that what was done to it regardless is found.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trackside_engine::access::{AuditView, Role};
use trackside_engine::audit::{Fault, Filter, Head, chain, service};
use trackside_engine::db::{Db, Dialect, Rx, Tx};
use trackside_engine::ids::WorkspaceId;
use trackside_engine::paging::PageRequest;
use trackside_engine::{Cx, Result};

use crate::office::Office;
use crate::place::on_each;

async fn record(office: &Office, action: &'static str, subject: &str, detail: Value) {
    let (cx, subject) = (office.cx(), subject.to_owned());
    let write = async move |tx: &mut Tx| service::record(tx, &cx, action, &subject, &detail).await;
    office.db.write(write).await.unwrap();
}

async fn list(office: &Office, filter: Filter) -> Vec<i64> {
    let may = office.cx().actor.may_here::<AuditView>().unwrap();
    let mut rx = office.db.read().await.unwrap();
    let page = service::list(&mut rx, &may, &filter, &PageRequest::default()).await.unwrap();
    page.items.iter().map(|entry| entry.seq).collect()
}

async fn found(db: &Db, workspace: WorkspaceId) -> Result<Head, Fault> {
    let states = db.scan(async |rx: &mut Rx| service::verify_all(rx).await).await.unwrap();
    states.into_iter().find(|state| state.workspace == workspace).unwrap().found
}

/// The lines of an export, some entries at a time.
async fn export(cx: &Cx, db: &Db) -> Vec<String> {
    let may = cx.actor.may_here::<AuditView>().unwrap();
    let (mut lines, mut after) = (Vec::new(), 0);
    loop {
        let some = service::export(&mut db.read().await.unwrap(), &may, after, 2).await.unwrap();
        let Some(last) = some.last() else { return lines };
        after = last.seq;
        lines.extend(some.iter().map(|line| serde_json::to_string(line).unwrap()));
    }
}

/// Does to the tables what nobody may, as somebody who owns the database can.
async fn force(db: &Db, statements: &[&'static str]) {
    let statements = statements.to_vec();
    let (off, on): (&[&str], &[&str]) = match db.dialect() {
        Dialect::Postgres => (
            &["alter table audit_entries disable trigger user", "alter table audit_heads disable trigger user"],
            &["alter table audit_entries enable trigger user", "alter table audit_heads enable trigger user"],
        ),
        Dialect::Sqlite => (
            &[
                "drop trigger audit_entries_update",
                "drop trigger audit_entries_delete",
                "drop trigger audit_heads_update",
                "drop trigger audit_entries_insert",
            ],
            &[],
        ),
    };
    db.write(async move |tx: &mut Tx| {
        for statement in off.iter().copied().chain(statements).chain(on.iter().copied()) {
            tx.execute(statement, ()).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn entries_are_numbered_chained_filtered_and_exported() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let other = Office::beside(&place.db, office.clock.clone(), office.source.clone()).await;
        record(&office, "role.created", "role_1", json!({"before": null, "after": {"name": "Nö"}})).await;
        office.clock.advance(TimeDelta::minutes(1));
        record(&office, "role.changed", "role_1", json!({"before": {"name": "Nö"}, "after": {"name": "Ja"}})).await;
        record(&other, "role.created", "role_2", json!(null)).await;
        record(&office, "member.added", "user_1", json!({})).await;

        assert_eq!(list(&office, Filter::default()).await, [3, 2, 1]);
        assert_eq!(list(&other, Filter::default()).await, [1], "each workspace has a log of its own");
        let by = |part: &str, value: String| {
            let mut filter = Filter::default();
            match part {
                "actor" => filter.actor = Some(value),
                "action" => filter.action = Some(value),
                "subject" => filter.subject = Some(value),
                "from" => filter.from = Some(value.parse().unwrap()),
                _ => filter.to = Some(value.parse().unwrap()),
            }
            filter
        };
        for (part, value, expected) in [
            ("actor", office.ada.to_string(), &[3, 2, 1][..]),
            ("actor", office.bob.to_string(), &[]),
            ("actor", "system".to_owned(), &[]),
            ("action", "role.*".to_owned(), &[2, 1]),
            ("action", "role.changed".to_owned(), &[2]),
            ("action", "rol".to_owned(), &[]),
            ("subject", "user_1".to_owned(), &[3]),
            ("from", "2026-03-01T09:01:00Z".to_owned(), &[3, 2]),
            ("to", "2026-03-01T09:01:00Z".to_owned(), &[1]),
        ] {
            assert_eq!(list(&office, by(part, value)).await, expected, "{part}");
        }
        let may = office.cx().actor.may_here::<AuditView>().unwrap();
        for filter in [by("actor", "a%".into()), by("action", "%".into()), by("subject", String::new())] {
            let mut rx = office.db.read().await.unwrap();
            let error = service::list(&mut rx, &may, &filter, &PageRequest::default()).await.unwrap_err();
            assert_eq!(error.code, "invalid_parameter");
        }
        for role in [Role::Viewer, Role::TeamMember, Role::ProjectManager] {
            let error = office.as_user(office.bob, role).actor.may_here::<AuditView>().unwrap_err();
            assert_eq!(error.code, "denied");
        }

        let lines = export(&office.cx(), &office.db).await;
        assert_eq!(lines.len(), 3);
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!((&line["at"], &line["seq"]), (&json!("2026-03-01T09:00:00.000000Z"), &json!(1)));
        let (workspace, seq, hash) = chain::verify_export(lines.iter().map(String::as_str)).unwrap().unwrap();
        assert_eq!((workspace, seq), (office.workspace.to_string(), 3));
        assert_eq!(found(&office.db, office.workspace).await, Ok(Head { seq: 3, hash }));
        assert_eq!(found(&office.db, other.workspace).await.unwrap().seq, 1);
        // A part is checked from where it begins; what was done to an export is found.
        assert!(chain::verify_export(lines[1..].iter().map(String::as_str)).unwrap().is_some());
        let changed = lines[1].replace("Ja", "Na");
        for (lines, what) in [
            ([&lines[0], &changed, &lines[2]], "Line 2: entry 2 was changed"),
            ([&lines[0], &lines[2], &lines[1]], "Line 2: entry 2 was removed"),
            ([&lines[0], &lines[1], &"{}".to_owned()], "Line 3: it is no audit entry"),
        ] {
            let error = chain::verify_export(lines.into_iter().map(String::as_str)).unwrap_err();
            assert!(error.detail.contains(what), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_to_change_an_entry() {
    on_each(async |place| {
        let office = Office::open(place).await;
        record(&office, "role.created", "role_1", json!({})).await;
        let mut refused = vec![
            "update audit_entries set subject = 'role_2'",
            "delete from audit_entries",
            "update audit_heads set seq = 0",
            "update audit_heads set seq = 5",
            "delete from audit_heads",
        ];
        match office.db.dialect() {
            Dialect::Postgres => refused.extend(["truncate audit_entries", "truncate audit_heads"]),
            Dialect::Sqlite => refused.push(
                "insert or replace into audit_entries select workspace_id, seq, at, actor, 'x', subject, detail, hash from audit_entries",
            ),
        }
        for statement in refused {
            let outcome = office.db.write(async move |tx: &mut Tx| tx.execute(statement, ()).await).await;
            assert!(outcome.is_err(), "{statement}");
        }
        assert_eq!(found(&office.db, office.workspace).await.unwrap().seq, 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_done_to_the_log_regardless_is_found() {
    on_each(async |place| {
        for (statements, fault) in [
            (&["update audit_entries set detail = '{\"x\":1}' where seq = 2"][..], Fault::Changed { seq: 2 }),
            (
                &["update audit_entries set at = (select at from audit_entries where seq = 1) where seq = 3"],
                Fault::Changed { seq: 3 },
            ),
            (&["delete from audit_entries where seq = 2"], Fault::Missing { seq: 2 }),
            (&["delete from audit_entries where seq = 1"], Fault::Missing { seq: 1 }),
            (&["delete from audit_entries where seq >= 3"], Fault::Missing { seq: 3 }),
            (&["delete from audit_entries"], Fault::Missing { seq: 1 }),
            (&["delete from audit_entries where seq = 4", "update audit_heads set seq = 3"], Fault::Head { seq: 3 }),
            (
                &[
                    "update audit_entries set seq = 9 where seq = 2",
                    "update audit_entries set seq = 2 where seq = 3",
                    "update audit_entries set seq = 3 where seq = 9",
                ],
                Fault::Changed { seq: 2 },
            ),
            (&["update audit_heads set seq = 3"], Fault::Head { seq: 3 }),
        ] {
            // A database of its own for each: the one before is beyond repair.
            let postgres = place.db.dialect() == Dialect::Postgres;
            let place = match postgres {
                true => crate::place::Place::postgres().await.unwrap(),
                false => crate::place::Place::sqlite().await,
            };
            let office = Office::open(&place).await;
            let other = Office::beside(&place.db, office.clock.clone(), office.source.clone()).await;
            for at in 1..=4 {
                record(&office, "role.changed", &format!("role_{at}"), json!({"after": at})).await;
                office.clock.advance(TimeDelta::seconds(1));
            }
            force(&place.db, statements).await;
            record(&other, "role.changed", "role_1", json!({})).await;
            assert_eq!(found(&place.db, office.workspace).await, Err(fault), "{statements:?}");
            assert_eq!(found(&place.db, other.workspace).await.unwrap().seq, 1, "others are not blamed");
            place.remove().await;
        }
    })
    .await;
}

#[tokio::test]
async fn entries_written_at_once_stand_in_one_line() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let writers = (0..20).map(|at| record(&office, "role.changed", "role_1", json!({ "after": at })));
        futures::future::join_all(writers).await;
        assert_eq!(found(&office.db, office.workspace).await.unwrap().seq, 20);
        // A change that fails leaves no entry.
        let cx = office.cx();
        let fails = async move |tx: &mut Tx| {
            service::record(tx, &cx, "role.changed", "role_1", &json!({})).await?;
            Err::<(), _>(trackside_engine::Error::conflict("no", "No."))
        };
        office.db.write(fails).await.unwrap_err();
        assert_eq!(found(&office.db, office.workspace).await.unwrap().seq, 20);
    })
    .await;
}
