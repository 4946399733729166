//! Which way is up: the one thing out of EXIF without which a photo is shown lying on its side.

use super::bytes_at;

/// What stands before the data in JPEG, and sometimes in WebP.
pub const PREFIX: &[u8] = b"Exif\0\0";
const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// The orientation, when it is told and is not the plain one.
pub fn orientation(exif: &[u8]) -> Option<u8> {
    let tiff = exif.strip_prefix(PREFIX).unwrap_or(exif);
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let u16_at = |at: usize| bytes_at(tiff, at).map(if little { u16::from_le_bytes } else { u16::from_be_bytes });
    let u32_at = |at: usize| bytes_at(tiff, at).map(if little { u32::from_le_bytes } else { u32::from_be_bytes });
    let directory = usize::try_from(u32_at(4)?).ok()?;
    let count = usize::from(u16_at(directory)?);
    let entry = (0..count).map(|i| directory.saturating_add(2 + 12 * i)).find(|at| u16_at(*at) == Some(ORIENTATION))?;
    let value = if u16_at(entry.checked_add(2)?)? == SHORT { u16_at(entry.checked_add(8)?)? } else { return None };
    u8::try_from(value).ok().filter(|v| (2..=8).contains(v))
}

/// EXIF that says only which way is up, without the prefix.
pub fn only(orientation: u8) -> [u8; 26] {
    let mut out = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    if let Some(value) = out.get_mut(19) {
        *value = orientation;
    }
    out
}
