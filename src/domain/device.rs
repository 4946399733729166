//! A resident's telephone.

use super::class::words;

words! {
    /// What a telephone runs.
    Platform { Android = "android", Ios = "ios", Web = "web" }
}
