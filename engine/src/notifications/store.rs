//! All SQL on `notifications`, `tellings`, `told`, `notification_preferences`, `task_reminders`, `push_subscriptions` and
//! `push_keys`; and of people and tasks what
//! it takes to tell them and to remind of them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::{Channel, Kind, News, Notification, Telling, UnreadOfKind};
use super::push::Subscription;
use crate::cx::Cx;
use crate::db::{Both, One, Rx, Tx, row, statements};
use crate::ids::{NotificationId, PushSubscriptionId, TaskId, TellingId, UserId, WorkspaceId};
use crate::{Error, Result};

row! {
    /// A member, as far as telling them goes.
    pub struct ListenerRow {
        pub id: UserId,
        pub email: String,
        pub kind: String,
        pub time_zone: Option<String>,
        pub locale: Option<String>,
        pub settings: Option<String>,
        /// Why mail does not reach them, if it does not.
        pub refused: Option<String>,
        /// Whether some browser takes messages for them.
        pub has_browser: bool,
    }
}

row! {
    /// To whom something goes.
    pub struct Due {
        pub user_id: UserId,
    }
}

row! {
    /// What went to somebody by a channel a little while ago, or will in a little while.
    pub struct Recent {
        pub user_id: UserId,
        pub channel: Channel,
        /// How many tellings.
        pub count: i64,
        /// When the last of them was due.
        pub last: DateTime<Utc>,
        /// When the last of the same task was.
        pub of_task: Option<DateTime<Utc>>,
    }
}

row! {
    /// A task that somebody is to be reminded of.
    pub struct Reminder {
        pub task_id: TaskId,
        pub workspace_id: WorkspaceId,
        pub due_at: DateTime<Utc>,
    }
}

