//! Who is who across doors: what joins a chat to a resident.

use super::class::words;

words! {
    /// What proved that a number is the writer's.
    Proof {
        /// The phone shared its own number in the chat.
        Contact = "contact",
        /// The provider of the wire vouches for the number.
        Provider = "provider",
        /// A code sent to the number came back.
        Code = "code",
    }
}
