//! The fifty rules, a kind of work each, and the two that some of them call. Everything they do within is a task or a comment
//! called `<rule> <n> <what>`, everything outside a call to `/<rule>/<what>`; so whatever is found can be told apart.

use serde_json::{Value, json};
use trackside_tests::fakes::sink::Sink;

/// How many rules there are besides those that are called.
pub const RULES: usize = 50;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Inside, outside, inside.
    Deeds,
    /// One of three ways.
    Branch,
    /// Three items, outside and inside.
    Each,
    /// Three branches side by side.
    Side,
    /// Waits for a while and until a moment.
    Naps,
    /// Waits for a person's comment.
    Heard,
    /// Waits for a person's answer.
    Ask,
    /// Calls two rules side by side, one of which lets in one at a time.
    Calls,
    /// A service that refuses each call twice, and an action that fails for good.
    Shaky,
    /// Stops early.
    Stops,
    /// One after another.
    Queue,
    /// The newest instead of those before it.
    Replace,
    /// So many a second.
    Throttle,
    /// Once it is quiet.
    Debounce,
    /// Once for an order.
    Dedupe,
    /// By the clock.
    Clock,
}

const KINDS: [Kind; 16] = [
    Kind::Deeds,
    Kind::Branch,
    Kind::Each,
    Kind::Side,
    Kind::Naps,
    Kind::Heard,
    Kind::Ask,
    Kind::Calls,
    Kind::Shaky,
    Kind::Stops,
    Kind::Queue,
    Kind::Replace,
    Kind::Throttle,
    Kind::Debounce,
    Kind::Dedupe,
    Kind::Clock,
];

/// The kind and the name of each rule.
pub fn cast() -> Vec<(Kind, String)> {
    (0..RULES)
        .map(|at| {
            let kind = KINDS[at % KINDS.len()];
            (kind, format!("{}{}", format!("{kind:?}").to_lowercase(), at / KINDS.len()))
        })
        .collect()
}

fn make(name: &str, what: &str) -> Value {
    json!({ "id": what, "action": "task.create", "with": { "project": "KIL", "title": format!("{name} {{{{ body.n }}}} {what}") } })
}

fn call(sink: &Sink, name: &str, what: &str, item: &str) -> Value {
    json!({ "id": what, "action": "http.request", "retry": { "max": 60, "delay": "200ms", "backoff": "constant" }, "timeout": "5s",
        "with": { "method": "POST", "url": sink.url(&format!("/{name}/{what}")), "body": { "n": "{{ body.n }}", "item": item } } })
}

fn nap(id: &str, period: &str) -> Value {
    json!({ "id": id, "wait": { "for": period } })
}

