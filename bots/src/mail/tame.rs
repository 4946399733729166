//! A letter before it is parsed: what would cost its reader the stack, the memory or hours is taken out. Who writes to us decides what stands there.
//!
//! Letters inside letters stay what they are to us, files: the parser would open each, one inside the other, and only the end of the stack would stop it.

use std::borrow::Cow;

/// Parts of parts: mail programs nest three or four. Each costs a search through the whole letter.
const MOST_COMPOUND: usize = 20;
/// The longest header that says what a part is, in bytes.
const LONGEST: usize = 8 * 1024;
/// Runs of dashes: every part begins with one.
const MOST_DASHES: usize = 20_000;
/// Lines with a colon: every header has one.
const MOST_COLONS: usize = 300_000;
/// Words that open something, and what stands in their place while the letter is read. Of one length, so that no place in the letter moves.
const OPENS: [(&[u8], &[u8]); 2] = [(b"message", b"x-inner"), (b"digest", b"x-gest")];
const COMPOUND: (&[u8], &[u8]) = (b"multipart", b"x-complex");
/// Headers that the parser takes apart into their parameters.
const HEADERS: [&[u8]; 2] = [b"content-type", b"content-disposition"];

/// The letter as it may be parsed.
pub(super) fn tame(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = beginning(raw);
    let mut out = Cow::Borrowed(raw);
    let (mut at, mut compound) = (0, 0);
    while let Some((name, value)) = next(raw, at) {
        let text = raw.get(name + value..).unwrap_or_default();
        let Some(length) = length_of(text) else {
            blot(&mut out, name, &vec![b'x'; value.saturating_sub(1)]);
            at = name + value + LONGEST;
            continue;
        };
        let from = name + value;
        for (word, mark) in OPENS {
            places(text.get(..length).unwrap_or_default(), word).for_each(|p| blot(&mut out, from + p, mark));
        }
        for p in places(text.get(..length).unwrap_or_default(), COMPOUND.0) {
            compound += 1;
            if compound > MOST_COMPOUND {
                blot(&mut out, from + p, COMPOUND.1);
            }
        }
        at = from + length;
    }
    out
}

/// A word of the letter as it was before it was tamed.
pub(super) fn wild(text: &str) -> String {
    let text = text.replace("x-inner", "message");
    text.replace("x-gest", "digest").replace("x-complex", "multipart")
}

/// As much of the letter as is read.
fn beginning(raw: &[u8]) -> &[u8] {
    let (mut dashes, mut colons, mut before, mut colon) = (0, 0, 0u8, false);
    for (at, b) in raw.iter().enumerate() {
        match b {
            b'-' if before == b'-' => {
                // The third of a run is no further run.
                let third = at.checked_sub(2).and_then(|p| raw.get(p)) == Some(&b'-');
                dashes += usize::from(!third);
            }
            b':' if !colon => {
                colon = true;
                colons += 1;
            }
            b'\n' => colon = false,
            _ => {}
        }
        if dashes > MOST_DASHES || colons > MOST_COLONS {
            return raw.get(..at).unwrap_or(raw);
        }
        before = *b;
    }
    raw
}

/// The next of those headers: where its name begins, and how far from there its value does.
fn next(raw: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let rest = raw.get(at..)?;
        let found = at + rest.iter().position(|b| b.eq_ignore_ascii_case(&b'c'))?;
        let rest = raw.get(found..)?;
        for name in HEADERS {
            if rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
                let blanks = rest.iter().skip(name.len()).take(LONGEST).take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\x0c')).count();
                if rest.get(name.len() + blanks) == Some(&b':') {
                    return Some((found, name.len() + blanks + 1));
                }
            }
        }
        at = found + 1;
    }
}

/// How long a value is, with the lines that it goes on in; none when it is longer than any that is meant.
fn length_of(text: &[u8]) -> Option<usize> {
    let ends = |(at, b): (usize, &u8)| *b == b'\n' && !matches!(text.get(at + 1), Some(b' ' | b'\t'));
    text.iter().enumerate().take(LONGEST).position(ends).or_else(|| (text.len() < LONGEST).then_some(text.len()))
}

fn places(text: &[u8], word: &'static [u8]) -> impl Iterator<Item = usize> {
    text.windows(word.len()).enumerate().filter(move |(_, w)| w.eq_ignore_ascii_case(word)).map(|(at, _)| at)
}

fn blot(out: &mut Cow<'_, [u8]>, at: usize, mark: &[u8]) {
    if let Some(place) = out.to_mut().get_mut(at..at + mark.len()) {
        place.copy_from_slice(mark);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;

    #[test]
    fn nothing_opens_any_more_and_nothing_moves() {
        for (raw, want) in [
            ("Content-Type: message/rfc822\r\n\r\nx", "Content-Type: x-inner/rfc822\r\n\r\nx"),
            ("CONTENT-TYPE :\r\n\tMessage/RFC822\r\n\r\nmessage", "CONTENT-TYPE :\r\n\tx-inner/RFC822\r\n\r\nmessage"),
            ("content-type:multipart/Digest; boundary=b\n\n--b", "content-type:multipart/x-gest; boundary=b\n\n--b"),
            ("Content-Type: text/plain\r\n\r\nthe message", "Content-Type: text/plain\r\n\r\nthe message"),
        ] {
            let tamed = tame(raw.as_bytes()).into_owned();
            assert_eq!(String::from_utf8(tamed).unwrap(), want);
        }
        assert_eq!(wild("x-inner/rfc822"), "message/rfc822");
        let deep = "Content-Type: multipart/mixed; boundary=b\n".repeat(MOST_COMPOUND + 5);
        let tamed = String::from_utf8(tame(deep.as_bytes()).into_owned()).unwrap();
        assert_eq!((tamed.matches("multipart").count(), tamed.len()), (MOST_COMPOUND, deep.len()));
        let long = format!("Content-Type: text/plain;{}\n\nx", " a*0*=b;".repeat(5000));
        assert!(tame(long.as_bytes()).starts_with(b"xxxxxxxxxxxx: text/plain"));
    }

    #[test]
    fn only_as_much_as_a_person_writes_is_read() {
        let dashes = "--b\n".repeat(MOST_DASHES * 3);
        assert!(tame(dashes.as_bytes()).len() <= (MOST_DASHES + 1) * 4);
        // A drawn line is one.
        let line = "-".repeat(MOST_DASHES * 9);
        assert_eq!(tame(line.as_bytes()).len(), line.len());
        let colons = "a:b\n".repeat(MOST_COLONS * 2);
        assert!(tame(colons.as_bytes()).len() <= (MOST_COLONS + 1) * 4);
    }
}
