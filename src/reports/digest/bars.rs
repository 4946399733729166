//! Bars: a plot that stands in every mail reader, with pictures shown or not, and that a screen reader reads as a list of figures.

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub label: String,
    pub n: i64,
    /// Its length beside the longest one, in per cent; at least 1 when there is anything.
    pub length: i64,
}

pub(super) fn bars(list: impl Iterator<Item = (String, i64)>) -> Vec<Bar> {
    let list: Vec<(String, i64)> = list.collect();
    let most = list.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1);
    let length = |n: i64| if n <= 0 { 0 } else { (n.saturating_mul(100) / most).clamp(1, 100) };
    list.into_iter().map(|(label, n)| Bar { label, n, length: length(n) }).collect()
}
