//! What the rules say should have come of the events, worked out anew from the events alone, and held against what there is: the
//! rows of the database and the book of the service that was called. It knows nothing of how the product does it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use trackside_tests::fakes::sink::Hit;
use trackside_tests::harness::Database;

use super::crowd::Posted;
use super::rules::Kind;

/// Something that is not as it should be.
#[derive(Debug)]
pub struct Finding {
    pub what: String,
    /// `<rule> <n>`, if it is about one.
    pub about: Option<String>,
}

/// What was seen, and what is wrong with it.
pub struct Books {
    db: Database,
    cast: Vec<(Kind, String)>,
    findings: Vec<Finding>,
    figures: String,
}

/// One run, as the database has it.
#[derive(Debug, Clone)]
struct Run {
    id: String,
    state: String,
    /// The code of its error.
    code: String,
    /// Its whole error.
    error: String,
    position: i64,
}

/// What one event must have led to by one rule, if its run went through to the end.
#[derive(Debug, Default)]
struct Wanted {
    state: &'static str,
    /// Tasks and comments.
    within: Vec<String>,
    /// Calls: what, and for which item.
    outside: Vec<(&'static str, &'static str)>,
    /// The lines of the journal.
    lines: Vec<&'static str>,
}

/// What the rules say, read aloud.
fn wanted(kind: Kind, n: i64) -> Wanted {
    let (even, third) = (n % 2 == 0, n % 3 == 0);
    let (within, outside, lines): (&[&str], &[(&str, &str)], &[&str]) = match kind {
        Kind::Deeds => (&["made", "said"], &[("tell", "")], &["made", "tell", "said"]),
        Kind::Branch if even => (&["even"], &[], &["which", "even"]),
        Kind::Branch if third => (&[], &[("third", "")], &["which", "third"]),
        Kind::Branch => (&["other"], &[], &["which", "other"]),
        Kind::Each => (
            &["did1", "did2", "did3"],
            &[("to", "1"), ("to", "2"), ("to", "3")],
            &["all", "all[0].to", "all[0].did", "all[1].to", "all[1].did", "all[2].to", "all[2].did"],
        ),
        Kind::Side => (&["left", "after"], &[("right", "")], &["both", "nap", "left", "right", "sum", "after"]),
        Kind::Naps => (&["rested"], &[], &["nap", "till", "rested"]),
        Kind::Heard => (&["made", "heard"], &[], &["made", "came", "heard"]),
        Kind::Ask if third => (&["refused"], &[], &["ok", "refused"]),
        Kind::Ask => (&["agreed"], &[], &["ok", "agreed"]),
        Kind::Calls => (&["plain", "lane", "after"], &[], &["both", "plain", "lane", "after"]),
        Kind::Shaky => (&["mended", "after"], &[("shaky", "")], &["shaky", "bad", "mended", "after"]),
        Kind::Stops if even => (&["before", "after"], &[], &["before", "which", "after"]),
        Kind::Stops => (&["before"], &[], &["before", "which", "end"]),
        Kind::Queue | Kind::Replace => (&["begin", "end"], &[("between", "")], &["begin", "nap", "between", "end"]),
        Kind::Throttle => (&["went"], &[], &["went"]),
        Kind::Debounce => (&["settled"], &[("tell", "")], &["settled", "tell"]),
        Kind::Dedupe => (&["once"], &[("tell", "")], &["once", "tell"]),
        Kind::Clock => (&["tick"], &[], &["tick"]),
    };
    Wanted {
        state: if kind == Kind::Stops && !even { "skipped" } else { "succeeded" },
        within: within.iter().map(|&what| what.to_owned()).collect(),
        outside: outside.to_vec(),
        lines: lines.to_vec(),
    }
}

impl Books {
    pub fn new(db: &Database, cast: Vec<(Kind, String)>) -> Self {
        Self { db: db.clone(), cast, findings: Vec::new(), figures: String::new() }
    }

    pub fn figures(&self) -> &str {
        &self.figures
    }

    fn found(&mut self, about: Option<&str>, what: String) {
        let what = about.map_or(what.clone(), |about| format!("{about}: {what}"));
        self.findings.push(Finding { what, about: about.map(str::to_owned) });
    }

    /// An id as text.
    fn id(&self, column: &str) -> String {
        match self.db.is_postgres() {
            true => format!("replace(cast({column} as text), '-', '')"),
            false => format!("lower(hex({column}))"),
        }
    }

