//! `/invitations`: who is asked to join, and how they do.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::invitations::{self, Invitation, NewInvitation, SentInvitation};
use trackside_engine::access::{Acceptance, SignedIn};
use trackside_engine::db::Tx;
use trackside_engine::ids::InvitationId;
use trackside_engine::paging::Page;

use super::auth::{entered, signed_in_person};
use super::{ById, PageQuery};
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Bearer, Json, Query};
use crate::openapi::{doc, doc_with, open};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "email": "bob@acme.example", "role": "team_member" });
    let accept = json!({ "token": "trk_inv_…", "name": "Bob", "password": "correct horse battery" });
    ApiRouter::new()
        .api_route(
            "/invitations",
            get_with(list, doc("listInvitations", "List the invitations that nobody has followed yet")).post_with(
                create,
                doc_with(
                    "createInvitation",
                    "Ask an address to join; the link is mailed, or shown where no mail is sent",
                    new,
                ),
            ),
        )
        .api_route("/invitations/{id}", delete_with(revoke, doc("revokeInvitation", "Take an invitation back")))
        .api_route(
            "/invitations/{id}/resend",
            post_with(resend, doc("resendInvitation", "Send an invitation with a new link; the one before is void")),
        )
        .api_route(
            "/invitations/accept",
            post_with(
                accept_,
                open("acceptInvitation", "Join: as somebody new, as somebody known, or as who is signed in", accept),
            ),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Answer<Page<Invitation>>> {
    let may = cx.actor.may_here()?;
    let page = ById::new(query.limit, query.cursor.as_deref())?;
    let mut rx = app.db.read().await?;
    let items = invitations::list(&mut rx, &may, page.after, page.fetch()).await?;
    Ok(Answer::new(page.page(items, |invitation| invitation.id)))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    Json(new): Json<NewInvitation>,
) -> Result<Created<SentInvitation>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| invitations::invite(tx, &cx, &may, new).await).await?))
}

async fn resend(State(app): State<App>, Auth(cx): Auth, At(id): At<InvitationId>) -> Result<Answer<SentInvitation>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| invitations::resend(tx, &cx, &may, id).await).await?))
}

async fn revoke(State(app): State<App>, Auth(cx): Auth, At(id): At<InvitationId>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    app.db.write(async move |tx: &mut Tx| invitations::revoke(tx, &cx, &may, id).await).await?;
    Ok(Done)
}

/// A token says who joins; without one it is whoever the password belongs to, or somebody new.
async fn accept_(
    State(app): State<App>,
    bearer: Result<Bearer>,
    Json(acceptance): Json<Acceptance>,
) -> Result<Created<SignedIn>> {
    let by = match bearer {
        Err(_) => None,
        Ok(Bearer(token)) => {
            let actor = app.actor(&token).await?;
            signed_in_person(&actor)?;
            actor.user()
        }
    };
    entered(app.authenticator.accept(&app.db, by, acceptance).await?)
}
