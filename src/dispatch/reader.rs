//! The triage of this process, replaceable as a whole while messages are being read.

use crate::triage::Triage;
use std::sync::{Arc, PoisonError, RwLock};

/// Word lists with the model that is in use now. A message asks once and is read by one and the same triage to its end.
#[derive(Debug)]
pub struct Reader {
    /// With the model that is built into the program.
    shipped: Arc<Triage>,
    now: RwLock<(Option<i64>, Arc<Triage>)>,
}

impl Reader {
    #[must_use]
    pub fn new(shipped: Triage) -> Self {
        let shipped = Arc::new(shipped);
        Self { now: RwLock::new((None, shipped.clone())), shipped }
    }

    /// What reads messages now.
    #[must_use]
    pub fn get(&self) -> Arc<Triage> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// The stored model that is in use; none: the shipped one.
    #[must_use]
    pub fn model(&self) -> Option<i64> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Takes a stored model from now on.
    pub fn put(&self, model: i64, triage: Triage) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (Some(model), Arc::new(triage));
    }

    /// Goes back to the model that is built in.
    pub fn reset(&self) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (None, self.shipped.clone());
    }

    /// Word lists with the model that is built in.
    #[must_use]
    pub fn shipped(&self) -> &Triage {
        &self.shipped
    }
}
