//! Street and house taken apart from the text, as the resident typed them.

use super::address_words::{AFTER, BEFORE, BLOCK, ENTRANCE, FLAT, HOUSE, NO_STREET, SECOND, UNITS, UNITS_WHOLE, is_micro};
use super::normalize::{fold_word, is_letter_or_digit};
use crate::domain::address::Address;

/// Only so many words are looked at.
const MAX_WORDS: usize = 400;
/// Parts of one address lie no further apart than this many words.
const REACH: usize = 5;
/// Characters of an address that are kept.
const MAX_CHARS: usize = 120;

/// A word or a number of the text.
struct Piece<'a> {
    typed: &'a str,
    folded: String,
    /// Bytes in the text.
    span: (usize, usize),
    /// A number that may be a house or a flat.
    number: bool,
    capital: bool,
    /// A full stop or the like stands before it.
    begins: bool,
}

/// The first address of a text.
#[must_use]
pub fn read(text: &str) -> Option<Address> {
    let pieces = pieces(text);
    let mut finder = Finder { pieces: &pieces, address: Address::default(), taken: Vec::new() };
    finder.microdistrict();
    finder.street();
    finder.house();
    finder.address.flat = finder.take_beside(FLAT);
    finder.address.block = finder.take_beside(BLOCK);
    finder.address.entrance = finder.take_beside(ENTRANCE);
    let (from, to) = (*finder.taken.iter().min()?, *finder.taken.iter().max()?);
    let typed = text.get(pieces.get(from)?.span.0..pieces.get(to)?.span.1)?;
    let mut address = finder.address;
    address.typed = typed.chars().take(MAX_CHARS).collect();
    Some(address)
}

struct Finder<'a> {
    pieces: &'a [Piece<'a>],
    address: Address,
    /// Pieces that belong to the address.
    taken: Vec<usize>,
}

