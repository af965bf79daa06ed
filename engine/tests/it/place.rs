//! A new database for each test: SQLite in a temporary folder, and PostgreSQL when `TRACKSIDE_TEST_PG` is the URL of
//! a server where databases may be created, such as `postgres://postgres@127.0.0.1:5432`.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use trackside_engine::db::{Db, Options};

/// An open database that goes away after the test.
pub struct Place {
    pub db: Db,
    pub options: Options,
    folder: Option<TempDir>,
    postgres: Option<(String, String)>,
}

impl Place {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new(format!("sqlite://{}", folder.path().join("test.db").display()));
        Self { db: Db::open(&options).await.unwrap(), options, folder: Some(folder), postgres: None }
    }

    pub async fn postgres() -> Option<Self> {
        let server = std::env::var("TRACKSIDE_TEST_PG").ok()?;
        let server = server.trim_end_matches('/').trim_end_matches("/postgres").to_owned();
        let name = format!("trackside_test_{:x}", rand::random::<u64>());
        // An ordinary role owns it: row-level security passes superusers by.
        let secret = format!("{:032x}", rand::random::<u128>());
        admin(&server, &format!("create role {name} login password '{secret}'")).await;
        admin(&server, &format!("create database {name} owner {name}")).await;
        let host = server.rsplit_once('@').map_or_else(|| server.split_once("//").unwrap().1, |(_, host)| host);
        let options = Options { pool: 8, ..Options::new(format!("postgres://{name}:{secret}@{host}/{name}")) };
        let db = Db::open(&options).await.unwrap();
        Some(Self { db, options, folder: None, postgres: Some((server, name)) })
    }

    /// Closes the database and removes it.
    pub async fn remove(self) {
        self.db.close().await;
        if let Some((server, name)) = self.postgres {
            admin(&server, &format!("drop database {name} with (force)")).await;
            admin(&server, &format!("drop role {name}")).await;
        }
        drop(self.folder);
    }
}

/// Runs a story on every database there is.
pub async fn on_each(story: impl AsyncFn(&Place)) {
    for place in [Some(Place::sqlite().await), Place::postgres().await].into_iter().flatten() {
        story(&place).await;
        place.remove().await;
    }
}

async fn admin(server: &str, sql: &str) {
    let mut conn = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}
