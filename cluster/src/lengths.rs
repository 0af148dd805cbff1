//! Lengths and offsets as MPI counts them.

use autodiff::Error;
use mpi::Count;

/// How much each process has, and where it begins.
#[derive(Debug)]
pub(crate) struct Lengths {
    pub(crate) counts: Vec<Count>,
    pub(crate) starts: Vec<Count>,
}

impl Lengths {
    /// # Errors
    /// More numbers than MPI counts: 2³¹ − 1.
    pub(crate) fn new(lengths: &[usize]) -> Result<Self, Error> {
        let count = |length: usize| {
            Count::try_from(length).map_err(|_| {
                let reason = format!("{length} numbers in one message; MPI counts {}: take more processes", Count::MAX);
                Error::Training(reason)
            })
        };
        let mut end = 0;
        let (mut counts, mut starts) = (Vec::with_capacity(lengths.len()), Vec::with_capacity(lengths.len()));
        for &length in lengths {
            counts.push(count(length)?);
            starts.push(count(end)?);
            end += length;
        }
        count(end)?;
        Ok(Lengths { counts, starts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_sums_and_too_much_is_refused() {
        let lengths = Lengths::new(&[3, 0, 2]).unwrap();
        assert_eq!((lengths.counts, lengths.starts), (vec![3, 0, 2], vec![0, 3, 3]));
        let error = Lengths::new(&[1 << 30, 1 << 30]).unwrap_err().to_string();
        assert!(error.contains("2147483648 numbers in one message"), "{error}");
    }
}
