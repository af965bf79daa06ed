//! The ways out of Trackside, one file each: what is due for a person becomes jobs that take it there. Slack and webhooks get
//! theirs with their integrations: a word in [`Channel`], a file, and a line in [`pack`].

mod email;
mod push;

use super::carry::Parcel;
use super::model::Channel;
use crate::Result;
use crate::cx::Source;
use crate::ids::WorkspaceId;
use crate::jobs::NewJob;

/// The jobs that bring somebody what is due for them. Outside of any transaction, for letters are sealed.
pub(super) fn pack(
    source: &Source,
    workspace: WorkspaceId,
    workspace_name: &str,
    channel: Channel,
    parcel: &Parcel,
) -> Result<Vec<NewJob>> {
    match channel {
        // Written where it is told.
        Channel::App => Ok(Vec::new()),
        Channel::Email => Ok(email::pack(source, workspace, workspace_name, parcel)?.into_iter().collect()),
        Channel::Push => push::pack(source, workspace, workspace_name, parcel),
    }
}
