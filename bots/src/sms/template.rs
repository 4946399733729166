//! Places in texts: `{name}` stands for a value, `{{` and `}}` for a brace.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::borrow::Cow;

/// Everything that an address may read as its own mark.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Text(String),
    Place(String),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with its braces.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.peek() == Some(&c) => {
                    chars.next();
                    plain.push(c);
                }
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' => name.push(c),
                            _ => return Err(format!("a place after `{{{name}` is not closed, or its name is no plain word")),
                        }
                    }
                    steps.push(Step::Text(std::mem::take(&mut plain)));
                    steps.push(Step::Place(name));
                }
                '}' => return Err("a brace is closed that was never opened".to_owned()),
                c => plain.push(c),
            }
        }
        steps.push(Step::Text(plain));
        Ok(Self(steps))
    }

    /// Names of its places.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Place(name) => Some(name.as_str()),
            Step::Text(_) => None,
        })
    }

    /// The text with values put in; a place without a value stays empty.
    pub fn fill(&self, values: &dyn Values) -> String {
        self.filled(values, |value| Cow::Borrowed(value))
    }

    /// The same for an address: values cannot leave their place.
    pub fn fill_address(&self, values: &dyn Values) -> String {
        self.filled(values, |value| utf8_percent_encode(value, ENCODED).into())
    }

    fn filled(&self, values: &dyn Values, encode: impl for<'v> Fn(&'v str) -> Cow<'v, str>) -> String {
        self.0.iter().fold(String::new(), |mut out, step| {
            match step {
                Step::Text(text) => out.push_str(text),
                Step::Place(name) => out.push_str(&encode(values.of(name).unwrap_or_default())),
            }
            out
        })
    }
}

/// What is put into places.
pub trait Values {
    fn of(&self, name: &str) -> Option<&str>;
}

/// A JSON value whose texts have places. Values are put into texts only, so they cannot change the shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Text(Template),
    List(Vec<Shape>),
    Object(Vec<(String, Shape)>),
    Other(Value),
}

impl Shape {
    /// Reads JSON.
    ///
    /// # Errors
    /// What is wrong with it or with a text in it.
    pub fn parse(json: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(json).map_err(|error| format!("no JSON: {error}"))?;
        Self::of(value)
    }

    fn of(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::parse(&text)?),
            Value::Array(list) => Self::List(list.into_iter().map(Self::of).collect::<Result<_, _>>()?),
            Value::Object(map) => Self::Object(map.into_iter().map(|(key, value)| Ok((key, Self::of(value)?))).collect::<Result<_, String>>()?),
            other => Self::Other(other),
        })
    }

    /// All texts with places in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Text(template) => vec![template],
            Self::List(list) => list.iter().flat_map(Self::templates).collect(),
            Self::Object(map) => map.iter().flat_map(|(_, shape)| shape.templates()).collect(),
            Self::Other(_) => Vec::new(),
        }
    }

    pub fn fill(&self, values: &dyn Values) -> Value {
        match self {
            Self::Text(template) => Value::String(template.fill(values)),
            Self::List(list) => list.iter().map(|shape| shape.fill(values)).collect(),
            Self::Object(map) => map.iter().map(|(key, shape)| (key.clone(), shape.fill(values))).collect::<serde_json::Map<_, _>>().into(),
            Self::Other(value) => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    struct Given(BTreeMap<&'static str, String>);

    impl Values for Given {
        fn of(&self, name: &str) -> Option<&str> {
            self.0.get(name).map(String::as_str)
        }
    }

    fn given(text: &str) -> Given {
        Given(BTreeMap::from([("to", "+77015551122".to_owned()), ("text", text.to_owned())]))
    }

    #[test]
    fn values_stay_in_their_places() {
        let template = Template::parse("https://g.test/send?to={to}&text={text}&x={{1}}").unwrap();
        assert_eq!(
            template.fill_address(&given("Су & жоқ? {to}")),
            "https://g.test/send?to=%2B77015551122&text=%D0%A1%D1%83%20%26%20%D0%B6%D0%BE%D2%9B%3F%20%7Bto%7D&x={1}"
        );
        assert_eq!(Template::parse("{to}: {text}").unwrap().fill(&given("a{b}\"")), "+77015551122: a{b}\"");
        assert_eq!(Template::parse("{absent}!").unwrap().fill(&given("")), "!");
        assert_eq!(template.places().collect::<Vec<_>>(), ["to", "text"]);
    }

    #[test]
    fn json_keeps_its_shape() {
        let shape = Shape::parse(r#"{"messages":[{"to":"{to}","body":{"text":"109: {text}"},"n":1}]}"#).unwrap();
        let filled = shape.fill(&given("\"},{\"to\":\"x"));
        assert_eq!(filled, serde_json::json!({"messages": [{"to": "+77015551122", "body": {"text": "109: \"},{\"to\":\"x"}, "n": 1}]}));
        assert_eq!(shape.templates().iter().flat_map(|t| t.places()).collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn broken_braces_are_named() {
        for bad in ["{to", "to}", "{To}", "{a b}", "{", "}", "{to}}", "{{to}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        assert!(Shape::parse("{").is_err() && Shape::parse(r#"["{x"]"#).is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,200}") {
            let _ = Template::parse(&text);
        }

        #[test]
        fn an_address_holds_one_query(text in "\\PC{0,100}") {
            let address = Template::parse("https://g.test/?a={text}&b=1").unwrap().fill_address(&given(&text));
            let url = url::Url::parse(&address).unwrap();
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, vec![("a".to_owned(), text), ("b".to_owned(), "1".to_owned())]);
        }
    }
}
