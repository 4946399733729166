//! Looking into JSON without trusting it: one level at a time, the rest stays raw text.
//!
//! Skipping raw text neither recurses nor reads numbers, so deep nesting and huge numbers in parts that we do not look at do no harm.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// One level of a JSON object. Of repeated keys the last wins.
#[derive(Debug, Default)]
pub struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// Reads a whole body; `None` when it is not valid JSON or not an object.
    pub fn of_body(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().map(Self)
    }

    fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok().map(Self)
    }

    pub fn raw(&self, key: &str) -> Option<&'a RawValue> {
        self.0.get(key).copied()
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The object under this key, if it is one.
    pub fn object(&self, key: &str) -> Option<Self> {
        self.raw(key).and_then(Self::of)
    }

    /// The value under this key, if it has the type asked for.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.raw(key).and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    /// All keys, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A key fit for metrics and logs: keys come from outside and may hold anything.
pub fn tidy(key: &str) -> String {
    let fits = (1..=40).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if fits { key.to_owned() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_level_only() {
        let body = br#"{"a":1,"b":{"c":"x","d":1e999999},"a":2}"#;
        let top = Object::of_body(body).unwrap();
        assert_eq!(top.get::<i64>("a"), Some(2));
        let b = top.object("b").unwrap();
        assert_eq!(b.get::<String>("c").as_deref(), Some("x"));
        assert_eq!(b.get::<i64>("d"), None);
        assert_eq!(b.get::<i64>("c"), None);
        assert!(top.object("a").is_none());
    }

    #[test]
    fn odd_bodies_are_none() {
        for body in [&b""[..], b"[]", b"null", b"{", b"{} x", b"{\"a\":\xff}", b"{\"a\":\"\xff\"}"] {
            assert!(Object::of_body(body).is_none(), "{body:?}");
        }
    }

    #[test]
    fn keys_are_tidied() {
        assert_eq!(tidy("chat_boost"), "chat_boost");
        for odd in ["", "Chat", "a b", "қала", &"x".repeat(41), "a\n"] {
            assert_eq!(tidy(odd), "unknown");
        }
    }
}
