//! Sign-in through other providers (OpenID Connect Core 1.0): which there are, sign-ins on their way, and who comes back.
//!
//! Providers are the installation's, made by administrators of its first workspace: a provider says who somebody is, and a
//! person is the same in every workspace. Somebody is found by an address that the provider has verified, once; from then on
//! by what the provider calls them. Talking to providers and checking what they say is `workers::oidc`'s.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::entry::{Entry, Half, acting, enter};
use super::model::{self, NewUser, User};
use super::once::Purpose;
use super::permissions::{Granted, IdentityManage, Role, Workspace};
use super::signin::{Authenticator, place};
use super::{addresses, invitations, membership, once, passwords, recovery, service, store};
use crate::cx::Cx;
use crate::db::{Db, One, Rx, Tx, row, statements};
use crate::ids::{IdentityProviderId, UserId, WorkspaceId};
use crate::vault::{Secret, Vault};
use crate::{Error, Result, Source, audit, db};

/// What the `state` of a sign-in begins with.
const PREFIX: &str = "trk_ost_";
/// How long a sign-in may be on its way.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Most sign-ins on their way: anybody can begin one.
const MOST_PENDING: i64 = 10_000;
/// Most providers.
const MOST: i64 = 50;
/// Longest client id and secret, in bytes.
const LONGEST: usize = 2_000;

row! {
    /// A provider, without its secret.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct IdentityProvider {
        /// Its id.
        pub id: IdentityProviderId,
        /// Where it was made: whom it lets join.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// What the sign-in page calls it.
        pub name: String,
        /// Its issuer identifier, under which its configuration is found.
        pub issuer: String,
        /// What it calls us.
        pub client_id: String,
        /// Whose addresses may join without an invitation: those of this domain.
        pub auto_join_domain: Option<String>,
        /// As what they join.
        pub auto_join_role: Option<Role>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
    }
}

/// A provider that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentityProvider {
    /// What the sign-in page calls it, 1 to 200 characters.
    pub name: String,
    /// Its issuer identifier: `https://accounts.example.org`.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What proves to it who we are; a public client has none.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// Who may join without an invitation; nobody when left out.
    #[serde(default)]
    pub auto_join: Option<AutoJoin>,
}

/// Who may join without an invitation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoJoin {
    /// Whoever has a verified address of this domain.
    pub domain: String,
    /// As what; not above one's own role.
    pub role: Role,
}

/// A provider as the sign-in page shows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProviderChoice {
    /// Its id.
    pub id: IdentityProviderId,
    /// What it is called.
    pub name: String,
}

/// A sign-in that was begun. Has no `Debug`, so that nothing of it ends in a log.
pub struct Begun {
    /// Comes back with the browser, and binds it to this sign-in.
    pub state: String,
    /// Comes back in the provider's word.
    pub nonce: String,
    /// Proves at the end that we are who began (PKCE, RFC 7636).
    pub verifier: String,
}

/// A sign-in that has come back. Has no `Debug`, so that nothing of it ends in a log.
pub struct Returned {
    /// From where.
    pub provider: IdentityProvider,
    /// What proves to it who we are.
    pub client_secret: Option<Secret>,
    /// Must be in the provider's word.
    pub nonce: String,
    /// Shows that we began it.
    pub verifier: String,
}

/// What a provider says of somebody, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the provider calls them, for ever.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether the provider has verified it.
    pub email_verified: bool,
    /// Their name.
    pub name: Option<String>,
}

statements! {
    LIST = "select {IdentityProvider} from identity_providers order by name, id", IdentityProvider;
    FIND = "select {IdentityProvider} from identity_providers where id = $1", IdentityProvider;
    SECRET = "select sealed_secret from identity_providers where id = $1";
    COUNT = "select count(*) from identity_providers";
    INSERT = "insert into identity_providers (id, workspace_id, name, issuer, client_id, sealed_secret, auto_join_domain, \
         auto_join_role, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing";
    DELETE = "delete from identity_providers where workspace_id = $1 and id = $2";
    DELETE_EXPIRED = "delete from identity_sign_ins where expires_at <= $1";
    COUNT_PENDING = "select count(*) from identity_sign_ins";
    BEGIN = "insert into identity_sign_ins (hash, provider_id, nonce, sealed_verifier, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    TAKE = "delete from identity_sign_ins where hash = $1 and expires_at > $2 returning provider_id, nonce, sealed_verifier";
    LINKED = "select user_id from linked_identities where provider_id = $1 and subject = $2";
    LINK = "insert into linked_identities (provider_id, subject, user_id, created_at) values ($1, $2, $3, $4)";
    DROP_PASSWORD = "update users set password_hash = '' where id = $1";
    DROP_TOKENS = "delete from personal_tokens where user_id = $1";
    DROP_FACTOR = "delete from totp_factors where user_id = $1";
    DROP_RECOVERY_CODES = "delete from recovery_codes where user_id = $1";
}

