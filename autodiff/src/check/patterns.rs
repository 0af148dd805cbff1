//! Recognizes mistakes by what the right gradient is made of: the columns of the Jacobian and the cotangent.

use super::report::Diagnosis;
use super::tensors::largest_entry;
use crate::array::{Shape, Tensor};
use crate::error::Error;

/// A wrong gradient with the terms of the right one.
pub(super) struct Pullback<'a> {
    pub(super) found: &'a Tensor<f64>,
    /// For each element of the input, the derivatives of all elements of the output.
    pub(super) columns: &'a [Tensor<f64>],
    pub(super) cotangent: &'a Tensor<f64>,
}

impl Pullback<'_> {
    /// Mistakes in which terms are summed.
    pub(super) fn terms(&self) -> Option<Diagnosis> {
        if self.columns.is_empty() {
            return None;
        }
        let elements = || 0..self.columns.len();
        if elements().all(|k| self.is_one_term(k)) {
            let all = elements().all(|k| self.nonzero(k).count() > 1);
            return Some(if all { Diagnosis::MissingSum } else { Diagnosis::RepeatedOverwritten });
        }
        if elements().all(|k| self.is_summed_early(k)) {
            return Some(Diagnosis::SummedTooEarly);
        }
        self.other_group()
    }

    /// The terms of the sum that the gradient of element `k` is.
    fn nonzero(&self, k: usize) -> impl Iterator<Item = f64> {
        let terms = self.columns[k].data().iter().zip(self.cotangent.data()).map(|(c, u)| c * u);
        terms.filter(|&term| term != 0.0)
    }

    /// Whether what was found is a single term of the sum, or right if there is no other.
    fn is_one_term(&self, k: usize) -> bool {
        let g = self.found.data()[k];
        let mut none = true;
        let one = self.nonzero(k).any(|term| {
            none = false;
            near(term, g)
        });
        one || (none && g == 0.0)
    }

    /// Whether cotangents and derivatives were each summed, or averaged, before they were multiplied.
    fn is_summed_early(&self, k: usize) -> bool {
        let (column, g) = (self.columns[k].data(), self.found.data()[k]);
        let pairs: Vec<(f64, f64)> =
            column.iter().copied().zip(self.cotangent.data().iter().copied()).filter(|(c, _)| *c != 0.0).collect();
        if pairs.len() < 2 {
            return self.is_one_term(k);
        }
        let (slopes, cotangents): (f64, f64) = pairs.iter().fold((0.0, 0.0), |(s, t), (c, u)| (s + c, t + u));
        let product = slopes * cotangents;
        near(product, g) || near(product / pairs.len() as f64, g)
    }

    /// Whether the cotangent was read at other indices: of another group along an axis, or of axes swapped.
    fn other_group(&self) -> Option<Diagnosis> {
        let shape = self.cotangent.shape();
        let size = largest_entry(std::slice::from_ref(self.found));
        let read_at = |index: &dyn Fn(&[usize]) -> Vec<usize>| {
            let at = |flat: usize| {
                let index = index(&shape.unravel_index(flat));
                self.cotangent.data()[shape.flat_index(&index)]
            };
            let other: Vec<f64> = (0..self.cotangent.data().len()).map(at).collect();
            (0..self.columns.len()).all(|k| {
                let right: f64 = self.columns[k].data().iter().zip(&other).map(|(c, u)| c * u).sum();
                near_to(right, self.found.data()[k], size)
            })
        };
        for axis in (0..shape.rank()).filter(|&axis| shape[axis] > 1) {
            let extent = shape[axis];
            let moved = |to: &dyn Fn(usize) -> usize| {
                read_at(&|index: &[usize]| {
                    let mut index = index.to_vec();
                    index[axis] = to(index[axis]);
                    index
                })
            };
            if moved(&|i| extent - 1 - i) || (1..extent.min(8)).any(|by| moved(&|i| (i + by) % extent)) {
                return Some(Diagnosis::WrongGroup { axis });
            }
            for other in axis + 1..shape.rank() {
                let swapped = |index: &[usize]| {
                    let mut index = index.to_vec();
                    index.swap(axis, other);
                    index
                };
                if shape[other] == extent && read_at(&swapped) {
                    return Some(Diagnosis::WrongAxis { found: other, right: axis });
                }
            }
        }
        None
    }

    /// Mistakes in which elements of the input each element of the output reads: along another axis, or with the stride or
    /// dilation of another axis. `pull` gives the gradient for a cotangent that is one at one element of the output.
    pub(super) fn geometry(
        &self,
        mut pull: impl FnMut(usize) -> Result<Tensor<f64>, Error>,
    ) -> Result<Option<Diagnosis>, Error> {
        let (input, output) = (self.found.shape(), self.cotangent.shape());
        if self.columns.is_empty() || output.size() == 0 {
            return Ok(None);
        }
        let right = |row: usize| Footprint::of(input, |k| self.columns[k].data()[row]);
        let mut found_rows = Vec::new();
        for row in 0..output.size().min(ROWS) {
            let gradient = pull(row)?;
            found_rows.push(Footprint::of(input, |k| gradient.data()[k]));
        }
        let (found, expected) =
            (Footprint::any(&found_rows), Footprint::any(&(0..found_rows.len()).map(right).collect::<Vec<_>>()));
        if let Some(known) = found.along_another_axis(&expected) {
            return Ok(Some(known));
        }
        if is_swapped(&found.spacing, &expected.spacing) {
            return Ok(Some(Diagnosis::OtherDilation));
        }
        // How far the footprint moves, at most, per step along each axis of the output.
        let moves = |of: &dyn Fn(usize) -> Vec<usize>| {
            let mut most = vec![0; input.rank()];
            for axis in 0..output.rank() {
                let step: usize = output[axis + 1..].iter().product();
                for row in (1..output[axis]).map(|i| i * step).take_while(|&row| row < found_rows.len()) {
                    let by = of(row).into_iter().zip(of(row - step)).map(|(x, y): (usize, usize)| x.abs_diff(y));
                    most.iter_mut().zip(by).for_each(|(most, by)| *most = by.max(*most));
                }
            }
            most
        };
        let (found, expected) = (moves(&|row| found_rows[row].first.clone()), moves(&|row| right(row).first));
        let steady = expected.iter().all(|&by| by > 0);
        Ok((steady && is_swapped(&found, &expected)).then_some(Diagnosis::OtherStride))
    }
}