    /// What holds at every moment, also in the middle: a run that is not over has a job, and there is nobody else to carry it on.
    pub async fn glance(&mut self) {
        let sql = format!(
            "select {} || ' ' || r.state, cast(0 as bigint) from runs r where r.finished_at is null and not exists (select 1 from jobs j where j.id = r.id)",
            self.id("r.id")
        );
        for (run, _) in self.db.rows(&sql).await {
            self.found(None, format!("run {run} has no job"));
        }
    }

    /// The runs that are not over, with what is known of their jobs.
    pub async fn left(&self) -> String {
        let sql = format!(
            "select u.name || ' ' || r.state || ' ' || coalesce(r.waiting, '') || ' since ' || r.created_at || ', ' || case when j.id is null then 'no job' \
             when j.lease_until is not null then 'held until ' || j.lease_until when j.turn is not null then 'in line' \
             else 'due at ' || j.due_at end || coalesce(': ' || j.last_error, '') || ', run ' || {}, coalesce(j.attempts, 0) \
             from runs r join rules u on u.id = r.rule_id left join jobs j on j.id = r.id where r.finished_at is null order by r.id",
            self.id("r.id")
        );
        let rows = self.db.rows(&sql).await;
        rows.iter().map(|(what, attempts)| format!("- {what} ({attempts} attempts)\n")).collect()
    }

    /// Holds everything against everything.
    pub async fn check(&mut self, posted: &[Posted], hits: &[Hit]) -> Vec<Finding> {
        self.glance().await;
        self.rest().await;
        self.journals().await;
        let runs = self.runs().await;
        let within = self.within().await;
        let outside = self.outside(hits);
        let (positions, journals) = (self.positions().await, self.lines().await);
        let kinds: HashMap<String, Kind> = self.cast.iter().map(|(kind, name)| (name.clone(), *kind)).collect();

        // Each event that was answered with 202 is there once, with one run of its rule.
        let events = self.events().await;
        let mut expected: BTreeSet<String> = BTreeSet::new();
        let mut through: Vec<(Kind, Posted, Run)> = Vec::new();
        for one in posted {
            let about = format!("{} {}", one.rule, one.n);
            expected.insert(about.clone());
            if events.get(&about) != Some(&1) {
                self.found(Some(&about), format!("is {:?} times in the log", events.get(&about)));
            }
            match runs.get(&about).map_or(&[][..], Vec::as_slice) {
                [run] => through.push((kinds[&one.rule], one.clone(), run.clone())),
                other => self.found(Some(&about), format!("has {} runs: {other:?}", other.len())),
            }
        }
        for about in events.keys().filter(|about| !expected.contains(*about)) {
            self.found(Some(about), "came from nobody".to_owned());
        }
        for about in runs.keys().filter(|about| !expected.contains(*about) && !about.starts_with("clock")) {
            self.found(Some(about), "ran for nobody".to_owned());
        }

        let mut accounted: BTreeSet<String> = BTreeSet::new();
        let mut keys: HashMap<String, String> = HashMap::new();
        for (kind, one, run) in &through {
            let about = format!("{} {}", one.rule, one.n);
            let want = wanted(*kind, one.n);
            let may_be_cut = *kind == Kind::Replace && run.state == "cancelled" && run.code == "replaced";
            let left_out = (*kind == Kind::Debounce && run.code == "debounced"
                || *kind == Kind::Dedupe && run.code == "duplicate")
                && run.state == "skipped";
            if !may_be_cut && !left_out && run.state != want.state {
                self.found(Some(&about), format!("the run is {} ({}), not {}", run.state, run.error, want.state));
            }
            for what in &want.within {
                let name = format!("{about} {what}");
                let count = within.get(&name).copied().unwrap_or(0);
                let right = match (left_out, may_be_cut) {
                    (true, _) => count == 0,
                    (_, true) => count <= 1,
                    _ => count == 1,
                };
                if !right {
                    self.found(
                        Some(&about),
                        format!("`{what}` was done {count} times; the run is {} {}", run.state, run.code),
                    );
                }
                accounted.insert(name);
            }
            for (what, item) in &want.outside {
                let name = format!("{about} {what} {item}");
                let seen = outside.get(&name).cloned().unwrap_or_default();
                let right = match (left_out, may_be_cut) {
                    (true, _) => seen.is_empty(),
                    (_, true) => seen.len() <= 1,
                    _ => seen.len() == 1,
                };
                if !right || seen.contains("") {
                    self.found(Some(&about), format!("called `{what}` for `{item}` under the keys {seen:?}"));
                }
                for key in seen {
                    if let Some(other) = keys.insert(key.clone(), name.clone()) {
                        self.found(Some(&about), format!("`{name}` and `{other}` have the key {key}"));
                    }
                }
                accounted.insert(name);
            }
            if !may_be_cut {
                let wanted: BTreeSet<String> = match left_out {
                    true => BTreeSet::new(),
                    false => want.lines.iter().map(|&line| line.to_owned()).collect(),
                };
                let lines = journals.get(&run.id).cloned().unwrap_or_default();
                if lines != wanted {
                    self.found(Some(&about), format!("the journal has the lines {lines:?}, not {wanted:?}"));
                }
            }
        }
        self.clocks(&runs, &within, &mut accounted);
        for (name, count) in &within {
            if !accounted.contains(name) {
                self.found(None, format!("`{name}` was done {count} times, and nobody wanted it"));
            }
        }
        for name in outside.keys().filter(|name| !accounted.contains(*name)) {
            self.found(None, format!("`{name}` was called, and nobody wanted it"));
        }
        self.policies(&through, &positions);
        self.called(&through).await;
        let states = self.db.rows("select state, count(*) from runs group by state").await;
        let attempts = hits.len() - outside.len();
        self.figures = format!(
            "runs {states:?}, {} deeds within, {} calls and {attempts} more of them",
            within.len(),
            outside.len()
        );
        std::mem::take(&mut self.findings)
    }