impl Finder<'_> {
    fn folded(&self, at: usize) -> &str {
        self.pieces.get(at).map_or("", |p| p.folded.as_str())
    }

    fn typed(&self, from: usize, to: usize) -> String {
        let words: Vec<&str> = self.pieces.get(from..=to).unwrap_or_default().iter().map(|p| p.typed).collect();
        words.join(" ")
    }

    /// A number that counts nothing else.
    fn number(&self, at: usize) -> bool {
        let unit = |w: &str| UNITS_WHOLE.contains(&w) || UNITS.iter().any(|u| w.starts_with(u));
        self.pieces.get(at).is_some_and(|p| p.number) && !unit(self.folded(at + 1))
    }

    fn word(&self, at: usize) -> bool {
        self.pieces.get(at).is_some_and(|p| p.typed.chars().next().is_some_and(char::is_alphabetic) && p.folded.chars().count() > 1)
    }

    fn capital(&self, at: usize) -> bool {
        self.pieces.get(at).is_some_and(|p| p.capital)
    }

    fn begins(&self, at: usize) -> bool {
        self.pieces.get(at).is_none_or(|p| p.begins)
    }

    /// The words for a microdistrict that begin here: how many.
    fn micro_words(&self, at: usize) -> Option<usize> {
        match (self.folded(at), self.folded(at + 1)) {
            ("ш" | "ы", "а") => Some(2),
            ("шагын", w) if w.starts_with("аудан") => Some(2),
            (w, next) if is_micro(w) => Some(if next.starts_with("аудан") { 2 } else { 1 }),
            _ => None,
        }
    }

    fn house_word(&self, at: usize) -> bool {
        HOUSE.contains(&self.folded(at))
    }

    /// The number of a house, and the word for it when it stands right after: "45-үйде".
    fn take_house(&mut self, at: usize) {
        self.address.house = Some(self.typed(at, at));
        self.taken.push(at);
        if self.folded(at + 1).starts_with("уй") && self.house_word(at + 1) {
            self.taken.push(at + 1);
        }
    }

    fn microdistrict(&mut self) {
        for at in 0..self.pieces.len() {
            let Some(len) = self.micro_words(at) else { continue };
            let plain = |i: usize| self.pieces.get(i).is_some_and(|p| p.number && p.folded.len() <= 2);
            // "7-ші ықшам ауданы", "7ой мкр"
            let ordinal = at >= 2 && matches!(self.folded(at - 1), "ши" | "шы" | "нши" | "ншы" | "ой" | "й" | "м" | "ом");
            let named = at >= 1 && self.word(at - 1) && self.capital(at - 1) && !self.begins(at);
            let (from, name, to) = if ordinal && plain(at - 2) {
                (at - 2, at - 2, at + len - 1)
            } else if at >= 1 && plain(at - 1) {
                (at - 1, at - 1, at + len - 1)
            } else if plain(at + len) && len == 1 && !(named && self.house_word(at + len + 1)) {
                (at, at + 1, at + 1)
            } else if named {
                (at - 1, at - 1, at + len - 1)
            } else if self.word(at + len) && self.capital(at + len) && !self.begins(at + len) {
                (at, at + len, at + len)
            } else {
                continue;
            };
            self.address.microdistrict = Some(self.typed(name, name));
            self.taken.extend([from, to]);
            // "13 мкр 24Д", "мкр 8, 12"
            if self.number(to + 1) && self.micro_words(to + 2).is_none() {
                self.take_house(to + 1);
            }
            return;
        }
    }

    fn street(&mut self) {
        for at in 0..self.pieces.len() {
            let w = self.folded(at);
            let found = if BEFORE.contains(&w) && self.word(at + 1) && !self.begins_far(at + 1) {
                self.after_marker(at)
            } else if at > 0 && (AFTER.contains(&w) || w.starts_with("кошес")) && self.word(at - 1) {
                self.before_marker(at)
            } else {
                self.bare(at)
            };
            let Some((name, to)) = found else { continue };
            self.address.street = Some(self.typed(name.0, name.1));
            self.taken.extend([name.0.min(at), to]);
            let marked = self.house_word(to + 1);
            let house = if marked { to + 2 } else { to + 1 };
            if self.number(house) {
                self.take_house(house);
            }
            return;
        }
    }

    /// A full stop after "ул." begins no sentence; a real one does.
    fn begins_far(&self, at: usize) -> bool {
        self.begins(at) && self.folded(at - 1).chars().count() > 4
    }

    /// "ул. Толе би 45", "на улице Бауыржана Момышулы 7". Name and last piece.
    fn after_marker(&self, at: usize) -> Option<((usize, usize), usize)> {
        let two = SECOND.contains(&self.folded(at + 2)) || self.word(at + 2) && self.capital(at + 2) && self.number(at + 3) && !self.begins(at + 2);
        let last = if two { at + 2 } else { at + 1 };
        let house = self.number(last + 1) || self.house_word(last + 1) && self.number(last + 2);
        // "на улице темно" is no address.
        let short = self.folded(at).chars().count() <= 4;
        (house || two || short || self.capital(at + 1)).then_some(((at + 1, last), last))
    }

    /// "Төле би көшесі 45", "Абай көш. 12".
    fn before_marker(&self, at: usize) -> Option<((usize, usize), usize)> {
        let particle = at >= 2 && SECOND.contains(&self.folded(at - 1)) && self.word(at - 2);
        let name = at >= 2 && self.capital(at - 1) && self.capital(at - 2) && self.word(at - 2) && !self.begins(at - 1);
        let first = if particle || name { at - 2 } else { at - 1 };
        let known = particle || self.capital(at - 1) || self.number(at + 1);
        // "біздің көшеміз", "осы көшесі" name nothing.
        let pronoun = ["биздин", "осы", "бир", "ол", "бул", "биз", "барлык"].contains(&self.folded(at - 1));
        (known && !pronoun && !BEFORE.contains(&self.folded(at - 1))).then_some(((first, at - 1), at))
    }

    /// "Төле би 45", "Сейфуллина 14": no word for a street, but a number after a name.
    fn bare(&self, at: usize) -> Option<((usize, usize), usize)> {
        if !self.word(at) || BEFORE.contains(&self.folded(at)) || self.house_word(at) {
            return None;
        }
        let numbered = |i: usize| {
            let marked = self.house_word(i) && self.number(i + 1);
            (self.number(i) && self.micro_words(i + 1).is_none() && !self.begins(i)) || marked
        };
        if SECOND.contains(&self.folded(at + 1)) && numbered(at + 2) {
            return Some(((at, at + 1), at + 1));
        }
        let genitive = self.folded(at).ends_with(['а', 'я']) && self.folded(at).chars().count() >= 5;
        let name = self.capital(at) && !self.begins(at) && genitive && !NO_STREET.contains(&self.folded(at));
        (name && numbered(at + 1)).then_some(((at, at), at))
    }

    fn house(&mut self) {
        if self.address.house.is_some() {
            return;
        }
        self.address.house = self.take_beside(HOUSE);
    }

    fn take_beside(&mut self, words: &[&str]) -> Option<String> {
        let (number, at) = self.beside(words)?;
        self.taken.extend(at);
        Some(number)
    }

    /// A number beside one of these words, near what is already known. The pieces that hold both.
    fn beside(&self, words: &[&str]) -> Option<(String, [usize; 2])> {
        let near = |at: usize| match (self.taken.iter().min(), self.taken.iter().max()) {
            (Some(from), Some(to)) => at + REACH >= *from && at <= to + REACH,
            _ => true,
        };
        let free = |at: usize| self.number(at) && !self.taken.contains(&at);
        // Kazakh counts before the noun, Russian after it: "39/40 үй", "дом 5".
        let kazakh = |w: &str| w.starts_with("уй") || w.starts_with("патер") || w.starts_with("киребер");
        (0..self.pieces.len()).filter(|at| words.contains(&self.folded(*at)) && near(*at)).find_map(|at| {
            let before = at.checked_sub(1).filter(|i| free(*i) && !self.begins(at));
            let after = Some(at + 1).filter(|i| free(*i));
            let single = self.folded(at).chars().count() == 1;
            let number = if kazakh(self.folded(at)) { before.or(after) } else { after.or(before.filter(|_| !single)) }?;
            Some((self.typed(number, number), [at.min(number), at.max(number)]))
        })
    }
}

