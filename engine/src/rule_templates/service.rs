//! The public verbs of rule templates.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};
use trackside_rules::{Problem, Rule, RuleTemplate, tell};

use super::TEMPLATES;
use super::model::{RuleTemplateInfo, RuleTemplateQuery, RuleTemplateShown, ShownParameter};
use super::resolve::{refused, resolve};
use crate::access::{Actor, Granted, Reach, RuleView};
use crate::actions::{Actions, Entry};
use crate::db::Rx;
use crate::error::FieldError;
use crate::events::KINDS;
use crate::paging::{Cursor, DEFAULT_LIMIT, Page, bad_cursor, check_limit};
use crate::{Class, Error, Result};

/// The longest name of a rule that is made of a template, in characters.
const MAX_NAME: usize = 200;
/// The order of the list.
const SORT: &str = "slug";

/// A template, and the rule that its defaults and examples make.
struct Ready {
    template: RuleTemplate,
    example: Rule,
}

/// Every template, sorted by slug.
static READY: LazyLock<Vec<Ready>> = LazyLock::new(|| {
    // A test reads every file, so none is missing here.
    TEMPLATES.iter().filter_map(|(_, text)| ready(text).ok()).collect()
});

fn ready(text: &str) -> Result<Ready, Vec<Problem>> {
    let template = RuleTemplate::from_yaml(text).map_err(|problem| vec![problem])?;
    let example = template.fill(&template.read(&template.examples())?)?;
    Ok(Ready { template, example })
}

/// A page of the templates.
///
/// # Errors
/// `invalid_parameter`, `invalid_cursor`.
pub fn list(
    _may: &Granted<RuleView, Reach>,
    actions: &Actions,
    query: &RuleTemplateQuery,
) -> Result<Page<RuleTemplateInfo>> {
    let limit = check_limit(query.limit.unwrap_or(DEFAULT_LIMIT))?;
    let after = match query.cursor.as_deref().map(|text| Cursor::decode(text, SORT)).transpose()? {
        None => None,
        Some(cursor) => match <[Value; 1]>::try_from(cursor.values) {
            Ok([Value::String(slug)]) => Some(slug),
            _ => return Err(bad_cursor()),
        },
    };
    let words: Vec<String> = query.q.iter().flat_map(|q| q.split_whitespace()).map(str::to_lowercase).collect();
    let fits = |template: &RuleTemplate| {
        let text = format!("{} {} {}", template.slug, template.name, template.summary).to_lowercase();
        query.category.is_none_or(|category| category == template.category)
            && words.iter().all(|word| text.contains(word.as_str()))
    };
    let found: Vec<&'static Ready> = READY.iter().filter(|ready| fits(&ready.template)).collect();
    let total = query.total.then_some(found.len() as i64);
    let here =
        found.into_iter().filter(|ready| after.as_deref().is_none_or(|after| ready.template.slug.as_str() > after));
    let items = here.take(usize::try_from(limit).unwrap_or_default() + 1).map(|ready| info(ready, actions)).collect();
    let page = Page::cut(items, limit, |last: &RuleTemplateInfo| Cursor {
        sort: SORT.to_owned(),
        values: vec![Value::String(last.slug.to_owned())],
    });
    Ok(Page { total, ..page })
}

/// A template with all that it asks.
///
/// # Errors
/// `rule_template_not_found`, with the nearest name.
pub fn find(_may: &Granted<RuleView, Reach>, actions: &Actions, slug: &str) -> Result<RuleTemplateShown> {
    let found = named(slug)?;
    let parameters = found.template.parameters.iter().map(|(name, parameter)| ShownParameter {
        name,
        required: parameter.default.is_none(),
        parameter: parameter.clone(),
    });
    Ok(RuleTemplateShown {
        info: info(found, actions),
        parameters: parameters.collect(),
        schema: found.template.schema(),
        preview: told(&found.example, actions),
        rule: found.template.rule.clone(),
    })
}

/// The rule that a template makes of these values, not checked yet; called otherwise than the template says, if wanted.
///
/// # Errors
/// `rule_template_not_found`; `invalid_fields` with pointers to the parameters and the name.
pub async fn fill(
    rx: &mut Rx,
    actor: &Actor,
    slug: &str,
    given: &Map<String, Value>,
    name: Option<String>,
) -> Result<Rule> {
    let template = &named(slug)?.template;
    if name.as_deref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > MAX_NAME) {
        return Err(Error::field("/name", format!("must be 1 to {MAX_NAME} characters")));
    }
    let values = template.read(given).map_err(|problems| refused(problems.into_iter().map(field)))?;
    let values = resolve(rx, actor, template, values).await?.map_err(refused)?;
    let mut rule = template.fill(&values).map_err(|problems| refused(problems.into_iter().map(field)))?;
    rule.name = name.unwrap_or(rule.name);
    rule.description.get_or_insert_with(|| format!("{} Made of the template `{slug}`.", template.summary));
    Ok(rule)
}

/// What a rule does, in words.
pub fn told(rule: &Rule, actions: &Actions) -> String {
    tell(rule, |name| {
        let of_event = KINDS.iter().find(|kind| kind.name == name).map(|kind| kind.summary.to_owned());
        of_event.or_else(|| {
            actions.get(name).map(|entry| match entry {
                Entry::Internal(action) => action.summary().to_owned(),
                Entry::External(action) => action.summary().to_owned(),
            })
        })
    })
}

fn field(problem: Problem) -> FieldError {
    let message = match &problem.suggestion {
        Some(near) => format!("{} Did you mean `{near}`?", problem.message),
        None => problem.message,
    };
    FieldError { pointer: problem.pointer, message }
}

fn named(slug: &str) -> Result<&'static Ready> {
    READY.iter().find(|ready| ready.template.slug == slug).ok_or_else(|| {
        let near = trackside_rules::problem::nearest(slug, TEMPLATES.iter().map(|(slug, _)| *slug));
        let shown: String = slug.chars().take(64).collect();
        let advice = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`GET /api/v1/rule-templates` lists them.".to_owned(),
        };
        Error::new(Class::NotFound, "rule_template_not_found", format!("There is no rule template `{shown}`; {advice}"))
    })
}

fn info(ready: &'static Ready, actions: &Actions) -> RuleTemplateInfo {
    let (template, rule) = (&ready.template, &ready.example);
    let (mut permissions, mut connections) = (BTreeSet::new(), BTreeSet::new());
    let heard = KINDS.iter().find(|kind| kind.name == rule.trigger.kind());
    permissions.extend(heard.map(|kind| kind.needs));
    for action in rule.walk().into_iter().filter_map(|(_, step)| step.action.as_deref()) {
        permissions.extend(actions.needs(action));
        // What is called with a connection is called after the service; `http.request` needs none.
        if let (Some(Entry::External(_)), Some((service, _))) = (actions.get(action), action.split_once('.'))
            && service != "http"
        {
            connections.insert(service.to_owned());
        }
    }
    RuleTemplateInfo {
        slug: &template.slug,
        name: &template.name,
        summary: &template.summary,
        category: template.category,
        trigger: rule.trigger.on.clone(),
        permissions: permissions.into_iter().collect(),
        connections: connections.into_iter().collect(),
        setup: template.setup.as_deref(),
    }
}
