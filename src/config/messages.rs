//! The texts of the service in both languages: `config/messages/{kk,ru}.toml`, nested tables flattened to dotted keys.

use super::ConfigErrors;
use crate::domain::Lang;
use crate::domain::outgoing::Params;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use toml::{Table, Value};

type Texts = BTreeMap<String, String>;

/// All texts a resident or a member of staff may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Messages {
    kk: Arc<Texts>,
    ru: Arc<Texts>,
    /// Texts that an administrator has written over those of the files, Kazakh and Russian. The files' texts are shared between editions, these are few.
    own: BTreeMap<String, (String, String)>,
    /// Texts of an installation that replace nothing, or use values that are not there.
    strange: Vec<String>,
}

impl Messages {
    /// Reads both files.
    ///
    /// # Errors
    /// Files that are not TOML, and values that are neither texts nor tables of them.
    pub fn parse(kk: &str, ru: &str) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let (kk, ru) = (Arc::new(read(Lang::Kk, kk, &mut problems)), Arc::new(read(Lang::Ru, ru, &mut problems)));
        let out = Self { kk, ru, own: BTreeMap::new(), strange: Vec::new() };
        ConfigErrors::check(problems).map(|()| out)
    }

    /// Takes the texts of an installation over: each replaces the one of its key, the others stay. A key that the program does not know, and a
    /// placeholder that nothing fills, are told by [`Messages::problems`].
    ///
    /// # Errors
    /// A file that is not TOML, and values that are neither texts nor tables of them.
    pub fn replace(&mut self, lang: Lang, file: &str) -> Result<(), ConfigErrors> {
        let mut problems = Vec::new();
        for (key, text) in read(lang, file, &mut problems) {
            match self.texts(lang).get(&key) {
                None => self.strange.push(format!("messages/{lang}.toml: there is no text '{key}': check how it is written")),
                Some(shipped) => {
                    let unknown: Vec<&str> = holes(&text).difference(&holes(shipped)).copied().collect();
                    if !unknown.is_empty() {
                        self.strange.push(format!("messages/{lang}.toml: nothing fills {{{}}} of '{key}'", unknown.join("}, {")));
                    }
                }
            }
            match lang {
                Lang::Kk => Arc::make_mut(&mut self.kk).insert(key, text),
                Lang::Ru => Arc::make_mut(&mut self.ru).insert(key, text),
            };
        }
        ConfigErrors::check(problems)
    }

    /// Writes a text of both languages over the files' one. False when there is no text of this key.
    pub fn write(&mut self, key: &str, kk: &str, ru: &str) -> bool {
        let known = self.kk.contains_key(key) && self.ru.contains_key(key);
        if known {
            self.own.insert(key.to_owned(), (kk.to_owned(), ru.to_owned()));
        }
        known
    }

    /// The placeholders of any text.
    #[must_use]
    pub fn holes_of(text: &str) -> BTreeSet<String> {
        holes(text).into_iter().map(str::to_owned).collect()
    }

    /// Whether every brace of a text belongs to a placeholder.
    #[must_use]
    pub fn is_balanced(text: &str) -> bool {
        balanced(text)
    }

    /// All texts of a language as a file of `messages/`.
    ///
    /// # Errors
    /// When the texts cannot be written as TOML, which they can.
    pub fn to_toml(&self, lang: Lang) -> Result<String, toml::ser::Error> {
        let mut root = Table::new();
        for key in self.keys() {
            if let Some(text) = self.get(lang, key) {
                super::origin::put(&mut root, key, Value::String(text.to_owned()));
            }
        }
        toml::to_string_pretty(&root)
    }

    fn texts(&self, lang: Lang) -> &Texts {
        match lang {
            Lang::Kk => &self.kk,
            Lang::Ru => &self.ru,
        }
    }

    /// The raw text, placeholders and all.
    #[must_use]
    pub fn get(&self, lang: Lang, key: &str) -> Option<&str> {
        match (self.own.get(key), lang) {
            (Some((kk, _)), Lang::Kk) => Some(kk),
            (Some((_, ru)), Lang::Ru) => Some(ru),
            (None, _) => self.texts(lang).get(key).map(String::as_str),
        }
    }

    /// The placeholders of a text, which both languages share; none: there is no such text.
    #[must_use]
    pub fn placeholders(&self, key: &str) -> Option<BTreeSet<String>> {
        self.get(Lang::Kk, key).map(|text| holes(text).into_iter().map(str::to_owned).collect())
    }

    /// All keys, of both languages.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.kk.keys().chain(self.ru.keys()).map(String::as_str).collect::<BTreeSet<_>>().into_iter()
    }

    /// The text with `{name}` replaced by the parameter of that name. What has no parameter stays visible; a missing text shows as its key.
    /// A value is put in as it is, once: braces inside it mean nothing.
    #[must_use]
    pub fn render(&self, lang: Lang, key: &str, params: &Params) -> String {
        let Some(text) = self.get(lang, key) else {
            return key.to_owned();
        };
        pieces(text).into_iter().fold(String::with_capacity(text.len()), |mut out, piece| {
            match piece {
                Piece::Words(words) => out.push_str(words),
                Piece::Hole { name, raw } => out.push_str(params.get(name).map_or(raw, String::as_str)),
            }
            out
        })
    }

    /// What a translator must mend.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out = self.strange.clone();
        for key in self.keys() {
            for (lang, other) in [(Lang::Kk, Lang::Ru), (Lang::Ru, Lang::Kk)] {
                match self.get(lang, key) {
                    None => out.push(format!("messages: '{key}' stands in {other} and is missing in {lang}")),
                    Some(text) if text.trim().is_empty() => out.push(format!("messages: '{key}' is empty in {lang}")),
                    Some(text) if !balanced(text) => {
                        out.push(format!("messages: '{key}' has a stray brace in {lang}: placeholders look like {{name}}"))
                    }
                    Some(_) => {}
                }
            }
            if let (Some(kk), Some(ru)) = (self.get(Lang::Kk, key), self.get(Lang::Ru, key)) {
                let (kk, ru) = (holes(kk), holes(ru));
                if kk != ru {
                    let list = |s: &BTreeSet<&str>| if s.is_empty() { "none".to_owned() } else { s.iter().copied().collect::<Vec<_>>().join(", ") };
                    out.push(format!("messages: '{key}' has other placeholders in kk ({}) than in ru ({})", list(&kk), list(&ru)));
                }
            }
        }
        out
    }
}

