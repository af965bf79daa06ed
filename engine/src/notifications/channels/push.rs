//! Web push: one message of all that is due for somebody, to each of their browsers.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::super::carry::Parcel;
use super::super::fan_out::QUEUE;
use super::super::model::cut;
use super::super::push::{KIND, Message, Push};
use super::super::words;
use crate::Result;
use crate::cx::Source;
use crate::ids::WorkspaceId;
use crate::jobs::NewJob;

/// So much is said, in bytes: all of a message must fit into one record.
const LONGEST: usize = 1_500;

/// The jobs, one for each browser.
pub(super) fn pack(
    source: &Source,
    workspace: WorkspaceId,
    workspace_name: &str,
    Parcel { listener, items, browsers }: &Parcel,
) -> Result<Vec<NewJob>> {
    let Some(last) = items.last() else { return Ok(Vec::new()) };
    let words = words::of(listener.locale.as_deref()).1;
    let lines = items.iter().map(|item| words.say(&item.telling, &item.details, item.name.as_deref(), listener.zone));
    let task = last.telling.task_id.filter(|task| items.iter().all(|item| item.telling.task_id == Some(*task)));
    let public_url = source.post().public_url();
    let message = Message {
        title: cut(workspace_name, 200),
        body: cut(&lines.collect::<Vec<_>>().join("\n"), LONGEST),
        url: task.map_or_else(|| format!("{public_url}/notifications"), |task| format!("{public_url}/tasks/{task}")),
        tag: last.telling.id.to_string(),
    };
    // At most 32 letters of base64url. What is not delivered yet of a task is out of date with the next message of it.
    let topic = task.map(|task| BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(task.to_string())[..24]));
    let told_at = last.telling.created_at;
    let push = |browser: &_| Push { subscription: *browser, message: message.clone(), topic: topic.clone(), told_at };
    let job = |browser| NewJob::new(source, Some(workspace), QUEUE, KIND, &push(browser));
    browsers.iter().map(job).collect()
}
