//! Labelled messages: one a line, separated by tabs: text, language, class, service, district, hazard, note.

use super::clusters::text_hash;
use crate::domain::reading::MessageLang;
use crate::domain::{Class, DistrictCode, Hazard, ServiceCode};

/// A message and what a person says it is. A `None` in a label: nobody said.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub text: String,
    pub lang: Option<MessageLang>,
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    /// `Some(None)`: the text names none.
    pub district: Option<Option<DistrictCode>>,
    /// `Some(None)`: there is no danger.
    pub hazard: Option<Option<Hazard>>,
    /// 1 for a line of the corpus.
    pub weight: f32,
    /// Who wrote it: the file. A model is tried on the lines of authors whom it has not read. `None`: written by residents.
    pub author: Option<u64>,
}

impl Example {
    /// Reads a labelled file. Empty lines are passed over.
    ///
    /// # Errors
    /// Every wrong line, with its number.
    pub fn parse_all(name: &str, text: &str) -> Result<Vec<Self>, Vec<String>> {
        let mut out = Vec::new();
        let mut problems = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            match Self::parse(line) {
                Ok(example) => out.push(Self { author: Some(text_hash(name)), ..example }),
                Err(what) => problems.push(format!("{name}:{}: {what}", number + 1)),
            }
        }
        if problems.is_empty() { Ok(out) } else { Err(problems) }
    }

    fn parse(line: &str) -> Result<Self, String> {
        let mut fields = line.split('\t');
        let mut next = |what: &str| fields.next().map(str::trim).filter(|f| !f.is_empty()).ok_or_else(|| format!("no {what}"));
        let text = next("text")?.to_owned();
        let lang = next("language")?.parse()?;
        let class = next("class")?.parse()?;
        let service = ServiceCode::new(next("service")?).map_err(|e| e.to_string())?;
        let district = match next("district")? {
            "-" => None,
            code => Some(DistrictCode::new(code).map_err(|e| e.to_string())?),
        };
        let hazard = match next("hazard")? {
            "-" => None,
            word => Some(word.parse()?),
        };
        Ok(Self {
            text,
            lang: Some(lang),
            class: Some(class),
            service: Some(service),
            district: Some(district),
            hazard: Some(hazard),
            weight: 1.0,
            author: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lines_are_named() {
        let good = "су жоқ\tkk\tincident\twater\t-\t-\t";
        assert_eq!(Example::parse_all("f", good).unwrap().len(), 1);
        for bad in ["су жоқ", "су жоқ\tkk", "су жоқ\txx\tincident\twater\t-\t-", "су\tkk\tincident\twater\t-\tboom", "\tkk\tincident\twater\t-\t-"]
        {
            let problems = Example::parse_all("f", &format!("{good}\n{bad}")).unwrap_err();
            assert!(problems.len() == 1 && problems[0].starts_with("f:2:"), "{bad}: {problems:?}");
        }
    }
}