/// What the rule does, step by step.
pub fn rule(kind: Kind, name: &str, sink: &Sink) -> Value {
    let make = |what: &str| make(name, what);
    let call = |what: &str| call(sink, name, what, "");
    let mut policy = json!({});
    let steps = match kind {
        Kind::Deeds => json!([make("made"), call("tell"),
            { "id": "said", "action": "task.comment", "with": { "task": "{{ steps.made.output.id }}", "body": format!("{name} {{{{ body.n }}}} said") } }]),
        Kind::Branch => json!([{ "id": "which", "if": "body.n % 2 == 0", "then": [make("even")],
            "else_if": [{ "if": "body.n % 3 == 0", "then": [call("third")] }], "else": [make("other")] }]),
        Kind::Each => json!([{ "id": "all", "for_each": "[1, 2, 3]", "as": "it", "do": [
            self::call(sink, name, "to", "{{ it }}"), { "id": "did", "action": "task.create",
                "with": { "project": "KIL", "title": format!("{name} {{{{ body.n }}}} did{{{{ it }}}}") } }] }]),
        Kind::Side => {
            json!([{ "id": "both", "parallel": [{ "steps": [nap("nap", "150ms"), make("left")] }, { "steps": [call("right")] },
            { "steps": [{ "id": "sum", "script": "let s = 0; for i in 0..10 { s += i; } s" }] }] }, make("after")])
        }
        Kind::Naps => {
            json!([nap("nap", "200ms"), { "id": "till", "wait": { "until": "now + seconds(1)" } }, make("rested")])
        }
        Kind::Heard => json!([make("made"),
            { "id": "came", "wait": { "event": { "on": "task.commented", "match": { "task": "{{ steps.made.output.id }}" }, "timeout": "1h" } } },
            { "id": "heard", "action": "task.create", "with": { "project": "KIL", "title": format!("{name} {{{{ body.n }}}} {{{{ steps.came.output.comment.body }}}}") } }]),
        Kind::Ask => {
            json!([{ "id": "ok", "approve": { "by": ["owner"], "allow_self": true, "timeout": "1h", "message": format!("{name} {{{{ body.n }}}}") },
            "then": [make("agreed")], "on_reject": [make("refused")] }])
        }
        Kind::Calls => json!([{ "id": "both", "parallel": [
            { "steps": [{ "id": "plain", "call": "Plain", "with": { "who": format!("{name} {{{{ body.n }}}}") } }] },
            { "steps": [{ "id": "lane", "call": "Lane", "with": { "who": format!("{name} {{{{ body.n }}}}"), "lane": "{{ body.key }}" } }] }] },
            make("after")]),
        Kind::Shaky => {
            json!([call("shaky"), { "id": "bad", "action": "task.create", "with": { "project": "NONE", "title": "never" },
            "on_error": [make("mended")] }, make("after")])
        }
        Kind::Stops => json!([make("before"), { "id": "which", "if": "body.n % 2 == 1",
            "then": [{ "id": "end", "stop": { "outcome": "skipped", "reason": "odd" } }] }, make("after")]),
        Kind::Queue | Kind::Replace => {
            let on_busy = if kind == Kind::Queue { "queue" } else { "replace" };
            policy = json!({ "concurrency": { "key": "body.key", "on_busy": on_busy } });
            json!([make("begin"), nap("nap", "50ms"), call("between"), make("end")])
        }
        Kind::Throttle => {
            policy = json!({ "throttle": { "runs": 10, "per": "1s" } });
            json!([make("went")])
        }
        Kind::Debounce => {
            policy = json!({ "debounce": { "key": "body.key", "for": "1s" } });
            json!([make("settled"), call("tell")])
        }
        Kind::Dedupe => {
            policy = json!({ "dedupe": { "key": "body.order" } });
            json!([make("once"), call("tell")])
        }
        Kind::Clock => json!([{ "id": "tick", "action": "task.create",
            "with": { "project": "KIL", "title": format!("{name} {{{{ schedule.nominal_at }}}} tick") } }]),
    };
    let trigger = match kind {
        Kind::Clock => json!({ "on": "schedule", "every": "2s", "catch_up": "all" }),
        _ => json!({ "on": "hook.received", "match": { "hook": "numbers", "body.rule": name } }),
    };
    json!({ "name": name, "trigger": trigger, "policy": policy, "steps": steps })
}

/// What is called: one rule that lets in everybody, and one that lets in one of a lane at a time.
pub fn called() -> [Value; 2] {
    let steps = |what: &str| {
        json!([nap("nap", "30ms"), { "id": what, "action": "task.create",
            "with": { "project": "KIL", "title": format!("{{{{ inputs.who }}}} {what}") } }])
    };
    let text = json!({ "type": "string", "required": true });
    [
        json!({ "name": "Plain", "trigger": { "on": "manual", "form": { "who": text } }, "steps": steps("plain") }),
        json!({ "name": "Lane", "trigger": { "on": "manual", "form": { "who": text, "lane": { "type": "integer" } } },
            "policy": { "concurrency": { "key": "inputs.lane" } }, "steps": steps("lane") }),
    ]
}
