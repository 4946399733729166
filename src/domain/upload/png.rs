//! PNG: the chunks that show the picture, up to its end. Texts, times, EXIF and moving pictures are left out.

use super::{Refused, bearable, bytes_at};

const SIGNATURE: usize = 8;
/// Compressed profiles are not among them: nobody needs them to see a hole in the road.
const KEPT: [&[u8; 4]; 12] = [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"sBIT", b"bKGD", b"pHYs"];

pub fn clean(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(bytes.get(..SIGNATURE).ok_or(Refused::Broken)?);
    let (mut at, mut shown) = (SIGNATURE, false);
    loop {
        let length = usize::try_from(u32::from_be_bytes(bytes_at(bytes, at).ok_or(Refused::Broken)?)).map_err(|_| Refused::Broken)?;
        let name: [u8; 4] = bytes_at(bytes, at + 4).ok_or(Refused::Broken)?;
        let end = length.checked_add(at + 12).ok_or(Refused::Broken)?;
        let chunk = bytes.get(at..end).ok_or(Refused::Broken)?;
        let first = at == SIGNATURE;
        if first != (&name == b"IHDR") {
            return Err(Refused::Broken);
        }
        if first {
            let size = |from| bytes_at(chunk, from).map(u32::from_be_bytes).ok_or(Refused::Broken);
            bearable(size(8)?, size(12)?)?;
        }
        shown |= &name == b"IDAT";
        if KEPT.contains(&&name) {
            out.extend_from_slice(chunk);
        }
        if &name == b"IEND" {
            return if shown { Ok(out) } else { Err(Refused::Broken) };
        }
        at = end;
    }
}
