//! Grants: who may do what where, beyond the default role that each membership has.
//!
//! Administrators make **roles** (permissions by name, inherited from others), **groups** of people, and **assignments**:
//! a role or a permission, given to or taken from a person or a group, on the workspace, a project, a task or a rule, for a
//! time if they like, and only where a condition holds. What assignments come to is [`access::rights`](crate::access::rights)'
//! to judge; [`explain`] says how it was judged.
//!
//! Guaranteed: nobody gives what they do not have at that place; roles never inherit in a circle; no assignment takes from an
//! administrator what is needed to undo it; each change stands in the [audit log](crate::audit) and counts with the very
//! next request on every node. Deliberately absent: an assignment is never changed, it is ended and another one made, so that
//! the log reads as it was.

pub mod actions;
pub mod events;
pub mod explain;
pub mod groups;
mod model;
pub mod project_members;
pub mod roles;
pub mod service;
pub(crate) mod store;

pub use explain::{Explanation, Weight};
pub use model::{
    Assignment, AssignmentQuery, Effect, Group, GroupPatch, GroupQuery, GroupWithMembers, NewAssignment, NewGroup,
    NewRole, On, RoleInfo, RolePatch,
};
pub use project_members::{ProjectMember, ProjectRole};
