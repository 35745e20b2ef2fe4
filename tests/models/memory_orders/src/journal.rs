//! core/journal/journal_writer.cpp and journal_reader.cpp: one writer appends, readers follow up to an end that it has
//! published, by (J) or by a mark in a ring. A record is several words that are written one by one; a segment that is full
//! ends with a filler, and its successor exists before anyone is told of a position in it.
use crate::ring::{self, ring};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU64, Ordering, Ordering::*};
use loom::sync::Arc;
use loom::thread;

const SEGMENT: u64 = 2; // words of a segment: a record of one word, and the filler or another record
const FILLER: u64 = 255;

/// (J)
#[derive(Clone, Copy)]
struct Orders {
    publish_end: Ordering, // append(): end_.store
    see_end: Ordering,     // end_position(): end_.load
}

const RIGHT: Orders = Orders { publish_end: Release, see_end: Acquire };

struct Journal {
    words: Vec<UnsafeCell<u64>>,
    end: AtomicU64,
    orders: Orders,
}

impl Journal {
    fn new(words: usize, orders: Orders) -> Arc<Journal> {
        Arc::new(Journal { words: (0..words).map(|_| UnsafeCell::new(0)).collect(), end: AtomicU64::new(0), orders })
    }

    fn write(&self, position: u64, word: u64) {
        self.words[position as usize].with_mut(|at| unsafe { *at = word });
    }

    fn read(&self, position: u64) -> u64 {
        self.words[position as usize].with(|at| unsafe { *at })
    }

    /// append(): rolls where the record does not fit, writes it, then says where it ends.
    fn append(&self, record: &[u64]) {
        let mut end = self.end.load(Relaxed); // relaxed: our own variable
        if end % SEGMENT + record.len() as u64 > SEGMENT {
            self.write(end, FILLER);
            end = (end / SEGMENT + 1) * SEGMENT;
        }
        for (i, word) in record.iter().enumerate() {
            self.write(end + i as u64, *word);
        }
        self.end.store(end + record.len() as u64, self.orders.publish_end);
    }
}

/// next(limit), again and again: the words of all whole records.
fn follow(journal: &Journal, position: &mut u64, limit: u64, seen: &mut Vec<u64>) {
    while *position < limit {
        let word = journal.read(*position);
        if word == FILLER {
            *position = (*position / SEGMENT + 1) * SEGMENT;
            continue;
        }
        assert_ne!(word, 0, "below the end nothing is unwritten");
        seen.push(word);
        *position += 1;
    }
}

fn explore(orders: Orders, readers: usize) {
    loom::model(move || {
        let journal = Journal::new(6, orders);
        let threads: Vec<_> = (0..readers)
            .map(|_| {
                let journal = journal.clone();
                thread::spawn(move || {
                    let (mut position, mut seen) = (0, vec![]);
                    for _ in 0..2 {
                        let limit = journal.end.load(journal.orders.see_end);
                        follow(&journal, &mut position, limit, &mut seen);
                    }
                    assert!([1, 2, 3, 4].starts_with(&seen));
                })
            })
            .collect();
        journal.append(&[1]);
        journal.append(&[2, 3]); // does not fit: rolls
        journal.append(&[4]);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn right_with_a_reader() {
    explore(RIGHT, 1);
}

#[test]
fn right_with_two_readers() {
    explore(RIGHT, 2);
}

#[test]
#[should_panic]
fn found_publish_end_relaxed() {
    explore(Orders { publish_end: Relaxed, ..RIGHT }, 1);
}

#[test]
#[should_panic]
fn found_see_end_relaxed() {
    explore(Orders { see_end: Relaxed, ..RIGHT }, 1);
}

/// The parser does not ask the journal: its limit comes as a mark in a ring, whose pair (P) orders the record as well.
fn explore_marks(ring_orders: ring::Orders) {
    loom::model(move || {
        let journal = Journal::new(4, RIGHT);
        let (mut marks, mut limits) = ring(2, 0, ring_orders);
        let parser = {
            let journal = journal.clone();
            thread::spawn(move || {
                let (mut position, mut seen) = (0, vec![]);
                while let Some(limit) = limits.pop() {
                    follow(&journal, &mut position, limit, &mut seen);
                }
                assert!([1, 2].starts_with(&seen));
            })
        };
        for record in 1..=2 {
            journal.append(&[record]);
            assert!(marks.push(journal.end.load(Relaxed)));
        }
        parser.join().unwrap();
    });
}

#[test]
fn right_with_marks() {
    explore_marks(ring::RIGHT);
}

#[test]
#[should_panic]
fn found_mark_relaxed() {
    explore_marks(ring::Orders { publish: Relaxed, ..ring::RIGHT });
}

#[test]
#[should_panic]
fn found_see_mark_relaxed() {
    explore_marks(ring::Orders { see_published: Relaxed, ..ring::RIGHT });
}
