//! Short answers to what residents ask most. All of them are data (`config/articles.toml`); these are their types and their checks.

use super::catalog::{Catalog, Named};
use super::ids::ServiceCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest answer in one language, in characters: it is read on a telephone.
const LONGEST: usize = 700;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// `a-z`, `0-9` and `_`; stays for ever.
    pub code: String,
    #[serde(default)]
    pub service: Option<ServiceCode>,
    pub title: Named,
    pub text: Named,
    /// Words by which people ask for it, in either language.
    pub words: Vec<String>,
}

/// All answers, in the order in which they are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Articles {
    #[serde(default, rename = "article")]
    pub all: Vec<Article>,
}

impl Articles {
    /// What an administrator must mend.
    #[must_use]
    pub fn problems(&self, catalog: &Catalog) -> Vec<String> {
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        for a in &self.all {
            let mut bad = |why: &str| out.push(format!("articles.toml: '{}': {why}", a.code));
            let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
            if a.code.is_empty() || a.code.len() > 40 || !a.code.bytes().all(plain) {
                bad("a code is 1-40 characters of a-z, 0-9 and '_'");
            }
            if !seen.insert(a.code.as_str()) {
                bad("the code stands twice");
            }
            if a.service.as_ref().is_some_and(|s| catalog.service(s.as_str()).is_none()) {
                bad("names a service that the catalogue does not hold");
            }
            for text in [&a.title.kk, &a.title.ru, &a.text.kk, &a.text.ru] {
                if text.trim().is_empty() {
                    bad("has no title or text in one of the languages");
                }
                if text.chars().count() > LONGEST {
                    bad("a text is too long");
                }
            }
            if a.words.is_empty() {
                bad("has no words by which it is found");
            }
        }
        out
    }
}