/// Elements of the output whose pullbacks are looked at, at most.
const ROWS: usize = 64;

/// Which elements of the input one element of the output reads.
struct Footprint {
    /// The first index along each axis; empty if nothing is read.
    first: Vec<usize>,
    /// For each axis, whether several indices occur.
    extends: Vec<bool>,
    /// For each axis, the smallest distance of two indices that occur; 0 if only one does.
    spacing: Vec<usize>,
}

impl Footprint {
    fn of(shape: &Shape, value: impl Fn(usize) -> f64) -> Footprint {
        let indices: Vec<_> = (0..shape.size()).filter(|&k| value(k) != 0.0).map(|k| shape.unravel_index(k)).collect();
        let along = |axis: usize| {
            let mut of_axis: Vec<usize> = indices.iter().map(|index| index[axis]).collect();
            of_axis.sort_unstable();
            of_axis.dedup();
            of_axis
        };
        let axes: Vec<Vec<usize>> = (0..shape.rank()).map(along).collect();
        let spacing = |of_axis: &Vec<usize>| of_axis.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(0);
        Footprint {
            first: axes.iter().filter_map(|of_axis| of_axis.first().copied()).collect(),
            extends: axes.iter().map(|of_axis| of_axis.len() > 1).collect(),
            spacing: axes.iter().map(spacing).collect(),
        }
    }

    /// What holds for any of them.
    fn any(all: &[Footprint]) -> Footprint {
        let mut any = Footprint { first: Vec::new(), extends: Vec::new(), spacing: Vec::new() };
        for one in all {
            any.extends.resize(one.extends.len(), false);
            any.spacing.resize(one.spacing.len(), 0);
            any.extends.iter_mut().zip(&one.extends).for_each(|(any, one)| *any |= one);
            for (any, &one) in any.spacing.iter_mut().zip(&one.spacing).filter(|(_, one)| **one > 0) {
                *any = if *any == 0 { one } else { one.min(*any) };
            }
        }
        any
    }

    /// One axis where another is right.
    fn along_another_axis(&self, right: &Footprint) -> Option<Diagnosis> {
        let only = |extends: &[bool]| {
            let mut axes = (0..extends.len()).filter(|&axis| extends[axis]);
            axes.next().filter(|_| axes.next().is_none())
        };
        match (only(&self.extends), only(&right.extends)) {
            (Some(found), Some(right)) if found != right => {
                let last = found + 1 == self.extends.len();
                Some(if last { Diagnosis::LastAxis { right } } else { Diagnosis::WrongAxis { found, right } })
            }
            _ => None,
        }
    }
}

/// Whether two lists differ, and have the same numbers in another order.
fn is_swapped(found: &[usize], right: &[usize]) -> bool {
    let sorted = |list: &[usize]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    found != right && sorted(found) == sorted(right)
}

fn near(x: f64, y: f64) -> bool {
    near_to(x, y, x.abs())
}

fn near_to(x: f64, y: f64, size: f64) -> bool {
    (x - y).abs() <= 1e-6 * size
}
