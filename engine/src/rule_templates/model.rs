//! Templates of rules, as they are listed, shown and filled in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trackside_rules::rule_template::{Category, Parameter};

use crate::rules::RuleState;

/// A template of rules, in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RuleTemplateInfo")]
pub struct RuleTemplateInfo {
    /// What the interface calls it.
    pub slug: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What a rule made of it does.
    pub summary: &'static str,
    /// What it is about.
    pub category: Category,
    /// What starts such a rule: a kind of event, `schedule`, `date` or `manual`.
    pub trigger: String,
    /// The permissions that such a rule asks for: its owner must have them, and a token's scopes must cover them to switch it on.
    pub permissions: Vec<&'static str>,
    /// The services to which there must be a connection.
    pub connections: Vec<String>,
    /// What has to be done elsewhere before such a rule can work; null when nothing has.
    pub setup: Option<&'static str>,
}

/// A parameter with its name.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "NamedRuleParameter")]
pub struct ShownParameter {
    /// Its name.
    pub name: &'static str,
    /// Whether something must be given.
    pub required: bool,
    /// What it asks.
    #[serde(flatten)]
    pub parameter: Parameter,
}

/// A template of rules, whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RuleTemplate")]
pub struct RuleTemplateShown {
    /// In short.
    #[serde(flatten)]
    pub info: RuleTemplateInfo,
    /// What it asks, in order.
    pub parameters: Vec<ShownParameter>,
    /// The same as a JSON schema (draft 2020-12).
    pub schema: Value,
    /// What a rule with the defaults and examples does, in words.
    pub preview: String,
    /// The rule, with `params.<name>` where parameters belong.
    pub rule: Value,
}

/// What a list of templates can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleTemplateQuery {
    /// Words of the slug, the name or the summary; all of them must be there.
    pub q: Option<String>,
    /// Only those that are about this.
    pub category: Option<Category>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts the templates on all pages.
    pub total: bool,
}

/// What is put into a template.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TemplateParameters {
    /// A value for each parameter; those that have a default may be left out.
    pub parameters: Map<String, Value>,
}

/// A rule that is to be made of a template.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewFromTemplate {
    /// A value for each parameter; those that have a default may be left out.
    pub parameters: Map<String, Value>,
    /// What the rule is called, 1 to 200 characters; the template's own name when left out.
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// `draft` when left out, `shadow` or `enabled`.
    pub state: Option<RuleState>,
}
