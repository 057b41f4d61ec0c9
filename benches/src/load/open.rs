//! The open loop: batches are due at a fixed rate, and a late one counts from when it was due.
//!
//! Batches go to the connections in turn. One whose socket is full keeps its batches waiting, with
//! their due times; one that still awaits replies gets the next batch all the same, as a client that
//! pipelines would. After the window the loop goes on until everything due in it is answered, because
//! the slowest replies are the ones that matter.

use std::{collections::VecDeque, time::Duration};

use super::{Edge, Part, READ_BYTES, STALL, Tally, Timer, link::Link};
use crate::{Error, Result, chance::Picker, template::Batch};

/// Below this the loop spins instead of sleeping: epoll waits in whole milliseconds.
const SPIN: u64 = 1_500_000;

/// A batch that has been sent.
struct Flight {
    due_at: u64,
    sent_at: u64,
    left: u64,
    counted: bool,
}

/// What one connection has in the air and waiting.
#[derive(Default)]
struct Lane {
    flights: VecDeque<Flight>,
    /// Due times of batches that the socket had no room for.
    waiting: VecDeque<u64>,
}

pub(super) fn run(part: Part<'_>, rate: f64, watch: &mut dyn FnMut(Edge)) -> Result<Tally> {
    let Part { plan, mut links, batch, picker, warm_up, window, .. } = part;
    if links.all.is_empty() || rate <= 0.0 {
        return Ok(Tally::default());
    }
    let pipeline = plan.pipeline as u64;
    let interval = pipeline as f64 * 1e9 / rate;
    let opens_at = warm_up.time_ns().min(((warm_up.requests as f64 / rate) * 1e9) as u64);
    let closes_at = opens_at
        .saturating_add(window.time_ns().min(((window.requests as f64 / rate) * 1e9) as u64));
    let mut lanes: Vec<Lane> = links.all.iter().map(|_| Lane::default()).collect();
    let mut tally = Tally::default();
    let mut input = vec![0; READ_BYTES];
    let (mut scheduled, mut in_flight, mut opened, mut last_answer) = (0u64, 0u64, false, 0u64);
    let mut refused = false;
    let timer = Timer::start();
    let mut launcher = Launcher { batch, picker, timer, opens_at, pipeline };
    loop {
        let now = timer.now();
        if !opened && now >= opens_at {
            opened = true;
            watch(Edge::Opens);
        }
        let mut due_at = (scheduled as f64 * interval) as u64;
        while due_at <= now && due_at < closes_at {
            let turn = (scheduled % lanes.len() as u64) as usize;
            lanes[turn].waiting.push_back(due_at);
            in_flight += pipeline;
            launcher.launch(&mut links.all[turn], &mut lanes[turn])?;
            scheduled += 1;
            due_at = (scheduled as f64 * interval) as u64;
        }
        let finished = due_at >= closes_at;
        if finished && in_flight == 0 {
            break;
        }
        let wait = if finished { STALL.as_nanos() as u64 / 10 } else { due_at.saturating_sub(now) };
        let timeout =
            if wait < SPIN { Duration::ZERO } else { Duration::from_nanos(wait - SPIN / 2) };
        let ready = links.turn(timeout, |index, link| {
            let mut replies = link.receive(&mut input)?;
            if replies > 0 {
                let now = timer.now();
                last_answer = now;
                refused |= !plan.allow_errors && link.errors() > 0;
                in_flight = in_flight.saturating_sub(replies);
                while let Some(flight) = lanes[index].flights.front_mut() {
                    let taken = replies.min(flight.left);
                    flight.left -= taken;
                    replies -= taken;
                    if flight.counted {
                        tally.requests += taken;
                    }
                    if flight.left > 0 {
                        break;
                    }
                    if flight.counted {
                        tally.latency.record(now.saturating_sub(flight.due_at));
                        tally.service.record(now.saturating_sub(flight.sent_at));
                    }
                    lanes[index].flights.pop_front();
                }
            }
            launcher.launch(link, &mut lanes[index])
        })?;
        if refused {
            return Err(links.refused(&plan.label));
        }
        let silent = timer.now().saturating_sub(last_answer);
        if ready == 0 && in_flight > 0 && silent > STALL.as_nanos() as u64 {
            return Err(Error::Stalled { seconds: STALL.as_secs(), outstanding: in_flight });
        }
    }
    watch(Edge::Closes);
    tally.seconds = last_answer.max(closes_at).saturating_sub(opens_at) as f64 / 1e9;
    (tally.errors, tally.first_error, tally.nulls) = links.findings();
    Ok(tally)
}

/// Formats and sends batches that are due.
struct Launcher {
    batch: Batch,
    picker: Picker,
    timer: Timer,
    opens_at: u64,
    pipeline: u64,
}

impl Launcher {
    /// Sends what waits on a connection, as long as its socket takes it.
    #[inline]
    fn launch(&mut self, link: &mut Link, lane: &mut Lane) -> Result<()> {
        while !link.is_clogged() {
            let Some(due_at) = lane.waiting.pop_front() else { break };
            let (sent_at, counted) = (self.timer.now(), due_at >= self.opens_at);
            lane.flights.push_back(Flight { due_at, sent_at, left: self.pipeline, counted });
            let bytes = self.batch.refresh(self.pipeline as usize, &mut self.picker);
            link.send(bytes, self.pipeline)?;
        }
        Ok(())
    }
}
