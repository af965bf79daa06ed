//! `trackside migrate`.

use trackside_engine::db::{Db, Options};

use super::{Failed, print};
use crate::config::Config;

pub async fn run(config: &Config) -> Result<(), Failed> {
    if config.database_url.starts_with("sqlite") {
        std::fs::create_dir_all(&config.data)
            .map_err(|error| Failed::Other(format!("{} cannot be made: {error}", config.data.display())))?;
    }
    let db = Db::open(&Options::new(&config.database_url)).await?;
    let applied = db.migrate().await?;
    db.close().await;
    match applied.as_slice() {
        [] => print::line("the database is up to date"),
        steps => print::line(format_args!("applied {}", steps.join(", "))),
    }
}
