//! Letters: reading what came, telling people from machines, taking off what is only quoted, and the mailbox they lie in.

mod failed;
mod imap;
mod letter;
mod machine;
mod tame;
mod words;

pub use failed::{Action, Bounce};
pub use imap::{Access, Fetched, Mailbox, MailboxError};
pub use letter::{FilePart, Letter, MOST_FILES, Writer, file, read};
pub use machine::Origin;
pub use words::{own_words, topic};
