//! An XML document as a small tree of the elements of one namespace: no document type, no
//! entities but the five of XML itself, and nothing without a bound.

use bangtin_renderer::Problem;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// Most elements inside each other.
const DEPTH_MAX: usize = 16;
/// Most elements.
const ELEMENTS_MAX: usize = 10_000;
/// Most attributes of an element.
const ATTRIBUTES_MAX: usize = 32;

/// An element of the namespace. What belongs to others is left out with all that it holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// The letters directly inside it.
    pub text: String,
    /// The elements directly inside it.
    pub children: Vec<Element>,
}

/// Reads a document and gives its outermost element.
///
/// # Errors
/// With the one problem that made it unreadable: what comes after that cannot be told.
pub(super) fn read(bytes: &[u8], namespace: &str) -> Result<Element, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_xml("it is not UTF-8"))?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut tree = Tree::default();
    loop {
        let (name, event) = reader.read_resolved_event().map_err(not_xml)?;
        let ours = matches!(name, ResolveResult::Bound(bound) if bound.0 == namespace.as_bytes());
        match event {
            Event::Start(start) => tree.open(&start, ours)?,
            Event::Empty(start) => {
                tree.open(&start, ours)?;
                tree.close();
            }
            Event::End(_) => tree.close(),
            Event::Text(text) => tree.write(&text.xml10_content().map_err(not_xml)?)?,
            Event::CData(text) => tree.write(&text.xml10_content().map_err(not_xml)?)?,
            Event::GeneralRef(reference) => {
                let letter = letter(&reference)?;
                tree.write(letter.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().map_err(not_xml)?;
                if encoding.is_some_and(|name| !name.eq_ignore_ascii_case(b"utf-8")) {
                    return Err(not_xml("its encoding is not UTF-8"));
                }
            }
            Event::DocType(_) => return Err(not_xml("it has a document type; leave that out")),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return tree.finish(namespace),
        }
    }
}

/// What has been read so far.
#[derive(Default)]
struct Tree {
    /// The elements that are open, outermost first; `None` for those of other namespaces.
    open: Vec<Option<Element>>,
    whole: Option<Option<Element>>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, start: &BytesStart<'_>, ours: bool) -> Result<(), Problem> {
        self.elements += 1;
        let counts = [
            (self.open.len() + 1, DEPTH_MAX, "elements inside each other"),
            (self.elements, ELEMENTS_MAX, "elements"),
            (start.attributes().take(ATTRIBUTES_MAX + 1).count(), ATTRIBUTES_MAX, "attributes"),
        ];
        for (count, most, what) in counts {
            if count > most {
                let message = format!("has more than {most} {what}");
                return Err(Problem::new("too_many", "", message, count, most));
            }
        }
        if self.open.is_empty() && self.whole.is_some() {
            return Err(not_xml("it has two outermost elements"));
        }
        for attribute in start.attributes() {
            attribute.map_err(not_xml)?;
        }
        // What lies in another's element is another's.
        let inside = self.open.last().is_none_or(Option::is_some);
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        self.open.push((ours && inside).then(|| Element { name, ..Element::default() }));
        Ok(())
    }

    fn close(&mut self) {
        let Some(closed) = self.open.pop() else { return };
        match (self.open.last_mut(), closed) {
            (None, closed) => self.whole = Some(closed),
            (Some(Some(parent)), Some(closed)) => parent.children.push(closed),
            (Some(_), _) => {}
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Problem> {
        match self.open.last_mut() {
            Some(Some(element)) => element.text.push_str(text),
            Some(None) => {}
            None if text.trim().is_empty() => {}
            None => return Err(not_xml("it has text outside of its outermost element")),
        }
        Ok(())
    }

    fn finish(self, namespace: &str) -> Result<Element, Problem> {
        match self.whole {
            Some(Some(whole)) if self.open.is_empty() => Ok(whole),
            Some(None) if self.open.is_empty() => {
                let message = format!("its outermost element is not of the namespace {namespace}");
                Err(Problem::new("namespace", "", message, "", namespace))
            }
            _ => Err(not_xml("it ends before its outermost element does")),
        }
    }
}

/// The letter that a reference such as `&lt;` or `&#7871;` stands for.
fn letter(reference: &BytesRef<'_>) -> Result<char, Problem> {
    if let Some(letter) = reference.resolve_char_ref().map_err(not_xml)? {
        return Ok(letter);
    }
    match reference.decode().map_err(not_xml)?.as_ref() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        other => Err(not_xml(format!("it uses the entity `{other}`; write the letter itself"))),
    }
}

fn not_xml(why: impl std::fmt::Display) -> Problem {
    Problem::new("not_xml", "", format!("is not XML as boards take it: {why}"), "", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(element: &Element) -> String {
        let inside: String = element.children.iter().map(shown).collect();
        format!("{}({}{inside})", element.name, element.text)
    }

    #[track_caller]
    fn check(xml: &str, expected: &str) {
        let found = match read(xml.as_bytes(), "urn:a") {
            Ok(element) => shown(&element),
            Err(problem) => problem.code,
        };
        assert_eq!(found, expected, "{xml}");
    }

    #[test]
    fn documents_are_trees_of_one_namespace() {
        check("<a xmlns='urn:a'><b>1</b><c/><b>2</b></a>", "a(b(1)c()b(2))");
        check("<x:a xmlns:x='urn:a'><x:b>1</x:b><b>2</b></x:a>", "a(b(1))");
        check("<a xmlns='urn:a'><y xmlns='urn:y'><b xmlns='urn:a'/></y></a>", "a()");
        check("<a xmlns='urn:a'>&lt;&#x1ebf;&amp;<![CDATA[<&]]></a>", "a(<ế&<&)");
        check("\u{feff}<?xml version='1.0' encoding='utf-8'?><!-- c --><a xmlns='urn:a'/>", "a()");
    }

    #[test]
    fn what_is_no_such_document_is_refused() {
        check("", "not_xml");
        check("a", "not_xml");
        check("<a xmlns='urn:a'>", "not_xml");
        check("<a xmlns='urn:a'></b>", "not_xml");
        check("<a xmlns='urn:a'/><a xmlns='urn:a'/>", "not_xml");
        check("<a xmlns='urn:a'/>x", "not_xml");
        check("<a xmlns='urn:a' b='1' b='2'/>", "not_xml");
        check("<a xmlns='urn:a'>&nbsp;</a>", "not_xml");
        check("<a xmlns='urn:a'>&#0;</a>", "not_xml");
        check("<!DOCTYPE a [<!ENTITY b 'c'>]><a xmlns='urn:a'>&b;</a>", "not_xml");
        check("<?xml version='1.0' encoding='utf-16'?><a xmlns='urn:a'/>", "not_xml");
        check("<a/>", "namespace");
        check("<a xmlns='urn:b'/>", "namespace");
        check("<x:a xmlns='urn:a'/>", "namespace");
        let deep = |levels: usize| "<a>".repeat(levels) + &"</a>".repeat(levels);
        let wrapped = |inside: &str| format!("<r xmlns='urn:a'>{inside}</r>");
        check(&wrapped(&deep(DEPTH_MAX)), "too_many");
        check(&wrapped(&"<a/>".repeat(ELEMENTS_MAX)), "too_many");
        let many: String = (0..=ATTRIBUTES_MAX).map(|n| format!(" a{n}=''")).collect();
        check(&wrapped(&format!("<a{many}/>")), "too_many");
        assert!(read(b"<a xmlns='urn:a'>\xff</a>", "urn:a").is_err());
    }
}
