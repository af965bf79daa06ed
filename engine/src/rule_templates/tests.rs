use std::collections::BTreeSet;

use trackside_rules::RuleTemplate;

use super::TEMPLATES;

fn files() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rule_templates/data");
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_file_is_in_the_list_and_every_template_has_its_sample() {
    assert!(TEMPLATES.is_sorted_by_key(|(slug, _)| slug));
    let wanted: BTreeSet<String> =
        TEMPLATES.iter().flat_map(|(slug, _)| [format!("{slug}.yaml"), format!("{slug}.sample.yaml")]).collect();
    assert_eq!(files(), wanted);
}

#[test]
fn every_template_can_be_filled_in_and_uses_what_it_asks() {
    for (slug, text) in TEMPLATES {
        let template = RuleTemplate::from_yaml(text).unwrap_or_else(|problem| panic!("{slug}: {problem}"));
        assert_eq!(template.slug, *slug);
        let examples = template.examples();
        let asked: BTreeSet<String> = template.parameters.keys().cloned().collect();
        assert_eq!(
            examples.keys().cloned().collect::<BTreeSet<_>>(),
            asked,
            "{slug}: give each a default or an example"
        );
        let values = template.read(&examples).unwrap_or_else(|problems| panic!("{slug}: {problems:?}"));
        template.fill(&values).unwrap_or_else(|problems| panic!("{slug}: {problems:?}"));
        assert_eq!(template.used(), asked, "{slug}: use every parameter, or take it out");
        assert!(template.summary.ends_with('.') && template.summary.len() < 160, "{slug}: one sentence");
    }
}

#[test]
fn every_template_has_its_line_in_the_document() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rule-templates.md")).unwrap();
    for (slug, text) in TEMPLATES {
        let template = RuleTemplate::from_yaml(text).unwrap();
        let category = serde_json::to_value(template.category).unwrap();
        let line = format!("| `{slug}` | `{}` | {} |", category.as_str().unwrap(), template.summary);
        assert!(page.contains(&line), "write into docs/rule-templates.md:\n{line}");
    }
}
