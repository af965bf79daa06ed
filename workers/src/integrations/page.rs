//! The page of what starts rules and what they may do is committed: `docs/triggers-and-actions.md`. `make generate` writes
//! it; without it this test says whether it is as the code has it.

use std::fmt::Write as _;

use trackside_engine::actions::{Actions, Undo};
use trackside_engine::events::KINDS;

use super::all;
use crate::egress::{Egress, Policy};

const BEFORE: &str = "# What starts rules, and what they may do\n\n\
    Made from the code by `make generate`. What events say is in [`events/`](events/) and in `GET /api/v1/event-kinds`; what actions take and answer, in\n\
    `GET /api/v1/actions`. How both are used: [How to write a rule](rules.md).\n\n\
    ## Events\n\n| kind | when |\n| --- | --- |\n";
const BETWEEN: &str = "\n## Actions\n\n\
    An action on what is Trackside's happens exactly once, together with the line in the run's journal, whose `events` say what was there before. One on the outside\n\
    world happens at least once, each attempt with the same `Idempotency-Key`.\n\n\
    | action | what it does | goes by | changes | needs | undone by |\n| --- | --- | --- | --- | --- | --- |\n";

#[test]
fn the_committed_page_of_triggers_and_actions_is_that_of_the_code() {
    let mut text = BEFORE.to_owned();
    for kind in KINDS {
        writeln!(text, "| `{}` | {} |", kind.name, kind.summary).unwrap();
    }
    text += BETWEEN;
    let words = |words: &[&str]| if words.is_empty() { "-".to_owned() } else { format!("`{}`", words.join("`, `")) };
    for action in Actions::new(all(&Egress::new(Policy::default()).unwrap())).list() {
        let undo = match action.undo {
            Undo::Restore => "giving back what was".to_owned(),
            Undo::Remove => "removing what it made".to_owned(),
            Undo::Remake => "making again what it removed".to_owned(),
            Undo::By { action } => format!("`{action}`"),
            Undo::Never { because } => format!("nothing: {because}"),
        };
        let (reads, writes) = (words(action.reads), words(action.writes));
        writeln!(text, "| `{}` | {} | {reads} | {writes} | `{}` | {undo} |", action.name, action.summary, action.needs)
            .unwrap();
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/triggers-and-actions.md");
    if std::env::var_os("TRACKSIDE_GENERATE").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        committed == text,
        "docs/triggers-and-actions.md is not what the code says: run `make generate` and commit it"
    );
}