/// The providers that people can choose from: for the sign-in page, which nobody has signed in to.
pub async fn choices(rx: &mut Rx) -> Result<Vec<ProviderChoice>> {
    let all: Vec<IdentityProvider> = rx.all(LIST, ()).await?;
    Ok(all.into_iter().map(|provider| ProviderChoice { id: provider.id, name: provider.name }).collect())
}

/// The providers, by name.
///
/// # Errors
/// `denied` for administrators of other workspaces than the first.
pub async fn list(rx: &mut Rx, may: &Granted<IdentityManage, Workspace>) -> Result<Vec<IdentityProvider>> {
    must_run_installation(rx, may).await?;
    rx.all(LIST, ()).await
}

/// Adds a provider. Its address is judged by the caller, who knows what may be reached.
///
/// # Errors
/// `invalid_fields`, `provider_name_taken`, `too_many_providers`, `denied`.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    vault: &Vault,
    may: &Granted<IdentityManage, Workspace>,
    new: NewIdentityProvider,
) -> Result<IdentityProvider> {
    must_run_installation(tx, may).await?;
    let name = model::name("/name", &new.name)?;
    let issuer = plain("/issuer", &new.issuer)?.trim_end_matches('/').to_owned();
    let client_id = plain("/client_id", &new.client_id)?;
    let id: IdentityProviderId = cx.new_id();
    let secret = match &new.client_secret {
        Some(secret) => Some(vault.seal(&context(id), plain("/client_secret", secret.reveal())?.as_bytes())?),
        None => None,
    };
    let auto_join = new.auto_join.map(|auto| check_auto_join(cx, auto)).transpose()?;
    let (auto_join_domain, auto_join_role) = auto_join.unzip();
    if tx.one::<One<i64>>(COUNT, ()).await?.0 >= MOST {
        return Err(Error::conflict(
            "too_many_providers",
            format!("There are {MOST} providers, the most there may be."),
        ));
    }
    let workspace_id = may.resource().0;
    let it = IdentityProvider {
        id,
        workspace_id,
        name,
        issuer,
        client_id,
        auto_join_domain,
        auto_join_role,
        created_at: cx.now(),
    };
    let (name, issuer, client_id) = (it.name.as_str(), it.issuer.as_str(), it.client_id.as_str());
    let args = (
        id,
        workspace_id,
        name,
        issuer,
        client_id,
        secret,
        it.auto_join_domain.as_deref(),
        it.auto_join_role,
        it.created_at,
    );
    if tx.execute(INSERT, args).await? == 0 {
        let message = "another provider has this name; choose another";
        return Err(Error::conflict("provider_name_taken", message).and_field("/name", message));
    }
    audit::service::record(
        tx,
        cx,
        "identity_provider.created",
        &id.to_string(),
        &json!({ "before": null, "after": &it }),
    )
    .await?;
    Ok(it)
}

/// Removes a provider. Whoever signed in through it has to find another way in; their sessions go on.
///
/// # Errors
/// `identity_provider_not_found`, `denied`.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<IdentityManage, Workspace>,
    id: IdentityProviderId,
) -> Result<()> {
    must_run_installation(tx, may).await?;
    if tx.execute(DELETE, (may.resource().0, id)).await? == 0 {
        return Err(Error::not_found("identity_provider", id));
    }
    audit::service::record(tx, cx, "identity_provider.deleted", &id.to_string(), &json!({ "after": null })).await
}

/// A provider, with what proves to it who we are.
///
/// # Errors
/// `identity_provider_not_found`.
pub async fn find(rx: &mut Rx, vault: &Vault, id: IdentityProviderId) -> Result<(IdentityProvider, Option<Secret>)> {
    let found: Option<IdentityProvider> = rx.opt(FIND, (id,)).await?;
    let provider = found.ok_or_else(|| Error::not_found("identity_provider", id))?;
    let sealed: Option<(Option<Vec<u8>>,)> = rx.opt(SECRET, (id,)).await?;
    let secret =
        sealed.and_then(|(sealed,)| sealed).map(|sealed| vault.open_text(&context(id), &sealed)).transpose()?;
    Ok((provider, secret))
}

