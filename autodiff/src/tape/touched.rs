//! Where the gradients of parameters may differ from zero: of a table from which rows are selected, those rows.

use std::ops::Range;

use smallvec::SmallVec;

use super::{Graph, Label, Recording, Step, Var};
use crate::params::Params;
use crate::scalar::Real;

/// Where the gradient of a parameter may differ from zero.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    /// Whether it may everywhere; otherwise only in the rows.
    pub(super) everywhere: bool,
    /// Indices along the first axis in ascending order, each once.
    pub(super) rows: Vec<usize>,
}

impl Touched {
    pub(super) fn nowhere() -> Self {
        Touched { everywhere: false, rows: Vec::new() }
    }

    /// Adds where another gradient may differ from zero.
    pub(super) fn join(&mut self, other: &Touched) {
        self.everywhere |= other.everywhere;
        self.rows.extend(&other.rows);
        self.tidy();
    }

    fn tidy(&mut self) {
        self.rows.sort_unstable();
        self.rows.dedup();
    }

    /// The ranges of the flat vectors of a parameter that is in `range` and has this many rows.
    pub(super) fn ranges(&self, range: Range<usize>, count: usize) -> impl Iterator<Item = Range<usize>> {
        let (start, width) = (range.start, range.len() / count.max(1));
        let whole = (self.everywhere && !range.is_empty()).then_some(range);
        let rows: &[usize] = if self.everywhere { &[] } else { &self.rows };
        whole.into_iter().chain(rows.iter().map(move |row| start + row * width..start + (row + 1) * width))
    }
}

/// Ascending ranges, of which those without a gap are one.
pub(super) fn joined(ranges: impl Iterator<Item = Range<usize>>) -> impl Iterator<Item = Range<usize>> {
    let mut ranges = ranges.peekable();
    std::iter::from_fn(move || {
        let mut joined = ranges.next()?;
        while let Some(next) = ranges.next_if(|next| next.start == joined.end) {
            joined.end = next.end;
        }
        Some(joined)
    })
}

/// The parameters of which a backward pass adds to selected rows alone, with the operations that select them.
pub(super) type Tables = SmallVec<[(usize, SmallVec<[u32; 2]>); 2]>;

impl<'t, T: Real> Recording<'t, T> {
    /// Notes that a value is made of selected rows of another, which counts if that is a parameter.
    pub(crate) fn note_selection(&self, of: Var<'_, T>, rows: Var<'_, T>) {
        let mut graph = self.graph.borrow_mut();
        if graph.nodes.get(rows.id as usize).is_some() && graph.parameter_of(of.id).is_some() {
            graph.selections.push(rows.id);
        }
    }
}

impl<T: Real> Graph<T> {
    /// The parameter that a node is, if it is one as a whole.
    fn parameter_of(&self, node: u32) -> Option<usize> {
        match self.nodes.get(node as usize)? {
            node if node.step != Step::Leaf => None,
            node => {
                if let Label::Parameter(index) = node.label {
                    Some(index)
                } else {
                    None
                }
            }
        }
    }

    /// The parameters of which a backward pass from `root` adds to selected rows alone.
    pub(super) fn tables(&self, root: u32, reached: &[bool]) -> Tables {
        let mut tables = Tables::new();
        for &node in self.selections.iter().filter(|&&node| reached.get(node as usize) == Some(&true)) {
            let Some(index) = self.nodes.wanted(node as usize).next().and_then(|of| self.parameter_of(of)) else {
                continue;
            };
            match tables.iter_mut().find(|table| table.0 == index) {
                Some(table) => table.1.push(node),
                None => tables.push((index, SmallVec::from_slice(&[node]))),
            }
        }
        if tables.is_empty() {
            return tables;
        }
        // What else adds to a parameter adds to all of it.
        let base = |node: u32| self.nodes[node as usize].base;
        let mut forget = |node: u32| {
            if let Some(index) = self.parameter_of(base(node)) {
                tables.retain(|table| table.0 != index);
            }
        };
        forget(root);
        for (k, _) in reached.iter().enumerate().filter(|&(_, &reached)| reached) {
            if self.selections.binary_search(&(k as u32)).is_err() && matches!(self.nodes[k].step, Step::Op(_)) {
                self.nodes.wanted(k).for_each(&mut forget);
            }
        }
        tables
    }

    /// Replaces `rows` by those that these operations select.
    pub(super) fn selected_rows(&self, selections: &[u32], params: &Params<T>, touched: &mut Touched) {
        touched.everywhere = false;
        touched.rows.clear();
        for &node in selections {
            if let [_, indices] = self.nodes.operands_of(&self.nodes[node as usize]) {
                let indices = self.read(indices.id() as usize, params);
                touched.rows.extend(indices.iter().map(|index| index.to_f64() as usize));
            }
        }
        touched.tidy();
    }
}
