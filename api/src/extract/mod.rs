//! What handlers ask of a request. Every refusal is a [`Problem`](crate::problem::Problem) that names the place.

mod address;
mod archive;
mod auth;
mod body;
mod path;
mod preconditions;
mod query;
mod request;
mod upload;

pub use address::Address;
pub use archive::{Archive, Sent, is_archive};
pub use auth::{Auth, Bearer, Person};
pub use body::{BODY_LIMIT, Json, MaybeJson, RuleText, pass_over, read_body, read_value, refused, wrong_inputs};
pub use path::{At, BacktestAt, FieldKey, NameAt, Other, OverrideAt, Predecessor, TokenAt, TypeKey, VersionAt, Whom};
pub use preconditions::{IfMatch, IfNoneMatch};
pub use query::{Pairs, Query};
pub use request::{Request, RequestId};
pub use upload::Upload;
