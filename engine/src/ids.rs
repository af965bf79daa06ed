//! A stand-in until the ids proper are merged.

/// A workspace: the tenant that every row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceId(uuid::Uuid);

/// What every id has.
pub trait Id {
    /// The id over this UUID.
    fn from_uuid(uuid: uuid::Uuid) -> Self;
}

impl Id for WorkspaceId {
    fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid)
    }
}
