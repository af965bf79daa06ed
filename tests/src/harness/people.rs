//! More people, and more workspaces. The interface has no invitations yet, so they are made in the database, by the
//! engine's own verbs; they sign in as everybody does.

use serde_json::json;
use trackside_engine::access::{Actor, NewUser, Role, passwords, service};
use trackside_engine::db::{Db, Options, Tx};
use trackside_engine::ids::WorkspaceId;
use trackside_engine::vault::Secret;
use trackside_engine::{Source, access};

use super::{Api, Database, Server};

const PASSWORD: &str = "correct horse battery";

/// Makes people in a database that a server has migrated.
pub struct People {
    db: Db,
    source: Source,
    password: passwords::Hashed,
}

impl People {
    /// # Panics
    /// When the database cannot be opened.
    pub async fn of(database: &Database) -> Self {
        let db = Db::open(&Options::new(database.url())).await.expect("the database can be opened");
        let password = passwords::hash(&Secret::new(PASSWORD)).await.expect("a password can be hashed");
        Self { db, source: Source::default(), password }
    }

    /// Somebody new with a role in a workspace (by id), signed in there.
    ///
    /// # Panics
    /// When there is no such workspace, or somebody of that name.
    pub async fn member(&self, server: &Server, workspace: &str, name: &str, role: Role) -> Api {
        let workspace: WorkspaceId = workspace.parse().expect("the id of a workspace");
        let cx = self.source.cx(Actor::system(workspace));
        let new = self.somebody(name);
        let add = async move |tx: &mut Tx| {
            let may = cx.actor.may_here::<access::MemberManage>()?;
            let user = service::create_user(tx, &cx, &may, &new).await?;
            service::add_member(tx, &cx, &may, user.id, role).await
        };
        self.db.write(add).await.expect("a member can be added");
        sign_in(server, name).await
    }

    /// Makes somebody who is there a member of another workspace, too; both by their ids.
    ///
    /// # Panics
    /// When there is no such workspace or user, or they are a member already.
    pub async fn joins(&self, user: &str, workspace: &str, role: Role) {
        let workspace: WorkspaceId = workspace.parse().expect("the id of a workspace");
        let user = user.parse().expect("the id of a user");
        let cx = self.source.cx(Actor::system(workspace));
        let add = async move |tx: &mut Tx| {
            let may = cx.actor.may_here::<access::MemberManage>()?;
            service::add_member(tx, &cx, &may, user, role).await
        };
        self.db.write(add).await.expect("a member can be added");
    }

    /// So many viewers of a workspace (by id) who never sign in, called `name-0@people.example` and so on.
    ///
    /// # Panics
    /// When there is no such workspace, or somebody of such a name.
    pub async fn crowd(&self, workspace: &str, name: &str, count: usize) {
        let workspace: WorkspaceId = workspace.parse().expect("the id of a workspace");
        for some in (0..count).collect::<Vec<_>>().chunks(100) {
            let cx = self.source.cx(Actor::system(workspace));
            let new: Vec<NewUser> = some.iter().map(|number| self.somebody(&format!("{name}-{number}"))).collect();
            let add = async move |tx: &mut Tx| {
                let may = cx.actor.may_here::<access::MemberManage>()?;
                for new in &new {
                    let user = service::create_user(tx, &cx, &may, new).await?;
                    service::add_member(tx, &cx, &may, user.id, Role::Viewer).await?;
                }
                Ok(())
            };
            self.db.write(add).await.expect("members can be added");
        }
    }

    /// Somebody new who owns a workspace of their own and belongs to no other, signed in there.
    ///
    /// # Panics
    /// When there is somebody of that name.
    pub async fn owner_elsewhere(&self, server: &Server, name: &str) -> Api {
        let workspace: WorkspaceId = self.source.new_id();
        let cx = self.source.cx(Actor::system(workspace));
        let (new, called) = (self.somebody(name), format!("{name}'s"));
        let add = async move |tx: &mut Tx| {
            let may = cx.actor.may_here::<access::MemberManage>()?;
            let user = service::create_user(tx, &cx, &may, &new).await?;
            service::create_workspace(tx, &cx, &called, user.id).await.map(drop)
        };
        self.db.write(add).await.expect("a workspace can be made");
        sign_in(server, name).await
    }

    fn somebody(&self, name: &str) -> NewUser {
        NewUser { email: email(name), name: name.to_owned(), password: self.password.clone() }
    }

    /// Lets go of the database.
    pub async fn leave(self) {
        self.db.close().await;
    }
}

fn email(name: &str) -> String {
    format!("{}@people.example", name.to_lowercase())
}

async fn sign_in(server: &Server, name: &str) -> Api {
    let stranger = Api::new(server);
    let login = json!({ "email": email(name), "password": PASSWORD });
    let answer = stranger.post("/auth/login", login).await.expect_status(200);
    stranger.with_token(&answer.text("/access_token"))
}
