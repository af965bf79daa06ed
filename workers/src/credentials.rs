//! Where external actions find the connections and secrets that a workspace has.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use trackside_engine::actions::external::{Connection, Credentials, Failure};
use trackside_engine::connections;
use trackside_engine::db::Db;
use trackside_engine::ids::{ProjectId, WorkspaceId};
use trackside_engine::vault::{Secret, Vault};
use trackside_engine::{Class, Error, secrets};

/// The connections and secrets in the database, opened with the vault's key.
pub(crate) struct StoredConnections {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
}

impl Credentials for StoredConnections {
    fn find<'a>(
        &'a self,
        workspace: WorkspaceId,
        kind: &'a str,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Connection, Failure>> {
        async move {
            let mut rx = self.db.read().await.map_err(failure)?;
            let kind = kind.parse().map_err(failure)?;
            let found =
                connections::service::find(&mut rx, &self.vault, workspace, kind, name).await.map_err(failure)?;
            Ok(Connection { base_url: found.connection.base_url, token: found.token })
        }
        .boxed()
    }

    fn secrets<'a>(
        &'a self,
        workspace: WorkspaceId,
        project: Option<ProjectId>,
        names: &'a [String],
    ) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, Failure>> {
        async move {
            let mut rx = self.db.read().await.map_err(failure)?;
            secrets::service::reveal(&mut rx, &self.vault, workspace, project, names).await.map_err(failure)
        }
        .boxed()
    }
}

fn failure(error: Error) -> Failure {
    match error.class {
        Class::Busy => Failure::retryable(error.to_string()),
        _ => Failure::permanent(error.to_string()),
    }
}
