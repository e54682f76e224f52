//! Several things at a time: reading and syncing is mostly waiting for the system, which does more of it at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` on each of `items`, on at most `threads` threads, this one among them. The results are in the order
/// of the items, whoever was quicker.
///
/// # Errors
/// That of the first item whose work failed; what was not begun by then is left.
pub fn at_once<I: Sync, T: Send, E: Send>(
    items: &[I],
    threads: usize,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let others = threads.min(items.len()).saturating_sub(1);
    if others == 0 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else {
                return done;
            };
            let result = work(item);
            if result.is_err() {
                // Whatever stands before it has been begun, so the first failure is always found.
                next.store(items.len(), Ordering::Relaxed);
            }
            done.push((number, result));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (0..others).map(|_| scope.spawn(share)).collect();
        let mut done = share();
        for other in others {
            let theirs = other.join();
            done.extend(theirs.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_failure_is_told() {
        let items: Vec<usize> = (0..100).collect();
        for threads in [0, 1, 2, 7, 200] {
            let doubled = at_once(&items, threads, |item| Ok::<_, usize>(item * 2));
            let expected: Vec<_> = items.iter().map(|item| item * 2).collect();
            assert_eq!(doubled, Ok(expected));
            for _ in 0..20 {
                let odd = at_once(&items, threads, |item| match item {
                    13 | 14 | 57 => Err(*item),
                    _ => Ok(()),
                });
                assert_eq!(odd, Err(13));
            }
        }
        let none: [usize; 0] = [];
        assert_eq!(at_once(&none, 4, |_| Err::<(), _>(())), Ok(Vec::new()));
    }
}
