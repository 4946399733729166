//! Near-duplicates: messages that share most of their pieces are kept together when examples are parted, or a model would be asked what it was told.

use super::trainer::Dice;
use std::collections::BTreeMap;

/// Functions of the signature, in bands of [`BAND`].
const HASHES: usize = 32;
const BAND: usize = 2;
/// Two messages with this share of equal signature places are near-duplicates.
const ALIKE: usize = HASHES * 45 / 100;

type Signature = [u64; HASHES];

/// The cluster of every text, as the lowest number of a text in it. The texts are normal forms.
pub(super) fn clusters(texts: &[&str]) -> Vec<usize> {
    let signatures: Vec<Signature> = texts.iter().map(|t| signature(t)).collect();
    let mut parent: Vec<usize> = (0..texts.len()).collect();
    let mut bands: BTreeMap<(usize, u64), Vec<usize>> = BTreeMap::new();
    for (i, s) in signatures.iter().enumerate() {
        for (band, places) in s.chunks(BAND).enumerate() {
            let key = places.iter().fold(0u64, |h, p| h.rotate_left(17) ^ p.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            bands.entry((band, key)).or_default().push(i);
        }
    }
    for members in bands.values() {
        for (n, a) in members.iter().enumerate() {
            for b in members.iter().skip(n + 1).take(200) {
                let (Some(x), Some(y)) = (signatures.get(*a), signatures.get(*b)) else { continue };
                if x.iter().zip(y).filter(|(p, q)| p == q).count() >= ALIKE {
                    let (p, q) = (root(&parent, *a), root(&parent, *b));
                    if let Some(slot) = parent.get_mut(p.max(q)) {
                        *slot = p.min(q);
                    }
                }
            }
        }
    }
    (0..texts.len()).map(|i| root(&parent, i)).collect()
}

fn root(parent: &[usize], mut at: usize) -> usize {
    while let Some(up) = parent.get(at).copied().filter(|up| *up != at) {
        at = up;
    }
    at
}

/// The smallest hash of any four letters, under each of the functions.
fn signature(text: &str) -> Signature {
    let mut out = [u64::MAX; HASHES];
    let letters: Vec<char> = text.chars().collect();
    for piece in letters.windows(4.min(letters.len().max(1))) {
        let h = hash(piece.iter().map(|c| u64::from(u32::from(*c))));
        let mut dice = Dice(h);
        for slot in &mut out {
            *slot = (*slot).min(dice.next());
        }
    }
    out
}

/// A number that depends on nothing but the text.
pub(super) fn text_hash(text: &str) -> u64 {
    hash(text.bytes().map(u64::from))
}

fn hash(parts: impl Iterator<Item = u64>) -> u64 {
    Dice(parts.fold(0xcbf2_9ce4_8422_2325u64, |h, p| (h ^ p).wrapping_mul(0x0000_0100_0000_01b3))).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_goes_with_like() {
        let texts = [" в подъезде нет света третий день ", " су жок екинши кун ", " в подъезде нет света уже третий день ", " когда вывезут мусор "];
        assert_eq!(clusters(&texts), [0, 1, 0, 3]);
        assert_eq!(clusters(&["", "", "а"]).len(), 3);
    }
}