    /// Nothing is left undone or in the air.
    async fn rest(&mut self) {
        for (what, sql) in [
            ("runs are not over", "runs where finished_at is null"),
            ("jobs were given up", "dead_jobs"),
            ("jobs are left", "jobs where queue = 'runs'"),
            ("events have no position", "events where position is null"),
            ("waits are open", "run_waits where open"),
            ("approvals are open", "approvals where state = 'pending'"),
            (
                "turns are held by runs that are over",
                "run_turns t join runs r on r.id = t.run_id where t.policy = 'concurrency' and r.finished_at is not null",
            ),
        ] {
            let count = self.db.count(sql).await;
            if count != 0 {
                self.found(None, format!("{count} {what}"));
            }
        }
        for (rows, kind) in [
            ("tasks", "task.created"),
            ("comments", "task.commented"),
            ("approvals where state in ('approved', 'rejected')", "approval.decided"),
        ] {
            let (rows, events) =
                (self.db.count(rows).await, self.db.count(&format!("events where kind = '{kind}'")).await);
            if rows != events {
                self.found(None, format!("{events} events `{kind}` for {rows} things"));
            }
        }
        let gaps = self.db.rows("select 'gaps', coalesce(max(position), 0) - count(*) from events").await[0].1;
        if gaps != 0 {
            self.found(None, format!("the log has {gaps} gaps"));
        }
    }

    /// No step of a run that is over is still under way, and no line is missing among those that began.
    async fn journals(&mut self) {
        let run = self.id("s.run_id");
        let sql = format!(
            "select {run} || ' ' || s.path || ' ' || s.state, cast(0 as bigint) from run_steps s join runs r on r.id = s.run_id \
             where r.state = 'succeeded' and s.state in ('running', 'retrying', 'unknown', 'waiting')"
        );
        for (line, _) in self.db.rows(&sql).await {
            self.found(None, format!("a run is over, and not its step {line}"));
        }
        let sql = format!(
            "select {run}, count(*) from run_steps s group by s.run_id having count(*) <> count(distinct s.ordinal)"
        );
        for (run, lines) in self.db.rows(&sql).await {
            self.found(None, format!("two of the {lines} lines of run {run} have one place"));
        }
    }

    /// The lines of each run's journal.
    async fn lines(&self) -> HashMap<String, BTreeSet<String>> {
        let sql = format!("select {} || ' ' || path, ordinal from run_steps", self.id("run_id"));
        let mut lines: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (line, _) in self.db.rows(&sql).await {
            let (run, path) = line.split_once(' ').expect("a blank stands between the two");
            lines.entry(run.to_owned()).or_default().insert(path.to_owned());
        }
        lines
    }

    /// How often each event is in the log, as `<rule> <n>`.
    async fn events(&self) -> BTreeMap<String, usize> {
        let rows = self
            .db
            .rows("select cast(payload as text), cast(0 as bigint) from events where kind = 'hook.received'")
            .await;
        let mut events = BTreeMap::new();
        for (payload, _) in rows {
            *events.entry(about(&payload)).or_default() += 1;
        }
        events
    }

