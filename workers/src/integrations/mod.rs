//! Outside services, a folder each: how they are called, and what rules may do there.
//!
//! Every call goes out through the [`Egress`] that is handed in, so every vendor stands behind the same wall, and its
//! base URL can be set (GitHub Enterprise, self-hosted services, the fakes of the tests). Adding an action is one
//! implementation of [`External`](trackside_engine::actions::external::External) and one line in [`all`].

pub mod answers;
pub mod github;
pub mod http;
pub mod slack;

#[cfg(test)]
mod page;

use std::sync::Arc;

use trackside_engine::actions::external::{ErasedExternal, Failure};

use crate::egress::{Egress, SendError};

/// Every external action, sorted by name.
pub fn all(egress: &Egress) -> Vec<Arc<dyn ErasedExternal>> {
    vec![
        Arc::new(github::actions::CreateIssue::new(egress)),
        Arc::new(http::actions::SendRequest::new(egress)),
        Arc::new(slack::actions::PostMessage::new(egress)),
    ]
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused(detail) => Failure::permanent(detail),
            SendError::Connect(_) => Failure::retryable(error.to_string()),
            SendError::TimedOut(_) | SendError::Broken(_) => Failure::unknown(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Policy;

    #[test]
    fn actions_are_sorted_and_take_nothing_unknown() {
        let actions = all(&Egress::new(Policy::default()).unwrap());
        assert!(actions.is_sorted_by(|a, b| a.name() < b.name()));
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/integrations");
        let files = std::fs::read_dir(folder).unwrap().map(|vendor| vendor.unwrap().path().join("actions.rs"));
        let written: usize = files
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .map(|text| text.matches("\nimpl External for ").count())
            .sum();
        assert_eq!(actions.len(), written, "an action is missing from integrations::all");
        for action in actions {
            assert_eq!(action.input_schema()["additionalProperties"], false, "{}", action.name());
            assert_eq!(action.output_schema()["type"], "object", "{}", action.name());
        }
    }
}
