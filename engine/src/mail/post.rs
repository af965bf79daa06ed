//! From a letter to its job, and back.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::letter::Letter;
use crate::cx::Source;
use crate::db::Tx;
use crate::ids::{JobId, WorkspaceId};
use crate::jobs::{self, NewJob};
use crate::vault::Vault;
use crate::{Error, Result};

/// The queue in which letters wait.
pub const QUEUE: &str = "notify";
/// The kind of their jobs.
pub const KIND: &str = "send_mail";

/// Sends letters, if this installation does, and knows where its pages are. Cheap to clone.
#[derive(Clone, Default)]
pub struct Post {
    /// What letters are sealed with; none where no mail is sent.
    vault: Option<Vault>,
    public_url: Arc<str>,
}

/// A letter in its job. To whom it goes is seen by whoever looks after dead letters; what it says is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The letter, sealed, in base64.
    pub sealed: String,
}

/// A letter on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The address.
    pub to: String,
    /// What it says.
    pub letter: Letter,
    /// The same for every attempt: the left side of its `Message-ID`.
    pub id: String,
}

impl Post {
    /// `public_url` is where people reach this installation. With a vault, letters are written.
    pub fn new(vault: Option<Vault>, public_url: &str) -> Self {
        Self { vault, public_url: public_url.trim_end_matches('/').into() }
    }

    /// Whether there is a mail server.
    pub fn sends(&self) -> bool {
        self.vault.is_some()
    }

    /// What letters are sealed with; none where no mail is sent.
    pub(crate) fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    /// Where people reach this installation, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The link that brings a token to one of the pages. It stands behind `#`, which browsers send to nobody.
    pub fn link(&self, page: &str, token: &str) -> String {
        self.page(page, "token", token)
    }

    /// One of the pages, with something behind `#`.
    pub fn page(&self, page: &str, name: &str, value: &str) -> String {
        format!("{}/{page}#{name}={value}", self.public_url)
    }

    /// Writes a letter into the transaction of what it tells of. Does nothing without a mail server.
    pub async fn send(
        &self,
        tx: &mut Tx,
        source: &Source,
        workspace: Option<WorkspaceId>,
        to: &str,
        letter: &Letter,
    ) -> Result<()> {
        match self.job(source, workspace, to, letter)? {
            Some(job) => jobs::service::enqueue(tx, &job).await,
            None => Ok(()),
        }
    }

    /// The job that takes a letter to the mail server: for many letters at once, which are sealed before they are written.
    /// None without a mail server.
    ///
    /// # Errors
    /// None in practice.
    pub fn job(
        &self,
        source: &Source,
        workspace: Option<WorkspaceId>,
        to: &str,
        letter: &Letter,
    ) -> Result<Option<NewJob>> {
        let Some(vault) = &self.vault else { return Ok(None) };
        let mut job = NewJob::new(source, workspace, QUEUE, KIND, &())?;
        let text = serde_json::to_vec(letter)
            .map_err(|error| Error::internal("A letter cannot be written as JSON.").caused_by(error))?;
        let sealed = BASE64_STANDARD.encode(vault.seal(&context(job.id), &text)?);
        let payload = Sealed { to: to.to_owned(), subject: letter.subject.clone(), sealed };
        job.payload = serde_json::to_string(&payload)
            .map_err(|error| Error::internal("A letter's job cannot be written as JSON.").caused_by(error))?;
        Ok(Some(job))
    }
}

impl Sealed {
    /// The letter of this job.
    ///
    /// # Errors
    /// Those of [`Vault::open`], when another key sealed it or it was changed.
    pub fn open(self, vault: &Vault, job: JobId) -> Result<Outgoing> {
        let damaged = |_| Error::internal("The letter of this job is damaged.");
        let sealed = BASE64_STANDARD.decode(&self.sealed).map_err(damaged)?;
        let text = vault.open(&context(job), &sealed)?;
        let letter = serde_json::from_slice(&text)
            .map_err(|error| Error::internal("The letter of this job cannot be read.").caused_by(error))?;
        Ok(Outgoing { to: self.to, letter, id: job.to_string() })
    }
}

fn context(job: JobId) -> String {
    format!("mail:{job}")
}
