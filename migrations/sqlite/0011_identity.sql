-- Sign-in through other providers (OpenID Connect).

create table identity_providers (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    name text not null,
    issuer text not null,
    client_id text not null,
    sealed_secret blob,
    auto_join_domain text,
    auto_join_role text,
    created_at integer not null,
    unique (workspace_id, name)
) strict;

-- A sign-in on its way: its row goes when it comes back, so that it comes back once.
create table identity_sign_ins (
    hash blob primary key,
    provider_id blob not null references identity_providers (id) on delete cascade,
    nonce text not null,
    sealed_verifier blob not null,
    created_at integer not null,
    expires_at integer not null
) strict, without rowid;
create index identity_sign_ins_expires on identity_sign_ins (expires_at);
create index identity_sign_ins_provider on identity_sign_ins (provider_id);

-- Who somebody is at a provider: looked up there once by their address, and from then on by this.
create table linked_identities (
    provider_id blob not null references identity_providers (id) on delete cascade,
    subject text not null,
    user_id blob not null references users (id),
    created_at integer not null,
    primary key (provider_id, subject)
) strict, without rowid;
create index linked_identities_user on linked_identities (user_id);
