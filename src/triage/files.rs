//! The files triage is made of, as texts, and their shapes. Reading them from disk is the caller's work.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The texts of the word lists and maps.
#[derive(Debug, Clone, Copy)]
pub struct TriageFiles<'a> {
    pub services: &'a str,
    pub hazards: &'a str,
    pub classes: &'a str,
    pub language: &'a str,
    pub gazetteer: &'a str,
    pub microdistricts: &'a str,
    pub borders: &'a str,
    /// A model in place of the shipped one.
    pub model: Option<&'a [u8]>,
}

impl TriageFiles<'static> {
    /// The files shipped inside the binary.
    #[must_use]
    pub const fn embedded() -> Self {
        Self {
            services: include_str!("../../config/lexicon/services.toml"),
            hazards: include_str!("../../config/lexicon/hazards.toml"),
            classes: include_str!("../../config/lexicon/classes.toml"),
            language: include_str!("../../config/lexicon/language.toml"),
            gazetteer: include_str!("../../config/geo/gazetteer.toml"),
            microdistricts: include_str!("../../config/geo/microdistricts.toml"),
            borders: include_str!("../../config/geo/borders.toml"),
            model: None,
        }
    }
}

/// Parses one file, naming it in the problem.
pub(super) fn parse<'a, T: Deserialize<'a>>(name: &str, text: &'a str) -> Result<T, Vec<String>> {
    toml::from_str(text).map_err(|e| vec![format!("{name}: {e}")])
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServicesFile {
    pub version: String,
    pub sure_score: i32,
    pub sure_lead: i32,
    pub service: Vec<ServiceWords>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceWords {
    pub code: String,
    pub strong: Vec<String>,
    pub medium: Vec<String>,
    pub weak: Vec<String>,
    pub against: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HazardsFile {
    pub version: String,
    /// Named groups of words for the patterns of this file.
    pub groups: BTreeMap<String, Vec<String>>,
    pub context: DangerContext,
    pub hazard: Vec<HazardWords>,
}

/// What around a sign says that there is no danger now. See `hazards.toml` for how far each reaches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DangerContext {
    pub denied_before: Vec<String>,
    pub denied_after: Vec<String>,
    pub if_before: Vec<String>,
    pub if_after: Vec<String>,
    pub fear: Vec<String>,
    pub past: Vec<String>,
    pub plan: Vec<String>,
    pub resolved: Vec<String>,
    pub gratitude: Vec<String>,
    pub done: Vec<String>,
    pub still: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HazardWords {
    pub code: String,
    /// It stands there until someone removes it, so fears and proposals about it do not silence it.
    #[serde(default)]
    pub standing: bool,
    pub signs: Vec<String>,
    pub not: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LanguageFile {
    pub version: String,
    pub kk: Vec<String>,
    pub kk_endings: Vec<String>,
    pub ru: Vec<String>,
    pub ru_endings: Vec<String>,
    /// Loanwords of both languages.
    pub shared: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GazetteerFile {
    pub version: String,
    pub district: Vec<DistrictEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DistrictEntry {
    pub code: String,
    pub kk: String,
    #[allow(dead_code, reason = "part of the format: shown to people elsewhere")]
    pub ru: String,
    /// The district's own name.
    pub short: Vec<String>,
    #[serde(default)]
    pub also: Vec<String>,
    pub centre: Option<String>,
    /// The bare name is an everyday word too, as in [`PlaceEntry::context`].
    #[serde(default)]
    pub context: bool,
    /// The bare name is a street or a person too: it counts only beside "ауданы" or "район", or as an adjective.
    #[serde(default)]
    pub strict: bool,
    /// Beginnings of words that, anywhere in the message, speak against the bare name.
    #[serde(default)]
    pub unless: Vec<String>,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub places: Vec<PlaceEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceEntry {
    pub kk: String,
    pub ru: Option<String>,
    #[serde(default)]
    pub also: Vec<String>,
    pub kind: Option<String>,
    /// The name is an everyday word too: it counts only beside "ауылы", "село" or in the locative.
    #[serde(default)]
    pub context: bool,
    /// It counts only beside such a word.
    #[serde(default)]
    pub strict: bool,
    /// Names of a doubtful place that are nothing else.
    #[serde(default)]
    pub plain: Vec<String>,
    /// Beginnings of words that, anywhere in the message, speak against the bare name.
    #[serde(default)]
    pub unless: Vec<String>,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MicrodistrictsFile {
    pub version: String,
    pub district: String,
    pub places: Vec<PlaceEntry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BordersFile {
    pub version: String,
    pub area: Vec<AreaEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AreaEntry {
    pub code: String,
    pub approximate: bool,
    /// Each ring is "lon lat, lon lat, ..." and closes by itself.
    pub rings: Vec<String>,
}
