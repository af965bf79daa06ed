//! Which permission each operation of the interface needs, for the document. What is really asked for are the proofs that services
//! take; so this is held against them by a story, which asks every operation with tokens that have just this.

/// The permissions, sorted, and the operations that need each.
const NEEDS: &[(&str, &[&str])] = &[
    ("absence.edit", &["createAbsence", "deleteAbsence", "updateAbsence"]),
    (
        "access.manage",
        &[
            "createAssignment",
            "createGroup",
            "createRole",
            "deleteGroup",
            "deleteRole",
            "endAssignment",
            "updateGroup",
            "updateRole",
        ],
    ),
    ("access.view", &["getGroup", "getRole", "listAssignments", "listGroups", "listRoles"]),
    ("approval.decide", &["decideApproval", "delegateApproval"]),
    ("approval.view", &["getApproval", "listApprovals"]),
    ("audit.view", &["exportAudit", "listAudit"]),
    ("budget.edit", &["createCost", "createRate", "deleteCost", "deleteRate", "putBudget", "updateCost", "updateRate"]),
    ("budget.view", &["getBudget", "getCost", "getRate", "listCosts", "listRates"]),
    ("comment.moderate", &["getCommentHistory"]),
    ("connection.manage", &["createConnection", "deleteConnection", "getConnection", "listConnections"]),
    (
        "event.view",
        &["backtestRule", "dryRunRule", "explainChange", "explainRule", "getEvent", "getShadowReport", "listEvents"],
    ),
    ("hook.manage", &["createHook", "deleteHook", "rotateHook"]),
    ("hook.view", &["getHook", "listHooks"]),
    ("identity.manage", &["createIdentityProvider", "deleteIdentityProvider", "listIdentityProviders"]),
    (
        "member.manage",
        &[
            "changeMember",
            "createInvitation",
            "createPasswordReset",
            "createServiceAccount",
            "createServiceAccountToken",
            "deactivateMember",
            "listInvitations",
            "listServiceAccountTokens",
            "listServiceAccounts",
            "reactivateMember",
            "resendInvitation",
            "resetSecondFactor",
            "revokeInvitation",
            "revokeServiceAccountToken",
        ],
    ),
    ("member.view", &["getMember", "listMembers"]),
    ("milestone.edit", &["copyProject", "createMilestone", "deleteMilestone", "updateMilestone"]),
    ("milestone.view", &["copyProject", "getMilestone", "listMilestones"]),
    (
        "notification.view",
        &["countNotifications", "listNotifications", "readNotifications", "snoozeNotification", "wakeNotification"],
    ),
    (
        "operations.manage",
        &[
            "discardDeadJobs",
            "drainQueue",
            "drainWorker",
            "findDeadJobs",
            "getOperations",
            "getQueue",
            "groupDeadJobs",
            "listDeadJobs",
            "listQueues",
            "listWorkers",
            "pauseQueue",
            "requeueDeadJobs",
            "requeueDeadJobsBy",
            "resumeQueue",
            "resumeWorker",
            "updateQueue",
        ],
    ),
    ("profile.edit", &["updateMe"]),
    ("project.create", &["copyProject", "createProject", "importProject"]),
    ("project.delete", &["deleteProject"]),
    (
        "project.edit",
        &[
            "archiveProject",
            "createBaseline",
            "createField",
            "createType",
            "deleteBaseline",
            "deleteField",
            "deleteProjectCalendar",
            "deleteType",
            "renameLabel",
            "setCalendar",
            "setPlan",
            "setProjectCalendar",
            "setWorkflow",
            "unarchiveProject",
            "updateField",
            "updateProject",
            "updateType",
        ],
    ),
    // Whoever may `access.manage` there needs no `project.share`.
    ("project.share", &["putProjectMember", "removeProjectMember"]),
    (
        "project.view",
        &[
            "copyProject",
            "getCalendar",
            "getPlan",
            "getPortfolio",
            "getPortfolioTable",
            "getProject",
            "getProjectCalendar",
            "listProjectMembers",
            "listProjects",
            "putProjectMember",
            "removeProjectMember",
        ],
    ),
    ("recurrence.edit", &["createRecurrence", "deleteRecurrence", "updateRecurrence"]),
    ("recurrence.view", &["getRecurrence", "listRecurrences", "updateRecurrence"]),
    ("resource.manage", &["createAllocation", "deleteAllocation", "updateAllocation"]),
    ("resource.view", &["getAbsence", "getAllocation", "listAbsences", "listAllocations", "listResources"]),
    ("rota.edit", &["createRota", "createRotaOverride", "deleteRota", "deleteRotaOverride", "replaceRota"]),
    ("rota.view", &["getOnCall", "getRota", "listRotaOverrides", "listRotas"]),
    (
        "rule.edit",
        &[
            "applyRuleTemplate",
            "applyRules",
            "backtestRule",
            "cancelBacktest",
            "createRule",
            "deleteRule",
            "enableRule",
            "pauseRule",
            "replaceRule",
            "restoreRule",
            "shadowRule",
            "takeRule",
        ],
    ),
    ("rule.run", &["listTaskButtons", "runRule"]),
    (
        "rule.view",
        &[
            "analyseRule",
            "checkRule",
            "diffRule",
            "dryRunRule",
            "explainRule",
            "getBacktest",
            "getRule",
            "getRuleHealth",
            "getRuleTemplate",
            "getRuleVersion",
            "getShadowReport",
            "listActions",
            "listBacktests",
            "listEventKinds",
            "listRuleHealth",
            "listRuleTemplates",
            "listRuleThresholds",
            "listRuleVersions",
            "listRules",
            "previewRuleTemplate",
            "restoreRule",
        ],
    ),
    ("run.manage", &["cancelRun", "cancelRuns", "rerunRun", "rerunRuns"]),
    (
        "run.view",
        &[
            "cancelRuns",
            "explainRule",
            "exportRuns",
            "getRun",
            "getShadowReport",
            "listRunSteps",
            "listRuns",
            "rerunRuns",
        ],
    ),
    ("secret.manage", &["deleteSecret", "setSecret"]),
    ("secret.use", &["getSecret", "listSecrets"]),
    ("session.manage", &["endSession", "getSecondFactor", "listSessions"]),
    ("sla.edit", &["createSla", "deleteSla", "replaceSla"]),
    ("sla.view", &["getSla", "getSlaReport", "listSlas", "listTaskSlas"]),
    ("sprint.edit", &["closeSprint", "createSprint", "deleteSprint", "startSprint", "updateSprint"]),
    ("sprint.view", &["getSprint", "listSprints"]),
    ("task.comment", &["createComment", "deleteComment", "updateComment"]),
    (
        "task.create",
        &[
            "applyTaskTemplate",
            "batchTasks",
            "copyProject",
            "createRecurrence",
            "createTask",
            "importIntoProject",
            "importProject",
            "updateRecurrence",
        ],
    ),
    ("task.delete", &["deleteTask"]),
    (
        "task.edit",
        &[
            "batchTasks",
            "createAttachment",
            "createDependency",
            "createLink",
            "deleteAttachment",
            "deleteDependency",
            "deleteLink",
            "editTasksInBulk",
            "setSchedule",
            "updateTask",
        ],
    ),
    (
        "task.view",
        &[
            "copyProject",
            "createBaseline",
            "createLink",
            "createView",
            "deleteLink",
            "deleteView",
            "editTasksInBulk",
            "explainChange",
            "explainRule",
            "exportProject",
            "getAttachment",
            "getAttachmentContent",
            "getBaseline",
            "getComment",
            "getField",
            "getMetrics",
            "getMetricsTable",
            "getSchedule",
            "getShadowReport",
            "getTask",
            "getTimeline",
            "getView",
            "getWorkflow",
            "importIntoProject",
            "listActivity",
            "listAttachments",
            "listBaselines",
            "listComments",
            "listDependencies",
            "listFields",
            "listLabels",
            "listLinks",
            "listTaskButtons",
            "listTaskSlas",
            "listTasks",
            "listTypes",
            "listViews",
            "search",
            "unwatchTask",
            "updateView",
            "watchTask",
        ],
    ),
    ("task_template.edit", &["createTaskTemplate", "deleteTaskTemplate", "updateTaskTemplate"]),
    ("task_template.view", &["getTaskTemplate", "listTaskTemplates"]),
    (
        "time.log",
        &[
            "deleteTimeEntry",
            "logTime",
            "reopenTimesheet",
            "startTimer",
            "stopTimer",
            "submitTimesheet",
            "updateTimeEntry",
        ],
    ),
    ("time.manage", &["approveTimesheet", "listSubmittedTimesheets", "rejectTimesheet"]),
    ("time.view", &["exportTimesheets", "getTaskTime", "getTimeEntry", "getTimer", "getTimesheet", "listTimeEntries"]),
    ("token.create", &["createToken", "listTokens", "revokeToken"]),
    ("variable.manage", &["deleteVariable", "getVariable", "listVariables", "setVariable"]),
];

