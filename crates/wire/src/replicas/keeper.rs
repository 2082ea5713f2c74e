//! Who keeps the lines: asks names anew, dials addresses that are new or were lost, publishes what is up.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Lines;
use super::line::Line;
use super::name::{Name, Resolve};
use crate::tls::Tls;

/// How long a name may think.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);

/// After a line was lost or could not be had, and twice that after each further failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What the keeper is told.
pub(super) enum Letter {
    /// A call found this line broken, or its connection ended.
    Lost(u64),
    /// A call found no line: it waits for the first, or hears why there is none.
    Wanted(oneshot::Sender<Result<Arc<Line>, String>>),
}

/// An address of one of the names.
type Place = (usize, SocketAddr);

enum State {
    Up(Arc<Line>),
    Dialing { pause: Duration },
    Down { until: Instant, pause: Duration },
}

enum Done {
    Resolved(usize, io::Result<Vec<SocketAddr>>),
    Dialed(Place, Result<Line, String>),
}

pub(super) struct Keeper {
    names: Vec<Arc<Name>>,
    tls: Option<Tls>,
    resolve: Resolve,
    interval: Duration,
    lines: Arc<Lines>,
    /// For connections that end; it keeps nobody alive.
    letters: mpsc::WeakUnboundedSender<Letter>,
    places: HashMap<Place, State>,
    resolve_at: Instant,
    /// Names that are being asked.
    asked: usize,
    tasks: JoinSet<Done>,
    waiting: Vec<oneshot::Sender<Result<Arc<Line>, String>>>,
    last_words: String,
    next_id: u64,
}

impl Keeper {
    pub(super) fn new(
        names: Vec<Name>,
        tls: Option<Tls>,
        resolve: Resolve,
        interval: Duration,
        lines: Arc<Lines>,
        letters: mpsc::WeakUnboundedSender<Letter>,
    ) -> Self {
        Self {
            names: names.into_iter().map(Arc::new).collect(),
            tls,
            resolve,
            interval,
            lines,
            letters,
            places: HashMap::new(),
            resolve_at: Instant::now(),
            asked: 0,
            tasks: JoinSet::new(),
            waiting: Vec::new(),
            last_words: "no address is known".to_owned(),
            next_id: 0,
        }
    }

