//! A map whose entries end, and that never holds more than so many.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

/// A map whose entries end, and that never holds more than `most`: beyond that, what would end first goes first.
pub(crate) struct ExpiringMap<V> {
    most: usize,
    entries: HashMap<String, (V, Timestamp)>,
    by_end: BTreeSet<(Timestamp, String)>,
}

impl<V> ExpiringMap<V> {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            entries: HashMap::new(),
            by_end: BTreeSet::new(),
        }
    }

    pub fn insert(&mut self, key: String, value: V, ends_at: Timestamp, now: Timestamp) {
        if let Some((_, ended_at)) = self.entries.insert(key.clone(), (value, ends_at)) {
            self.by_end.remove(&(ended_at, key.clone()));
        }
        self.by_end.insert((ends_at, key));
        while let Some((end, _)) = self.by_end.first()
            && (*end <= now || self.by_end.len() > self.most)
            && let Some((_, key)) = self.by_end.pop_first()
        {
            self.entries.remove(&key);
        }
    }

    pub fn get(&self, key: &str, now: Timestamp) -> Option<&V> {
        self.entries
            .get(key)
            .filter(|(_, end)| now < *end)
            .map(|(value, _)| value)
    }

    pub fn get_mut(&mut self, key: &str, now: Timestamp) -> Option<&mut V> {
        self.entries
            .get_mut(key)
            .filter(|(_, end)| now < *end)
            .map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_entry_ends_and_makes_room() {
        let mut map = ExpiringMap::new(10);
        map.insert("a".into(), 1, at(5), at(0));
        assert_eq!(map.get("a", at(4)), Some(&1));
        assert_eq!(map.get("a", at(5)), None);
        map.insert("b".into(), 2, at(9), at(5));
        assert_eq!((map.entries.len(), map.by_end.len()), (1, 1));
    }

    #[test]
    fn beyond_its_bound_what_would_end_first_goes_first() {
        let mut map = ExpiringMap::new(2);
        for (key, end) in [("a", 9), ("b", 5), ("a", 10), ("c", 7)] {
            map.insert(key.into(), (), at(end), at(0));
        }
        let held = ["a", "b", "c"].map(|key| map.get(key, at(0)).is_some());
        assert_eq!(held, [true, false, true]);
    }
}
