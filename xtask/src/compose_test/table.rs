//! What was found, as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use super::faults::{Effect, Fault};
use super::images::Image;

/// All of it.
pub struct Report {
    composer: String,
    images: Vec<Image>,
    same: Option<bool>,
    cold: Duration,
    again: Option<Duration>,
    effects: Vec<(Fault, Effect)>,
}

impl Report {
    /// Begins with what is known before anything breaks.
    pub fn new(composer: String, images: Vec<Image>, same: Option<bool>, cold: Duration) -> Self {
        Self {
            composer,
            images,
            same,
            cold,
            again: None,
            effects: Vec::new(),
        }
    }

    pub fn add(&mut self, fault: Fault, effect: Effect) {
        self.effects.push((fault, effect));
    }

    /// It went down and came up again in that time, with all that it had.
    pub fn came_back(&mut self, again: Duration) {
        self.again = Some(again);
    }

    #[expect(clippy::print_stdout, reason = "the table is what this is for")]
    pub fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let mut text = String::from("| image | MiB |\n|---|--:|\n");
        for image in &self.images {
            let tenths = image.bytes * 10 / (1024 * 1024);
            let _ = writeln!(text, "| {} | {}.{} |", image.program, tenths / 10, tenths % 10);
        }
        if let Some(same) = self.same {
            let words = if same { "the same layers" } else { "OTHER LAYERS" };
            let _ = writeln!(text, "\nBuilt twice: {words}.");
        }
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let _ = write!(
            text,
            "\nWith {}: up and healthy from nothing in {}",
            self.composer,
            seconds(self.cold)
        );
        if let Some(again) = self.again {
            let _ = write!(text, ", after `down` in {} with all that it had", seconds(again));
        }
        text += ".\n\n| what happens | calls | failed | how | within | slowest good call | healthy after |\n\
                 |---|--:|--:|---|--:|--:|--:|\n";
        for (fault, Effect { tally, healthy_after }) in &self.effects {
            let why: Vec<_> = tally
                .why
                .iter()
                .map(|(why, count)| format!("{count} × {why}"))
                .collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                fault.words(),
                tally.calls,
                tally.failed,
                why.join(", "),
                seconds(tally.window),
                seconds(tally.slowest),
                seconds(*healthy_after)
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::Tally;
    use super::*;

    #[test]
    fn a_fault_is_a_row() {
        let mut report = Report::new(
            "docker-compose 1.29.2".to_owned(),
            Vec::new(),
            Some(true),
            Duration::from_secs(9),
        );
        report.came_back(Duration::from_secs(7));
        let tally = Tally {
            calls: 100,
            failed: 3,
            why: [("503".to_owned(), 3)].into(),
            window: Duration::from_millis(1200),
            slowest: Duration::from_millis(300),
        };
        report.add(
            Fault::Crash("redis"),
            Effect {
                tally,
                healthy_after: Duration::from_secs(4),
            },
        );
        let text = report.text();
        for part in [
            "Built twice: the same layers.",
            "With docker-compose 1.29.2: up and healthy from nothing in 9.0 s, after `down` in 7.0 s",
            "| `kill -9` of one redis | 100 | 3 | 3 × 503 | 1.2 s | 0.3 s | 4.0 s |",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
