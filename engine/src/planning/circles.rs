//! Whether tasks would wait for each other in a circle. What a task waits for holds all its subtasks, and what waits for
//! it waits for all of them, so a circle may lead through the tree of subtasks too.
//!
//! Looked at from one task: what waits for the *whole* of it, with the whole of each of its parts; and of the tasks that
//! it is a part of the *end*, but not their other parts. Everything is found a set at a time, in as many rounds as the way
//! changes between links and the tree.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::store;
use crate::Result;
use crate::db::{Rx, Tx};
use crate::ids::{ProjectId, TaskId, WorkspaceId};
use crate::projects::Project;
use crate::tasks;

/// Of a task, the whole or just the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    End,
}

/// What waits, in the end, for what was asked about.
#[derive(Default)]
struct Behind {
    whole: BTreeSet<TaskId>,
    end: BTreeSet<TaskId>,
}

impl Behind {
    async fn of(rx: &mut Rx, workspace: WorkspaceId, task: TaskId, part: Part) -> Result<Self> {
        let mut behind = Self::default();
        match part {
            Part::Whole => behind.whole.insert(task),
            Part::End => behind.end.insert(task),
        };
        let mut fresh = vec![task];
        while !fresh.is_empty() {
            let linked = store::list_behind_all(rx, workspace, &fresh).await?;
            let linked: Vec<TaskId> = linked.into_iter().filter(|id| behind.whole.insert(*id)).collect();
            let whole: Vec<TaskId> =
                fresh.iter().filter(|id| behind.whole.contains(id)).chain(&linked).copied().collect();
            let below = tasks::service::below(rx, workspace, &whole).await?;
            let below: Vec<TaskId> = below.into_iter().filter(|id| behind.whole.insert(*id)).collect();
            let all: Vec<TaskId> = fresh.iter().chain(&linked).chain(&below).copied().collect();
            let above = tasks::service::above(rx, workspace, &all).await?;
            fresh = above.into_iter().filter(|id| !behind.whole.contains(id) && behind.end.insert(*id)).collect();
            // Links of what is below have not been followed yet; those of what is linked have.
            fresh.extend(below);
        }
        Ok(behind)
    }

    fn has(&self, task: TaskId) -> bool {
        self.whole.contains(&task) || self.end.contains(&task)
    }
}

/// The way by which `predecessor` already waits for `task`, by keys; none when it does not.
pub(super) async fn way(
    tx: &mut Tx,
    project: &Project,
    task: TaskId,
    predecessor: TaskId,
) -> Result<Option<Vec<String>>> {
    let workspace = project.workspace_id;
    if is_free(tx, workspace, task, predecessor).await? {
        return Ok(None);
    }
    if !Behind::of(tx, workspace, task, Part::Whole).await?.has(predecessor) {
        return Ok(None);
    }
    let way = find(tx, project, (task, Part::Whole), |at| at.0 == predecessor).await?;
    tasks::service::keys(tx, workspace, &way).await.map(Some)
}

/// Whether the predecessor, its parts and what it is a part of wait for nothing: then it closes no circle, however large
/// the network is.
async fn is_free(rx: &mut Rx, workspace: WorkspaceId, task: TaskId, predecessor: TaskId) -> Result<bool> {
    let mut family = tasks::service::above(rx, workspace, &[predecessor]).await?;
    family.extend(tasks::service::below(rx, workspace, &[predecessor]).await?);
    if family.contains(&task) {
        return Ok(false);
    }
    family.push(predecessor);
    Ok(!store::is_any_waiting(rx, workspace, &family).await?)
}

/// The way of a circle that there is since `child` became a part of `parent`, by keys; none when there is none.
pub(super) async fn way_of_part(
    tx: &mut Tx,
    project: &Project,
    child: TaskId,
    parent: TaskId,
) -> Result<Option<Vec<String>>> {
    let workspace = project.workspace_id;
    if !store::has_any(tx, workspace, project.id).await? {
        return Ok(None);
    }
    let mut parts = tasks::service::below(tx, workspace, &[child]).await?;
    parts.push(child);
    // What the end of the parent leads to must not be one of its new parts.
    let behind = Behind::of(tx, workspace, parent, Part::End).await?;
    if parts.iter().any(|part| behind.has(*part)) {
        let mut way = vec![child];
        way.extend(find(tx, project, (parent, Part::End), |at| parts.contains(&at.0)).await?);
        return tasks::service::keys(tx, workspace, &way).await.map(Some);
    }
    // Nor must what waits for the new part hold all of the parent.
    let mut above = tasks::service::above(tx, workspace, &[parent]).await?;
    above.push(parent);
    let behind = Behind::of(tx, workspace, child, Part::Whole).await?;
    if above.iter().any(|task| behind.whole.contains(task)) {
        let way = find(tx, project, (child, Part::Whole), |at| at.1 == Part::Whole && above.contains(&at.0)).await?;
        return tasks::service::keys(tx, workspace, &way).await.map(Some);
    }
    Ok(None)
}

/// The shortest way from a task to where `is_end` says; empty when there is none. Reads the whole network, so it is for
/// telling a way that is known to be there.
async fn find(
    rx: &mut Rx,
    project: &Project,
    from: (TaskId, Part),
    is_end: impl Fn((TaskId, Part)) -> bool,
) -> Result<Vec<TaskId>> {
    let network = Network::read(rx, project.workspace_id, project.id).await?;
    let mut back = BTreeMap::from([(from, from)]);
    let mut next = VecDeque::from([from]);
    while let Some(at) = next.pop_front() {
        if at != from && is_end(at) {
            let mut way = vec![at.0];
            let mut at = at;
            while at != from {
                at = back[&at];
                way.push(at.0);
            }
            way.reverse();
            way.dedup();
            return Ok(way);
        }
        for to in network.after(at) {
            back.entry(to).or_insert_with(|| {
                next.push_back(to);
                at
            });
        }
    }
    Ok(Vec::new())
}

/// The links and the tree of a project.
#[derive(Default)]
struct Network {
    successors: BTreeMap<TaskId, Vec<TaskId>>,
    parts: BTreeMap<TaskId, Vec<TaskId>>,
    parents: BTreeMap<TaskId, TaskId>,
}

impl Network {
    async fn read(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Self> {
        let mut network = Self::default();
        for link in store::list_of_project(rx, workspace, project).await? {
            network.successors.entry(link.predecessor_id).or_default().push(link.task_id);
        }
        for (part, parent) in tasks::service::tree(rx, workspace, project).await? {
            network.parts.entry(parent).or_default().push(part);
            network.parents.insert(part, parent);
        }
        Ok(network)
    }

    fn after(&self, (task, part): (TaskId, Part)) -> Vec<(TaskId, Part)> {
        let linked = self.successors.get(&task).into_iter().flatten();
        let parts = self.parts.get(&task).into_iter().flatten().filter(|_| part == Part::Whole);
        let mut after: Vec<_> = linked.chain(parts).map(|task| (*task, Part::Whole)).collect();
        after.extend(self.parents.get(&task).map(|parent| (*parent, Part::End)));
        after
    }
}
