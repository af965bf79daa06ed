//! `/decide/{id}`: where the links lead by which somebody answers who is asked for approval. Looked at, it shows what is asked;
//! only what that page posts decides, so that no scanner of links does.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use trackside_engine::approvals::MAX_COMMENT;
use trackside_engine::approvals::links::{Answer, Page};
use trackside_engine::db::{Tx, everywhere};

use crate::answer::Result;
use crate::app::App;
use crate::extract::At;
use crate::{pages, problem};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/decide/{id}", get(ask).post(decide))
}

async fn ask(State(app): State<App>, At(word): At<String>) -> Result<Response> {
    let Some(answer) = Answer::open(&app.vault, &word) else { return Ok(shown(Answer::unknown())) };
    let page = everywhere(async { answer.look(&mut *app.db.read().await?, &app.source).await }).await?;
    Ok(shown(page))
}

async fn decide(State(app): State<App>, At(word): At<String>, body: String) -> Result<Response> {
    let Some(answer) = Answer::open(&app.vault, &word) else { return Ok(shown(Answer::unknown())) };
    let comment = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "comment");
    // Browsers end the lines of what they post as letters do.
    let comment = comment.map(|(_, text)| text.replace("\r\n", "\n").trim().to_owned()).unwrap_or_default();
    let (source, meant) = (app.source.clone(), answer.clone());
    let write = async move |tx: &mut Tx| meant.carry_out(tx, &source, comment).await;
    let page = everywhere(async {
        match app.db.write(write).await {
            Ok(()) => answer.taken(&mut *app.db.read().await?).await,
            Err(error) => answer.refused(&mut *app.db.read().await?, error).await,
        }
    });
    Ok(shown(page.await?))
}

fn shown(page: Page) -> Response {
    let form = page.form.map(|(comment, button)| {
        format!(
            "<form method=\"post\"><p><label>{}<br><textarea name=\"comment\" rows=\"3\" maxlength=\"{MAX_COMMENT}\"></textarea></label></p>\
             <button>{}</button></form>",
            pages::escaped(&comment),
            pages::escaped(&button)
        )
    });
    let status = page.refused.map_or(StatusCode::OK, problem::status);
    (status, pages::note(page.language, &page.says, &form.unwrap_or_default())).into_response()
}
