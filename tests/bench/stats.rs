//! Medians and quantiles.

/// The value below which `q` (0 to 1) of the values lie; NaN of nothing. Sorts in place.
pub fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = (q * last as f64).round() as usize;
    values.get(at.min(last)).copied().unwrap_or(f64::NAN)
}

/// The middle value; of an even number the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.get(half.wrapping_sub(1)), sorted.get(half)) {
        (Some(a), Some(b)) if sorted.len().is_multiple_of(2) => f64::midpoint(*a, *b),
        (_, Some(b)) => *b,
        _ => f64::NAN,
    }
}

/// Half and nearly all of some times, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    pub count: usize,
}

impl Spread {
    /// Of times in microseconds.
    pub fn of_micros(times: impl Iterator<Item = i64>) -> Self {
        let mut ms: Vec<f64> = times.map(|t| t as f64 / 1000.0).collect();
        Self { p50: quantile(&mut ms, 0.5), p99: quantile(&mut ms, 0.99), max: ms.last().copied().unwrap_or(f64::NAN), count: ms.len() }
    }
}
