//! Each role along the whole interface: what `docs/permissions.md` says is what the routes answer.

use std::collections::BTreeMap;

use reqwest::Method;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

use super::{OPEN, Operation, World, body, operations};

/// The default roles, as the table has them.
const ROLES: &[Role] = &Role::ALL;

/// How a route met somebody.
enum Met {
    /// It let them in, or hid what they asked for.
    In(String),
    /// It refused them for want of this permission.
    Lacks(String),
    /// It refused them for another reason.
    Otherwise,
}

/// Permission, and for each role whether it has it.
type Table = BTreeMap<String, Vec<bool>>;

/// The table of the document.
fn table() -> Table {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md")).unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines().filter(|line| line.starts_with('|')).map(cells);
    let head = lines.next().unwrap();
    assert_eq!(head[1..], ROLES.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>());
    let row = |cells: Vec<String>| {
        (cells[0].trim_matches('`').to_owned(), cells[1..].iter().map(|cell| cell == "yes").collect())
    };
    lines.skip(1).map(row).collect()
}

/// How the route meets whoever asks.
async fn meet(api: &Api, world: &World, operation: &Operation, table: &Table) -> Met {
    let (name, path) = (operation.name(), world.path(&operation.path));
    let answer = api.send(operation.method.clone(), &path, body(operation)).await;
    assert!(answer.status < 500 && answer.status != 401, "{name}: {} {:#}", answer.status, answer.body);
    if answer.status != 403 {
        return Met::In(answer.body.to_string());
    }
    let detail = answer.expect_problem(403, "denied").text("/detail");
    match detail.split('`').find(|word| table.contains_key(*word)) {
        Some(permission) => Met::Lacks(permission.to_owned()),
        None => Met::Otherwise,
    }
}

both_databases! {
    async fn each_role_may_what_the_table_says(db) {
        let table = table();
        let server = Server::start(&db).await;
        let owner = Api::set_up(&server).await;
        let people = People::of(&db).await;
        // What a route asks for is learnt from whom it refuses.
        let mut asks: BTreeMap<String, String> = BTreeMap::new();
        for (at, role) in ROLES.iter().enumerate() {
            // A workspace for each role, since what may be deleted is. The queues are the first one's.
            let api = match *role {
                Role::Admin => owner.clone(),
                _ => people.owner_elsewhere(&server, &format!("Owner{at}")).await,
            };
            let mark = format!("Mark{at}");
            let world = World::of(&server, api, &mark).await;
            let workspace = world.api.get("/me").await.text("/workspace/id");
            let member = match *role {
                Role::Admin => world.api.clone(),
                role => people.member(&server, &workspace, &format!("Member{at}"), role).await,
            };
            let mut operations = operations(&world.api).await;
            // Not what would end the walk.
            let ends = ["/me/leave", "/sessions/{id}"];
            operations.retain(|operation| {
                let path = operation.path.as_str();
                !OPEN.contains(&path) && !ends.contains(&path)
            });
            // What is removed last, and what lies deep before what holds it.
            operations.sort_by_key(|operation| (operation.method == Method::DELETE, std::cmp::Reverse(operation.path.matches('/').count())));
            for operation in &operations {
                let name = operation.name();
                match meet(&member, &world, operation, &table).await {
                    Met::Lacks(permission) => {
                        assert!(!table[&permission][at], "{name} refuses {role} for `{permission}`, which it has");
                        asks.entry(name).or_insert(permission);
                    }
                    Met::In(seen) => {
                        // A guest was assigned nothing here, so there is nothing to be seen.
                        assert!(*role != Role::Guest || !seen.contains(&mark), "{name} shows a guest: {seen}");
                        if let Some(permission) = asks.get(&name) {
                            assert!(table[permission][at], "{name} lets in {role}, which has no `{permission}`");
                        }
                    }
                    Met::Otherwise => {}
                }
            }
        }
        people.leave().await;
        // The table is not only words: most of what changes something is refused to somebody, by the permission it names.
        assert!(asks.len() > 30, "{asks:#?}");
    }
}
