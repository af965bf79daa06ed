//! What the loop check knows of the events that actions on tasks cause.

use trackside_rules::graph::Write;

/// Which inputs of these actions are seen in the events that they cause.
pub(super) const WRITES: &[Write] = &[
    Write { input: "labels", kind: "task.*", fact: "task.labels" },
    Write { input: "priority", kind: "task.*", fact: "task.priority" },
    Write { input: "project", kind: "task.*", fact: "project" },
    Write { input: "status", kind: "task.*", fact: "task.status" },
    Write { input: "status", kind: "task.status_changed", fact: "change.to" },
    Write { input: "title", kind: "task.*", fact: "task.title" },
    Write { input: "type", kind: "task.*", fact: "task.type" },
];