    /// The runs that events led to, as `<rule> <n>`.
    async fn runs(&self) -> BTreeMap<String, Vec<Run>> {
        let sql = format!(
            "select {} || '¦' || u.name || '¦' || r.state || '¦' || coalesce(r.error, '') || '¦' || cast(e.payload as text), coalesce(e.position, 0) \
             from runs r join rules u on u.id = r.rule_id join events e on e.id = r.event_id",
            self.id("r.id")
        );
        let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for (row, position) in self.db.rows(&sql).await {
            let parts: Vec<&str> = row.splitn(5, '¦').collect();
            let payload: Value = serde_json::from_str(parts[4]).expect("a payload is JSON");
            let about = match payload["schedule"]["nominal_at"].as_str() {
                Some(nominal) => format!("{} {nominal}", parts[1]),
                None => format!("{} {}", parts[1], payload["body"]["n"]),
            };
            let error: Value = serde_json::from_str(parts[3]).unwrap_or_default();
            let code = error["code"].as_str().unwrap_or_default().to_owned();
            let run =
                Run { id: parts[0].to_owned(), state: parts[2].to_owned(), code, error: parts[3].to_owned(), position };
            runs.entry(about).or_default().push(run);
        }
        runs
    }

    /// How often each task and comment of a rule's is there.
    async fn within(&self) -> BTreeMap<String, i64> {
        let sql = "select title, count(*) from tasks group by title union all \
             select body, count(*) from comments where body <> 'heard' group by body";
        self.db.rows(sql).await.into_iter().collect()
    }

    /// The keys under which each call came in.
    fn outside(&self, hits: &[Hit]) -> BTreeMap<String, BTreeSet<String>> {
        let mut outside: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for hit in hits {
            let path = hit.path.trim_start_matches('/').split_once('/').expect("a path is `/<rule>/<what>`");
            let item = hit.body["item"].as_str().map_or_else(|| hit.body["item"].to_string(), str::to_owned);
            let name = format!("{} {} {} {item}", path.0, hit.body["n"], path.1);
            outside.entry(name).or_default().insert(hit.key.clone());
        }
        outside
    }

    /// Where in the log each task was made.
    async fn positions(&self) -> HashMap<String, i64> {
        let sql = "select cast(payload as text), coalesce(position, 0) from events where kind = 'task.created'";
        let title = |payload: String| {
            let payload: Value = serde_json::from_str(&payload).expect("a payload is JSON");
            payload["task"]["title"].as_str().unwrap_or_default().to_owned()
        };
        self.db.rows(sql).await.into_iter().map(|(payload, position)| (title(payload), position)).collect()
    }

    /// A clock has ticked every two seconds, each time once. Only the last tick may have been dropped when it was switched off.
    fn clocks(
        &mut self,
        runs: &BTreeMap<String, Vec<Run>>,
        within: &BTreeMap<String, i64>,
        accounted: &mut BTreeSet<String>,
    ) {
        let clocks: Vec<String> =
            self.cast.iter().filter(|(kind, _)| *kind == Kind::Clock).map(|(_, name)| name.clone()).collect();
        for clock in clocks {
            let mut times = Vec::new();
            let mut dropped = Vec::new();
            for (about, runs) in runs.iter().filter(|(about, _)| about.split(' ').next() == Some(clock.as_str())) {
                let name = format!("{about} tick");
                let done = within.get(&name).copied().unwrap_or(0);
                if done == 0 && runs.len() == 1 && runs[0].code == "rule_off" {
                    dropped.push(about.clone());
                } else if runs.len() != 1 || runs[0].state != "succeeded" || done != 1 {
                    self.found(Some(about), format!("{done} ticks by {runs:?}"));
                }
                accounted.insert(name);
                let nominal = about.split(' ').nth(1).unwrap_or_default();
                times
                    .push(chrono::DateTime::parse_from_rfc3339(nominal).expect("a nominal time is a time").timestamp());
            }
            if dropped.len() > 1 {
                self.found(None, format!("{clock} was switched off at rest, and these were dropped: {dropped:?}"));
            }
            times.sort_unstable();
            if times.len() < 3 || times.windows(2).any(|two| two[1] - two[0] != 2) {
                self.found(None, format!("{clock} ticked at {times:?}"));
            }
        }
    }

