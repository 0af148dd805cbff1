//! Repeats a finding without the checker: plain central differences in the framework itself.

mod inputs;

use autodiff::Tensor;
use autodiff::check::{Finding, Probe, Storage};

use inputs::{extents, first_row, point, resized, store};

use crate::framework::{Framework, Leaf, Pulled, execute};
use crate::panics::caught;
use crate::row::Case;

const STEP: f64 = 1e-5;
/// Gradients are compared to this, relative to the largest.
const ALLOWED: f64 = 1e-5;
/// The step of the differences of fourth order, for a mistake in later digits.
const WIDE: f64 = 1e-3;
/// What those are compared to.
const FINE: f64 = 1e-9;

/// An element's gradient and its finite difference.
struct Compared {
    input: usize,
    element: usize,
    found: Option<f64>,
    difference: f64,
}

impl Compared {
    fn gap(&self) -> f64 {
        let gap = (self.found.unwrap_or(0.0) - self.difference).abs();
        if gap.is_nan() { f64::INFINITY } else { gap }
    }
}

/// Whether two numbers differ by more than is allowed; a NaN does.
fn far(x: f64, y: f64, allowed: f64) -> bool {
    let gap = (x - y).abs();
    gap.is_nan() || gap > allowed
}

/// A case at these inputs.
struct Bench<'a, F: Framework> {
    framework: &'a F,
    case: &'a Case<F::Tensor>,
    inputs: Vec<Tensor<f64>>,
}

/// Whether plain arithmetic confirms a finding, and what it gives.
pub fn confirm<F: Framework>(framework: &F, case: &Case<F::Tensor>, finding: &Finding) -> (bool, String) {
    let bench = Bench { framework, case, inputs: case.values() };
    let setting = finding.setting.as_str();
    let result = match finding.probe {
        Probe::Extents | Probe::Enlarged => match extents(setting) {
            Some((from, to)) => bench.at(bench.inputs.iter().map(|x| resized(x, from, to)).collect()).differences(),
            None => bench.differences(),
        },
        Probe::Ties => bench.tied(),
        Probe::Extremes => bench.filled(finding),
        Probe::Slopes => bench.slope(finding),
        Probe::Layouts => bench.strided(setting),
        Probe::Accumulation => bench.consumed(),
        Probe::Subsets => bench.alone(),
        _ => bench.differences(),
    };
    match caught(|| result).unwrap_or_else(Err) {
        Ok(result) => result,
        Err(message) => (message.starts_with("panics:"), message),
    }
}

/// A finite difference of a function of a step.
type Rule = fn(&dyn Fn(f64) -> Result<f64, String>, f64) -> Result<f64, String>;

type Confirmed = Result<(bool, String), String>;

