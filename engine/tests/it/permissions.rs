//! The table of permissions is committed: `docs/permissions.md`. `make generate` writes it; without it this test says
//! whether it is as the code has it.

use std::fmt::Write as _;

use trackside_engine::access::Role;
use trackside_engine::access::permissions::ALL;

#[test]
fn the_committed_table_of_permissions_is_that_of_the_code() {
    let mut text = String::from(
        "# Who may what\n\nWhat each default role has, made from the code by `make generate`. Scopes of tokens and refusals use the same names.\n\n| permission |",
    );
    for role in &Role::ALL {
        write!(text, " `{role}` |").unwrap();
    }
    text += &format!("\n| --- |{}\n", " --- |".repeat(Role::ALL.len()));
    for (name, least) in ALL {
        write!(text, "| `{name}` |").unwrap();
        for role in &Role::ALL {
            text += if role >= least { " yes |" } else { " - |" };
        }
        text += "\n";
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
    if std::env::var_os("TRACKSIDE_GENERATE").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert!(committed == text, "docs/permissions.md is not what the code says: run `make generate` and commit it");
}
