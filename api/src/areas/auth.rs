//! `/setup`, `/auth`, `/me`, `/sessions` and `/workspaces`: who one is, and where.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::access::profile::{self, ProfilePatch};
use trackside_engine::access::{
    Actor, Credentials, Entry, Me, Proof, Session, Setup, SignedIn, WorkspaceInfo, service, services, sessions,
};
use trackside_engine::db::{self, Tx};
use trackside_engine::ids::{SessionId, WorkspaceId};
use trackside_engine::paging::Page;
use trackside_engine::vault::Secret;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Bearer, Json, MaybeJson, Person};
use crate::openapi::{doc, doc_with, open};
use crate::problem::Problem;

pub(super) fn routes() -> ApiRouter<App> {
    let setup =
        json!({ "workspace": "Acme", "name": "Ada", "email": "ada@acme.example", "password": "correct horse battery" });
    let login = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
    let refresh = json!({ "refresh_token": "trk_ref_…" });
    let switch = json!({ "workspace_id": "ws_01h455vb4pex5vsknk084sn02q" });
    let me_patch = json!({ "name": "Ada", "time_zone": "Europe/Vienna", "locale": "de-AT", "skills": ["Rust"],
        "working_hours": { "monday": { "from": "09:00", "to": "17:00" } } });
    ApiRouter::new()
        .api_route(
            "/setup",
            get_with(is_set_up, open("getSetup", "Whether Trackside is set up", json!(null)))
                .post_with(set_up, open("setUp", "Make the first workspace and its owner; 409 once set up", setup)),
        )
        .api_route("/auth/login", post_with(login_, open("login", "Sign in", login)))
        .api_route(
            "/auth/refresh",
            post_with(refresh_, open("refresh", "Get new tokens; a refresh token is good once", refresh.clone())),
        )
        .api_route(
            "/auth/logout",
            post_with(logout, open("logout", "Sign out: ends the session of the tokens", refresh)),
        )
        .api_route(
            "/auth/switch",
            post_with(switch_, doc_with("switchWorkspace", "Get tokens for another workspace of one's own", switch)),
        )
        .api_route(
            "/me",
            get_with(me, doc("getMe", "Who one is, and where")).patch_with(
                update_me,
                doc_with("updateMe", "Change one's own name, time zone, language, hours, skills", me_patch),
            ),
        )
        .api_route("/sessions", get_with(list_sessions, doc("listSessions", "List one's sessions, oldest first")))
        .api_route("/sessions/{id}", delete_with(end_session, doc("endSession", "End a session of one's own")))
        .api_route(
            "/workspaces",
            post_with(
                create_workspace,
                doc_with("createWorkspace", "Make a workspace of one's own", json!({ "name": "Lab" })),
            ),
        )
}

/// Whether there is a user.
#[derive(Debug, Serialize, JsonSchema)]
struct IsSetUp {
    /// After that, `POST /setup` answers 409 for ever.
    set_up: bool,
}

async fn is_set_up(State(app): State<App>) -> Result<Answer<IsSetUp>> {
    Ok(Answer::new(IsSetUp { set_up: app.authenticator.is_set_up(&app.db).await? }))
}

async fn set_up(State(app): State<App>, Json(setup): Json<Setup>) -> Result<Created<SignedIn>> {
    Ok(Answer::new(app.authenticator.setup(&app.db, setup).await?))
}

async fn login_(State(app): State<App>, Json(credentials): Json<Credentials>) -> Result<Answer<SignedIn>> {
    entered(app.authenticator.login(&app.db, credentials).await?)
}

/// A session, or the problem that says how to get one: with a code of the second factor.
pub(super) fn entered<const STATUS: u16>(entry: Entry) -> Result<Answer<SignedIn, STATUS>> {
    match entry {
        Entry::SignedIn(signed_in) => Ok(Answer::new(*signed_in)),
        Entry::SecondFactor { challenge } => Err(Problem::second_factor(challenge)),
    }
}

/// A refresh token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The token.
    refresh_token: Secret,
}

async fn refresh_(State(app): State<App>, Json(body): Json<Refresh>) -> Result<Answer<SignedIn>> {
    Ok(Answer::new(app.authenticator.refresh(&app.db, &body.refresh_token).await?))
}

/// The token whose session is to end.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Logout {
    /// The refresh token; that of the Authorization header when left out.
    refresh_token: Option<Secret>,
}

async fn logout(State(app): State<App>, bearer: Result<Bearer>, MaybeJson(body): MaybeJson<Logout>) -> Result<Done> {
    let token = match body.refresh_token {
        Some(token) => token,
        None => Secret::new(&*bearer?.0),
    };
    app.authenticator.logout(&app.db, &token).await?;
    Ok(Done)
}

/// Where to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Switch {
    /// A workspace that one belongs to.
    workspace_id: WorkspaceId,
}

async fn switch_(State(app): State<App>, Person(cx, user): Person, Json(to): Json<Switch>) -> Result<Answer<SignedIn>> {
    signed_in_person(&cx.actor)?;
    // From one's workspace into another.
    let signed_in = db::everywhere(app.authenticator.switch(&app.db, user, to.workspace_id)).await?;
    Ok(Answer::new(signed_in))
}

/// A token that is limited to scopes must not turn into one that is not, or open another workspace.
pub(super) fn unlimited(actor: &Actor) -> Result<()> {
    match actor.scopes {
        None => Ok(()),
        Some(_) => Err(trackside_engine::Error::denied("this token is limited to scopes; sign in to do this").into()),
    }
}

/// What only somebody does who has signed in, and no program that was given a token: a session would outlive the token.
pub(super) fn signed_in_person(actor: &Actor) -> Result<()> {
    match actor.proof {
        Proof::Token { .. } => {
            Err(trackside_engine::Error::denied("a personal token cannot do this; sign in to do it").into())
        }
        Proof::Session { .. } | Proof::Inside => Ok(()),
    }
}

async fn me(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Me>> {
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::me(&mut rx, &cx.actor).await?))
}

async fn update_me(State(app): State<App>, Auth(cx): Auth, Json(patch): Json<ProfilePatch>) -> Result<Answer<Me>> {
    let may = cx.actor.may_here()?;
    let update = async move |tx: &mut Tx| {
        profile::update(tx, &cx, &may, patch).await?;
        service::me(tx, &cx.actor).await
    };
    Ok(Answer::new(app.db.write(update).await?))
}

async fn list_sessions(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<Session>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    let items = sessions::list(&mut rx, &cx, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn end_session(State(app): State<App>, Auth(cx): Auth, At(id): At<SessionId>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    app.db.write(async move |tx: &mut Tx| sessions::end(tx, &cx, &may, id).await).await?;
    Ok(Done)
}

/// A workspace that is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewWorkspace {
    /// 1 to 200 characters.
    name: String,
}

async fn create_workspace(
    State(app): State<App>,
    Person(cx, user): Person,
    Json(new): Json<NewWorkspace>,
) -> Result<Created<WorkspaceInfo>> {
    unlimited(&cx.actor)?;
    let create = async move |tx: &mut Tx| {
        services::must_be_person(tx, user).await?;
        service::create_workspace(tx, &cx, &new.name, user).await
    };
    // What is made here lies outside of the workspace that is acted from.
    Ok(Answer::new(db::everywhere(app.db.write(create)).await?))
}
