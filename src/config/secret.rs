//! Values that must not be read over a shoulder: they print as stars and are given out only by name.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

const STARS: &str = "********";

/// A password, a token, a key. `Debug` and serialisation hide it; an empty one shows as empty, so that one sees that it is not set.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    /// The value itself: only for the place that uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { STARS }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.shown())
    }
}

/// The address of a service, which may carry a password. Shown without it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ServiceUrl(String);

impl ServiceUrl {
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    /// The whole address with its password: only for the place that connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// What stands before the first colon; empty when there is none.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// The address with user, password and query hidden: fit for logs and screens.
    #[must_use]
    pub fn redacted(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            // A slip of the pen in front of a password must not show the password; a plain folder has no '@'.
            return self.0.rsplit_once('@').map_or_else(|| self.0.clone(), |(_, after)| format!("{STARS}@{after}"));
        };
        // The last '@' ends the credentials, even when a password was written with one in it.
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((_, after)) => (format!("{STARS}@"), after),
            None => (String::new(), rest),
        };
        let rest = match rest.split_once('?') {
            Some((before, _)) if scheme != "sqlite" => format!("{before}?{STARS}"),
            _ => rest.to_owned(),
        };
        format!("{scheme}://{credentials}{rest}")
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceUrl({})", self.redacted())
    }
}

impl Serialize for ServiceUrl {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_what_opens_doors() {
        for (url, want) in [
            ("", ""),
            ("data/media", "data/media"),
            ("sqlite://data/x.db?mode=rwc", "sqlite://data/x.db?mode=rwc"),
            ("postgres://db/j", "postgres://db/j"),
            ("postgres://u:p@ss@db:5432/j?sslmode=require&password=p", "postgres://********@db:5432/j?********"),
            ("redis://:p@r:6379/0", "redis://********@r:6379/0"),
            ("postgres:/u:p@db/j", "********@db/j"),
        ] {
            assert_eq!(ServiceUrl::new(url).redacted(), want);
            assert_eq!(ServiceUrl::new(url).expose(), url);
        }
    }

    #[test]
    fn an_unset_secret_shows_that_it_is_unset() {
        assert_eq!(format!("{:?} {:?}", Secret::default(), Secret::new("x")), "Secret() Secret(********)");
    }
}