/// Cuts a text into words and numbers. "21к" and "39/40" are one number, "15мкр" is two pieces.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece<'_>> = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut before = '\n';
    while let Some((start, c)) = chars.next() {
        if out.len() >= MAX_WORDS {
            break;
        }
        if !is_letter_or_digit(c) {
            if !c.is_whitespace() || matches!(before, '\n' | ' ') {
                before = c;
            }
            continue;
        }
        let digit = c.is_ascii_digit();
        let mut end = start + c.len_utf8();
        while let Some((i, n)) = chars.next_if(|(_, n)| is_letter_or_digit(*n) && n.is_ascii_digit() == digit) {
            end = i + n.len_utf8();
        }
        let mut number = digit && end - start <= 4 && before != '№' && before != '#';
        if number {
            end = number_end(text, end);
            while chars.next_if(|(i, _)| *i < end).is_some() {}
            number = is_house(text, start, end);
        }
        let typed = text.get(start..end).unwrap_or_default();
        let begins = matches!(before, '.' | '!' | '?' | '\n' | ';');
        out.push(Piece { typed, folded: fold_word(typed), span: (start, end), number, capital: c.is_uppercase(), begins });
        before = ' ';
    }
    out
}

/// Where a house number that began with digits ends: one letter and a fraction may follow.
fn number_end(text: &str, digits: usize) -> usize {
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    let lettered = |at: usize| {
        let tail = rest(at).strip_prefix('-').map_or(at, |_| at + 1);
        let mut chars = rest(tail).chars();
        match (chars.next(), chars.next()) {
            (Some(l), next)
                if l.is_alphabetic() && !next.is_some_and(char::is_alphanumeric) && "абвгдежкabvgdк".contains(&l.to_lowercase().to_string()) =>
            {
                tail + l.len_utf8()
            }
            _ => at,
        }
    };
    let end = lettered(digits);
    let slash = rest(end).trim_start();
    let Some(second) = slash.strip_prefix(['/', '\\']) else { return end };
    let second = second.trim_start();
    let len = second.bytes().take_while(u8::is_ascii_digit).count();
    if len == 0 || len > 3 {
        return end;
    }
    lettered(text.len() - second.len() + len)
}

/// Not a part of a time, a date, a telephone number or a sum.
fn is_house(text: &str, start: usize, end: usize) -> bool {
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let digit_after = |s: &str| s.chars().next().is_some_and(|c| c.is_ascii_digit());
    let joined_before = {
        let mut back = before.chars().rev();
        match (back.next(), back.next()) {
            (Some(':' | '.' | ',' | '-' | '+'), Some(d)) => d.is_ascii_digit(),
            (Some('+' | '%' | '°'), _) => true,
            (Some(' '), Some(d)) => d.is_ascii_digit(),
            _ => false,
        }
    };
    let joined_after = match after.chars().next() {
        Some(':' | '.' | ',' | '-' | ' ') => after.get(1..).is_some_and(digit_after),
        Some('%' | '°') => true,
        _ => false,
    };
    !(joined_before || joined_after)
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
