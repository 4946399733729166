//! A place for bytes that also computes their hash as they pass.

use crate::channel::Sink;
use sha2::{Digest, Sha256};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// Passes everything on to another place.
pub struct Hashing<'a, 'b> {
    into: &'a mut Sink<'b>,
    hash: Sha256,
}

impl<'a, 'b> Hashing<'a, 'b> {
    pub fn new(into: &'a mut Sink<'b>) -> Self {
        Self { into, hash: Sha256::new() }
    }

    /// SHA-256 of what has passed.
    pub fn finish(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

impl AsyncWrite for Hashing<'_, '_> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let taken = ready!(Pin::new(&mut *this.into).poll_write(cx, bytes))?;
        this.hash.update(bytes.get(..taken).unwrap_or(bytes));
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut *self.get_mut().into).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut *self.get_mut().into).poll_shutdown(cx)
    }
}
