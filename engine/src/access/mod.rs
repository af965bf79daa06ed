//! People: who they are, where they belong, and how a request proves whose it is.
//!
//! A person is in the system once and is a member of workspaces, with a role in each. [`Authenticator`] turns a bearer
//! token into an [`Actor`]; an actor asks for a permission and gets a [`Granted`]; services demand it.
//!
//! There are two kinds of bearer. A **session** gives out JWTs that live 15 minutes and a refresh token that is good
//! once; a refresh token used twice was copied, so the whole session ends. That a session has ended is looked up with
//! every request, so it is over at once and not when its JWT expires. A **personal token** carries scopes and is kept
//! as a hash. Passwords are hashed outside of any transaction; a wrong password, an unknown address and a locked one
//! are answered alike and equally late.
//!
//!
//! What an actor may is the role of their membership (plain look-up) and, in workspaces that use them, the assignments
//! that [`grants`](crate::grants) keeps: [`rights`] judges them, [`load`] reads them once for each change.

pub(crate) mod actions;
mod actor;
pub mod addresses;
mod entry;
pub(crate) mod events;
pub mod factors;
mod govern;
pub mod identity;
pub mod invitations;
mod keys;
pub mod load;
pub mod members;
pub mod membership;
mod model;
pub(crate) mod once;
pub mod passwords;
pub mod permissions;
pub mod profile;
pub mod reach;
pub mod recovery;
pub mod rights;
pub mod service;
pub mod services;
pub mod sessions;
mod signin;
pub(crate) mod store;
pub mod tokens;
mod totp;

pub use actor::{Actor, Proof, Who};
pub use entry::{Acceptance, CHALLENGE_LIFETIME, Entry};
pub use keys::has_secrets;
pub use model::name;
pub use model::{
    CreatedToken, Credentials, Deactivated, Me, Member, MemberKind, MemberQuery, MemberState, NewToken, NewUser,
    Session, Setup, SignedIn, TokenInfo, User, WorkspaceInfo,
};
pub use permissions::*;
pub use reach::{Reach, Sight};
pub use rights::{Place, Rights};
pub use signin::{ACCESS_LIFETIME, Authenticator, REFRESH_LIFETIME};
