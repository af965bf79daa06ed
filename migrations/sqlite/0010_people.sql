-- People: profiles, who left, invitations, links that are good once, second factors.

alter table users add column kind text not null default 'person';
alter table users add column time_zone text;
alter table users add column locale text;
alter table users add column working_hours text;
alter table users add column skills text not null default '[]';
alter table users add column email_verified_at integer;

-- Who belonged to a workspace and does so no more. Their row in `members` is gone, so that no query can forget them.
create table former_members (
    workspace_id blob not null references workspaces (id),
    user_id blob not null references users (id),
    role text not null,
    because text not null,
    created_at integer not null,
    ended_at integer not null,
    primary key (workspace_id, user_id)
) strict, without rowid;
create index former_members_user on former_members (user_id);

-- Invitations: a row goes when its link is used. A revoked one stays for a while, so that nobody is written to too often.
create table invitations (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    email text not null,
    role text not null,
    hash blob not null unique,
    mailed integer not null,
    created_by blob references users (id),
    created_at integer not null,
    sent_at integer not null,
    sendings integer not null,
    expires_at integer not null,
    revoked_at integer,
    unique (workspace_id, email)
) strict;
create index invitations_email on invitations (email);

-- What is good once and then gone: links that reset a password or prove an address, and the halves of a sign-in.
create table one_time_tokens (
    hash blob primary key,
    purpose text not null,
    user_id blob not null references users (id),
    data text,
    created_at integer not null,
    expires_at integer not null
) strict, without rowid;
create index one_time_tokens_user on one_time_tokens (user_id, purpose);

-- Second factors (RFC 6238). `last_step` is the newest step whose code was taken: no code is good twice.
create table totp_factors (
    user_id blob primary key references users (id),
    sealed blob not null,
    confirmed_at integer,
    last_step integer not null,
    failed integer not null default 0,
    locked_until integer,
    created_at integer not null
) strict, without rowid;

create table recovery_codes (
    user_id blob not null references users (id),
    hash blob not null,
    primary key (user_id, hash)
) strict, without rowid;
