//! Where in a YAML text the parts of a rule stand, so that a problem can be shown at its line and column in the file.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::problem::{Problem, pointer_key};

/// Most nodes of a text that are looked at; a rule that may be read has fewer.
const MOST: usize = 50_000;

/// Line and column, both from 1.
pub type Place = (u32, u32);

/// The places of a YAML text.
#[derive(Debug, Default)]
pub struct Places<'t> {
    text: &'t str,
    nodes: HashMap<String, Node>,
}

#[derive(Debug)]
struct Node {
    /// Where its key stands, within a mapping.
    key: Option<Place>,
    /// Where it stands itself.
    at: Place,
    /// A scalar: how it is written, and its first and last line.
    scalar: Option<(ScalarStyle, usize, usize)>,
}

/// A mapping or a sequence on the way down.
enum Level {
    Mapping { pointer: String, key: Option<(String, Place)> },
    Sequence { pointer: String, index: usize },
}

impl<'t> Places<'t> {
    /// Finds them. Of a text that is no YAML those before the first fault are known.
    pub fn of(text: &'t str) -> Self {
        let (mut nodes, mut levels) = (HashMap::new(), Vec::<Level>::new());
        for next in Parser::new_from_str(text).take(MOST) {
            let Ok((event, span)) = next else { break };
            let (opens, scalar) = match &event {
                Event::MappingStart(..) => (Some(false), None),
                Event::SequenceStart(..) => (Some(true), None),
                Event::Scalar(value, style, ..) => (None, Some((value.to_string(), *style))),
                Event::Alias(_) => (None, None),
                Event::MappingEnd | Event::SequenceEnd => {
                    levels.pop();
                    continue;
                }
                _ => continue,
            };
            let at = place(&span.start);
            let (pointer, key) = match levels.last_mut() {
                None => (String::new(), None),
                Some(Level::Sequence { pointer, index }) => {
                    let own = format!("{pointer}/{index}");
                    *index += 1;
                    (own, None)
                }
                Some(Level::Mapping { pointer, key }) => match (key.take(), &scalar) {
                    (Some((name, at)), _) => (format!("{pointer}/{}", pointer_key(&name)), Some(at)),
                    (None, Some((name, _))) => {
                        *key = Some((name.clone(), at));
                        continue;
                    }
                    // A key that is no text names nothing in a rule.
                    (None, None) => {
                        *key = Some((String::new(), at));
                        match opens {
                            None => continue,
                            Some(_) => (format!("{pointer}/?"), None),
                        }
                    }
                },
            };
            match opens {
                Some(true) => levels.push(Level::Sequence { pointer: pointer.clone(), index: 0 }),
                Some(false) => levels.push(Level::Mapping { pointer: pointer.clone(), key: None }),
                None => {}
            }
            let scalar = scalar.map(|(_, style)| (style, span.start.line(), last_line(text, &span)));
            nodes.entry(pointer).or_insert(Node { key, at, scalar });
        }
        Self { text, nodes }
    }

    /// Where a problem with the rule in the text stands. What is missing is shown where it is missing.
    pub fn find(&self, problem: &Problem) -> Place {
        let inner = problem.line.zip(problem.column);
        if problem.pointer.is_empty()
            && let Some(place) = inner
        {
            return place;
        }
        let mut pointer = problem.pointer.as_str();
        loop {
            if let Some(node) = self.nodes.get(pointer) {
                let whole = pointer.len() == problem.pointer.len();
                return match inner.filter(|_| whole) {
                    Some(inner) => self.inside(node, inner),
                    None => node.key.unwrap_or(node.at),
                };
            }
            match pointer.rfind('/') {
                Some(end) => pointer = &pointer[..end],
                None => return (1, 1),
            }
        }
    }

    /// A place in a scalar's value as a place in the text; where that cannot be told, where the scalar begins.
    fn inside(&self, node: &Node, (line, column): Place) -> Place {
        let Some((style, first, last)) = node.scalar else { return node.at };
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return self.inside_block(style, first, (line, column));
        }
        if line > 1 || first != last {
            return node.at;
        }
        let written = self.text.lines().nth(first - 1).unwrap_or_default();
        let written: Vec<char> = written.chars().skip(node.at.1 as usize - 1).collect();
        let mut at = usize::from(style != ScalarStyle::Plain);
        for _ in 1..column {
            at += width(&written[at.min(written.len())..], style);
        }
        (node.at.0, node.at.1 + at as u32)
    }
}

