//! The book in force in this process. A change puts a whole new edition in force at once; whoever holds the one before keeps it unharmed.
//!
//! Editions are kept while the process lives, so that readers need neither lock nor copy. They share the texts of the files and the maps; what is left is
//! small, and administrators change it a few times a day.

use crate::config::{Book, Overlay};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Editions of one block, and blocks of one process.
const BLOCK: usize = 64;
const BLOCKS: usize = 1024;

/// What the newest edition was made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    /// The newest change that is in it.
    pub number: i64,
    /// The newest revision of policies and calendars that is in it.
    pub books: i64,
    pub overlay: Overlay,
    /// Changes that do not fit the files any more, and what is wrong with the whole.
    pub aside: Vec<String>,
}

/// All editions of a process.
pub struct Editions {
    /// As the program and its files have it.
    files: Book,
    later: Vec<OnceLock<Vec<OnceLock<Book>>>>,
    /// How many there are besides the files'.
    count: AtomicUsize,
    sources: Mutex<Sources>,
}

impl Editions {
    /// Nothing but the files.
    #[must_use]
    pub fn new(files: Book) -> Self {
        let later = (0..BLOCKS).map(|_| OnceLock::new()).collect();
        Self { files, later, count: AtomicUsize::new(0), sources: Mutex::default() }
    }

    /// As the program and its files have it, without what administrators have changed.
    #[must_use]
    pub fn files(&self) -> &Book {
        &self.files
    }

    /// The number of the newest change that is in force here.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.sources().number
    }

    /// What was set aside because it does not fit any more, and what is wrong with the whole.
    #[must_use]
    pub fn aside(&self) -> Vec<String> {
        self.sources().aside
    }

    pub(super) fn sources(&self) -> Sources {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts an edition in force, unless one made of newer changes is already. False when there is no room for more.
    pub(super) fn put(&self, book: Book, of: Sources) -> bool {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if of.number < sources.number || of.books < sources.books || (of.number, of.books) == (sources.number, sources.books) {
            return true;
        }
        let at = self.count.load(Ordering::Acquire);
        let Some(block) = self.later.get(at / BLOCK) else { return false };
        let block = block.get_or_init(|| (0..BLOCK).map(|_| OnceLock::new()).collect());
        let placed = block.get(at % BLOCK).is_some_and(|slot| slot.set(book).is_ok());
        if placed {
            self.count.store(at + 1, Ordering::Release);
            *sources = of;
        }
        placed
    }
}

impl Deref for Editions {
    type Target = Book;

    /// The edition in force.
    fn deref(&self) -> &Book {
        let newest = self.count.load(Ordering::Acquire).checked_sub(1);
        newest.and_then(|at| self.later.get(at / BLOCK)?.get()?.get(at % BLOCK)?.get()).unwrap_or(&self.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lang;
    use crate::domain::setting::Area;

    fn edition(files: &Book, n: i64) -> (Book, Sources) {
        let value = format!(r#"{{"kk":"{n} {{number}}","ru":"{n} {{number}}"}}"#);
        let overlay: Overlay = [((Area::Text, "confirmed".to_owned()), value)].into();
        (files.with(&overlay).0, Sources { number: n, overlay, ..Sources::default() })
    }

    #[test]
    fn the_newest_is_in_force_and_the_ones_before_stay_readable() {
        let files = Book::load(None).unwrap();
        let all = Editions::new(files.clone());
        let first: &Book = &all;
        let shipped = first.messages.get(Lang::Ru, "confirmed").unwrap();
        for n in 1..=130 {
            let (book, of) = edition(&files, n);
            assert!(all.put(book, of));
            assert_eq!((all.number(), all.messages.get(Lang::Ru, "confirmed")), (n, Some(format!("{n} {{number}}").as_str())));
        }
        let (old, of) = edition(&files, 7);
        assert!(all.put(old, of));
        assert_eq!(all.number(), 130, "a process that read less does not take a change back");
        assert_eq!(shipped, files.messages.get(Lang::Ru, "confirmed").unwrap(), "who held the first holds it still");
    }

    #[test]
    fn readers_see_whole_editions_while_others_come() {
        let files = Book::load(None).unwrap();
        let all = Editions::new(files.clone());
        std::thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    for _ in 0..20_000 {
                        let book: &Book = &all;
                        let both = [Lang::Kk, Lang::Ru].map(|l| book.messages.get(l, "confirmed").unwrap().split(' ').next().unwrap());
                        assert!(both[0] == both[1] || !both[0].bytes().all(|b| b.is_ascii_digit()), "{both:?} of two editions");
                    }
                });
            }
            for n in 1..=200 {
                let (book, of) = edition(&files, n);
                assert!(all.put(book, of));
            }
        });
    }
}
