//! `trackside serve`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use trackside_engine::access::Authenticator;
use trackside_engine::attachments::sweep;
use trackside_engine::hooks::{Intake, Registry};
use trackside_engine::vault::Secret;
use trackside_workers::Workers;
use trackside_workers::oidc::Oidc;

use super::Failed;
use super::node::{DRAIN, Node, stop_on_signal};
use crate::app::{App, Parts};
use crate::config::{BadConfig, Config};
use crate::health::MetricsFor;
use crate::live::Hub;
use crate::rate::Limiter;
use crate::server;

pub async fn run(config: Config) -> Result<(), Failed> {
    let stop = stop_on_signal()?;
    // Bound first: that an address is taken is the commonest mistake, and should show before anything is touched.
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        BadConfig(format!("listen: {} cannot be listened on: {error}. Choose another with --listen", config.listen))
    })?;
    let address = listener.local_addr().map_err(|error| Failed::Other(error.to_string()))?;
    let metrics = crate::log::metrics()?;
    let own = format!("http://{}", reachable(address));
    let node = Node::open(&config, config.public_url.as_deref().unwrap_or(&own)).await?;
    let authenticator = Authenticator::open(&node.db, node.vault.clone(), node.source.clone()).await?;
    make_admin(&config, &node, &authenticator).await?;
    let (files, sweep) = (super::node::files(&config)?, Arc::new(Notify::new()));
    let workers = config.workers.then(|| node.work(&config)).transpose()?;
    let app = App::new(Parts {
        db: node.db.clone(),
        source: node.source.clone(),
        library: node.library.clone(),
        actions: node.actions.clone(),
        authenticator,
        hub: Hub::at_head(&node.db).await?,
        hooks: Registry::new(node.vault.clone()),
        intake: Intake::start(node.db.clone(), node.source.clone(), workers.as_ref().map(Workers::dispatcher)),
        files: files.clone(),
        limits: config.limits,
        sweep: sweep.clone(),
        vault: node.vault.clone(),
        oidc: Oidc::new(node.egress.clone()),
        egress: node.egress.clone(),
        redis_url: config.redis_url.clone(),
        cors_origins: config.cors_origins.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        limiter: Limiter::new(config.rates.clone()),
        metrics,
        metrics_for: MetricsFor::of(config.metrics_token.clone(), address),
    });
    let router = app.router();
    app.follow_log();
    // Here, where the files lie, also when other nodes work.
    let sweeping = tokio::spawn(sweep::run(node.db.clone(), files, node.source.clone(), sweep));
    tokio::spawn(give_back());
    tracing::info!("trackside is ready at {own}, listening on http://{address}");
    let drained = server::serve(listener, router, stop.clone(), DRAIN);
    let drained = match workers {
        None => drained.await,
        // Both have the same time: requests finish while runs do.
        Some(workers) => {
            let (drained, ()) = tokio::join!(drained, async {
                stop.cancelled().await;
                workers.stop().await;
            });
            drained
        }
    };
    if !drained {
        tracing::warn!("some requests were still under way and were cut off");
    }
    sweeping.abort();
    node.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Lets the allocator give back to the system what was only needed to start, most of all to make the routes and their
/// document: some 20 MiB. It looks for such pages when something large is freed, which on an idle node happens never.
async fn give_back() {
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(4 << 20)));
}

/// The owner that the operator wants, if there is no user.
async fn make_admin(config: &Config, node: &Node, authenticator: &Arc<Authenticator>) -> Result<(), Failed> {
    let Some((email, password)) = &config.admin else { return Ok(()) };
    let made = authenticator.ensure_admin(&node.db, email, Secret::new(password.as_str())).await;
    let made = made.map_err(|error| match error.fields.is_empty() {
        true => Failed::from(error),
        false => Failed::Config(BadConfig(format!("admin_email and admin_password: {}", error.detail))),
    })?;
    if made {
        tracing::info!(%email, "the first workspace and its owner were made");
    }
    Ok(())
}

/// Where a browser on this machine reaches what listens on every address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
