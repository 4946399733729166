//! Files that residents bring: what they are, told by their own bytes, and photos without what they tell of their author.
//!
//! Cleaning copies what shows the picture and nothing else, so what nobody has thought of yet is left out too. Pixels are never decoded: a picture
//! that would unfold into gigabytes costs as much as its file.

mod exif;
mod jpeg;
mod kind;
mod png;
#[cfg(test)]
mod tests;
mod webp;

pub use kind::{FileType, HEAD, sniff};

/// Longest side of a photo, in pixels.
const LONGEST_SIDE: u32 = 30_000;
/// Most pixels of a photo: whoever looks at it has to hold them in memory.
const MOST_PIXELS: u64 = 100_000_000;

/// Why a photo is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the picture cannot be read to its end")]
    Broken,
    #[error("the picture has too many pixels")]
    TooLarge,
    #[error("a moving picture is no photo")]
    Moving,
}

/// The photo without its metadata: place, time, camera, author, thumbnails, comments, and whatever lies behind its end. Only the colour profile and
/// which way is up are kept.
///
/// # Errors
/// [`Refused`]; `None` when the type is no photo, and nothing can be taken out of it.
#[must_use]
pub fn clean(kind: FileType, bytes: &[u8]) -> Option<Result<Vec<u8>, Refused>> {
    match kind {
        FileType::Jpeg => Some(jpeg::clean(bytes)),
        FileType::Png => Some(png::clean(bytes)),
        FileType::Webp => Some(webp::clean(bytes)),
        _ => None,
    }
}

/// A size that can be shown.
fn bearable(width: u32, height: u32) -> Result<(), Refused> {
    match u64::from(width) * u64::from(height) {
        0 => Err(Refused::Broken),
        n if n > MOST_PIXELS || width.max(height) > LONGEST_SIDE => Err(Refused::TooLarge),
        _ => Ok(()),
    }
}

/// `N` bytes from a place on, if there are so many.
fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