impl Places<'_> {
    /// The same for a block (`|` and `>`), which the parser says to begin where its content does.
    fn inside_block(&self, style: ScalarStyle, begins: usize, (line, column): Place) -> Place {
        let content = self.text.lines().nth(begins - 1).unwrap_or_default();
        let indent = content.len() - content.trim_start().len();
        let fits = column as usize <= content.trim_end().chars().count().saturating_sub(indent);
        match style {
            ScalarStyle::Literal => ((begins - 1) as u32 + line, indent as u32 + column),
            // What stands further on has been folded; who knows where.
            _ if line == 1 && fits => (begins as u32, indent as u32 + column),
            _ => (begins as u32, indent as u32 + 1),
        }
    }
}

/// How many characters in the text make the next one of the value.
fn width(written: &[char], style: ScalarStyle) -> usize {
    match (style, written) {
        (ScalarStyle::SingleQuoted, ['\'', '\'', ..]) => 2,
        (ScalarStyle::DoubleQuoted, ['\\', 'x', ..]) => 4,
        (ScalarStyle::DoubleQuoted, ['\\', 'u', ..]) => 6,
        (ScalarStyle::DoubleQuoted, ['\\', 'U', ..]) => 10,
        (ScalarStyle::DoubleQuoted, ['\\', _, ..]) => 2,
        _ => 1,
    }
}

fn place(marker: &Marker) -> Place {
    (marker.line() as u32, marker.col() as u32 + 1)
}

/// The last line that a scalar stands on: its end may be the beginning of the next one.
fn last_line(text: &str, span: &Span) -> usize {
    let written = span.slice(text).unwrap_or_default();
    span.start.line() + written.trim_end().matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A rule\nname: Say it\ntrigger:\n  on: task.created\n  match: { 'it''s': 1 }\ncondition: |\n  task.a &&\n    task.b\nsteps:\n- id: tell\n  with:\n    text: \"a \\\"b\\\" {{ x }}\"\n    more: 'a ''b'' {{ x }}'\n    folded: >\n      a\n      b\n- id: end\n  stop: done\n";

    fn find(pointer: &str, inner: Option<(u32, u32)>) -> Place {
        let problem = Problem::new("code", pointer, "");
        let problem = inner.map_or(problem.clone(), |(line, column)| problem.at(line, column));
        Places::of(TEXT).find(&problem)
    }

    #[test]
    fn a_part_of_a_rule_is_found_by_its_pointer() {
        assert_eq!(find("/name", None), (2, 1));
        assert_eq!(find("/trigger/on", None), (4, 3));
        assert_eq!(find("/trigger/match/it's", None), (5, 12));
        assert_eq!(find("/steps/1", None), (17, 3));
        assert_eq!(find("/steps/1/stop", None), (18, 3));
        assert_eq!(find("/steps/1/missing/deep", None), (17, 3), "what holds it");
        assert_eq!(find("/policy", None), (2, 1), "the whole");
        assert_eq!(find("", Some((7, 3))), (7, 3), "a place in the text already");
    }

    #[test]
    fn a_place_in_a_value_is_found_in_the_text() {
        assert_eq!(find("/condition", Some((1, 6))), (7, 8));
        assert_eq!(find("/condition", Some((2, 3))), (8, 5));
        assert_eq!(find("/trigger/on", Some((1, 6))), (4, 12));
        assert_eq!(find("/steps/0/with/text", Some((1, 10))), (12, 23));
        assert_eq!(find("/steps/0/with/more", Some((1, 10))), (13, 23));
        assert_eq!(find("/steps/0/with/folded", Some((1, 1))), (15, 7));
        assert_eq!(find("/steps/0/with/folded", Some((1, 3))), (15, 7), "where it begins");
    }
}
