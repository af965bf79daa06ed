//! Makes one table of the lines that the benches and the peers' scripts printed, and sets ours against theirs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

pub fn print(file: &str) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file} cannot be read: {error}"));
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let rows: Vec<Row> = lines.iter().flat_map(rows).collect();
    print!("{}\n{}", table(&rows), ratios(&rows));
}

/// A line of the table; what was not measured is `None`.
struct Row {
    workload: String,
    who: String,
    ours: bool,
    per_second: Option<f64>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    cpu_us: Option<f64>,
    database_cpu_us: Option<f64>,
    mib: Option<f64>,
    more: String,
}

fn rows(line: &Value) -> Vec<Row> {
    match (line["who"].as_str(), line["peer"].as_str()) {
        (Some(who), _) => vec![own(who, line)],
        (_, Some(peer)) => theirs(peer, line),
        _ => Vec::new(),
    }
}

const COLUMNS: &[&str] =
    &["who", "workload", "on", "completed_per_s", "p50_ms", "p99_ms", "cpu_us", "database_cpu_us", "mib_after"];

fn own(who: &str, line: &Value) -> Row {
    let more = line.as_object().into_iter().flatten().filter(|(name, _)| !COLUMNS.contains(&name.as_str()));
    Row {
        workload: line["workload"].as_str().unwrap_or_default().to_owned(),
        who: format!("{who}, {}", line["on"].as_str().unwrap_or_default()),
        ours: true,
        per_second: line["completed_per_s"].as_f64(),
        p50_ms: line["p50_ms"].as_f64(),
        p99_ms: line["p99_ms"].as_f64(),
        cpu_us: line["cpu_us"].as_f64(),
        database_cpu_us: line["database_cpu_us"].as_f64().filter(|cpu| *cpu > 0.0),
        mib: line["mib_after"].as_f64(),
        more: more.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect::<Vec<_>>().join(", "),
    }
}

/// The peers' scripts print what their programs know: one object per workload, or one with a part per mode.
fn theirs(peer: &str, line: &Value) -> Vec<Row> {
    let who = format!(
        "{peer} {}, {}",
        line["version"].as_str().unwrap_or_default(),
        line["durability"].as_str().unwrap_or_default()
    );
    let row = |workload: &str, part: &Value, more: String| Row {
        workload: workload.to_owned(),
        who: who.clone(),
        ours: false,
        per_second: part["completed_per_s"].as_f64().or_else(|| part["end_to_end_per_s"].as_f64()),
        p50_ms: part["end_to_end_ms"]["p50"].as_f64(),
        p99_ms: part["end_to_end_ms"]["p99"].as_f64(),
        cpu_us: line["server_cpu_ms_per_op"]
            .as_f64()
            .or_else(|| line["cpu_ms_per_job_all_modes"].as_f64())
            .map(|ms| ms * 1e3),
        database_cpu_us: None,
        mib: part["mem_after"]["rss_mib"].as_f64(),
        more,
    };
    if line["jobs"].is_number() {
        let modes = [("bulk", "W6 bulk"), ("one_by_one_c32", SINGLY), ("one_by_one_c16", SINGLY)];
        let note = "processor time over all modes, broker included";
        return modes
            .iter()
            .filter(|(mode, _)| line[*mode].is_object())
            .map(|(mode, workload)| row(workload, &line[*mode], note.into()))
            .collect();
    }
    let workload = line["workload"].as_str().unwrap_or_default();
    if line["filtered"].is_object() {
        return vec![listed(workload, who, line)];
    }
    let more = format!(
        "duplicates {}, start {} ms, idle {} MiB",
        line["duplicates"], line["startup_ms"], line["idle"]["rss_mib"]
    );
    vec![row(workload, line, more)]
}

/// A list: the filtered one is what we measure; processor time was counted over the unfiltered one.
fn listed(workload: &str, who: String, line: &Value) -> Row {
    let (filtered, all) = (&line["filtered"], &line["unfiltered"]);
    Row {
        workload: workload.to_owned(),
        who,
        ours: false,
        per_second: filtered["req_per_s"].as_f64(),
        p50_ms: filtered["ms"]["p50"].as_f64(),
        p99_ms: filtered["ms"]["p99"].as_f64(),
        cpu_us: all["server_cpu_ms_per_req"].as_f64().map(|ms| ms * 1e3),
        database_cpu_us: None,
        mib: line["mem"]["rss_mib"].as_f64(),
        more: format!("unfiltered {} per second", all["req_per_s"]),
    }
}

const SINGLY: &str = "W6 singly, 32 producers";

fn table(rows: &[Row]) -> String {
    let mut out = String::from(
        "| workload | who | per second | p50 ms | p99 ms | CPU µs per op | of the database | memory MiB | more |\n",
    );
    out.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    let show = |figure: Option<f64>| figure.map_or_else(String::new, number);
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.workload,
            row.who,
            show(row.per_second),
            show(row.p50_ms),
            show(row.p99_ms),
            show(row.cpu_us),
            show(row.database_cpu_us),
            show(row.mib),
            row.more
        );
    }
    out
}

fn number(figure: f64) -> String {
    match figure.abs() {
        0.0..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

/// Ours over theirs, for every workload that a peer ran too.
fn ratios(rows: &[Row]) -> String {
    let mut workloads: BTreeMap<&str, (Vec<&Row>, Vec<&Row>)> = BTreeMap::new();
    for row in rows {
        let both = workloads.entry(&row.workload).or_default();
        if row.ours { both.0.push(row) } else { both.1.push(row) }
    }
    let mut out = String::new();
    for (workload, (ours, theirs)) in &workloads {
        for (own, peer) in ours.iter().flat_map(|own| theirs.iter().map(move |peer| (own, peer))) {
            let times = |ours: Option<f64>, theirs: Option<f64>| match (ours, theirs) {
                (Some(ours), Some(theirs)) if theirs > 0.0 && ours > 0.0 => number(ours / theirs),
                _ => String::new(),
            };
            let whole = own.cpu_us.map(|cpu| cpu + own.database_cpu_us.unwrap_or(0.0));
            let (speed, cpu) = (times(own.per_second, peer.per_second), times(peer.cpu_us, whole));
            let _ = writeln!(out, "| {workload} | {} | {} | {speed} | {cpu} |", own.who, peer.who);
        }
    }
    if out.is_empty() {
        return out;
    }
    format!(
        "| workload | ours | peer | ours per second ÷ theirs | their CPU per op ÷ ours |\n| --- | --- | --- | --- | --- |\n{out}"
    )
}
