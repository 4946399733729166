//! What is wrong with settings or data, all of it at once.

use std::fmt;

/// Every problem found, each a sentence that says what, where and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<String>);

impl ConfigErrors {
    #[must_use]
    pub fn one(problem: impl Into<String>) -> Self {
        Self(vec![problem.into()])
    }

    /// `Ok` when there is nothing to complain of.
    ///
    /// # Errors
    /// The problems, when there are any.
    pub fn check(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0.len();
        write!(f, "{n} {} in the configuration:", if n == 1 { "problem" } else { "problems" })?;
        self.0.iter().try_for_each(|p| write!(f, "\n  - {p}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl From<Vec<String>> for ConfigErrors {
    fn from(problems: Vec<String>) -> Self {
        Self(problems)
    }
}
