//! The closed loop: as soon as a batch is answered, the same connection sends the next.

use super::{Edge, Extent, Part, READ_BYTES, STALL, Tally, Timer};
use crate::{Error, Result};

/// Where in the run we are.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    WarmUp,
    Window,
    Over,
}

/// What is counted while the loop turns.
struct Progress {
    phase: Phase,
    warm_up: Extent,
    window: Extent,
    /// Requests that may still be sent.
    budget: u64,
    /// Requests sent and answered since the start.
    sent: u64,
    answered: u64,
    opened_at: u64,
    answered_at_opening: u64,
}

impl Progress {
    /// Takes the next batch from the budget, 0 when it is used up.
    #[inline]
    fn next(&mut self, pipeline: u64) -> u64 {
        let requests = pipeline.min(self.budget);
        self.budget -= requests;
        self.sent += requests;
        requests
    }

    /// Whether the replies so far, at `now`, cross an edge.
    #[inline]
    fn advance(&mut self, now: u64) -> Option<Edge> {
        match self.phase {
            Phase::WarmUp
                if now >= self.warm_up.time_ns() || self.answered >= self.warm_up.requests =>
            {
                self.phase = Phase::Window;
                self.opened_at = now;
                self.answered_at_opening = self.answered;
                Some(Edge::Opens)
            }
            Phase::Window
                if now - self.opened_at >= self.window.time_ns()
                    || self.answered - self.answered_at_opening >= self.window.requests =>
            {
                self.phase = Phase::Over;
                Some(Edge::Closes)
            }
            _ => None,
        }
    }
}

pub(super) fn run(part: Part<'_>, watch: &mut dyn FnMut(Edge)) -> Result<Tally> {
    let Part { plan, mut links, mut batch, mut picker, warm_up, window, .. } = part;
    let pipeline = plan.pipeline as u64;
    let mut tally = Tally::default();
    let mut input = vec![0; READ_BYTES];
    let mut progress = Progress {
        phase: Phase::WarmUp,
        warm_up,
        window,
        budget: warm_up.requests.saturating_add(window.requests),
        sent: 0,
        answered: 0,
        opened_at: 0,
        answered_at_opening: 0,
    };
    let timer = Timer::start();
    if progress.advance(0).is_some() {
        watch(Edge::Opens);
        progress.opened_at = timer.now();
    }
    for link in &mut links.all {
        let requests = progress.next(pipeline);
        if requests > 0 {
            link.sent_at = timer.now();
            link.send(batch.refresh(requests as usize, &mut picker), requests)?;
        }
    }
    let mut last_reply = timer.now();
    let mut refused = false;
    while progress.phase != Phase::Over && progress.sent > progress.answered {
        let ready = links.turn(STALL / 10, |_, link| {
            let replies = link.receive(&mut input)?;
            progress.answered += replies;
            if replies == 0 || link.awaiting > 0 {
                return Ok(());
            }
            let now = timer.now();
            last_reply = now;
            if progress.phase == Phase::Window {
                tally.latency.record(now - link.sent_at);
            }
            refused |= !plan.allow_errors && link.errors() > 0;
            let requests = if refused { 0 } else { progress.next(pipeline) };
            if requests > 0 {
                link.sent_at = now;
                link.send(batch.refresh(requests as usize, &mut picker), requests)?;
            }
            match progress.advance(now) {
                Some(Edge::Opens) => watch(Edge::Opens),
                Some(Edge::Closes) => {
                    tally.requests = progress.answered - progress.answered_at_opening;
                    tally.seconds = (now - progress.opened_at) as f64 / 1e9;
                    watch(Edge::Closes);
                }
                None => {}
            }
            Ok(())
        })?;
        if refused {
            return Err(links.refused(&plan.label));
        }
        if ready == 0 && timer.now() - last_reply > STALL.as_nanos() as u64 {
            let outstanding = links.outstanding();
            return Err(Error::Stalled { seconds: STALL.as_secs(), outstanding });
        }
    }
    (tally.errors, tally.first_error, tally.nulls) = links.findings();
    Ok(tally)
}