fn read(lang: Lang, text: &str, problems: &mut Vec<String>) -> Texts {
    let mut out = Texts::new();
    match text.parse::<Table>() {
        Ok(table) => flatten(lang, &table, "", &mut out, problems),
        Err(e) => problems.push(format!("messages/{lang}.toml is not valid TOML: {e}")),
    }
    out
}

fn flatten(lang: Lang, table: &Table, prefix: &str, out: &mut Texts, problems: &mut Vec<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let clash = match value {
            Value::Table(inner) => {
                flatten(lang, inner, &key, out, problems);
                None
            }
            Value::String(text) => out.insert(key.clone(), text.clone()),
            _ => {
                problems.push(format!("messages/{lang}.toml: '{key}' is not a text: put it in quotes"));
                None
            }
        };
        if clash.is_some() {
            problems.push(format!("messages/{lang}.toml: '{key}' is written in two ways"));
        }
    }
}

enum Piece<'a> {
    Words(&'a str),
    /// A placeholder: its name, and how it is written.
    Hole {
        name: &'a str,
        raw: &'a str,
    },
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((open, name, end)) = next_hole(rest) {
        let (words, tail) = rest.split_at(open);
        let (raw, tail) = tail.split_at(end - open);
        out.push(Piece::Words(words));
        out.push(Piece::Hole { name, raw });
        rest = tail;
    }
    out.push(Piece::Words(rest));
    out
}

/// Where the next `{name}` opens, its name, and where it ends.
fn next_hole(text: &str) -> Option<(usize, &str, usize)> {
    let is_name = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    text.match_indices('{').find_map(|(open, _)| {
        let inside = text.get(open + 1..)?;
        let name = inside.get(..inside.find('}')?)?;
        is_name(name).then_some((open, name, open + name.len() + 2))
    })
}

fn holes(text: &str) -> BTreeSet<&str> {
    pieces(text).into_iter().filter_map(|p| if let Piece::Hole { name, .. } = p { Some(name) } else { None }).collect()
}

