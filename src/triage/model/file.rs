//! The model as bytes: a header, the numbers, a checksum. Rows that say nothing are left out.

use super::Model;
use super::calibrate::{BINS, Curve};
use super::dense::{DENSE, MOST_SERVICES};
use super::features::{BUCKET_BITS, FEATURES_VERSION};
use super::linear::{BUCKETS, Head, LANES, RARITY, Weights};
use super::speller::{Known, Speller};
use crate::domain::ServiceCode;
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"J109TRI1";
/// Bytes of the checksum at the end.
const SUM: usize = 16;

/// Why bytes are not a model that this program can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("the model file is cut short or damaged; train it again")]
    Damaged,
    #[error("the model was made by another version of the program (features {found}, wanted {wanted}); train it again")]
    OtherVersion { found: u16, wanted: u16 },
}

impl Model {
    /// Writes the model. The same model always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let w = &self.weights;
        let columns = Head::Hazard.columns(w.services.len()).end;
        let mut out = MAGIC.to_vec();
        put16(&mut out, FEATURES_VERSION);
        out.push(u8::try_from(BUCKET_BITS).unwrap_or(0));
        out.push(u8::try_from(DENSE).unwrap_or(0));
        out.push(u8::try_from(w.services.len()).unwrap_or(0));
        for service in &w.services {
            put_text(&mut out, service.as_str());
        }
        put_text(&mut out, &self.lists);
        put_words(&mut out, self.speller.words());
        for (t, curve) in self.temperature.iter().zip(&self.curves) {
            out.extend(t.to_le_bytes());
            for (all, good) in &curve.bins {
                put16(&mut out, *all);
                put16(&mut out, *good);
            }
        }
        for unit in w.unit.iter().take(columns) {
            out.extend(unit.to_le_bytes());
        }
        for row in &w.dense {
            row.iter().take(columns).for_each(|x| out.extend(x.to_le_bytes()));
        }
        for eight in w.rows.chunks(8) {
            out.push(eight.iter().enumerate().fold(0u8, |bits, (i, row)| if row[RARITY] > 0 { bits | 1 << i } else { bits }));
        }
        for row in w.rows.iter().filter(|r| r[RARITY] > 0) {
            out.extend(row.iter().take(columns).map(|x| x.to_le_bytes()[0]));
            out.push(row[RARITY].to_le_bytes()[0]);
        }
        let sum = Sha256::digest(&out);
        out.extend(sum.iter().take(SUM));
        out
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`ModelError`], whatever the bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (body, sum) = bytes.split_at_checked(bytes.len().saturating_sub(SUM)).ok_or(ModelError::Damaged)?;
        let mut r = Reader(body);
        if r.take(MAGIC.len())? != MAGIC {
            return Err(ModelError::Damaged);
        }
        let digest = Sha256::digest(body);
        if digest.get(..SUM) != Some(sum) {
            return Err(ModelError::Damaged);
        }
        let found = r.u16()?;
        if found != FEATURES_VERSION || u32::from(r.u8()?) != BUCKET_BITS || usize::from(r.u8()?) != DENSE {
            return Err(ModelError::OtherVersion { found, wanted: FEATURES_VERSION });
        }
        let count = usize::from(r.u8()?);
        if count == 0 || count > MOST_SERVICES {
            return Err(ModelError::Damaged);
        }
        let mut services = Vec::with_capacity(count);
        for _ in 0..count {
            services.push(ServiceCode::new(r.text()?).map_err(|_| ModelError::Damaged)?);
        }
        let lists = r.text()?.to_owned();
        let speller = Speller::new(r.words()?);
        let mut heads = Vec::with_capacity(3);
        for _ in Head::ALL {
            let t = r.number()?;
            if t <= 0.0 {
                return Err(ModelError::Damaged);
            }
            let mut bins = Vec::with_capacity(BINS);
            for _ in 0..BINS {
                bins.push((r.u16()?, r.u16()?));
            }
            heads.push((t, Curve { bins }));
        }
        let columns = Head::Hazard.columns(count).end;
        let unit = r.numbers(columns)?;
        let dense = (0..DENSE).map(|_| r.numbers(columns)).collect::<Result<Vec<_>, _>>()?;
        let present = r.take(BUCKETS / 8)?;
        let mut rows = vec![[0i8; LANES]; BUCKETS];
        for (i, row) in rows.iter_mut().enumerate() {
            if present.get(i / 8).is_some_and(|bits| bits >> (i % 8) & 1 == 1) {
                for (slot, b) in row.iter_mut().zip(r.take(columns)?) {
                    *slot = i8::from_le_bytes([*b]);
                }
                row[RARITY] = i8::from_le_bytes([r.u8()?]);
            }
        }
        let [(t0, c0), (t1, c1), (t2, c2)] = <[(f32, Curve); 3]>::try_from(heads).map_err(|_| ModelError::Damaged)?;
        if !r.0.is_empty() {
            return Err(ModelError::Damaged);
        }
        let name = hex::encode(sum.get(..4).unwrap_or_default());
        Ok(Self { weights: Weights { services, rows, unit, dense }, speller, temperature: [t0, t1, t2], curves: [c0, c1, c2], lists, name })
    }
}

