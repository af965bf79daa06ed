//! `/unsubscribe/{id}`: where the link in a letter leads. Looked at, it shows a page that asks; only what is posted, by
//! that page or by a mail program (RFC 8058), turns e-mails off, so that no scanner of links does.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use trackside_engine::db::{Tx, everywhere};
use trackside_engine::notifications::unsubscribe::Unsubscription;

use crate::answer::Result;
use crate::app::App;
use crate::extract::At;
use crate::pages;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/unsubscribe/{id}", get(ask).post(unsubscribe))
}

async fn ask(State(app): State<App>, At(word): At<String>) -> Result<Response> {
    let meant = Unsubscription::open(&app.vault, &word)?;
    let page = everywhere(async { meant.page(&mut *app.db.read().await?).await }).await?;
    let form = format!(
        "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\"><button>{}</button></form>",
        pages::escaped(&page.button)
    );
    Ok(pages::note(page.language, &[page.asks], &form))
}

async fn unsubscribe(State(app): State<App>, At(word): At<String>) -> Result<Response> {
    let meant = Unsubscription::open(&app.vault, &word)?;
    let page = everywhere(async { meant.page(&mut *app.db.read().await?).await }).await?;
    let source = app.source.clone();
    everywhere(app.db.write(async move |tx: &mut Tx| meant.carry_out(tx, &source).await)).await?;
    Ok(pages::note(page.language, &[page.done], ""))
}
