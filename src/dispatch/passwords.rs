//! Passwords of staff: Argon2id, so many at once that memory stays bounded, and the rule of what is taken.

use super::DispatchError;
use crate::domain::password::{self, Weakness};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString, rand_core::OsRng};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Each takes 19 MiB and a core: a flood of wrong passwords waits here, and nothing else does.
static HASHING: Semaphore = Semaphore::const_new(4);

/// A hash that no password fits, so that an unknown login takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$Zr0K5dN9x0m2nM4n0y8T9zq0hJx1Qv7m5B2c3D4e5F4";

// 19 MiB, two passes: the minimum that OWASP's password storage cheat sheet gives for Argon2id.
fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None).unwrap_or_default())
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DispatchError> {
    let _turn = HASHING.acquire().await.map_err(|e| DispatchError::Internal(e.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| DispatchError::Internal(e.to_string()))
}

/// The hash of a password that nobody would guess. `own`: the person's login and name.
///
/// # Errors
/// `Invalid` with a code of its own for each [`Weakness`].
pub async fn accepted(password: String, own: &[&str]) -> Result<String, DispatchError> {
    if let Some(weak) = password::weakness(&password, own) {
        let (code, why) = refusal(weak);
        return Err(DispatchError::invalid(code, why));
    }
    let hashed = apart(move || {
        let salt = SaltString::generate(&mut OsRng);
        argon().hash_password(password.as_bytes(), &salt).map(|h| h.to_string())
    });
    hashed.await?.map_err(|e| DispatchError::Internal(e.to_string()))
}

/// The stable code of a weakness, whose text for people is `error.<code>`, and the same for developers.
fn refusal(weak: Weakness) -> (&'static str, &'static str) {
    match weak {
        Weakness::Short => ("password_short", "at least 10 characters"),
        Weakness::Long => ("password_long", "at most 1024 bytes"),
        Weakness::Plain => ("password_plain", "few different characters, or a row of them"),
        Weakness::Common => ("password_common", "a word that guessers try first makes up most of it"),
        Weakness::Own => ("password_own", "the login or the name makes up most of it"),
    }
}

/// Whether a password fits; without a hash it takes as long and does not.
///
/// # Errors
/// `Internal` when the process ends.
pub async fn fits(password: String, hash: Option<String>) -> Result<bool, DispatchError> {
    // What was never taken as a password is not even hashed.
    let sane = password.len() <= password::LONGEST;
    let known = hash.is_some() && sane;
    let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
    let password = if sane { password } else { String::new() };
    Ok(apart(move || PasswordHash::new(&hash).is_ok_and(|h| argon().verify_password(password.as_bytes(), &h).is_ok())).await? && known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unknown_login_is_hashed_like_a_known_one() {
        // Were it no hash, the answer would come at once and tell that there is no such account.
        assert!(PasswordHash::new(NOBODY).is_ok_and(|h| h.hash.is_some()), "nobody's hash cannot be read");
        assert!(!fits("a long password for tests".into(), None).await.unwrap());
        let hash = accepted("a long password for tests".into(), &[]).await.unwrap();
        assert!(fits("a long password for tests".into(), Some(hash.clone())).await.unwrap());
        assert!(!fits("a long password for tests ".into(), Some(hash.clone())).await.unwrap());
        assert!(!fits("x".repeat(password::LONGEST + 1), Some(hash)).await.unwrap());
    }
}