statements! {
    INSERT = "insert into notifications (id, workspace_id, user_id, kind, message, subject, project_id, task_id, actor_id, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "select {Notification} from notifications where user_id = $1 and workspace_id = $2 \
        and (id < $3 or cast($3 as text) is null) and (read_at is null or not $4) \
        and (snoozed_until is not null and snoozed_until > $6) = $7 order by id desc limit $5", Notification;
    MARK = "update notifications set read_at = $3 \
        where user_id = $1 and workspace_id = $2 and read_at is null and id = any($4)";
    MARK_ALL = "update notifications set read_at = $3 where user_id = $1 and workspace_id = $2 and read_at is null \
        and (snoozed_until is null or snoozed_until <= $3)";
    MARK_APPROVAL = "update notifications set read_at = $3 where workspace_id = $1 and subject = $2 and read_at is null \
        and kind = 'approval' and (user_id = $4 or cast($4 as text) is null)";
    TAKE_BACK = "delete from tellings where workspace_id = $1 and key = any($2)";
    COUNT_UNREAD = "select kind, count(*) from notifications where user_id = $1 and workspace_id = $2 and read_at is null \
        and (snoozed_until is null or snoozed_until <= $3) group by kind order by kind";
    UNREAD_OF = "select workspace_id, user_id, count(*) from notifications where user_id = any($1) and read_at is null \
        and (snoozed_until is null or snoozed_until <= $2) group by workspace_id, user_id";
    // Whoever puts something off has not done with it.
    SNOOZE = "update notifications set snoozed_until = $4, read_at = null where id = $1 and workspace_id = $2 and user_id = $3 \
        returning {Notification}", Notification;
    WAKE = "update notifications set snoozed_until = null where id = $1 and workspace_id = $2 and user_id = $3 \
        returning {Notification}", Notification;
    // What is not read of a task, of those that only say that work goes on.
    GATHERED = "select user_id, id from notifications where user_id = any($1) and workspace_id = $2 and task_id = $3 \
        and read_at is null and snoozed_until is null and created_at > $4 and kind in ('comment', 'status', 'due_changed') \
        order by id for update";
    GATHER = "update notifications set times = times + 1, kind = $2, message = $3, actor_id = $4, last_at = $5 where id = $1";
    // To be told again is to be told of the same.
    INSERT_TELLING = "insert into tellings (id, workspace_id, key, kind, project_id, task_id, actor, details, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (workspace_id, key) do update set key = excluded.key returning id";
    FIND_TELLING = "select {Telling} from tellings where workspace_id = $1 and id = $2", Telling;
    INSERT_TOLD = "insert into told (telling_id, user_id, channel, workspace_id, task_id, due_at, done_at) values ($1, $2, $3, $4, $5, $6, $7)";
    TOLD = "select user_id, channel from told where telling_id = $1 and user_id = any($2)";
    RECENT = "select user_id, channel, count(*), max(due_at), max(case when task_id = $5 then due_at end) from told \
        where user_id = any($1) and workspace_id = $2 and channel <> 'app' and due_at > $3 and due_at <= $4 group by user_id, channel";
    DUE_USERS = "select user_id from told where workspace_id = $1 and channel = $2 and done_at is null and due_at <= $3 \
        order by due_at limit $4";
    DUE = "select {t.Due}, {g.Telling} from told t join tellings g on g.id = t.telling_id where t.workspace_id = $1 \
        and t.channel = $2 and t.user_id = any($3) and t.done_at is null and t.due_at <= $4 order by g.created_at, g.id limit $5",
        Due, Telling;
    SETTLE = "update told set done_at = $5 where workspace_id = $1 and channel = $2 and user_id = $3 and telling_id = any($4) and done_at is null";
    POSTPONE = "update told set due_at = $5 where workspace_id = $1 and channel = $2 and user_id = $3 and telling_id = $4 and done_at is null";
    HURRY = "update told set due_at = $3 where user_id = $1 and workspace_id = $2 and due_at > $3 and done_at is null";
    // Of every workspace: for whoever looks after the installation.
    OUTGOING = "select channel, cast(sum(case when due_at <= $1 then 1 else 0 end) as bigint), cast(sum(case when due_at > $1 then 1 else 0 end) as bigint), min(due_at) \
        from told where done_at is null group by channel order by channel";
    /// Ids are made of the time. What has not been read stays.
    FORGET_READ = "delete from notifications where id in (select id from notifications where id < $1 and read_at is not null \
        order by id limit $2)";
    FORGET = "delete from tellings where id in (select g.id from tellings g where g.created_at < $1 and not exists \
        (select 1 from told t where t.telling_id = g.id and t.done_at is null) order by g.created_at limit $2)";
    LISTENERS = "select u.id, u.email, u.kind, u.time_zone, u.locale, p.settings, r.reason, \
        exists (select 1 from push_subscriptions s where s.user_id = u.id and s.workspace_id = m.workspace_id) from members m join users u on u.id = m.user_id \
        left join refused_addresses r on r.address = lower(u.email) left join notification_preferences p on p.workspace_id = m.workspace_id and p.user_id = m.user_id \
        where m.workspace_id = $1 and m.user_id = any($2)";
    NAMES = "select id, name from users where id = any($1)";
    WORKSPACE = "select name from workspaces where id = $1";
    SETTINGS = "select settings from notification_preferences where workspace_id = $1 and user_id = $2";
    PUT_SETTINGS = "insert into notification_preferences (workspace_id, user_id, settings, updated_at) values ($1, $2, $3, $4) \
        on conflict (workspace_id, user_id) do update set settings = excluded.settings, updated_at = excluded.updated_at";
    SUBSCRIPTIONS = "select {Subscription} from push_subscriptions where workspace_id = $1 and user_id = $2 order by id", Subscription;
    BROWSERS = "select user_id, id from push_subscriptions where workspace_id = $1 and user_id = any($2) order by id";
    FIND_SUBSCRIPTION = "select sealed, expires_at from push_subscriptions where workspace_id = $1 and id = $2";
    INSERT_SUBSCRIPTION = "insert into push_subscriptions (id, workspace_id, user_id, endpoint_hash, host, sealed, created_at, expires_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE_SUBSCRIPTION = "delete from push_subscriptions where workspace_id = $1 and id = $2";
    DELETE_OWN_SUBSCRIPTION = "delete from push_subscriptions where workspace_id = $1 and id = $2 and user_id = $3";
    DELETE_ENDPOINT = "delete from push_subscriptions where workspace_id = $1 and endpoint_hash = $2";
    DELETE_OLD_SUBSCRIPTIONS = "delete from push_subscriptions where workspace_id = $1 and user_id = $2 and id not in \
        (select s.id from push_subscriptions s where s.workspace_id = $1 and s.user_id = $2 order by s.id desc limit $3)";
    PUSH_KEY = "select sealed from push_keys where id = 1";
    KEEP_PUSH_KEY = "insert into push_keys (id, sealed, created_at) values (1, $1, $2) on conflict (id) do nothing";
    // Of every workspace: only the look at what is due asks. What somebody wrote down when it was over already reminds nobody.
    REMINDERS = "select t.id, t.workspace_id, t.due_at from workspaces w join tasks t on t.workspace_id = w.id \
        join projects p on p.id = t.project_id where t.due_at > $1 and t.due_at <= $2 and t.category in ('todo', 'in_progress') \
        and t.created_at < t.due_at and p.status <> 'archived' and not p.is_template \
        and exists (select 1 from task_assignees a where a.task_id = t.id) \
        and not exists (select 1 from task_reminders r where r.task_id = t.id and r.kind = $3 and r.due_at = t.due_at) limit $4";
    REMIND = "insert into task_reminders (task_id, kind, due_at, workspace_id) values ($1, $2, $3, $4) \
        on conflict (task_id, kind, due_at) do nothing";
}

