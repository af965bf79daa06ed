//! E-mail: one letter of all that is due for somebody.

use std::collections::BTreeSet;

use super::super::carry::{Item, Parcel};
use super::super::model::Kind;
use super::super::unsubscribe::Unsubscription;
use super::super::words::{self, Words};
use crate::Result;
use crate::approvals::ApprovalDecision;
use crate::approvals::links::Answer;
use crate::cx::Source;
use crate::ids::{TaskId, WorkspaceId};
use crate::jobs::NewJob;
use crate::mail::{Entry, Letter, Link};
use crate::vault::Vault;

/// The letter's job; none without a mail server.
pub(super) fn pack(
    source: &Source,
    workspace: WorkspaceId,
    workspace_name: &str,
    parcel: &Parcel,
) -> Result<Option<NewJob>> {
    let Some(vault) = source.post().vault() else { return Ok(None) };
    let mut choices = Vec::with_capacity(parcel.items.len());
    for item in &parcel.items {
        choices.push(links(source, vault, workspace, parcel, item)?);
    }
    let mut letter = letter(source.post().public_url(), workspace_name, parcel, choices);
    let kinds: BTreeSet<&str> = parcel.items.iter().map(|item| item.telling.kind.as_str()).collect();
    let kinds = kinds.into_iter().map(str::parse).collect::<Result<_>>()?;
    let word = Unsubscription { workspace, user: parcel.listener.user, kinds }.seal(vault)?;
    let words = words::of(parcel.listener.locale.as_deref()).1;
    let url = format!("{}/unsubscribe/{word}", source.post().public_url());
    letter.unsubscribe = Some(Link { label: words.letter("unsubscribe", &[]), url });
    source.post().job(source, Some(workspace), &parcel.listener.email, &letter)
}

/// By which links somebody answers who is asked for approval; none for what asks nothing.
fn links(source: &Source, vault: &Vault, workspace: WorkspaceId, parcel: &Parcel, item: &Item) -> Result<Vec<Link>> {
    let Some(approval) = item.details.approval else { return Ok(Vec::new()) };
    let words = words::of(parcel.listener.locale.as_deref()).1;
    let link = |(decision, label): (ApprovalDecision, &str)| {
        let word = Answer { workspace, approval, user: parcel.listener.user, decision }.seal(vault)?;
        Ok(Link { label: words.letter(label, &[]), url: format!("{}/decide/{word}", source.post().public_url()) })
    };
    [(ApprovalDecision::Approve, "approve"), (ApprovalDecision::Reject, "reject")].into_iter().map(link).collect()
}

fn letter(
    public_url: &str,
    workspace_name: &str,
    Parcel { listener, items, .. }: &Parcel,
    mut choices: Vec<Vec<Link>>,
) -> Letter {
    let (language, words) = words::of(listener.locale.as_deref());
    let say = |item: &Item| words.say(&item.telling, &item.details, item.name.as_deref(), listener.zone);
    let link = |task: TaskId| format!("{public_url}/tasks/{task}");
    let mut letter = match items.as_slice() {
        [only] => {
            let said = say(only);
            let excerpt = only.details.excerpt.iter().map(|excerpt| format!("“{excerpt}”"));
            let called = about(only).unwrap_or(&said);
            let mut letter = Letter::new(first_line(called), std::iter::once(said.clone()).chain(excerpt));
            letter.choices = choices.pop().unwrap_or_default();
            match only.telling.task_id {
                Some(task) => letter.link(words.letter("open", &[]), link(task)),
                None => letter,
            }
        }
        several => {
            let mut letter = Letter::new(subject(words, workspace_name, several), []);
            letter.entries = several
                .iter()
                .zip(choices)
                .map(|(item, choices)| Entry {
                    text: match about(item) {
                        Some(about) => format!("{about}: {}", say(item)),
                        None => say(item),
                    },
                    quote: item.details.excerpt.clone(),
                    url: item.telling.task_id.map(link),
                    choices,
                })
                .collect();
            letter
        }
    };
    letter.language = Some(language.to_owned());
    let kinds: BTreeSet<&str> = items.iter().map(|item| words.kind(item.telling.kind)).collect();
    let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
    letter.closing(words.letter("why", &[("workspace", workspace_name), ("kinds", &kinds)]))
}

/// What a rule says that it is about. Of other kinds it is an id.
fn about(item: &Item) -> Option<&str> {
    item.details.subject.as_deref().filter(|_| item.telling.kind == Kind::Rule)
}

/// What a letter of several is called: by the task, when they are of one.
fn subject(words: &Words, workspace_name: &str, items: &[Item]) -> String {
    let count = items.len().to_string();
    let of_one = items.first().filter(|first| {
        first.telling.task_id.is_some() && items.iter().all(|item| item.telling.task_id == first.telling.task_id)
    });
    match of_one {
        Some(item) => words.letter("several_of_task", &[("count", &count), ("task", &words::task(&item.details))]),
        None => words.letter("several", &[("count", &count), ("workspace", workspace_name)]),
    }
}

/// A subject of what may be long: rules say what they like.
fn first_line(said: &str) -> String {
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut cut = super::super::model::cut(line, 200);
    if cut.len() < line.len() {
        cut.push('…');
    }
    cut
}
