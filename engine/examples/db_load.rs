//! How fast writes are: tasks that each send closures of five statements, one after another, for some seconds.
//!
//! `db_load [seconds] [tasks] [url]`; without a URL on SQLite in a temporary folder.

use std::time::{Duration, Instant};

use trackside_engine::Result;
use trackside_engine::db::{Db, One, Options, Tx};
use uuid::Uuid;

const STATEMENTS: u32 = 5;

async fn five(tx: &mut Tx, task: i64, number: i64) -> Result<()> {
    let id = Uuid::from_u64_pair(task as u64, number as u64);
    tx.execute("insert into load_jobs (id, task, number, state) values ($1, $2, $3, $4)", (id, task, number, "new"))
        .await?;
    tx.execute("update load_tasks set done = done + 1 where id = $1", (task,)).await?;
    let One(done): One<i64> = tx.one("select done from load_tasks where id = $1", (task,)).await?;
    tx.execute("update load_jobs set state = $2 where id = $1", (id, "done")).await?;
    tx.execute("insert into load_log (id, text) values ($1, $2)", (id, format!("task {task} did {done}"))).await?;
    Ok(())
}

async fn set_up(db: &Db, tasks: i64) -> Result<()> {
    db.write(async move |tx| {
        let id = if tx.dialect() == trackside_engine::db::Dialect::Sqlite { "blob" } else { "uuid" };
        for table in ["load_jobs", "load_tasks", "load_log"] {
            tx.execute(&format!("drop table if exists {table}"), ()).await?;
        }
        let jobs = format!("create table load_jobs (id {id} primary key, task bigint not null, number bigint not null, state text not null)");
        tx.execute(&jobs, ()).await?;
        tx.execute("create table load_tasks (id bigint primary key, done bigint not null)", ()).await?;
        tx.execute(&format!("create table load_log (id {id} primary key, text text not null)"), ()).await?;
        let rows: Vec<(i64, i64)> = (0..tasks).map(|task| (task, 0)).collect();
        tx.execute_many("insert into load_tasks (id, done) values ($1, $2)", &rows).await
    })
    .await
    .map(drop)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut given = std::env::args().skip(1);
    let seconds: u64 = given.next().and_then(|text| text.parse().ok()).unwrap_or(5);
    let tasks: i64 = given.next().and_then(|text| text.parse().ok()).unwrap_or(32);
    let folder = tempfile::tempdir().map_err(|error| trackside_engine::Error::internal(error.to_string()))?;
    let url = given.next().unwrap_or_else(|| format!("sqlite://{}", folder.path().join("load.db").display()));
    let db = Db::open(&Options::new(url)).await?;
    set_up(&db, tasks).await?;

    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let writers: Vec<_> = (0..tasks)
        .map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut number = 0;
                while Instant::now() < end {
                    number += 1;
                    db.write(async move |tx| five(tx, task, number).await).await?;
                }
                Ok::<i64, trackside_engine::Error>(number)
            })
        })
        .collect();
    let mut closures = 0;
    for writer in writers {
        closures += writer.await.map_err(|error| trackside_engine::Error::internal(error.to_string()))??;
    }
    let took = started.elapsed().as_secs_f64();
    let each = took * 1e6 / closures as f64;
    println!(
        "{} tasks: {:.0} closures/s, {each:.1} µs per closure, {:.2} µs per statement",
        tasks,
        closures as f64 / took,
        each / f64::from(STATEMENTS)
    );

    // One closure of many statements shows the cost of a statement without the commit.
    let many = 100_000;
    let started = Instant::now();
    db.write(async move |tx| {
        for task in 0..many {
            tx.one::<One<i64>>("select done from load_tasks where id = $1", (task % tasks,)).await?;
        }
        Ok(())
    })
    .await?;
    println!(
        "one closure of {many} reads: {:.2} µs per statement",
        started.elapsed().as_secs_f64() * 1e6 / many as f64
    );
    db.close().await;
    Ok(())
}
