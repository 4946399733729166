//! Looking into JSON without trusting it: one level at a time, the rest stays raw text.
//!
//! Skipping raw text neither recurses nor reads numbers, so deep nesting and huge numbers in parts that we do not look at do no harm.

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};
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

    /// Reads a value; `None` when it is not an object.
    pub fn of(raw: &'a RawValue) -> Option<Self> {
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

    /// What a person wrote under this key. Halves of characters, which some phones send, become replacement marks: the rest must not be lost.
    pub fn words(&self, key: &str) -> Option<String> {
        self.get(key).or_else(|| self.get::<Lossy>(key).map(|text| text.0))
    }

    /// All keys, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Text whose escapes need not make whole characters.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        from.deserialize_bytes(Bytes)
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
    fn broken_characters_do_not_cost_the_words() {
        let body = br#"{"whole":"\u049b\ud83d\udeb0","half":"\u0441\u0443 \ud83d \u0436\u043e\u049b","number":7,"list":[1,2],"none":null}"#;
        let top = Object::of_body(body).unwrap();
        assert_eq!(top.words("whole").as_deref(), Some("\u{49b}\u{1F6B0}"));
        let half = top.words("half").unwrap();
        assert!(half.starts_with("\u{441}\u{443} \u{FFFD}") && half.ends_with(" \u{436}\u{43e}\u{49b}"), "{half}");
        for key in ["number", "list", "none", "missing"] {
            assert_eq!(top.words(key), None, "{key}");
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
