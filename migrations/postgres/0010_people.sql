-- People: profiles, who left, invitations, links that are good once, second factors.

alter table users add column kind text not null default 'person';
alter table users add column time_zone text;
alter table users add column locale text;
alter table users add column working_hours jsonb;
alter table users add column skills jsonb not null default '[]';
alter table users add column email_verified_at timestamptz;

-- Who belonged to a workspace and does so no more. Their row in `members` is gone, so that no query can forget them.
create table former_members (
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    role text not null,
    because text not null,
    created_at timestamptz not null,
    ended_at timestamptz not null,
    primary key (workspace_id, user_id)
);
create index former_members_user on former_members (user_id);

-- Invitations: a row goes when its link is used. A revoked one stays for a while, so that nobody is written to too often.
create table invitations (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    email text not null,
    role text not null,
    hash bytea not null unique,
    mailed boolean not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    sent_at timestamptz not null,
    sendings bigint not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    unique (workspace_id, email)
);
create index invitations_email on invitations (email);

-- What is good once and then gone: links that reset a password or prove an address, and the halves of a sign-in.
create table one_time_tokens (
    hash bytea primary key,
    purpose text not null,
    user_id uuid not null references users (id),
    data text,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index one_time_tokens_user on one_time_tokens (user_id, purpose);

-- Second factors (RFC 6238). `last_step` is the newest step whose code was taken: no code is good twice.
create table totp_factors (
    user_id uuid primary key references users (id),
    sealed bytea not null,
    confirmed_at timestamptz,
    last_step bigint not null,
    failed bigint not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null
);

create table recovery_codes (
    user_id uuid not null references users (id),
    hash bytea not null,
    primary key (user_id, hash)
);
