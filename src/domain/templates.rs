//! Messages that a provider approved beforehand: they pass when free text does not.

use super::inbound::ChannelKind;
use super::lang::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// All of them, of `config/templates.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    #[serde(default)]
    pub template: Vec<Approved>,
}

/// One text of ours as a provider knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    pub channel: ChannelKind,
    /// The key of our own text, whose words the approved ones are.
    pub text: String,
    /// The provider's names of it, by language.
    pub kk: String,
    pub ru: String,
    /// Placeholders of our text in the order of the provider's numbered places.
    #[serde(default)]
    pub params: Vec<String>,
}

impl Approved {
    #[must_use]
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Kk => &self.kk,
            Lang::Ru => &self.ru,
        }
    }
}

impl Templates {
    /// The approved form of a text on a channel.
    #[must_use]
    pub fn find(&self, channel: ChannelKind, text: &str) -> Option<&Approved> {
        self.template.iter().find(|t| t.channel == channel && t.text == text)
    }

    /// What an administrator must mend. `holes` gives the placeholders of a text of ours; none: there is no such text.
    #[must_use]
    pub fn problems(&self, holes: impl Fn(&str) -> Option<BTreeSet<String>>) -> Vec<String> {
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        for t in &self.template {
            let head = format!("templates.toml: {} '{}'", t.channel, t.text);
            if t.channel != ChannelKind::Whatsapp {
                out.push(format!("{head}: only whatsapp knows templates"));
            }
            if !seen.insert((t.channel, t.text.as_str())) {
                out.push(format!("{head} stands twice"));
            }
            for (lang, name) in [("kk", &t.kk), ("ru", &t.ru)] {
                if name.is_empty() || name.len() > 512 || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                    out.push(format!("{head}: the name '{name}' ({lang}) must be a-z, 0-9 and '_', as the provider lists it"));
                }
            }
            match holes(&t.text) {
                None => out.push(format!("{head}: there is no text of this key in messages")),
                Some(holes) => {
                    let params: BTreeSet<String> = t.params.iter().cloned().collect();
                    if params != holes || params.len() != t.params.len() {
                        let list = holes.into_iter().collect::<Vec<_>>().join(", ");
                        out.push(format!("{head}: params must name each placeholder of the text once: {list}"));
                    }
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told() {
        let one = |text: &str, kk: &str, params: &[&str]| Approved {
            channel: ChannelKind::Whatsapp,
            text: text.into(),
            kk: kk.into(),
            ru: "started_ru".into(),
            params: params.iter().map(|p| (*p).to_owned()).collect(),
        };
        let holes = |key: &str| (key == "notice.started").then(|| BTreeSet::from(["number".to_owned()]));
        let good = one("notice.started", "started_kk", &["number"]);
        for (list, part) in [
            (vec![good.clone()], ""),
            (vec![good.clone(), good.clone()], "twice"),
            (vec![one("notice.started", "Started", &["number"])], "must be a-z"),
            (vec![one("notice.started", "", &["number"])], "must be a-z"),
            (vec![one("no.such", "x", &[])], "no text of this key"),
            (vec![one("notice.started", "x", &[])], "each placeholder"),
            (vec![one("notice.started", "x", &["number", "number"])], "each placeholder"),
            (vec![one("notice.started", "x", &["number", "due"])], "each placeholder"),
            (vec![Approved { channel: ChannelKind::Sms, ..good.clone() }], "only whatsapp"),
        ] {
            let problems = Templates { template: list }.problems(holes);
            assert_eq!(problems.is_empty(), part.is_empty(), "{problems:?}");
            assert!(problems.iter().all(|p| p.contains(part)), "{part}: {problems:?}");
        }
        assert_eq!(Templates { template: vec![good] }.find(ChannelKind::Whatsapp, "notice.started").unwrap().name(Lang::Ru), "started_ru");
    }
}