/// What a token that is limited to scopes cannot do, whatever its scopes are.
const SIGNED_IN: &[&str] = &[
    "changeEmail",
    "changePassword",
    "confirmSecondFactor",
    "createSecondFactor",
    "createWorkspace",
    "leaveWorkspace",
    "removeSecondFactor",
    "switchWorkspace",
];

/// What the document says that an operation for people with a token needs.
pub fn of(operation: &str) -> String {
    if SIGNED_IN.contains(&operation) {
        return "Needs a sign-in or a token without scopes.".to_owned();
    }
    let needed = NEEDS.iter().filter(|(_, operations)| operations.contains(&operation));
    let needed: Vec<String> = needed.map(|(permission, _)| format!("`{permission}`")).collect();
    match needed.split_last() {
        None => "Needs a token, and no permission.".to_owned(),
        Some((last, [])) => format!("Needs {last}."),
        Some((last, others)) => format!("Needs {} and {last}.", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use trackside_engine::access::ALL;

    use super::*;

    #[test]
    fn what_is_needed_is_there() {
        assert!(NEEDS.is_sorted_by_key(|(permission, _)| permission));
        let (_, document) = crate::openapi::generate();
        let document = serde_json::to_value(document).unwrap();
        let operations =
            document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
        let known: BTreeSet<&str> = operations.filter_map(|operation| operation["operationId"].as_str()).collect();
        for (permission, operations) in NEEDS {
            assert!(ALL.iter().any(|(name, _)| name == permission), "{permission} is no permission");
            assert!(operations.is_sorted(), "{permission}: sort them");
            for operation in *operations {
                assert!(known.contains(operation), "{operation} is no operation");
            }
        }
        assert!(SIGNED_IN.iter().all(|operation| known.contains(operation)));
        assert_eq!(of("copyProject").matches('`').count(), 12);
        assert_eq!(of("updateTask"), "Needs `task.edit`.");
    }
}
