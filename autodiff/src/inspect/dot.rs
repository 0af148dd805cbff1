//! A recording as a Graphviz graph.

use std::fmt::Write;

use crate::scalar::Real;
use crate::tape::{Label, Recording, Step};

impl<T: Real> Recording<'_, T> {
    /// The recording as a graph in the DOT language: operations as boxes, leaves as ellipses, views dashed; each with name,
    /// shape and the caller's line. `dot -Tsvg` renders it.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f32>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Eval);
    /// let x = t.input(&[[1.0, 2.0]].into()).named("x");
    /// let _ = x.matmul(x.t());
    /// assert!(t.to_dot().contains("0 -> 1 [style=dashed]"));
    /// ```
    pub fn to_dot(&self) -> String {
        let graph = self.graph.borrow();
        let mut dot = String::from("digraph recording {\n  node [shape=box, fontname=monospace]\n");
        for (k, node) in graph.nodes.iter().enumerate() {
            let name = match node.label {
                Label::None => String::new(),
                Label::Name(name) => format!(" {name}"),
                Label::Parameter(index) => format!(" {}", self.params.name_of(index)),
                Label::State(index) => format!(" {}", self.params.state_name(index)),
            };
            let (shape, location) = (graph.nodes.shape(k), node.location);
            let text = format!("{}{name}\n{shape}\n{}:{}", graph.kind(k), location.file(), location.line());
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let style = match node.step {
                Step::Op(_) => "",
                Step::View => ", style=dashed",
                Step::Leaf => ", shape=ellipse",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(dot, "  {k} [label=\"{escaped}\"{style}]");
            for input in graph.nodes.inputs(k) {
                let _ = writeln!(dot, "  {input} -> {k}");
            }
            if node.step == Step::View {
                let _ = writeln!(dot, "  {} -> {k} [style=dashed]", node.base);
            }
        }
        dot.push_str("}\n");
        dot
    }
}