/// A notification that is to be written, but for whom and under which id.
pub(super) struct Note<'n> {
    pub id: NotificationId,
    pub user: UserId,
    pub message: &'n str,
}

pub(super) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    telling: &Telling,
    subject: Option<&str>,
    notes: &[Note<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    let Telling { kind, project_id, task_id, .. } = telling;
    let actor = telling.person();
    let row = |note: &Note<'_>| {
        (note.id, workspace, note.user, *kind, note.message.to_owned(), subject, *project_id, *task_id, actor, now)
    };
    let rows: Vec<_> = notes.iter().map(row).collect();
    tx.execute_many(INSERT, &rows).await.map(drop)
}

/// The newest first, those before `before`; with `(unread, snoozed)`, only those not read, and those that are put off.
pub(super) async fn list(
    rx: &mut Rx,
    cx: &Cx,
    user: UserId,
    (unread, snoozed): (bool, bool),
    before: Option<NotificationId>,
    limit: i64,
) -> Result<Vec<Notification>> {
    rx.all(LIST, (user, cx.actor.workspace, before, unread, limit, cx.now(), snoozed)).await
}

/// Marks these as read, or all that are shown; says how many were not read before.
pub(super) async fn mark(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    ids: Option<&[NotificationId]>,
    now: DateTime<Utc>,
) -> Result<u64> {
    match ids {
        Some(ids) => tx.execute(MARK, (user, workspace, now, ids)).await,
        None => tx.execute(MARK_ALL, (user, workspace, now)).await,
    }
}

