//! Runs as median and extremes, and tables in Markdown that can be pasted.

use std::fmt;
use std::time::Duration;

/// The median of several runs, with the least and the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// How many runs there were.
    pub(crate) runs: usize,
}

impl Spread {
    /// Of figures in any order and unit; none if there are none.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = figures.into_iter().collect();
        all.sort_by(f64::total_cmp);
        let (least, most) = (*all.first()?, *all.last()?);
        let (low, high) = (all[(all.len() - 1) / 2], all[all.len() / 2]);
        Some(Self {
            median: f64::midpoint(low, high),
            least,
            most,
            runs: all.len(),
        })
    }

    /// Of times, in milliseconds.
    pub(crate) fn of_times<'t>(times: impl IntoIterator<Item = &'t Duration>) -> Option<Self> {
        Self::of(times.into_iter().map(|time| time.as_secs_f64() * 1000.0))
    }
}

/// `12.3 (11.9 to 14.0)`, with the digits that mean something.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            least,
            most,
            ..
        } = *self;
        write!(f, "{}", figure(median))?;
        if self.runs > 1 {
            write!(f, " ({} to {})", figure(least), figure(most))?;
        }
        Ok(())
    }
}

/// A figure to three digits or to the unit.
pub(crate) fn figure(number: f64) -> String {
    let digits = match number {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$}")
}

/// A count to reckon with.
#[allow(clippy::cast_precision_loss)] // counts here are far below 2^52
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// The head of a table, and the line below it.
pub(crate) fn head(columns: &[&str]) -> String {
    format!("{}\n{}", row(columns), row(&vec!["---"; columns.len()]))
}

/// One line of a table.
pub(crate) fn row<C: AsRef<str>>(cells: &[C]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_between_the_extremes() {
        let spread = Spread::of([3.0, 1.0, 250.0, 2.0]).unwrap();
        assert_eq!(spread.to_string(), "2.50 (1.00 to 250)");
        assert_eq!(Spread::of([12.34]).unwrap().to_string(), "12.3");
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_table_is_markdown() {
        assert_eq!(head(&["a", "b"]), "| a | b |\n| --- | --- |");
        assert_eq!(row(&["1".to_owned(), "2".to_owned()]), "| 1 | 2 |");
    }
}
