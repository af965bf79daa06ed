//! `trackside worker`.

use trackside_engine::access::Authenticator;

use super::Failed;
use super::node::{Node, stop_on_signal};
use crate::config::Config;

pub async fn run(config: Config) -> Result<(), Failed> {
    let stop = stop_on_signal()?;
    let node =
        Node::open(&config, config.public_url.as_deref().unwrap_or(&format!("http://{}", config.listen))).await?;
    // Only to see that the key is the database's: a worker with another one could open no connection.
    Authenticator::open(&node.db, node.vault.clone(), node.source.clone()).await?;
    let workers = node.work(&config)?;
    tracing::info!("trackside worker is ready");
    stop.cancelled().await;
    workers.stop().await;
    node.db.close().await;
    tracing::info!("stopped");
    Ok(())
}
