//! The figures of leaders: by hand, against a slow and obvious computation, the same in every form, and only as far as the reader's sight reaches.

mod behind;
mod by_hand;
mod calls;
mod made;
mod random;
mod same;
