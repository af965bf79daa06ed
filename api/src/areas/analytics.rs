//! `/projects/{id}/metrics` and `/portfolio`, both as tables, too.

use std::collections::BTreeSet;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use chrono::{DateTime, Utc};
use trackside_engine::Cx;
use trackside_engine::access::{ProjectView, TaskView};
use trackside_engine::analytics::{Metrics, MetricsQuery, Portfolio, PortfolioQuery, ProjectFigures, service};
use trackside_engine::db::Rx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::projects;

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::csv::Csv;
use crate::extract::{At, Auth, Query};
use crate::openapi::doc;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/portfolio", get_with(portfolio, doc("getPortfolio", "Get the figures of all projects")))
        .api_route(
            "/portfolio.csv",
            get_with(portfolio_table, doc("getPortfolioTable", "Get the figures of all projects as CSV")),
        )
        .api_route("/projects/{id}/metrics", get_with(metrics, doc("getMetrics", "Get a project's figures")))
        .api_route(
            "/projects/{id}/metrics.csv",
            get_with(metrics_table, doc("getMetricsTable", "Get a project's figures day by day as CSV")),
        )
}

async fn read_metrics(app: &App, cx: Cx, id: Handle<ProjectId>, query: MetricsQuery) -> Result<Metrics> {
    let read = async move |rx: &mut Rx| {
        let project = projects::service::find(rx, cx.actor.workspace, &id).await?;
        service::metrics(rx, &cx.actor.may::<TaskView, _>(project)?, cx.now(), &query).await
    };
    Ok(app.db.scan(read).await?)
}

async fn metrics(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(query): Query<MetricsQuery>,
) -> Result<Answer<Metrics>> {
    Ok(Answer::new(read_metrics(&app, cx, id, query).await?))
}

async fn metrics_table(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(query): Query<MetricsQuery>,
) -> Result<Csv> {
    let metrics = read_metrics(&app, cx, id, query).await?;
    let statuses: BTreeSet<&str> =
        metrics.points.iter().flat_map(|point| point.by_status.keys()).map(String::as_str).collect();
    let heads = ["start", "end", "created", "completed", "scope", "done", "remaining"];
    let minutes = ["scope_minutes", "done_minutes", "remaining_minutes"];
    let standing: Vec<String> = statuses.iter().map(|status| format!("status_{status}")).collect();
    let heads = heads.into_iter().chain(minutes).chain(standing.iter().map(String::as_str));
    let mut table = Csv::new("metrics.csv", heads);
    for point in &metrics.points {
        let times = [point.start, point.end].map(time);
        let counts = [point.created, point.completed, point.scope, point.done, point.remaining];
        let minutes = [point.scope_minutes, point.done_minutes, point.remaining_minutes];
        let standing = statuses.iter().map(|status| point.by_status.get(*status).copied().unwrap_or(0));
        let numbers = counts.into_iter().chain(minutes).chain(standing).map(|number| number.to_string());
        table.row(times.into_iter().chain(numbers));
    }
    Ok(table)
}

async fn read_portfolio(app: &App, cx: &Cx, query: PortfolioQuery) -> Result<Portfolio> {
    let (may, now) = (cx.actor.may_somewhere::<ProjectView>()?, cx.now());
    Ok(app.db.scan(async move |rx: &mut Rx| service::portfolio(rx, &may, now, &query).await).await?)
}

async fn portfolio(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<PortfolioQuery>,
) -> Result<Answer<Portfolio>> {
    Ok(Answer::new(read_portfolio(&app, &cx, query).await?))
}

async fn portfolio_table(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(mut query): Query<PortfolioQuery>,
) -> Result<Csv> {
    let heads = ["key", "name", "status", "owner", "health", "start_at", "due_at", "next_milestone_at", "progress"];
    let counts = ["total", "open", "completed", "cancelled", "overdue", "throughput"];
    let mut table = Csv::new("portfolio.csv", heads.into_iter().chain(counts));
    loop {
        let page = read_portfolio(&app, &cx, query.clone()).await?;
        page.items.iter().for_each(|project| table.row(line(project)));
        if page.next_cursor.is_none() {
            return Ok(table);
        }
        // From where this page ended; a table has all of them.
        (query.cursor, query.offset, query.limit) = (page.next_cursor, None, Some(200));
    }
}

fn line(project: &ProjectFigures) -> Vec<String> {
    let counts = project.counts;
    let numbers = [
        project.progress,
        counts.total,
        counts.open,
        counts.completed,
        counts.cancelled,
        counts.overdue,
        counts.throughput,
    ];
    let times =
        [project.start_at, project.due_at, project.next_milestone_at].map(|at| at.map(time).unwrap_or_default());
    let health = project.health.map(|health| health.to_string()).unwrap_or_default();
    let words =
        [project.key.clone(), project.name.clone(), project.status.to_string(), project.owner.to_string(), health];
    words.into_iter().chain(times).chain(numbers.map(|number| number.to_string())).collect()
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