/// Marks what people were told of an approval as read, of everybody or of one; says how much that was.
pub(super) async fn mark_approval(
    tx: &mut Tx,
    workspace: WorkspaceId,
    approval: &str,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<u64> {
    tx.execute(MARK_APPROVAL, (workspace, approval, now, user)).await
}

/// Takes back what was told under these keys, as far as it has not gone out.
pub(super) async fn take_back(tx: &mut Tx, workspace: WorkspaceId, keys: &[String]) -> Result<()> {
    tx.execute(TAKE_BACK, (workspace, keys)).await.map(drop)
}

pub(super) async fn count_unread(rx: &mut Rx, cx: &Cx, user: UserId) -> Result<Vec<UnreadOfKind>> {
    rx.all(COUNT_UNREAD, (user, cx.actor.workspace, cx.now())).await
}

/// How many these people have not read, by workspace, where there are any.
pub(super) async fn unread_of(
    rx: &mut Rx,
    users: &[UserId],
    now: DateTime<Utc>,
) -> Result<Vec<(WorkspaceId, UserId, i64)>> {
    rx.all(UNREAD_OF, (users, now)).await
}

pub(super) async fn snooze(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    id: NotificationId,
    until: Option<DateTime<Utc>>,
) -> Result<Option<Notification>> {
    match until {
        Some(until) => tx.opt(SNOOZE, (id, workspace, user, until)).await,
        None => tx.opt(WAKE, (id, workspace, user)).await,
    }
}

/// Whose notifications may gather what else happens to a task; nobody else changes them until the transaction ends.
pub(super) async fn list_gathered(
    tx: &mut Tx,
    workspace: WorkspaceId,
    users: &[UserId],
    task: TaskId,
    since: DateTime<Utc>,
) -> Result<Vec<(UserId, NotificationId)>> {
    tx.all(GATHERED, (users, workspace, task, since)).await
}

/// Adds to each of these notifications that something of this kind happened.
pub(super) async fn gather(tx: &mut Tx, telling: &Telling, notes: &[Note<'_>], now: DateTime<Utc>) -> Result<()> {
    let actor = telling.person();
    let rows: Vec<_> = notes.iter().map(|note| (note.id, telling.kind, note.message.to_owned(), actor, now)).collect();
    tx.execute_many(GATHER, &rows).await.map(drop)
}

/// Writes what is told; one that is there under the same key stays, and is answered.
pub(super) async fn insert_telling(tx: &mut Tx, cx: &Cx, news: &News) -> Result<TellingId> {
    let id: TellingId = cx.new_id();
    let json = |text: serde_json::Result<String>| {
        text.map_err(|error| Error::internal("What is told cannot be written as JSON.").caused_by(error))
    };
    let (actor, details) = (json(serde_json::to_string(&cx.actor.who))?, json(serde_json::to_string(&news.details))?);
    let key = news.key.clone().unwrap_or_else(|| id.to_string());
    let args = (id, cx.actor.workspace, key, news.kind, news.project, news.task, actor, details, cx.now());
    let One(id) = tx.one(INSERT_TELLING, args).await?;
    Ok(id)
}

pub(super) async fn find_telling(rx: &mut Rx, workspace: WorkspaceId, id: TellingId) -> Result<Option<Telling>> {
    rx.opt(FIND_TELLING, (workspace, id)).await
}

/// Writes who is told something by which channel, when it is due, and whether it is done with that.
pub(super) async fn insert_told(
    tx: &mut Tx,
    workspace: WorkspaceId,
    telling: &Telling,
    told: &[(UserId, Channel, DateTime<Utc>)],
    now: DateTime<Utc>,
) -> Result<()> {
    let row = |(user, channel, due): &(UserId, Channel, DateTime<Utc>)| {
        let done = (*channel == Channel::App).then_some(now);
        (telling.id, *user, *channel, workspace, telling.task_id, *due, done)
    };
    let rows: Vec<_> = told.iter().map(row).collect();
    tx.execute_many(INSERT_TOLD, &rows).await.map(drop)
}

/// Who of these was told something already, and how.
pub(super) async fn list_told(rx: &mut Rx, telling: TellingId, users: &[UserId]) -> Result<Vec<(UserId, Channel)>> {
    rx.all(TOLD, (telling, users)).await
}

/// What came to these people outside of Trackside after `from`, and will until `to`.
pub(super) async fn list_recent(
    rx: &mut Rx,
    workspace: WorkspaceId,
    users: &[UserId],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    task: Option<TaskId>,
) -> Result<Vec<Recent>> {
    rx.all(RECENT, (users, workspace, from, to, task)).await
}

/// Some of those for whom something is due by a channel, the longest due first; one may be named more than once.
pub(super) async fn list_due_users(
    rx: &mut Rx,
    workspace: WorkspaceId,
    channel: Channel,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<UserId>> {
    let rows: Vec<One<UserId>> = rx.all(DUE_USERS, (workspace, channel, now, limit)).await?;
    Ok(rows.into_iter().map(|One(user)| user).collect())
}

/// What is due for these people by a channel, in the order in which it happened.
pub(super) async fn list_due(
    rx: &mut Rx,
    workspace: WorkspaceId,
    channel: Channel,
    users: &[UserId],
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Both<Due, Telling>>> {
    rx.all(DUE, (workspace, channel, users, now, limit)).await
}

/// Notes that somebody was told these; how many of them they had not been.
pub(super) async fn settle(
    tx: &mut Tx,
    workspace: WorkspaceId,
    (user, channel): (UserId, Channel),
    tellings: &[TellingId],
    now: DateTime<Utc>,
) -> Result<u64> {
    tx.execute(SETTLE, (workspace, channel, user, tellings, now)).await
}

/// Puts off when somebody is told something.
pub(super) async fn postpone(
    tx: &mut Tx,
    workspace: WorkspaceId,
    (user, channel): (UserId, Channel),
    telling: TellingId,
    until: DateTime<Utc>,
) -> Result<()> {
    tx.execute(POSTPONE, (workspace, channel, user, telling, until)).await.map(drop)
}

/// Makes what is held for somebody due, to be looked at anew; whether there was any.
pub(super) async fn hurry(tx: &mut Tx, workspace: WorkspaceId, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(HURRY, (user, workspace, now)).await? > 0)
}

/// Forgets some of what was told before `until` and is done with.
pub(super) async fn forget(tx: &mut Tx, until: DateTime<Utc>, limit: i64) -> Result<u64> {
    tx.execute(FORGET, (until, limit)).await
}

/// Those of `users` who are members.
pub(super) async fn list_listeners(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Vec<ListenerRow>> {
    rx.all(LISTENERS, (workspace, users)).await
}

/// What people are called.
pub(super) async fn list_names(rx: &mut Rx, users: &[UserId]) -> Result<Vec<(UserId, String)>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    rx.all(NAMES, (users,)).await
}

/// What a workspace is called.
pub(super) async fn find_workspace_name(rx: &mut Rx, workspace: WorkspaceId) -> Result<String> {
    let One(name) = rx.one(WORKSPACE, (workspace,)).await?;
    Ok(name)
}

pub(super) async fn find_settings(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Option<String>> {
    Ok(rx.opt::<One<String>>(SETTINGS, (workspace, user)).await?.map(|One(settings)| settings))
}

pub(super) async fn put_settings(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    settings: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    tx.execute(PUT_SETTINGS, (workspace, user, settings, now)).await.map(drop)
}

/// Open tasks that are due after `from` and until `to` and that nobody was reminded of.
pub(super) async fn list_reminders(
    rx: &mut Rx,
    kind: Kind,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Reminder>> {
    rx.all(REMINDERS, (from, to, kind, limit)).await
}

/// Notes that people are reminded of a task and date; false when they were before.
pub(super) async fn remind(tx: &mut Tx, kind: Kind, reminder: &Reminder) -> Result<bool> {
    Ok(tx.execute(REMIND, (reminder.task_id, kind, reminder.due_at, reminder.workspace_id)).await? == 1)
}

/// The browsers in which a person is told, oldest first.
pub(super) async fn list_subscriptions(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Vec<Subscription>> {
    rx.all(SUBSCRIPTIONS, (workspace, user)).await
}

/// The browsers in which these people are told.
pub(super) async fn list_browsers(
    rx: &mut Rx,
    workspace: WorkspaceId,
    users: &[UserId],
) -> Result<Vec<(UserId, PushSubscriptionId)>> {
    rx.all(BROWSERS, (workspace, users)).await
}

/// What is sealed of a subscription, and when it ends.
pub(super) async fn find_subscription(
    rx: &mut Rx,
    workspace: WorkspaceId,
    id: PushSubscriptionId,
) -> Result<Option<(Vec<u8>, Option<DateTime<Utc>>)>> {
    rx.opt(FIND_SUBSCRIPTION, (workspace, id)).await
}

pub(super) async fn insert_subscription(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    subscription: &Subscription,
    endpoint_hash: &[u8],
    sealed: &[u8],
) -> Result<()> {
    let Subscription { id, host, created_at, expires_at } = subscription;
    let args = (*id, workspace, user, endpoint_hash.to_vec(), host.as_str(), sealed.to_vec(), *created_at, *expires_at);
    tx.execute(INSERT_SUBSCRIPTION, args).await.map(drop)
}

/// Removes a subscription, of this person alone when one is named; whether there was one.
pub(super) async fn delete_subscription(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: Option<UserId>,
    id: PushSubscriptionId,
) -> Result<bool> {
    let deleted = match user {
        Some(user) => tx.execute(DELETE_OWN_SUBSCRIPTION, (workspace, id, user)).await?,
        None => tx.execute(DELETE_SUBSCRIPTION, (workspace, id)).await?,
    };
    Ok(deleted > 0)
}

/// Removes what is known of an endpoint.
pub(super) async fn delete_endpoint(tx: &mut Tx, workspace: WorkspaceId, endpoint_hash: &[u8]) -> Result<()> {
    tx.execute(DELETE_ENDPOINT, (workspace, endpoint_hash.to_vec())).await.map(drop)
}

/// Removes a person's oldest subscriptions, but for the newest `keep`.
pub(super) async fn delete_old_subscriptions(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    keep: i64,
) -> Result<()> {
    tx.execute(DELETE_OLD_SUBSCRIPTIONS, (workspace, user, keep)).await.map(drop)
}

/// The key for push services, sealed.
pub(super) async fn find_push_key(rx: &mut Rx) -> Result<Option<Vec<u8>>> {
    Ok(rx.opt::<One<Vec<u8>>>(PUSH_KEY, ()).await?.map(|One(sealed)| sealed))
}

/// Keeps a key for push services, unless there is one; the one that there is then.
pub(super) async fn keep_push_key(tx: &mut Tx, sealed: &[u8], now: DateTime<Utc>) -> Result<Vec<u8>> {
    tx.execute(KEEP_PUSH_KEY, (sealed.to_vec(), now)).await?;
    let One(kept) = tx.one(PUSH_KEY, ()).await?;
    Ok(kept)
}

/// Of each channel how much is due and not out, how much is not due yet, and when the first was due.
pub async fn outgoing(rx: &mut Rx, now: DateTime<Utc>) -> Result<Vec<(Channel, i64, i64, DateTime<Utc>)>> {
    rx.all(OUTGOING, (now,)).await
}

/// Forgets some of the oldest notifications that were read, and made before this id; says how many.
pub async fn forget_read(tx: &mut Tx, before: Uuid, limit: i64) -> Result<u64> {
    tx.execute(FORGET_READ, (before, limit)).await
}
