//! What was measured, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::lines::{Compared, Line};
use super::targets::{Measure, Target, Visit};

/// Every figure of every round.
#[derive(Default)]
pub struct Figures {
    by_round: BTreeMap<(Target, Measure), Vec<f64>>,
    others: Vec<f64>,
}

impl Figures {
    pub fn add(&mut self, target: Target, visit: &Visit) {
        for (measure, figure) in visit {
            self.by_round.entry((target, *measure)).or_default().push(*figure);
        }
    }

    /// How many cores programs used in a round that have nothing to do with it.
    pub fn note_others(&mut self, cores: f64) {
        self.others.push(cores.max(0.0));
    }

    fn of(&self, target: Target, measure: Measure) -> &[f64] {
        self.by_round.get(&(target, measure)).map_or(&[], Vec::as_slice)
    }

    /// How two targets compare, round by round.
    fn compared(&self, line: &Line) -> Vec<f64> {
        let ours = self.of(line.target, line.measure);
        let theirs = self.of(line.against, line.measure);
        let rounds = ours.iter().zip(theirs);
        rounds
            .map(|(ours, theirs)| match line.compared {
                Compared::More | Compared::Less => ours / theirs,
                Compared::Above => ours - theirs,
            })
            .collect()
    }
}

/// Prints the comparisons, then what stands behind them.
#[expect(clippy::print_stdout, reason = "the table is what this is for")]
pub fn print(machine: &str, lines: &[&Line], targets: &[Target], figures: &Figures) {
    println!(
        "{machine}\n\n{}\n{}",
        comparisons(lines, figures),
        absolutes(targets, figures)
    );
    let (median, _, most) = spread(&figures.others);
    println!("Others used {median:.2} cores meanwhile (in the worst round {most:.2}).");
}

fn comparisons(lines: &[&Line], figures: &Figures) -> String {
    let mut text = String::from(
        "| what | against | median [min – max] | aim | never below | |\n|---|---|--:|--:|--:|---|\n",
    );
    for line in lines {
        let (median, lowest, highest) = spread(&figures.compared(line));
        let (unit, places) = match line.compared {
            Compared::More | Compared::Less => ("×", 2),
            Compared::Above => (" ms", 3),
        };
        let show = |figure: f64| {
            let sign = if line.compared == Compared::Above && figure >= 0.0 {
                "+"
            } else {
                ""
            };
            format!("{sign}{figure:.places$}{unit}")
        };
        let (aim, must) = line
            .goal
            .map_or_else(Default::default, |(aim, must)| (show(aim), show(must)));
        let _ = writeln!(
            text,
            "| {} | {} | {} [{} – {}] | {aim} | {must} | {} |",
            line.what,
            line.against.words(),
            show(median),
            show(lowest),
            show(highest),
            verdict(line, median),
        );
    }
    text
}

fn verdict(line: &Line, figure: f64) -> &'static str {
    let Some((aim, must)) = line.goal else { return "" };
    let reaches = |goal: f64| match line.compared {
        Compared::More => figure >= goal,
        Compared::Less | Compared::Above => figure <= goal,
    };
    match (reaches(aim), reaches(must)) {
        (true, _) => "aim",
        (false, true) => "ok",
        (false, false) => "MISSED",
    }
}

fn absolutes(targets: &[Target], figures: &Figures) -> String {
    let mut text = String::from(
        "| | requests/s | p50 ms | p99 ms | CPU µs a request | failed |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let mut schedules = String::new();
    for target in targets {
        let median = |measure| spread(figures.of(*target, measure)).0;
        let _ = if target.is_served() {
            writeln!(
                text,
                "| {} | {:.0} | {:.3} | {:.3} | {:.1} | {:.0} |",
                target.words(),
                median(Measure::Rate),
                median(Measure::Half),
                median(Measure::P99),
                median(Measure::Cpu),
                figures.of(*target, Measure::Failed).iter().sum::<f64>(),
            )
        } else {
            writeln!(
                schedules,
                "| {} | {:.0} | {:.0} |",
                target.words(),
                median(Measure::Ask),
                median(Measure::Claim),
            )
        };
    }
    if !schedules.is_empty() {
        let _ = write!(
            text,
            "\n| | due-query µs | claim of 100 µs |\n|---|--:|--:|\n{schedules}"
        );
    }
    text
}

/// Median, least and most.
fn spread(figures: &[f64]) -> (f64, f64, f64) {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    (at(sorted.len() / 2), at(0), at(sorted.len().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::lines::LINES;

    #[test]
    fn ratios_are_taken_round_by_round() {
        let line = &LINES[0];
        let mut figures = Figures::default();
        for (ours, theirs) in [(90.0, 100.0), (10.0, 20.0), (33.0, 30.0)] {
            figures.add(line.target, &vec![(line.measure, ours)]);
            figures.add(line.against, &vec![(line.measure, theirs)]);
        }
        let text = comparisons(&[line], &figures);
        let expected = "| 0.90× [0.50× – 1.10×] | 1.00× | 0.85× | ok |";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn less_is_better_where_a_line_says_so() {
        let line = LINES
            .iter()
            .find(|line| line.compared == Compared::Above)
            .unwrap();
        let verdicts = [0.1, 0.5, 0.9].map(|figure| verdict(line, figure));
        assert_eq!(verdicts, ["aim", "ok", "MISSED"]);
    }
}
