//! Logs, and the recorder behind `/metrics`.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::{BadConfig, Config};

/// Bounds of the latency buckets, in seconds.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Starts logging to standard output.
pub fn start(config: &Config) -> Result<(), BadConfig> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| BadConfig(format!("log: {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        // A full disk under the log is told nowhere, and must end nothing.
        .log_internal_errors(false);
    let started = match config.log_json {
        true => builder.json().flatten_event(true).try_init(),
        false => builder.with_ansi(std::io::stdout().is_terminal()).try_init(),
    };
    started.map_err(|error| BadConfig(format!("logging cannot be started: {error}")))
}

/// Starts counting. Once per process.
pub fn metrics() -> Result<PrometheusHandle, BadConfig> {
    let wrong = |error| BadConfig(format!("metrics cannot be started: {error}"));
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
        .map_err(wrong)?
        .install_recorder()
        .map_err(wrong)
}