/// Begins a sign-in.
///
/// # Errors
/// `busy_signing_in` when too many are on their way.
pub async fn begin(tx: &mut Tx, source: &Source, vault: &Vault, provider: IdentityProviderId) -> Result<Begun> {
    let now = source.now();
    tx.execute(DELETE_EXPIRED, (now,)).await?;
    if tx.one::<One<i64>>(COUNT_PENDING, ()).await?.0 >= MOST_PENDING {
        return Err(Error::busy(
            "busy_signing_in",
            "Too many people sign in at this moment; try again in a few minutes.",
        ));
    }
    let (state, hash) = once::make(PREFIX);
    // RFC 7636 section 4.1 wants 43 to 128 letters.
    let (verifier, _) = once::make("");
    let (nonce, _) = once::make("");
    let sealed = vault.seal(&sign_in_context(&hash), verifier.as_bytes())?;
    tx.execute(BEGIN, (hash, provider, nonce.as_str(), sealed, now, now + LIFETIME)).await?;
    Ok(Begun { state, nonce, verifier })
}

/// Takes a sign-in that came back; it comes back once.
///
/// # Errors
/// `state_invalid` for one that was never begun, came back before, or took too long.
pub async fn take(tx: &mut Tx, source: &Source, vault: &Vault, state: &Secret) -> Result<Returned> {
    let hash = once::hash(PREFIX, state).ok_or_else(state_invalid)?;
    let found: Option<(IdentityProviderId, String, Vec<u8>)> = tx.opt(TAKE, (hash.as_slice(), source.now())).await?;
    let (provider, nonce, sealed) = found.ok_or_else(state_invalid)?;
    let verifier = vault.open_text(&sign_in_context(&hash), &sealed)?.reveal().to_owned();
    let (provider, client_secret) = find(tx, vault, provider).await?;
    Ok(Returned { provider, client_secret, nonce, verifier })
}

/// That a sign-in did not come from here, came back before, or took too long.
pub fn state_invalid() -> Error {
    Error::unauthenticated(
        "state_invalid",
        "This sign-in was not begun in this browser, was used before, or took too long; begin again.",
    )
}

/// What somebody who came back gets.
pub enum Arrival {
    /// A session, or its first half.
    Entry(Entry),
    /// For a browser: what its page fetches the session with, so that no token stands in an address.
    Ticket(String),
}

impl Authenticator {
    /// Signs in whom a provider vouches for, or with `by_ticket` makes the ticket for it.
    ///
    /// # Errors
    /// `address_unverified`, `not_invited`, `no_workspace`.
    pub async fn enter_by_identity(
        &self,
        db: &Db,
        provider: IdentityProvider,
        identity: Identity,
        by_ticket: bool,
    ) -> Result<Arrival> {
        let source = self.source.clone();
        let admit = async move |tx: &mut Tx| {
            let (user, workspace) = admit(tx, &source, &provider, identity).await?;
            if by_ticket {
                let wished = workspace.to_string();
                let ticket = once::issue(tx, &source, Purpose::Ticket, user.id, Some(&wished)).await?;
                return Ok(Err(ticket));
            }
            enter(tx, &source, user, workspace).await.map(Ok)
        };
        match db.write(admit).await? {
            Ok(half) => self.entered(db, half).await.map(Arrival::Entry),
            Err(ticket) => Ok(Arrival::Ticket(ticket)),
        }
    }

    /// Spends a ticket.
    ///
    /// # Errors
    /// `ticket_invalid`.
    pub async fn redeem(&self, db: &Db, ticket: &Secret) -> Result<Entry> {
        let (source, ticket) = (self.source.clone(), ticket.clone());
        let invalid =
            || Error::unauthenticated("ticket_invalid", "This sign-in was used, or took too long; begin again.");
        let redeem = async move |tx: &mut Tx| {
            let found = once::spend(tx, &source, Purpose::Ticket, &ticket).await?;
            let Some((user, Some(workspace))) = found else { return Err(invalid()) };
            let workspace = workspace.parse().map_err(|_| invalid())?;
            membership::must_be_in(tx, workspace, user).await?;
            let user = store::find_user(tx, user).await?.ok_or_else(invalid)?;
            enter(tx, &source, user, workspace).await
        };
        let half: Half = db.write(redeem).await?;
        self.entered(db, half).await
    }
}

async fn admit(
    tx: &mut Tx,
    source: &Source,
    provider: &IdentityProvider,
    identity: Identity,
) -> Result<(User, WorkspaceId)> {
    let linked: Option<One<UserId>> = tx.opt(LINKED, (provider.id, identity.subject.as_str())).await?;
    let user = match linked {
        Some(One(user)) => user,
        None => link(tx, source, provider, &identity).await?,
    };
    let user = store::find_user(tx, user).await?.ok_or_else(|| Error::not_found("user", user))?;
    let workspace = match place(tx, user.id, None).await {
        Err(error) if error.code == "no_workspace" => {
            let invitation = invitations::find_for(tx, &user.email, source.now()).await?.ok_or(error)?;
            follow(tx, source, user.id, &invitation).await?
        }
        other => other?,
    };
    Ok((user, workspace))
}

