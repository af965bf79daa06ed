//! What `serve` and `worker` have in common: an open database, a key, the actions, the rules, and an end.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trackside_engine::Source;
use trackside_engine::access;
use trackside_engine::actions::Actions;
use trackside_engine::db::{Db, Options};
use trackside_engine::files::{FileStore, Folder};
use trackside_engine::mail::Post;
use trackside_engine::rules::Library;
use trackside_engine::search;
use trackside_engine::vault::Vault;
use trackside_workers::egress::{Egress, Policy};
use trackside_workers::files::S3;
use trackside_workers::queue::Queues;
use trackside_workers::{Workers, integrations};

use super::Failed;
use crate::config::{BadConfig, Config, FilePlace};

/// How long work in flight may take to finish at the end (REL-04).
pub const DRAIN: Duration = Duration::from_secs(28);

/// An opened node.
pub struct Node {
    pub db: Db,
    pub source: Source,
    pub vault: Vault,
    pub actions: Actions,
    pub egress: Egress,
    pub library: Arc<Library>,
    /// Held for as long as this process works on a SQLite database.
    _alone: Option<File>,
}

impl Node {
    /// Opens the database, brings it up to date, and reads the key.
    pub async fn open(config: &Config, public_url: &str) -> Result<Self, Failed> {
        make_folder(config)?;
        let alone = alone(config);
        let db = Db::open(&Options::new(&config.database_url)).await?;
        db.migrate().await?;
        search::service::catch_up(&db).await?;
        if let Some(role) = db.walls().await?.and_then(|walls| walls.passes) {
            tracing::warn!(
                "the database user {role} passes by row-level security, the second wall between workspaces; use an ordinary user that owns the database"
            );
        }
        let has_secrets = access::has_secrets(&db).await?;
        let vault = Vault::open_or_create(config.secret_key_file.as_deref(), &config.data, has_secrets)
            .map_err(|error| BadConfig(format!("secret_key_file: {}", error.detail)))?;
        let policy = Policy { allow: config.allow_egress.clone() };
        let egress = Egress::new(policy).map_err(|error| Failed::Other(error.to_string()))?;
        let actions = Actions::new(integrations::all(&egress));
        let library = Arc::new(Library::new(&actions));
        let letters = config.mail.as_ref().map(|_| vault.clone());
        let source = Source::default().mailing(Post::new(letters, public_url));
        Ok(Self { db, source, vault, actions, egress, library, _alone: alone })
    }

    /// Starts the workers of this node.
    pub fn work(&self, config: &Config) -> Result<Workers, Failed> {
        let options = trackside_workers::Options {
            db: self.db.clone(),
            source: self.source.clone(),
            library: self.library.clone(),
            actions: self.actions.clone(),
            vault: self.vault.clone(),
            redis: config.redis_url.clone(),
            egress: self.egress.clone(),
            mail: config.mail.clone(),
            queues: Queues { lease: config.lease, ..Queues::default() },
            grace: DRAIN,
            keep_runs: config.keep_runs,
        };
        Workers::start(options).map_err(Failed::Other)
    }
}

/// Where files lie.
pub fn files(config: &Config) -> Result<Arc<dyn FileStore>, Failed> {
    match &config.files {
        FilePlace::Folder(folder) => Ok(Arc::new(Folder::new(folder))),
        FilePlace::S3 { bucket, prefix } => {
            let store = S3::open(bucket, prefix, Source::default(), |name| {
                std::env::var(name).ok().filter(|value| !value.is_empty())
            });
            Ok(Arc::new(store.map_err(|error| BadConfig(format!("files: {error}")))?))
        }
    }
}

/// Says so when another process works on the same SQLite database: both would be right, but each has settings of its own,
/// and takes the other's work with them.
fn alone(config: &Config) -> Option<File> {
    let path = config.database_url.strip_prefix("sqlite:")?.trim_start_matches("//");
    // Where no such file can be made, opening the database says what is wrong.
    let lock = File::create(format!("{path}.lock")).ok()?;
    if lock.try_lock().is_err() {
        tracing::warn!(
            "another trackside works on {path}, and may take this one's work; for several nodes use PostgreSQL"
        );
    }
    Some(lock)
}

/// The data folder holds the embedded database and the key; with neither it is not needed.
fn make_folder(config: &Config) -> Result<(), Failed> {
    if !config.database_url.starts_with("sqlite") && config.secret_key_file.is_some() {
        return Ok(());
    }
    std::fs::create_dir_all(&config.data).map_err(|error| {
        let data = config.data.display();
        Failed::Other(format!(
            "the data folder {data} cannot be made: {error}. Make its parent writable, or name another with --data"
        ))
    })
}

/// A token that is cancelled by SIGTERM or SIGINT. A second signal ends the process at once.
pub fn stop_on_signal() -> Result<CancellationToken, Failed> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Failed::Other(format!("signals cannot be heard: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let heard = stop.clone();
    tokio::spawn(async move {
        for second in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if second {
                tracing::warn!("told to stop a second time: ending at once");
                std::process::exit(1);
            }
            tracing::info!("stopping: work in flight has {} seconds", DRAIN.as_secs());
            heard.cancel();
        }
    });
    Ok(stop)
}
