//! What every handler reaches, and how the routes are put together.

use std::ops::Deref;
use std::sync::Arc;

use aide::axum::ApiRouter;
use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::from_fn_with_state;
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Notify;
use trackside_engine::Source;
use trackside_engine::access::Actor;
use trackside_engine::access::Authenticator;
use trackside_engine::actions::Actions;
use trackside_engine::attachments::Limits;
use trackside_engine::db::{Db, everywhere};
use trackside_engine::files::FileStore;
use trackside_engine::hooks::{Intake, Registry};
use trackside_engine::rules::Library;
use trackside_engine::vault::Vault;

use trackside_workers::egress::Egress;
use trackside_workers::oidc::Oidc;

use crate::areas::AREAS;
use crate::health::MetricsFor;
use crate::live::{self, Hub};
use crate::problem::Problem;
use crate::rate::Limiter;
use crate::{
    cors, decisions, fields, health, hot, idempotency, observe, openapi, pages, parameters, rate, scope, unsubscribe,
    web,
};

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Where time and ids come from.
    pub source: Source,
    /// The rules of this process.
    pub library: Arc<Library>,
    /// What rules may do.
    pub actions: Actions,
    /// Who stands behind a token.
    pub authenticator: Arc<Authenticator>,
    /// Who listens to the event log over a socket.
    pub hub: Hub,
    /// The hooks in memory, ready to verify.
    pub hooks: Registry,
    /// Where their posts go in.
    pub intake: Intake,
    /// Where files lie.
    pub files: Arc<dyn FileStore>,
    /// How large they may be.
    pub limits: Limits,
    /// Wakes whoever deletes files that nobody wants any more.
    pub sweep: Arc<Notify>,
    /// Seals secrets.
    pub vault: Vault,
    /// Speaks with providers of sign-in.
    pub oidc: Oidc,
    /// The wall around what goes out, for addresses that are given to be called later.
    pub egress: Egress,
    /// Redis, in scale-out: only asked whether it lives.
    pub redis_url: Option<String>,
    /// The sites whose pages may read answers.
    pub cors_origins: Vec<HeaderValue>,
    /// The proxies that are believed about who asks.
    pub trusted_proxies: Vec<IpNet>,
    /// Limits requests per token and address, if anything does.
    pub limiter: Option<Limiter>,
    /// The figures for `/metrics`.
    pub metrics: PrometheusHandle,
    /// Who is shown them.
    pub metrics_for: MetricsFor,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// An app of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Who stands behind a bearer token.
    pub async fn actor(&self, token: &str) -> Result<Actor, Problem> {
        Ok(self.authenticator.authenticate(&self.db, token).await?)
    }

    /// Lets this process know the rules as they are now. The book is that of all workspaces, so what reads it must see all.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn refresh_rules(&self) -> trackside_engine::Result<()> {
        everywhere(async { self.library.refresh(&mut *self.db.read().await?).await }).await
    }

    /// Every route. The inbound hooks and the probes stand outside of the layers: the one because it is the hottest
    /// path of all, the others because they must answer when little else does.
    pub fn router(&self) -> Router {
        let (api, document) = openapi::generate();
        let bare = parameters::Bare::of(&document);
        let api = api
            .layer(from_fn_with_state(self.clone(), scope::layer))
            .layer(from_fn_with_state((self.clone(), bare), parameters::layer))
            .layer(from_fn_with_state(fields::Routes::of(&document), fields::layer))
            .layer(from_fn_with_state(self.clone(), idempotency::layer))
            .layer(from_fn_with_state(self.clone(), rate::layer))
            .merge(pages::routes(&document))
            .merge(decisions::routes())
            .merge(unsubscribe::routes())
            .fallback(web::serve)
            .method_not_allowed_fallback(observe::method_not_allowed)
            .layer(from_fn_with_state(self.clone(), observe::request));
        // Outermost, so that a page can read also what went wrong.
        let api = match self.cors_origins.is_empty() {
            true => api,
            false => api.layer(from_fn_with_state(self.clone(), cors::layer)),
        };
        let bare = Router::from(hot::routes().merge(health::routes())).merge(live::routes());
        api.merge(bare.method_not_allowed_fallback(observe::method_not_allowed)).with_state(self.clone())
    }
}

/// The routes under `/api/v1`, area by area.
pub fn v1() -> ApiRouter<App> {
    let areas = AREAS.iter().fold(ApiRouter::new(), |router, area| {
        router.merge((area.routes)().with_path_items(|item| item.tag(area.name)))
    });
    ApiRouter::new().nest("/api/v1", areas)
}