    /// What the policies promise over several runs.
    fn policies(&mut self, through: &[(Kind, Posted, Run)], positions: &HashMap<String, i64>) {
        type Ran = (Kind, Posted, Run);
        let mut lines: BTreeMap<(String, i64), Vec<&Ran>> = BTreeMap::new();
        for one in through {
            let key = match one.0 {
                Kind::Queue | Kind::Replace | Kind::Debounce => one.1.key,
                Kind::Dedupe => one.1.order,
                _ => continue,
            };
            lines.entry((one.1.rule.clone(), key)).or_default().push(one);
        }
        for ((rule, key), mut line) in lines {
            // As the log has them.
            line.sort_by_key(|(_, _, run)| run.position);
            let name = |posted: &Posted| format!("{} {}", posted.rule, posted.n);
            let (first, last) = (line[0], line[line.len() - 1]);
            let kind = first.0;
            match kind {
                Kind::Queue | Kind::Replace => {
                    // Those that ran to the end did so one after another, in the order of the log, and none in the midst of another.
                    let mut spans = Vec::new();
                    for (_, posted, _) in &line {
                        let at = |what: &str| positions.get(&format!("{} {what}", name(posted))).copied();
                        spans.extend(at("begin"));
                        spans.extend(at("end"));
                    }
                    if !spans.is_sorted() {
                        self.found(Some(&name(&first.1)), format!("{rule}, key {key}: begun and ended at {spans:?}"));
                    }
                    if kind == Kind::Replace && last.2.state != "succeeded" {
                        self.found(Some(&name(&last.1)), format!("the newest of key {key} is {}", last.2.state));
                    }
                }
                Kind::Debounce => {
                    if last.2.state != "succeeded" {
                        self.found(Some(&name(&last.1)), format!("the last of key {key} is {}", last.2.state));
                    }
                }
                _ => {
                    for (_, posted, run) in &line {
                        let wanted = if posted.n == first.1.n { "succeeded" } else { "skipped" };
                        if run.state != wanted {
                            self.found(
                                Some(&name(posted)),
                                format!("order {key}: the run is {}, not {wanted}", run.state),
                            );
                        }
                    }
                }
            }
        }
    }

    /// Each call of a rule led to one run.
    async fn called(&mut self, through: &[(Kind, Posted, Run)]) {
        let callers = through.iter().filter(|(kind, _, _)| *kind == Kind::Calls).count() as i64;
        for rule in ["Plain", "Lane"] {
            let sql = format!(
                "runs r join rules u on u.id = r.rule_id join runs p on p.id = r.parent_id where u.name = '{rule}' and r.state = 'succeeded'"
            );
            let runs = self.db.count(&sql).await;
            let all = self.db.count(&format!("runs r join rules u on u.id = r.rule_id where u.name = '{rule}'")).await;
            if runs != callers || all != callers {
                self.found(None, format!("{callers} callers of {rule}, {all} runs of it, {runs} of them well"));
            }
        }
    }

    /// All that is known of one event.
    pub async fn story(&self, about: &str, hits: &[Hit]) -> String {
        let mut story = format!("The story of {about}:\n");
        let (rule, n) = about.split_once(' ').unwrap_or((about, ""));
        let runs = self.runs().await;
        for run in runs.get(about).into_iter().flatten() {
            story += &format!("  event at {}; run {} is {} {}\n", run.position, run.id, run.state, run.error);
            let sql = format!(
                "select s.ordinal || ' ' || s.path || ' ' || s.kind || ' ' || s.state || ' ' || coalesce(s.error, '') || ' ' || coalesce(s.output, ''), s.attempts \
                 from run_steps s where {} = '{}' order by s.ordinal",
                self.id("s.run_id"),
                run.id
            );
            for (line, attempts) in self.db.rows(&sql).await {
                story += &format!("    {line} ({attempts} attempts)\n");
            }
        }
        for (title, position) in
            self.positions().await.iter().filter(|(title, _)| title.starts_with(&format!("{about} ")))
        {
            story += &format!("  `{title}` at {position}\n");
        }
        for hit in hits.iter().filter(|hit| {
            hit.path.starts_with(&format!("/{rule}/")) && hit.body["n"].as_i64().is_some_and(|of| of.to_string() == n)
        }) {
            story += &format!("  {} {} under {}\n", hit.path, hit.body, hit.key);
        }
        story
    }
}

/// `<rule> <n>` of a post.
fn about(payload: &str) -> String {
    let payload: Value = serde_json::from_str(payload).expect("a payload is JSON");
    format!("{} {}", payload["body"]["rule"].as_str().unwrap_or_default(), payload["body"]["n"])
}