impl<'a, F: Framework> Bench<'a, F> {
    fn at(&self, inputs: Vec<Tensor<f64>>) -> Bench<'a, F> {
        Bench { framework: self.framework, case: self.case, inputs }
    }

    fn run(&self, inputs: &[Tensor<f64>], cotangent: Option<&Tensor<f64>>) -> Result<Pulled, String> {
        self.stored(inputs, Storage::Dense, cotangent, None, |_| true)
    }

    /// Forward with the leaves in this storage; a panic of backward is an error that says so.
    fn stored(
        &self,
        inputs: &[Tensor<f64>],
        storage: Storage,
        cotangent: Option<&Tensor<f64>>,
        second: Option<(&[Tensor<f64>], bool)>,
        needs: impl Fn(usize) -> bool,
    ) -> Result<Pulled, String> {
        let stored: Vec<Tensor<f64>> = inputs.iter().map(|x| store(x, storage)).collect();
        let leaf = |(k, x): (usize, &Tensor<f64>)| (k, x.shape().to_vec());
        let shapes: Vec<_> = inputs.iter().enumerate().map(leaf).collect();
        let leaves: Vec<Leaf<'_>> = shapes
            .iter()
            .map(|(k, shape)| Leaf { values: &stored[*k], storage, shape, needs_gradient: needs(*k), source: *k })
            .collect();
        caught(|| execute(self.framework, &self.case.function, &leaves, cotangent, second))
            .unwrap_or_else(|message| Err(format!("panics: {message}")))
    }

    /// A fixed cotangent of the output.
    fn cotangent(&self) -> Result<Tensor<f64>, String> {
        let (output, _) = self.run(&self.inputs, None)?;
        Ok(Tensor::from_fn(output.shape().clone(), |k| 0.5 + ((k * 7 + 3) % 11) as f64 / 10.0))
    }

    /// ⟨cotangent, f⟩ with one input changed by `change`.
    fn loss(&self, input: usize, cotangent: &Tensor<f64>, change: impl Fn(usize) -> f64) -> Result<f64, String> {
        let mut inputs = self.inputs.clone();
        inputs[input].data_mut().iter_mut().enumerate().for_each(|(k, x)| *x += change(k));
        let (output, _) = self.run(&inputs, None)?;
        Ok(output.data().iter().zip(cotangent.data()).map(|(y, u)| y * u).sum())
    }

    /// Every element's central difference against its gradient; the worst is shown. If they agree, once more in fourth order.
    fn differences(&self) -> Confirmed {
        let rough = self.compared(STEP, ALLOWED, |f, h| Ok((f(h)? - f(-h)?) / (2.0 * h)))?;
        if rough.0 {
            return Ok(rough);
        }
        self.compared(WIDE, FINE, |f, h| Ok((8.0 * (f(h)? - f(-h)?) - (f(2.0 * h)? - f(-2.0 * h)?)) / (12.0 * h)))
    }

    fn compared(&self, step: f64, allowed: f64, rule: Rule) -> Confirmed {
        let cotangent = self.cotangent()?;
        let (_, gradients) = self.run(&self.inputs, Some(&cotangent))?;
        let mut all = Vec::new();
        for (input, gradient) in gradients.iter().enumerate() {
            for element in 0..self.inputs[input].data().len() {
                let moved = |step: f64| self.loss(input, &cotangent, |at| if at == element { step } else { 0.0 });
                let found = gradient.as_ref().map(|gradient| gradient.data()[element]);
                all.push(Compared { input, element, found, difference: rule(&moved, step)? });
            }
        }
        let size = all.iter().map(|x| x.difference.abs()).filter(|x| x.is_finite()).fold(1e-3, f64::max);
        let count = all.iter().filter(|x| far(x.found.unwrap_or(0.0), x.difference, allowed * size)).count();
        let Some(worst) = all.iter().max_by(|x, y| x.gap().total_cmp(&y.gap())) else {
            return Ok((false, "no elements".into()));
        };
        let digits = if allowed < ALLOWED { 12 } else { 6 };
        let Compared { input, element, found, difference } = *worst;
        let index = self.inputs[input].shape().unravel_index(element).to_vec();
        let found = found.map_or("no gradient".to_owned(), |found| format!("gradient {found:.digits$}"));
        let text = format!(
            "{count} of {} elements differ; at input {input}{index:?} {found}, central difference {difference:.digits$}",
            all.len()
        );
        Ok((count > 0, text))
    }

    /// The gradient along all tied elements, and the slopes to both sides.
    fn tied(&self) -> Confirmed {
        let value = self.inputs[0].data()[0];
        let inputs: Vec<_> = self.inputs.iter().map(|x| Tensor::full(x.shape().clone(), value)).collect();
        let tied = self.at(inputs);
        let cotangent = tied.cotangent()?;
        let (_, gradients) = tied.run(&tied.inputs, Some(&cotangent))?;
        let sums: Vec<f64> = gradients
            .iter()
            .map(|gradient| gradient.as_ref().map_or(0.0, |gradient| gradient.data().iter().sum()))
            .collect();
        let mut texts = Vec::new();
        let mut outside = false;
        for chosen in (0..gradients.len()).map(Some).chain((gradients.len() > 1).then_some(None)) {
            let found: f64 = chosen.map_or(sums.iter().sum(), |input| sums[input]);
            let at = |step: f64| {
                let mut inputs = tied.inputs.clone();
                for (_, x) in inputs.iter_mut().enumerate().filter(|(k, _)| chosen.is_none_or(|chosen| chosen == *k)) {
                    x.data_mut().iter_mut().for_each(|x| *x += step);
                }
                tied.at(inputs).loss(0, &cotangent, |_| 0.0)
            };
            let here = at(0.0)?;
            let (left, right) = ((here - at(-STEP)?) / STEP, (at(STEP)? - here) / STEP);
            let slack = 1e-3 * (1.0 + found.abs() + left.abs());
            outside |= found < left.min(right) - slack || found > left.max(right) + slack;
            let of = chosen.map_or("all".to_owned(), |input| format!("input {input}"));
            texts.push(format!("{of}: gradients sum to {found:.4}, slopes {left:.4} and {right:.4}"));
        }
        Ok((outside, texts.join("; ")))
    }

    /// Value and gradient where the input is filled with the point of a finding "all values x", one input at a time and all.
    fn filled(&self, finding: &Finding) -> Confirmed {
        let Some(point) = point(finding) else { return self.differences() };
        let mut texts = Vec::new();
        for chosen in (0..self.inputs.len()).map(Some).chain([None]) {
            let fill = |(k, x): (usize, &Tensor<f64>)| {
                if chosen.is_none_or(|chosen| chosen == k) { Tensor::full(x.shape().clone(), point) } else { x.clone() }
            };
            let there = self.at(self.inputs.iter().enumerate().map(fill).collect());
            let (output, _) = there.run(&there.inputs, None)?;
            let ones = Tensor::full(output.shape().clone(), 1.0);
            let (_, gradients) = there.run(&there.inputs, Some(&ones))?;
            let bad = gradients.iter().flatten().flat_map(|x| x.data()).filter(|x| x.is_nan()).count();
            let wrong = output.data().iter().filter(|x| x.is_nan()).count();
            if bad + wrong > 0 {
                let of = chosen.map_or("all inputs".to_owned(), |input| format!("input {input}"));
                let value = output.data().first().copied().unwrap_or(0.0);
                texts.push(format!(
                    "{of} = {point}: {bad} NaN in gradients, {wrong} in the output (first value {value:.4})"
                ));
            }
        }
        Ok((!texts.is_empty(), texts.join("; ")))
    }

    /// The sum of the gradients of the finding's input at a point, and its central difference.
    fn slope(&self, finding: &Finding) -> Confirmed {
        let entry = finding.entries.first();
        let input = entry.and_then(|entry| entry.of.strip_prefix("input ")?.parse().ok()).unwrap_or(0);
        let Some(point) = point(finding) else { return self.differences() };
        let mut inputs = self.inputs.clone();
        inputs[input] = Tensor::full(inputs[input].shape().clone(), point);
        let there = self.at(inputs);
        let cotangent = there.cotangent()?;
        let (_, gradients) = there.run(&there.inputs, Some(&cotangent))?;
        let found: f64 = gradients[input].as_ref().map_or(0.0, |gradient| gradient.data().iter().sum());
        let step = STEP * (1.0 + point.abs());
        let (up, down) = (there.loss(input, &cotangent, |_| step)?, there.loss(input, &cotangent, |_| -step)?);
        let difference = (up - down) / (2.0 * step);
        let wrong = far(found, difference, ALLOWED * difference.abs().max(1.0));
        Ok((
            wrong,
            format!("input {input} = {point}: gradients sum to {found:.6e}, central difference {difference:.6e}"),
        ))
    }

    /// Output and gradients of strided inputs against contiguous ones.
    fn strided(&self, setting: &str) -> Confirmed {
        let storage = Storage::ALL.into_iter().find(|s| setting.contains(&format!("{s:?}").to_lowercase()));
        let storage = storage.unwrap_or(Storage::Transposed);
        let alike = self.at(self.inputs.iter().map(|x| first_row(x, storage)).collect());
        let cotangent = alike.cotangent()?;
        let (dense, right) = alike.run(&alike.inputs, Some(&cotangent))?;
        let (output, found) = alike.stored(&alike.inputs, storage, Some(&cotangent), None, |_| true)?;
        let gap = |x: &Tensor<f64>, y: &Tensor<f64>| {
            x.data().iter().zip(y.data()).filter(|(x, y)| far(**x, **y, ALLOWED * y.abs().max(1.0))).count()
        };
        let outputs = gap(&output, &dense);
        let mut gradients = 0;
        for (found, right) in found.iter().zip(&right) {
            match (found, right, storage) {
                (Some(found), Some(right), Storage::Transposed) => gradients += gap(found, &store(right, storage)),
                (None, Some(right), _) => gradients += right.data().len(),
                _ => {}
            }
        }
        let name = format!("{storage:?}").to_lowercase();
        let text = format!("{name} against contiguous: {outputs} outputs and {gradients} gradients differ");
        Ok((outputs + gradients > 0, text))
    }

    /// The gradients with a second consumer minus those without, against its weights.
    fn consumed(&self) -> Confirmed {
        let cotangent = self.cotangent()?;
        let weights: Vec<_> =
            self.inputs.iter().map(|x| Tensor::from_fn(x.shape().clone(), |k| 1.0 + k as f64)).collect();
        let (_, without) = self.run(&self.inputs, Some(&cotangent))?;
        let mut texts = Vec::new();
        for first in [true, false] {
            let second = Some((weights.as_slice(), first));
            let (_, with) = self.stored(&self.inputs, Storage::Dense, Some(&cotangent), second, |_| true)?;
            for (input, (with, without)) in with.iter().zip(&without).enumerate() {
                let (Some(with), Some(without)) = (with, without) else { continue };
                let sums = without.data().iter().zip(weights[input].data()).map(|(g, w)| g + w);
                let wrong = |(found, right): &(&f64, f64)| far(**found, *right, 1e-9 * right.abs().max(1.0));
                if let Some((found, right)) = with.data().iter().zip(sums).find(wrong) {
                    let order = if first { "first" } else { "last" };
                    texts.push(format!("input {input}, consumer {order}: {found:.4}, where the sum is {right:.4}"));
                }
            }
        }
        Ok((!texts.is_empty(), texts.join("; ")))
    }

    /// The gradient of each input alone, against that with all.
    fn alone(&self) -> Confirmed {
        let cotangent = self.cotangent()?;
        let (_, all) = self.run(&self.inputs, Some(&cotangent))?;
        let mut texts = Vec::new();
        for (input, expected) in all.iter().enumerate() {
            let (_, one) = self.stored(&self.inputs, Storage::Dense, Some(&cotangent), None, |k| k == input)?;
            let (one, expected) = (one[input].as_ref().map(Tensor::data), expected.as_ref().map(Tensor::data));
            if one != expected {
                texts.push(format!("input {input} alone: {one:.3?}; with the others {expected:.3?}"));
            }
        }
        Ok((!texts.is_empty(), texts.join("; ")))
    }
}
