//! Plots: a [`Figure`] of [`Chart`]s with [`Axis`] and marks, drawn as SVG by templates.
//!
//! A chart holds numbers in the units of its axes; what is logarithmic is given as an exponent of ten, so that no norm is too
//! small for it. [`Chart::draw`] computes positions, the templates in `assets/` write the markup.

mod axis;
mod chart;
mod drawing;
mod figure;
mod sheet;
mod ticks;

pub(super) use axis::Axis;
pub(super) use chart::{Area, Cell, Chart, Guide, Owner, Series};
pub(super) use figure::{DrawnFigure, Figure, Key, Panel};
pub(super) use sheet::{STYLE, Sheet};
