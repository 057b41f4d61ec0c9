//! reactor/wake.rs — waking a loop from another thread.

use crate::mail::Wake;

/// Wakes the loop whose poll it was made for.
pub struct LoopWaker(pub mio::Waker);

impl Wake for LoopWaker {
    fn wake(&self) {
        // A waker can only fail if its poll is gone, and then there is nobody to wake.
        let _ = self.0.wake();
    }
}
