//! What a bench prints: one line of JSON per workload and database, which `benches/table.rs` makes a table of.

use serde_json::{Map, Value, json};

use crate::harness::Database;

/// The figures of one workload, in the order in which they were added.
#[derive(Debug, Clone)]
pub struct Figures(Map<String, Value>);

impl Figures {
    /// Figures of our own for a workload (`W1`) on a database or in a mode (`SQLite FULL`).
    pub fn new(workload: &str, on: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("who".into(), json!("Trackside"));
        fields.insert("workload".into(), json!(workload));
        fields.insert("on".into(), json!(on));
        Self(fields)
    }

    /// Adds a figure, rounded to what can be told apart.
    pub fn with(mut self, name: &str, figure: f64) -> Self {
        let places = if figure.abs() >= 1000.0 { 1.0 } else { 100.0 };
        self.0.insert(name.into(), json!((figure * places).round() / places));
        self
    }

    /// Adds something that is no figure.
    pub fn and(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }
}

/// Prints the figures as one line.
pub fn report(figures: Figures) {
    println!("{}", Value::Object(figures.0));
}

/// The value below which this share (0 to 1) of the sorted values lies; 0 when there are none.
pub fn percentile(sorted: &[u64], share: f64) -> u64 {
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(at.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0)
}

/// The databases to measure on, with their names in the report: a fresh SQLite, and a fresh PostgreSQL if
/// `TRACKSIDE_TEST_PG` names a server. `wanted` picks one (`sqlite`, `postgres`).
pub async fn databases(wanted: Option<&str>) -> Vec<(&'static str, Database)> {
    let wants = |name: &str| wanted.is_none_or(|wanted| wanted == name);
    let mut databases = Vec::new();
    if wants("sqlite") {
        databases.push(("SQLite FULL", Database::sqlite().await));
    }
    if wants("postgres") {
        match std::env::var("TRACKSIDE_TEST_PG") {
            Ok(_) => databases.push(("PostgreSQL", Database::postgres().await)),
            Err(_) => eprintln!("TRACKSIDE_TEST_PG is not set, so PostgreSQL is left out; `make bench` starts one"),
        }
    }
    databases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u64> = (1..=100).collect();
        assert_eq!((percentile(&values, 0.5), percentile(&values, 0.99), percentile(&values, 1.0)), (50, 99, 100));
        assert_eq!((percentile(&[7], 0.01), percentile(&[], 0.5)), (7, 0));
    }
}
