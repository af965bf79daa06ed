//! A task that may not be seen is as if it were not there, also where tasks that may be seen have to do with it (PRM-04).

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::{Firm, seen};

both_databases! {
    async fn what_may_not_be_seen_is_not_named_by_what_may(db) {
        let firm = Firm::open(&db).await;
        // WEB-1 is a part of WEB-2, waits for it and for WEB-3, and is linked with it. Gus sees WEB-1 and WEB-3.
        firm.ada.patch("/tasks/WEB-1", json!({ "parent": "WEB-2" })).await.expect_status(200);
        firm.ada.patch("/tasks/WEB-3", json!({ "parent": "WEB-1" })).await.expect_status(200);
        firm.ada.post("/tasks/OPS-1/links", json!({ "other": "WEB-2", "type": "blocks" })).await.expect_status(201);
        firm.ada.patch("/tasks/OPS-2", json!({ "parent": "OPS-1" })).await.expect_status(200);
        for task in ["WEB-1", "WEB-3"] {
            let id = firm.task(task).await;
            for permission in ["task.view", "task.edit"] {
                firm.assign(json!({ "user": firm.gus_id, "permission": permission, "on": id })).await;
            }
        }
        let hidden = firm.task("WEB-2").await;
        let nowhere = "task_01h455vb4pex5vsknk084sn02q";
        let one = firm.gus.get("/tasks/WEB-1").await.expect_status(200);
        assert_eq!(one.at("/parent"), &Value::Null);
        assert_eq!(firm.ada.get("/tasks/WEB-1").await.at("/parent"), &json!(hidden), "for others it has one");
        let list = firm.gus.get("/tasks?sort=key").await.expect_status(200);
        assert_eq!((list.at("/items/0/parent"), list.at("/items/1/parent")), (&Value::Null, one.at("/id")));
        // Nor does a change tell, and it leaves the parent where it is.
        let changed = firm.gus.patch("/tasks/WEB-1", json!({ "title": "Mine" })).await.expect_status(200);
        assert_eq!(changed.at("/parent"), &Value::Null);
        assert_eq!(firm.ada.get("/tasks/WEB-1").await.at("/parent"), &json!(hidden));
        for parent in [hidden.as_str(), "WEB-2", nowhere, "WEB-99"] {
            assert_eq!(seen(&firm.gus, &format!("&parent={parent}")).await, (vec![], 0), "{parent}");
        }
        assert_eq!(seen(&firm.gus, "&parent=WEB-1").await, (vec!["WEB-3".to_owned()], 1));
        assert_eq!(seen(&firm.ada, "&parent=WEB-2").await, (vec!["WEB-1".to_owned()], 1));
    }

    async fn a_task_does_not_tell_that_it_waits_for_one_that_may_not_be_seen(db) {
        let firm = Firm::open(&db).await;
        for predecessor in ["WEB-2", "WEB-3"] {
            firm.ada.post("/tasks/WEB-1/dependencies", json!({ "predecessor": predecessor, "type": "FS", "lag": 0 })).await.expect_status(201);
        }
        firm.ada.post("/tasks/WEB-1/links", json!({ "other": "WEB-2", "type": "blocks" })).await.expect_status(201);
        firm.assign(json!({ "user": firm.gus_id, "role": "viewer", "on": "WEB" })).await;
        firm.assign(json!({ "user": firm.gus_id, "permission": "task.view", "effect": "deny", "on": firm.task("WEB-2").await })).await;
        firm.gus.get("/tasks/WEB-2").await.expect_problem(404, "task_not_found");
        let shown = firm.gus.get("/tasks/WEB-1/dependencies").await.expect_status(200);
        let items = shown.at("/items").as_array().unwrap();
        assert_eq!((items.len(), &items[0]["predecessor"]), (1, &json!(firm.task("WEB-3").await)));
        assert_eq!(firm.ada.get("/tasks/WEB-1/dependencies").await.at("/items").as_array().unwrap().len(), 2);
        assert_eq!(firm.gus.get("/tasks/WEB-1/links").await.expect_status(200).at("/items"), &json!([]));
    }
}
