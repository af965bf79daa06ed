//! The sums of budgets against sums by whole numbers, as a story on both databases.

use serde_json::{Value, json};
use trackside_engine::access::permissions::{BudgetEdit, BudgetView, TimeLog};
use trackside_engine::budgets::{Budget, costs, service};
use trackside_engine::db::Tx;
use trackside_engine::projects::{self, Project};
use trackside_engine::rates;
use trackside_engine::time_entries::{NewTimeEntry, service as time};

use crate::office::Office;
use crate::place::on_each;

async fn plan(office: &Office, project: &Project, planned: &str) {
    let (cx, project, new) = (office.cx(), project.clone(), json!({"currency": "EUR", "planned": planned}));
    let new = serde_json::from_value(new).unwrap();
    let plan = async move |tx: &mut Tx| {
        service::plan(tx, &cx, &cx.actor.may::<BudgetEdit, _>(project)?, None, new).await.map(drop)
    };
    office.db.write(plan).await.unwrap();
}

async fn budget(office: &Office, project: &Project) -> Budget {
    let may = office.cx().actor.may::<BudgetView, _>(project.clone()).unwrap();
    service::find(&mut office.db.read().await.unwrap(), &may).await.unwrap()
}

async fn add(office: &Office, project: &Project, cost: Value) {
    let (cx, project, new) = (office.cx(), project.clone(), serde_json::from_value(cost).unwrap());
    let add =
        async move |tx: &mut Tx| costs::add(tx, &cx, &cx.actor.may::<BudgetEdit, _>(project)?, new).await.map(drop);
    office.db.write(add).await.unwrap();
}

async fn rate(office: &Office, rate: Value) {
    let (cx, new) = (office.cx(), serde_json::from_value(rate).unwrap());
    let add = async move |tx: &mut Tx| {
        let place = rates::service::place(tx, &cx, None).await?;
        rates::service::add(tx, &cx, &place, new).await.map(drop)
    };
    office.db.write(add).await.unwrap();
}

async fn log(office: &Office, entry: Value) {
    let (cx, task) = (office.cx(), "WEB-1".parse().unwrap());
    let new: NewTimeEntry = serde_json::from_value(entry).unwrap();
    let log = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &task).await?;
        time::log(tx, &cx, &cx.actor.may::<TimeLog, _>(project)?, &task, new).await.map(drop)
    };
    office.db.write(log).await.unwrap();
}

/// So many cents, half of one to the even neighbour, of so many hundredths of cents times minutes of an hour.
fn cents(whole: i128) -> i128 {
    let (cents, rest) = (whole / 6000, whole % 6000);
    cents + i128::from(rest > 3000 || (rest == 3000 && cents % 2 == 1))
}

fn shown(cents: i128) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[tokio::test]
async fn sums_of_costs_and_time_are_those_of_whole_numbers() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        office.create(&web, json!({"title": "One"})).await.unwrap();
        plan(&office, &web, "1000000").await;
        // A generator of our own, so that a failure can be repeated: Numerical Recipes' constants.
        let mut seed = 20_261_125_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut rates = Vec::new();
        for (user, from) in [(None, "2026-01-01"), (Some(office.bob), "2026-01-01"), (Some(office.bob), "2026-02-01")] {
            let amount = next(2_000_000);
            let written = format!("{}.{:04}", amount / 10_000, amount % 10_000);
            rate(&office, json!({"user": user, "amount": written, "currency": "EUR", "valid_from": from})).await;
            rates.push(i128::from(amount));
        }
        let (mut paid, mut promised, mut time, mut charged) = (0_i128, 0_i128, 0_i128, 0_i128);
        for _ in 0..60 {
            let amount = next(1_000_000) + 1;
            let state = if next(2) == 0 { "actual" } else { "committed" };
            add(&office, &web, json!({"amount": shown(i128::from(amount)), "state": state})).await;
            *(if state == "actual" { &mut paid } else { &mut promised }) += i128::from(amount);
            let (minutes, day, billable) = (next(1440) + 1, next(28) + 1, next(2) == 0);
            let (who, month) = ([office.ada, office.bob][next(2) as usize], next(2) + 1);
            let start = format!("2026-{month:02}-{day:02}T08:00:00Z");
            log(&office, json!({"started_at": start, "minutes": minutes, "billable": billable, "user": who})).await;
            let rate = if who == office.ada { rates[0] } else { rates[month as usize] };
            time += rate * i128::from(minutes);
            charged += if billable { rate * i128::from(minutes) } else { 0 };
        }
        let found = budget(&office, &web).await;
        let actual = cents(time + paid * 6000);
        assert_eq!(found.actual.to_string(), shown(actual));
        assert_eq!(found.committed.to_string(), shown(promised));
        assert_eq!(found.actual_costs.to_string(), shown(paid));
        assert_eq!(found.billable.to_string(), shown(cents(charged)));
        assert_eq!(found.remaining.to_string(), shown(100_000_000 - actual - promised));
        assert_eq!(found.unpriced_minutes, 0);
    })
    .await;
}

#[test]
fn money_knows_no_floating_point() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source.join("money.rs")];
    for area in ["budgets", "rates", "time_entries", "timesheets"] {
        files.extend(std::fs::read_dir(source.join(area)).unwrap().map(|entry| entry.unwrap().path()));
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for float in ["f32", "f64", "to_f", "from_f"] {
            assert!(!text.contains(float), "{} speaks of {float}", file.display());
        }
    }
}