fn put16(out: &mut Vec<u8>, n: u16) {
    out.extend(n.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let cut = text.as_bytes().get(..text.len().min(250)).unwrap_or_default();
    out.push(u8::try_from(cut.len()).unwrap_or(0));
    out.extend(cut);
}

/// Words in their order, each as: letters shared with the one before, letters of its own, these, and how often it was written.
fn put_words(out: &mut Vec<u8>, words: &[Known]) {
    put16(out, u16::try_from(words.len()).unwrap_or(0));
    let mut before: &[u8] = &[];
    for word in words {
        let shared = before.iter().zip(&word.letters).take_while(|(a, b)| a == b).count();
        let own = word.letters.get(shared..).unwrap_or_default();
        out.extend([shared, own.len()].map(|n| u8::try_from(n).unwrap_or(0)));
        out.extend(own);
        out.push(word.count);
        before = &word.letters;
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], ModelError> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(ModelError::Damaged)?;
        self.0 = rest;
        Ok(head)
    }

    fn u8(&mut self) -> Result<u8, ModelError> {
        self.take(1)?.first().copied().ok_or(ModelError::Damaged)
    }

    fn u16(&mut self) -> Result<u16, ModelError> {
        self.take(2)?.try_into().map(u16::from_le_bytes).map_err(|_| ModelError::Damaged)
    }

    fn number(&mut self) -> Result<f32, ModelError> {
        let x = self.take(4)?.try_into().map(f32::from_le_bytes).map_err(|_| ModelError::Damaged)?;
        if x.is_finite() { Ok(x) } else { Err(ModelError::Damaged) }
    }

    fn numbers(&mut self, n: usize) -> Result<[f32; LANES], ModelError> {
        let mut out = [0.0; LANES];
        for slot in out.iter_mut().take(n) {
            *slot = self.number()?;
        }
        Ok(out)
    }

    fn words(&mut self) -> Result<Vec<Known>, ModelError> {
        let count = usize::from(self.u16()?);
        let mut out: Vec<Known> = Vec::with_capacity(count);
        for _ in 0..count {
            let (shared, own) = (usize::from(self.u8()?), usize::from(self.u8()?));
            let before = out.last().map_or(&[][..], |w| &w.letters);
            let letters = [before.get(..shared).ok_or(ModelError::Damaged)?, self.take(own)?].concat();
            out.push(Known { letters: letters.into(), count: self.u8()? });
        }
        Ok(out)
    }

    fn text(&mut self) -> Result<&'a str, ModelError> {
        let len = usize::from(self.u8()?);
        std::str::from_utf8(self.take(len)?).map_err(|_| ModelError::Damaged)
    }
}
