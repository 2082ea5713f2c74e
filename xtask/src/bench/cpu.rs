//! Processor time in seconds, from `/proc`.

use std::fs;
use std::process;

/// Linux counts for programs in hundredths of a second, whatever the machine.
const TICK: f64 = 0.01;

/// Of a process and all that it started and that still run.
pub fn of_tree(id: u32) -> f64 {
    tree(id).into_iter().map(|id| ticks(id, 11..13)).sum()
}

/// Of this program and everything that it started, what has ended included.
pub fn ours() -> f64 {
    let children = children(process::id());
    ticks(process::id(), 11..15) + children.into_iter().map(of_tree).sum::<f64>()
}

/// Of the whole machine.
pub fn all() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let columns: Vec<u32> = text.lines().next().map(numbers).unwrap_or_default();
    // user, nice, system, irq, softirq
    [0, 1, 2, 5, 6]
        .into_iter()
        .filter_map(|column| columns.get(column))
        .map(|ticks| f64::from(*ticks) * TICK)
        .sum()
}

/// The process of that name which this program started, itself or by others.
pub fn named(name: &str) -> Option<u32> {
    tree(process::id())
        .into_iter()
        .find(|id| fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|comm| comm.trim_end() == name))
}

/// Columns of `/proc/PID/stat`, counted after the name, which may hold anything.
fn ticks(id: u32, columns: std::ops::Range<usize>) -> f64 {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let words: Vec<_> = after_name.split_whitespace().collect();
    let ticks = words.get(columns).unwrap_or_default();
    let ticks = ticks.iter().filter_map(|word| word.parse::<u32>().ok());
    f64::from(ticks.sum::<u32>()) * TICK
}

fn tree(id: u32) -> Vec<u32> {
    let mut found = vec![id];
    for child in children(id) {
        found.extend(tree(child));
    }
    found
}

fn children(id: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{id}/task"))
        .into_iter()
        .flatten()
        .flatten();
    threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| numbers(&text))
        .collect()
}

fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_time_and_the_machine_takes_as_much() {
        let (own, machine) = (of_tree(process::id()), all());
        while of_tree(process::id()) < own + TICK * 2.0 {
            std::hint::black_box(numbers("1 2 3"));
        }
        assert!(all() >= machine + TICK);
    }
}
