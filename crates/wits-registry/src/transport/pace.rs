//! How fast an answer has to come. A peer that sends a byte now and then is never silent, and would hold a
//! run until its last deadline.

use std::time::{Duration, Instant};

use crate::Limits;

/// What came of an answer since a while began.
pub(super) struct Pace {
    /// How long a while is.
    span: Duration,
    /// The bytes that it has to bring.
    least: u64,
    begun: Instant,
    came: u64,
}

impl Pace {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let span = limits.read_timeout;
        let bytes = span.as_millis() * u128::from(limits.min_speed) / 1_000;
        Self {
            span,
            least: u64::try_from(bytes).unwrap_or(u64::MAX),
            begun: now,
            came: 0,
        }
    }

    /// More has come; or why that is not enough.
    pub(super) fn came(&mut self, bytes: usize, now: Instant) -> Result<(), String> {
        self.came = self.came.saturating_add(bytes as u64);
        if now.duration_since(self.begun) < self.span {
            return Ok(());
        }
        if self.came < self.least {
            let seconds = self.span.as_secs_f32();
            return Err(format!("{} bytes came in {seconds} s", self.came));
        }
        self.begun = now;
        self.came = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_while_has_to_bring_its_bytes() {
        let limits = Limits {
            read_timeout: Duration::from_secs(30),
            min_speed: 10,
            ..Limits::default()
        };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(&limits, start);
        assert_eq!(pace.came(1, at(29)), Ok(()));
        assert_eq!(pace.came(299, at(30)), Ok(()));
        assert_eq!(pace.came(299, at(59)), Ok(()));
        // A long first while does not make up for the next.
        assert_eq!(pace.came(1_000, at(61)), Ok(()));
        let slow = pace.came(299, at(91));
        assert_eq!(slow, Err("299 bytes came in 30 s".to_owned()));
    }
}
