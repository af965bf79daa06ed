//! Custom fields: orders and filters over made-up values, as stories on both databases.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use trackside_engine::Result;
use trackside_engine::access::ProjectEdit;
use trackside_engine::db::Tx;
use trackside_engine::fields::{self, Field, NewField};
use trackside_engine::handle::Handle;
use trackside_engine::ids::TaskId;
use trackside_engine::projects::{self, Project};

use crate::office::Office;
use crate::place::on_each;

async fn define(office: &Office, project: &Project, field: Value) -> Result<Field> {
    let (cx, project) = (office.cx(), project.clone());
    let new: NewField = serde_json::from_value(field).unwrap();
    let create =
        async move |tx: &mut Tx| fields::service::create(tx, &cx, &cx.actor.may::<ProjectEdit, _>(project)?, new).await;
    office.db.write(create).await
}

/// Fields of every type that has an order, under the names that filters use below.
async fn define_all(office: &Office, project: &Project) {
    let options: Vec<Value> =
        ["urgent", "soon", "late", "never"].iter().map(|key| json!({"key": key, "name": key})).collect();
    for field in [
        json!({"key": "points", "name": "Points", "type": "number"}),
        json!({"key": "cost", "name": "Cost", "type": "money", "currency": "EUR"}),
        json!({"key": "day", "name": "Day", "type": "date"}),
        json!({"key": "note", "name": "Note", "type": "text"}),
        json!({"key": "when", "name": "When", "type": "select", "options": options}),
        json!({"key": "tags", "name": "Tags", "type": "multi_select", "options": options}),
        json!({"key": "done", "name": "Done", "type": "checkbox"}),
    ] {
        define(office, project, field).await.unwrap();
    }
}

/// What one task holds: each field now and then.
fn held() -> impl Strategy<Value = Map<String, Value>> {
    let number =
        prop_oneof![(-30_i64..30).prop_map(Value::from), (-3000_i64..3000).prop_map(|n| json!(n as f64 / 100.0))];
    let cost = (-500_i64..500, 0_u32..3).prop_map(|(n, scale)| json!(rust_decimal::Decimal::new(n, scale).to_string()));
    let day = (1_u32..29, 1_u32..13).prop_map(|(day, month)| json!(format!("2026-{month:02}-{day:02}")));
    let note = "[a-cA-C é,~\u{1f600}]{1,4}".prop_map(Value::from);
    let key = || prop::sample::select(vec!["urgent", "soon", "late", "never"]);
    let tags = prop::collection::vec(key(), 1..4).prop_map(Value::from);
    let fields = (number, cost, day, note, key().prop_map(Value::from), tags, any::<bool>().prop_map(Value::from));
    (fields, prop::collection::vec(any::<bool>(), 7)).prop_map(
        |((number, cost, day, note, when, tags, done), given)| {
            let all = [
                ("points", number),
                ("cost", cost),
                ("day", day),
                ("note", note),
                ("when", when),
                ("tags", tags),
                ("done", done),
            ];
            all.into_iter()
                .zip(given)
                .filter(|(_, given)| *given)
                .map(|((key, value), _)| (key.to_owned(), value))
                .collect()
        },
    )
}

/// All pages of a list, one after the other.
async fn pages(office: &Office, parameters: &[(&str, &str)]) -> Vec<TaskId> {
    let (mut seen, mut cursor): (Vec<TaskId>, Option<String>) = (Vec::new(), None);
    loop {
        let mut all = parameters.to_vec();
        let held = cursor.take().unwrap_or_default();
        if !held.is_empty() {
            all.push(("cursor", &held));
        }
        let page = office.list(&all).await.unwrap();
        seen.extend(page.items.iter().map(|task| task.id));
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return seen,
        }
    }
}

/// What a value is ordered by, said once more and otherwise than the program says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(rust_decimal::Decimal),
    Text(String),
    Place(usize),
}

fn rank(key: &str, value: &Value) -> Rank {
    let place = |value: &Value| ["urgent", "soon", "late", "never"].iter().position(|key| Some(*key) == value.as_str());
    match key {
        "points" => Rank::Number(value.to_string().parse().unwrap()),
        "cost" => Rank::Number(value["amount"].as_str().unwrap().parse().unwrap()),
        "when" => Rank::Place(place(value).unwrap()),
        "tags" => Rank::Place(value.as_array().unwrap().iter().filter_map(place).min().unwrap()),
        "done" => Rank::Place(usize::from(value.as_bool().unwrap())),
        _ => Rank::Text(value.as_str().unwrap().to_owned()),
    }
}