/// Finds whom a provider means, for the first time: by the address that it has verified.
async fn link(tx: &mut Tx, source: &Source, provider: &IdentityProvider, identity: &Identity) -> Result<UserId> {
    let email = verified(identity)?;
    let user = match store::find_login(tx, &email).await? {
        Some(known) => known.id,
        None => join_new(tx, source, provider, identity, &email).await?,
    };
    if addresses::proved_at(tx, user).await?.is_none() {
        take_over(tx, source, user).await?;
    }
    tx.execute(LINK, (provider.id, identity.subject.as_str(), user, source.now())).await?;
    Ok(user)
}

/// The address, in the form in which it is compared, if the provider has verified it.
fn verified(identity: &Identity) -> Result<String> {
    let email = identity.email.as_deref().filter(|_| identity.email_verified).ok_or_else(|| {
        let detail = "The provider has not verified your e-mail address; verify it there, then sign in again.";
        Error::denied(detail).with_code("address_unverified")
    })?;
    model::email(email)
}

/// Makes somebody known who was invited, or who may join without.
async fn join_new(
    tx: &mut Tx,
    source: &Source,
    provider: &IdentityProvider,
    identity: &Identity,
    email: &str,
) -> Result<UserId> {
    let local = email.split('@').next().unwrap_or(email);
    let name =
        identity.name.as_deref().and_then(|name| model::name("/name", name).ok()).unwrap_or_else(|| local.to_owned());
    let new = NewUser { email: email.to_owned(), name, password: passwords::Hashed::none() };
    let invitation = invitations::find_for(tx, email, source.now()).await?;
    let domain = email.rsplit('@').next();
    let auto = provider.auto_join_role.filter(|_| domain.is_some() && domain == provider.auto_join_domain.as_deref());
    if invitation.is_none() && auto.is_none() {
        let detail = "Nobody has invited this address; ask an administrator to, then sign in again.";
        return Err(Error::denied(detail).with_code("not_invited"));
    }
    let user = service::insert_user(tx, source, &new).await?.id;
    addresses::mark_proved(tx, user, source.now()).await?;
    match (invitation, auto) {
        (Some(invitation), _) => drop(follow(tx, source, user, &invitation).await?),
        (None, Some(role)) => {
            let workspace = provider.workspace_id;
            membership::join(tx, &acting(source, workspace, user), (workspace, user), role, None).await?;
        }
        (None, None) => {}
    }
    Ok(user)
}

async fn follow(
    tx: &mut Tx,
    source: &Source,
    user: UserId,
    invitation: &invitations::Invitation,
) -> Result<WorkspaceId> {
    invitations::take_by_id(tx, invitation.id).await?;
    let workspace = invitation.workspace_id;
    let cx = acting(source, workspace, user);
    membership::join(tx, &cx, (workspace, user), invitation.role, Some(invitation.id)).await?;
    Ok(workspace)
}

/// Gives an account whose address nobody had proved to who has now. Whoever made it may have been somebody else, so what
/// they set to get in by opens nothing any more.
async fn take_over(tx: &mut Tx, source: &Source, user: UserId) -> Result<()> {
    tx.execute(DROP_PASSWORD, (user,)).await?;
    tx.execute(DROP_TOKENS, (user,)).await?;
    tx.execute(DROP_FACTOR, (user,)).await?;
    tx.execute(DROP_RECOVERY_CODES, (user,)).await?;
    recovery::end_sessions(tx, user, source.now(), "address_proved").await?;
    addresses::mark_proved(tx, user, source.now()).await
}

async fn must_run_installation(rx: &mut Rx, may: &Granted<IdentityManage, Workspace>) -> Result<()> {
    db::must_see_all()?;
    if store::first_of_all(rx).await? == Some(may.resource().0) {
        return Ok(());
    }
    Err(Error::denied(
        "Providers sign people in to all workspaces; only an administrator of the first workspace can change them.",
    ))
}

fn check_auto_join(cx: &Cx, auto: AutoJoin) -> Result<(String, Role)> {
    let domain = auto.domain.trim().to_lowercase();
    let sound = !domain.is_empty()
        && domain.len() <= 253
        && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if !sound {
        return Err(Error::field("/auto_join/domain", "must be a domain such as example.org"));
    }
    membership::within(cx, auto.role)?;
    Ok((domain, auto.role))
}

fn plain(pointer: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(Error::field(pointer, format!("must be 1 to {LONGEST} bytes without control characters")));
    }
    Ok(text.to_owned())
}

fn context(id: IdentityProviderId) -> String {
    format!("identity_provider:{id}")
}

fn sign_in_context(hash: &[u8]) -> String {
    format!("identity_sign_in:{}", hex::encode(hash))
}
