//! The job that takes a letter to the mail server (SMTP, RFC 5321).

use std::time::Duration;

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, Message, SmtpTransport, Transport};
use trackside_engine::cx::Source;
use trackside_engine::db::{Db, Tx};
use trackside_engine::jobs::{Job, Outcome};
use trackside_engine::mail::{self, Outgoing, Sealed, refused};
use trackside_engine::vault::{Secret, Vault};
use url::{Host, Url};

use crate::queue::Handler;

/// One word with the server may take so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a node sends mail.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// `smtp://user:password@host:port`, `smtps://…`.
    pub url: Secret,
    /// Whom letters are from: `Trackside <trackside@example.org>`.
    pub from: String,
}

/// Sends letters. Without a server it gives each job back, for a node that has one.
#[derive(Clone)]
pub(crate) struct SendMail {
    db: Db,
    source: Source,
    vault: Vault,
    server: Option<(SmtpTransport, Mailbox)>,
}

impl MailServer {
    /// Says what is wrong with these settings.
    ///
    /// # Errors
    /// A sentence for the operator, without the URL, which may hold a password.
    pub fn check(&self) -> Result<(), String> {
        self.open().map(drop)
    }

    fn open(&self) -> Result<(SmtpTransport, Mailbox), String> {
        let from: Mailbox = self.from.parse().map_err(|error| {
            format!("mail_from must be an address such as `Trackside <trackside@example.org>`: {error}")
        })?;
        let wrong = "smtp_url must be smtp://user:password@host:port or smtps://user:password@host:port";
        let mut url = Url::parse(self.url.reveal()).map_err(|error| format!("{wrong}: {error}"))?;
        // A password never goes over the network in the clear; without one, encryption is taken where it is offered.
        if url.scheme() == "smtp" && !is_loopback(&url) && !url.query_pairs().any(|(name, _)| name == "tls") {
            let tls = if url.password().is_some() { "required" } else { "opportunistic" };
            let port = url.port().unwrap_or(if url.password().is_some() { 587 } else { 25 });
            url.query_pairs_mut().append_pair("tls", tls);
            url.set_port(Some(port)).map_err(|()| wrong.to_owned())?;
        }
        // TLS asks for a provider at its first use; fails only when there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = SmtpTransport::from_url(url.as_str()).map_err(|error| format!("{wrong}: {error}"))?;
        Ok((server.timeout(Some(PATIENCE)).build(), from))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        // `smtp` is no scheme that the standard knows, so that addresses are read as names.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

impl SendMail {
    /// Sends through this server.
    ///
    /// # Errors
    /// As [`MailServer::check`].
    pub fn new(db: Db, source: Source, vault: Vault, server: Option<&MailServer>) -> Result<Self, String> {
        Ok(Self { db, source, vault, server: server.map(MailServer::open).transpose()? })
    }

    /// Notes what is known of an address now. That cannot be noted is no reason to send the letter again.
    async fn note(&self, address: String, outcome: &Outcome, dead: bool) {
        let told = match outcome {
            Outcome::Done => self.reached(address).await,
            Outcome::Dead { reason } if dead => {
                let (source, reason) = (self.source.clone(), reason.clone());
                let note = async move |tx: &mut Tx| refused::note(tx, &source, &address, &reason).await;
                self.db.write(note).await
            }
            _ => Ok(()),
        };
        if let Err(error) = told {
            tracing::warn!(%error, "what a mail server said of an address could not be noted");
        }
    }

    async fn reached(&self, address: String) -> trackside_engine::Result<()> {
        if !refused::is_known(&mut *self.db.read().await?, &address).await? {
            return Ok(());
        }
        self.db.write(async move |tx: &mut Tx| refused::forget(tx, &address).await).await
    }
}

impl Handler for SendMail {
    const KIND: &'static str = mail::KIND;
    type Payload = Sealed;

    async fn run(&self, job: &Job, sealed: Sealed) -> Outcome {
        let Some((server, from)) = &self.server else {
            return Outcome::retry("this node has no mail server; set smtp_url on every node that works");
        };
        let to = sealed.to.clone();
        let message = match sealed.open(&self.vault, job.id) {
            Ok(letter) => message(letter, from),
            Err(error) => return Outcome::Dead { reason: error.to_string() },
        };
        match message {
            Err(reason) => Outcome::Dead { reason },
            Ok(message) => {
                let (outcome, dead_address) = send(server.clone(), message).await;
                self.note(to, &outcome, dead_address).await;
                outcome
            }
        }
    }
}

/// Sends on a thread of its own: the library waits. Also says whether it is the address that was refused for good.
async fn send(server: SmtpTransport, message: Message) -> (Outcome, bool) {
    match tokio::task::spawn_blocking(move || server.send(&message)).await {
        Ok(Ok(_)) => (Outcome::Done, false),
        Ok(Err(error)) => (judged(&error), is_of_address(&error)),
        Err(error) => (Outcome::retry(format!("sending broke down: {error}")), false),
    }
}

/// The letter as RFC 5322 and MIME have it.
fn message(outgoing: Outgoing, from: &Mailbox) -> Result<Message, String> {
    let Outgoing { to, letter, id } = outgoing;
    let unsubscribe = letter.unsubscribe.as_ref().map(|link| link.url.clone());
    let to: Address = to.parse().map_err(|error| format!("`{to}` is no address that mail goes to: {error}"))?;
    let mut message = Message::builder();
    if let Some(url) = unsubscribe {
        message = message.header(ListUnsubscribe(format!("<{url}>"))).header(ListUnsubscribePost);
    }
    message
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(&letter.subject)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .multipart(MultiPart::alternative_plain_html(letter.text(), letter.html()))
        .map_err(|error| format!("the letter cannot be written: {error}"))
}

/// Where one click ends letters of this kind (RFC 2369 section 3.2).
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }
    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// That it is one click (RFC 8058 section 3.1).
#[derive(Clone, Copy)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// What the server refuses for good is not tried again; a wrong password and everything else may be mended.
fn judged(error: &SmtpError) -> Outcome {
    let code = error.status().map(u16::from);
    match code {
        Some(501 | 550..=553) => Outcome::Dead { reason: format!("the mail server refused it: {}", told(error)) },
        _ => Outcome::retry(told(error)),
    }
}

/// Whether it says that there is no such mailbox. X.7.X is about who sends, not about whom to (RFC 3463 section 3.8).
fn is_of_address(error: &SmtpError) -> bool {
    matches!(error.status().map(u16::from), Some(550 | 551 | 553)) && !told(error).contains("5.7.")
}

fn told(error: &SmtpError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, from: &str) -> Result<(), String> {
        MailServer { url: Secret::new(url), from: from.to_owned() }.check()
    }

    #[test]
    fn a_server_is_named_by_its_url_and_a_wrong_one_is_told_without_its_password() {
        let from = "Trackside <trackside@example.org>";
        for url in [
            "smtp://127.0.0.1:2525",
            "smtp://u:p@localhost",
            "smtp://u:p@mail.example.org:587",
            "smtps://u:p@mail.example.org",
            "smtp://mail.example.org",
        ] {
            assert_eq!(check(url, from), Ok(()), "{url}");
        }
        for url in ["mail.example.org", "http://u:hush@mail.example.org", "smtp://u:hush@host:99999", "smtp:hush"] {
            let said = check(url, from).unwrap_err();
            assert!(said.starts_with("smtp_url must be") && !said.contains("hush"), "{said}");
        }
        assert!(check("smtp://localhost", "nobody").unwrap_err().starts_with("mail_from must be"));
    }
}