/// No brace outside of a placeholder.
fn balanced(text: &str) -> bool {
    pieces(text).iter().all(|p| !matches!(p, Piece::Words(w) if w.contains(['{', '}'])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Messages {
        let quoted = Value::String(text.to_owned()).to_string();
        Messages::parse(&format!("[a]\nb = {quoted}"), &format!("[a]\nb = {quoted}")).unwrap()
    }

    fn params(pairs: &[(&str, &str)]) -> Params {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn rendering() {
        let p = params(&[("number", "26-4817-0359"), ("evil", "{number}")]);
        for (text, want) in [
            ("Өтініш {number} қабылданды", "Өтініш 26-4817-0359 қабылданды"),
            ("{number}{number}", "26-4817-035926-4817-0359"),
            ("{evil}", "{number}"),
            ("{unknown} стоит", "{unknown} стоит"),
            ("{{number}", "{26-4817-0359"),
            ("{ number }", "{ number }"),
            ("{}", "{}"),
            ("a { b } {number", "a { b } {number"),
            ("", ""),
        ] {
            assert_eq!(one(text).render(Lang::Ru, "a.b", &p), want, "{text}");
        }
        assert_eq!(one("x").render(Lang::Kk, "no.such", &p), "no.such");
    }

    #[test]
    fn each_fault_is_told() {
        for (kk, ru, part) in [
            ("a = 'x'\nb = 'y'", "a = 'x'", "'b' stands in kk and is missing in ru"),
            ("a = 'x'", "a = 'x'\n[c]\nd = 'z'", "'c.d' stands in ru and is missing in kk"),
            ("a = ' '", "a = 'x'", "'a' is empty in kk"),
            ("a = '{n}'", "a = '{m}'", "other placeholders in kk (n) than in ru (m)"),
            ("a = '{n}'", "a = 'x'", "than in ru (none)"),
            ("a = '{n'", "a = 'x'", "stray brace in kk"),
            ("a = 'x'", "a = 'n}'", "stray brace in ru"),
            ("a = '{Big}'", "a = '{Big}'", "stray brace in kk"),
        ] {
            let problems = Messages::parse(kk, ru).unwrap().problems();
            assert!(problems.iter().any(|p| p.contains(part)), "{part}: {problems:?}");
        }
        assert!(Messages::parse("a = '{n} х'", "a = 'х {n}'").unwrap().problems().is_empty());
    }

    #[test]
    fn one_text_is_replaced_and_the_others_stay() {
        let mut m = Messages::parse("a = 'бір {n}'\nb = 'екі'", "a = 'один {n}'\nb = 'два'").unwrap();
        m.replace(Lang::Ru, "a = 'раз {n}'").unwrap();
        assert_eq!((m.get(Lang::Ru, "a"), m.get(Lang::Ru, "b"), m.get(Lang::Kk, "a")), (Some("раз {n}"), Some("два"), Some("бір {n}")));
        assert!(m.problems().is_empty(), "{:?}", m.problems());
        m.replace(Lang::Kk, "a = 'бір {nn}'\nbb = 'екі'").unwrap();
        let problems = m.problems();
        for part in ["nothing fills {nn} of 'a'", "there is no text 'bb'", "other placeholders in kk (nn) than in ru (n)"] {
            assert!(problems.iter().any(|p| p.contains(part)), "{part}: {problems:?}");
        }
        assert!(m.replace(Lang::Ru, "a = ").unwrap_err().to_string().contains("messages/ru.toml"));
    }

    #[test]
    fn files_that_cannot_be_read() {
        assert!(Messages::parse("a = ", "").unwrap_err().to_string().contains("messages/kk.toml"));
        assert!(Messages::parse("", "a = 5").unwrap_err().to_string().contains("'a' is not a text"));
        assert!(Messages::parse("'x.y' = 'a'\n[x]\ny = 'b'", "").unwrap_err().to_string().contains("two ways"));
    }

    proptest! {
        #[test]
        fn rendering_never_fails_and_without_params_changes_nothing(text in "\\PC*") {
            let m = Messages { kk: Arc::new([("k".to_owned(), text.clone())].into()), ..Messages::default() };
            prop_assert_eq!(m.render(Lang::Kk, "k", &Params::new()), text);
            let _ = m.problems();
        }
    }
}
