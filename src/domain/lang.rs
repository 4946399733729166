//! The two languages of the service.

use super::class::words;

words! {
    /// A language a person is answered in.
    Lang {
        /// Kazakh.
        Kk = "kk",
        /// Russian.
        Ru = "ru",
    }
}
