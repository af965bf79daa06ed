-- Addresses that mail does not reach, and browsers that push messages do.

-- What a mail server said for good. Of an address, whoever has it.
create table refused_addresses (
    address text primary key,
    refused_at timestamptz not null,
    reason text not null
);

-- Where a browser of somebody's takes push messages.
create table push_subscriptions (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    -- SHA-256 of the endpoint, which is a secret itself.
    endpoint_hash bytea not null,
    -- The host of the endpoint.
    host text not null,
    -- Endpoint and keys.
    sealed bytea not null,
    created_at timestamptz not null,
    -- When the browser said that it ends, if it did.
    expires_at timestamptz
);
create unique index push_subscriptions_workspace_id_endpoint_hash_key on push_subscriptions (workspace_id, endpoint_hash);
create index push_subscriptions_user on push_subscriptions (user_id, workspace_id);

-- The key by which push services know this installation. There is one, made at its first use.
create table push_keys (
    id bigint primary key,
    sealed bytea not null,
    created_at timestamptz not null
);