    /// Until every sender of letters is gone.
    pub(super) async fn run(mut self, mut letters: mpsc::UnboundedReceiver<Letter>) {
        loop {
            self.begin_what_is_due();
            self.answer_who_waits();
            let next = self.next_moment();
            tokio::select! {
                letter = letters.recv() => match letter {
                    Some(Letter::Lost(id)) => self.lost(id),
                    Some(Letter::Wanted(answer)) => self.wanted(answer),
                    None => return,
                },
                Some(done) = self.tasks.join_next() => match done {
                    Ok(Done::Resolved(name, answer)) => self.resolved(name, answer),
                    Ok(Done::Dialed(place, answer)) => self.dialed(place, answer),
                    Err(error) => tracing::error!(cause = %error, "looking for replicas failed"),
                },
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    fn begin_what_is_due(&mut self) {
        let now = Instant::now();
        if self.asked == 0 && self.resolve_at <= now {
            self.resolve_at = now + self.interval;
            self.asked = self.names.len();
            for (place, name) in self.names.iter().enumerate() {
                let answer = (self.resolve)(name.host.clone(), name.port);
                self.tasks.spawn(async move {
                    let answer = tokio::time::timeout(RESOLVE_TIMEOUT, answer).await;
                    Done::Resolved(place, answer.unwrap_or_else(|late| Err(late.into())))
                });
            }
        }
        for (place, state) in &mut self.places {
            let State::Down { until, pause } = *state else {
                continue;
            };
            if until > now {
                continue;
            }
            *state = State::Dialing { pause };
            self.next_id += 1;
            let (id, place, tls) = (self.next_id, *place, self.tls.clone());
            let name = Arc::clone(&self.names[place.0]);
            let letters = self.letters.clone();
            let over = move || {
                if let Some(letters) = letters.upgrade() {
                    let _ = letters.send(Letter::Lost(id));
                }
            };
            self.tasks
                .spawn(async move { Done::Dialed(place, Line::dial(id, name, place.1, tls, over).await) });
        }
    }

    fn next_moment(&self) -> Instant {
        let down = self.places.values().filter_map(|state| match state {
            State::Down { until, .. } => Some(*until),
            _ => None,
        });
        // While names are asked, their answer is the next moment.
        let resolve_at = if self.asked > 0 {
            Instant::now() + self.interval
        } else {
            self.resolve_at
        };
        down.fold(resolve_at, Instant::min)
    }

    /// What the name does not resolve to any more is forgotten; calls under way end as they would. A name that does
    /// not answer changes nothing.
    fn resolved(&mut self, name: usize, answer: io::Result<Vec<SocketAddr>>) {
        self.asked -= 1;
        let addresses = match answer {
            Ok(addresses) if !addresses.is_empty() => addresses,
            failed => {
                let why = failed.map_or_else(|error| error.to_string(), |_| "no address".to_owned());
                self.last_words = format!("{}: {why}", self.names[name].host);
                return;
            }
        };
        let before = self.places.len();
        self.places
            .retain(|place, _| place.0 != name || addresses.contains(&place.1));
        let dropped = self.places.len() < before;
        for address in addresses {
            self.places.entry((name, address)).or_insert(State::Down {
                until: Instant::now(),
                pause: FIRST_PAUSE,
            });
        }
        if dropped {
            self.publish();
        }
    }

    fn dialed(&mut self, place: Place, answer: Result<Line, String>) {
        // It may have been forgotten meanwhile.
        let Some(state) = self.places.get_mut(&place) else {
            return;
        };
        let State::Dialing { pause } = *state else { return };
        match answer {
            Ok(line) => {
                tracing::debug!(address = %place.1, "a replica is connected");
                *state = State::Up(Arc::new(line));
                self.publish();
            }
            Err(words) => {
                tracing::debug!(cause = %words, "a replica cannot be reached");
                self.last_words = words;
                *state = State::Down {
                    until: Instant::now() + pause,
                    pause: LONGEST_PAUSE.min(2 * pause),
                };
            }
        }
    }

    fn lost(&mut self, id: u64) {
        let lost = self.places.values_mut().find(|state| match state {
            State::Up(line) => line.id() == id,
            _ => false,
        });
        if let Some(state) = lost {
            *state = State::Down {
                until: Instant::now() + FIRST_PAUSE,
                pause: FIRST_PAUSE,
            };
            self.publish();
            // Its address may have changed with it.
            self.resolve_at = Instant::now();
        }
    }

    /// Whoever waits does not wait for pauses.
    fn wanted(&mut self, answer: oneshot::Sender<Result<Arc<Line>, String>>) {
        let now = Instant::now();
        for state in self.places.values_mut() {
            if let State::Down { until, .. } = state {
                *until = now;
            }
        }
        if self.places.is_empty() {
            self.resolve_at = now;
        }
        self.waiting.push(answer);
    }

    fn answer_who_waits(&mut self) {
        let mut up = self.up();
        let answer = match up.next() {
            Some(line) => Ok(Arc::clone(line)),
            None if self.asked > 0 => return,
            None if self
                .places
                .values()
                .any(|state| matches!(state, State::Dialing { .. })) =>
            {
                return;
            }
            None => Err(self.last_words.clone()),
        };
        drop(up);
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(answer.clone());
        }
    }

    fn publish(&self) {
        self.lines.store(Arc::new(self.up().map(Arc::clone).collect()));
    }

    fn up(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.places.values().filter_map(|state| match state {
            State::Up(line) => Some(line),
            _ => None,
        })
    }
}
