//! Exponential and logarithm from basic operations only, so that training gives the same bits on every machine: the system's own differ by processor.

/// `e` to the power of `x`, within a few units of the last place; 0 far below zero.
pub(super) fn exp(x: f32) -> f32 {
    const LN2: f64 = std::f64::consts::LN_2;
    let x = f64::from(x.clamp(-80.0, 80.0));
    let whole = (x / LN2).round();
    let r = x - whole * LN2;
    // Taylor's series for |r| < 0.35.
    let mut sum = 1.0f64;
    for k in (1..=9u8).rev() {
        sum = 1.0 + sum * r / f64::from(k);
    }
    narrow(sum * two_to(whole))
}

/// Natural logarithm of a positive number; 0 for anything else.
pub(super) fn ln(x: f32) -> f32 {
    if x <= 0.0 || !x.is_finite() {
        return 0.0;
    }
    let (mut m, mut power) = (f64::from(x), 0.0f64);
    while m > 1.5 {
        m /= 2.0;
        power += 1.0;
    }
    while m < 0.75 {
        m *= 2.0;
        power -= 1.0;
    }
    let t = (m - 1.0) / (m + 1.0);
    let square = t * t;
    let mut sum = 0.0f64;
    for k in (0..=10u8).rev() {
        sum = sum * square + 1.0 / f64::from(2 * k + 1);
    }
    narrow(2.0 * t * sum + power * std::f64::consts::LN_2)
}

/// Turns scores into probabilities that add up to one.
pub(super) fn softmax(scores: &mut [f32]) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for s in scores.iter_mut() {
        *s = exp(*s - top);
        sum += *s;
    }
    for s in scores.iter_mut() {
        *s /= sum;
    }
}

/// A whole power of two between -120 and 120.
fn two_to(whole: f64) -> f64 {
    let (mut out, mut left) = (1.0f64, whole);
    while left >= 1.0 {
        out *= 2.0;
        left -= 1.0;
    }
    while left <= -1.0 {
        out /= 2.0;
        left += 1.0;
    }
    out
}

#[allow(clippy::cast_possible_truncation, reason = "the values fit, and rounding is meant")]
const fn narrow(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_real_ones() {
        for i in -400..400i16 {
            let x = f32::from(i) / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-6, "{x}");
        }
        for i in 1..2000u16 {
            let x = f32::from(i) / 7.0;
            assert!((ln(x) - x.ln()).abs() < 1e-5, "{x}");
        }
        let mut p = [1.0, 2.0, 3.0];
        softmax(&mut p);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6 && p[2] > p[1]);
    }
}
