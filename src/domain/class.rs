//! What a message is (class) and what danger it states (hazard). Both are fixed by law and practice, so they are types, not data.

/// Declares a closed set of snake_case words with `as_str`, `parse` and `ALL`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
            #[must_use]
            pub fn parse(s: &str) -> Option<Self> { match s { $($word => Some(Self::$variant),)* _ => None } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<Self, String> { Self::parse(s).ok_or_else(|| format!("unknown word '{s}'")) }
        }
    };
}
pub(crate) use words;

words! {
    /// What the resident wants.
    Class {
        /// Asks for information; nothing is broken.
        Consultation = "consultation",
        /// Something is broken, missing, dangerous or dirty now.
        Incident = "incident",
        /// The conduct of an organisation is the object.
        Complaint = "complaint",
        /// A wish for something that does not exist yet.
        Proposal = "proposal",
        /// Gratitude with no open problem in it.
        Thanks = "thanks",
    }
}

words! {
    /// A danger to life or property that exists now.
    Hazard {
        GasLeak = "gas_leak",
        Fire = "fire",
        LiveWire = "live_wire",
        CarbonMonoxide = "carbon_monoxide",
        Flooding = "flooding",
        OpenManhole = "open_manhole",
        Collapse = "collapse",
        OtherDanger = "other_danger",
    }
}
