//! Every hostile script ends within a second and 64 MB, on a thread with a usual stack.

use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use trackside_rules::{
    Expr, Facts, Problem, Sandbox, Script, Template, Vars,
    hostile::{HOSTILE, parse_bombs},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// An event that invites abuse: long texts, long lists.
fn event() -> Value {
    json!({"body": {
        "text": "a".repeat(15_000), "sharp": "ŉ".repeat(8_000), "list": (0..500).collect::<Vec<_>>(),
        "objects": (0..500).map(|n| json!({"id": n, "text": "b".repeat(100)})).collect::<Vec<_>>(),
    }, "task": {"key": "WEB-1"}})
}

/// Runs `work`, holding it to the limits.
fn held(name: &str, work: impl FnOnce() -> Option<Problem>) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let started = Instant::now();
    let problem = work();
    let took = started.elapsed();
    let used = MEMORY.peak_usage().saturating_sub(before);
    println!("{name}: {took:?}, {used} bytes, {}", problem.as_ref().map_or(String::new(), ToString::to_string));
    // The net under the engine's own panics is for what nobody knows yet.
    assert!(problem.is_none_or(|problem| problem.code != "internal"), "{name} broke the engine");
    assert!(took < Duration::from_secs(1), "{name} took {took:?}");
    assert!(used < 64 * 1024 * 1024, "{name} used {used} bytes");
}

// One test, since the allocator counts for the whole process.
#[test]
fn every_hostile_script_ends_soon_and_small() {
    assert!(HOSTILE.len() >= 45);
    let sandbox = Sandbox::new();
    let vars = Vars::new(Facts::from_json(event()).expect("facts"), "2026-03-02T10:00:00Z".parse().expect("a moment"));
    let mut all: Vec<(String, String)> =
        HOSTILE.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect();
    all.extend(parse_bombs());
    let base = MEMORY.current_usage();
    for (name, source) in &all {
        held(&format!("{name} as an expression"), || {
            Expr::compile(&sandbox, source).and_then(|expr| expr.eval_json(&vars)).err()
        });
        held(&format!("{name} as a script"), || {
            Script::compile(&sandbox, source).and_then(|script| script.run(&vars)).err()
        });
        held(&format!("{name} as a template"), || {
            let written = json!({ "x": format!("{{{{ {source} }}}} and {{{{ {source} }}}}") });
            match Template::compile(&sandbox, &written) {
                Ok(template) => template.render(&vars).err(),
                Err(mut problems) => problems.pop(),
            }
        });
    }
    let kept = MEMORY.current_usage().saturating_sub(base);
    assert!(kept < 1024 * 1024, "{kept} bytes were never freed");
    // The event is as it was.
    assert_eq!(vars.facts().json(), &event());
}