#[tokio::test]
async fn no_page_loses_or_doubles_a_row_and_orders_are_those_of_the_values() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let mut runner = TestRunner::deterministic();
        for round in 0..3 {
            let project = office.project(&format!("P{round}")).await;
            define_all(&office, &project).await;
            // As it is now: what is defined counts.
            let handle = Handle::Id(project.id);
            let mut rx = office.db.read().await.unwrap();
            let project = projects::service::find(&mut rx, office.workspace, &handle).await.unwrap();
            drop(rx);
            let mut tasks = Vec::new();
            for number in 0..30 {
                let custom = held().new_tree(&mut runner).unwrap().current();
                let task =
                    office.create(&project, json!({"title": format!("T{number}"), "custom": custom})).await.unwrap();
                tasks.push((task.id, task.custom.read().unwrap()));
            }
            let held: BTreeMap<TaskId, Map<String, Value>> = tasks.into_iter().collect();
            let of = |id: &TaskId, key: &str| held[id].get(key).map(|value| rank(key, value));
            for key in ["points", "cost", "day", "note", "when", "tags", "done"] {
                for descending in [false, true] {
                    let sort = format!("{}custom.{key}", if descending { "-" } else { "" });
                    let mut expected: Vec<TaskId> = held.keys().copied().collect();
                    expected.sort_by(|one, two| {
                        let (first, second) = (of(one, key), of(two, key));
                        let order = if descending { second.cmp(&first) } else { first.cmp(&second) };
                        first_none_last(&first, &second).then(order).then(one.cmp(two))
                    });
                    for limit in ["1", "7", "200"] {
                        let seen =
                            pages(&office, &[("project", &project.key), ("sort", &sort), ("limit", limit)]).await;
                        assert_eq!(seen, expected, "{sort} by {limit}");
                    }
                }
            }
            for sort in ["custom.when,-custom.points", "-custom.done,custom.day,title", "-custom.tags,-created_at"] {
                let whole = pages(&office, &[("project", &project.key), ("sort", sort), ("limit", "200")]).await;
                let by_pages = pages(&office, &[("project", &project.key), ("sort", sort), ("limit", "4")]).await;
                assert_eq!((whole.len(), &whole), (30, &by_pages), "{sort}");
            }
            filters(&office, &project, &held).await;
        }
        // Over all projects at once, too.
        let all = pages(&office, &[("sort", "-custom.points"), ("limit", "13")]).await;
        assert_eq!((all.len(), all.iter().collect::<std::collections::BTreeSet<_>>().len()), (90, 90));
    })
    .await;
}

fn first_none_last(one: &Option<Rank>, two: &Option<Rank>) -> std::cmp::Ordering {
    one.is_none().cmp(&two.is_none())
}

/// Every filter finds what holds such a value, and nothing else.
async fn filters(office: &Office, project: &Project, held: &BTreeMap<TaskId, Map<String, Value>>) {
    let number = |text: &str| Rank::Number(text.parse().unwrap());
    let cases: Vec<(&str, &str, &str, Rank)> = vec![
        ("points", "gte", "3", number("3")),
        ("points", "lt", "-0.5", number("-0.5")),
        ("cost", "gt", "1.5", number("1.5")),
        ("cost", "lte", "0", number("0")),
        ("day", "gte", "2026-06-15", Rank::Text("2026-06-15".into())),
        ("day", "lt", "2026-06-15", Rank::Text("2026-06-15".into())),
    ];
    for (key, side, given, bound) in cases {
        let name = format!("custom.{key}.{side}");
        let fits = |rank: Rank| match side {
            "gte" => rank >= bound,
            "gt" => rank > bound,
            "lte" => rank <= bound,
            _ => rank < bound,
        };
        let expected: Vec<TaskId> = held
            .iter()
            .filter(|(_, custom)| custom.get(key).is_some_and(|value| fits(rank(key, value))))
            .map(|(id, _)| *id)
            .collect();
        let seen =
            pages(office, &[("project", &project.key), (&name, given), ("sort", "created_at"), ("limit", "6")]).await;
        assert_eq!(seen, expected, "{name}={given}");
    }
    for (key, given, values) in [
        ("when", "soon,late", vec![json!("soon"), json!("late")]),
        ("points", "3", vec![json!(3)]),
        ("done", "true", vec![json!(true)]),
        ("note", "a", vec![json!("a")]),
    ] {
        let expected: Vec<TaskId> = held
            .iter()
            .filter(|(_, custom)| custom.get(key).is_some_and(|value| values.contains(value)))
            .map(|(id, _)| *id)
            .collect();
        let name = format!("custom.{key}");
        let seen =
            pages(office, &[("project", &project.key), (&name, given), ("sort", "created_at"), ("limit", "6")]).await;
        assert_eq!(seen, expected, "{name}={given}");
    }
    let expected: Vec<TaskId> = held
        .iter()
        .filter(|(_, custom)| custom.get("tags").is_some_and(|tags| tags.as_array().unwrap().contains(&json!("never"))))
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(
        pages(office, &[("project", &project.key), ("custom.tags", "never"), ("sort", "created_at")]).await,
        expected
    );
}
