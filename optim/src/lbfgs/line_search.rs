//! The line search of L-BFGS: a step along a direction that satisfies the strong Wolfe conditions.
//!
//! Algorithms 3.5 and 3.6 of Nocedal and Wright (2006), with safeguarded cubic interpolation.

use autodiff::Error;

/// c₁: the fraction of the decrease predicted by the slope that a step must bring.
const DECREASE: f64 = 1e-4;

/// c₂: the fraction of the slope, in size, that may be left after a step.
const CURVATURE: f64 = 0.9;

/// The most evaluations of one search.
const EVALUATIONS: usize = 25;

/// The function at a point of the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// The distance from the start, in lengths of the direction.
    pub(super) step: f64,
    /// Infinite where the function or its gradient is infinite or NaN.
    pub(super) value: f64,
    /// The derivative along the direction.
    pub(super) slope: f64,
}

/// One search: the start of the line, and what is left to be evaluated.
struct Search<E> {
    start: Point,
    evaluate: E,
    left: usize,
    /// The relative rounding error of a value.
    rounding: f64,
}

/// A step along a direction of descent that satisfies the strong Wolfe conditions, tried from `first` on. `start` is the point at
/// step 0.
///
/// Where evaluations run out, or rounding hides any further decrease, it is the lowest step found with sufficient decrease. There
/// may be none.
pub(super) fn search(
    start: Point,
    first: f64,
    rounding: f64,
    evaluate: impl FnMut(f64) -> Result<Point, Error>,
) -> Result<Option<Point>, Error> {
    Search { start, evaluate, left: EVALUATIONS, rounding }.run(first)
}

impl<E: FnMut(f64) -> Result<Point, Error>> Search<E> {
    /// Algorithm 3.5: lengthens the step until an interval holds one that will do.
    fn run(mut self, first: f64) -> Result<Option<Point>, Error> {
        let (mut low, mut step) = (self.start, first);
        while self.left > 0 {
            let point = self.evaluate(step)?;
            if !self.is_lower(point, low) {
                return self.zoom(low, point);
            }
            if self.is_flat(point) {
                return Ok(Some(point));
            }
            if point.slope >= 0.0 {
                return self.zoom(point, low);
            }
            let (least, most) = (2.0 * step, 10.0 * step);
            step = minimizer(low, point).filter(|&next| next > step).map_or(most, |next| next.clamp(least, most));
            low = point;
        }
        Ok(some(low))
    }

    /// Algorithm 3.6: narrows the interval between `low`, the lowest step so far with sufficient decrease, and `high`. The function
    /// descends from `low` towards `high`.
    fn zoom(mut self, mut low: Point, mut high: Point) -> Result<Option<Point>, Error> {
        let mut widths = [f64::INFINITY; 2];
        while self.left > 0 {
            let width = high.step - low.step;
            if width.abs() * low.slope.abs() <= self.rounding * low.value.abs() {
                break;
            }
            let middle = low.step + 0.5 * width;
            // Interpolation may creep towards one end; the interval must shrink by a third in two trials.
            let creeps = width.abs() > 0.66 * widths[0];
            widths = [widths[1], width.abs()];
            let step = minimizer(low, high).filter(|_| !creeps).map_or(middle, |step| {
                let margin = 0.1 * width.abs();
                step.clamp(low.step.min(high.step) + margin, low.step.max(high.step) - margin)
            });
            if step == low.step || step == high.step {
                break;
            }
            let point = self.evaluate(step)?;
            if !self.is_lower(point, low) {
                high = point;
                continue;
            }
            if self.is_flat(point) {
                return Ok(Some(point));
            }
            if point.slope * width >= 0.0 {
                high = low;
            }
            low = point;
        }
        Ok(some(low))
    }

    fn evaluate(&mut self, step: f64) -> Result<Point, Error> {
        self.left -= 1;
        (self.evaluate)(step)
    }

    /// Whether a point has sufficient decrease (the first Wolfe condition) and lies below `low`, which the condition alone does not
    /// say where rounding hides the decrease.
    fn is_lower(&self, point: Point, low: Point) -> bool {
        point.value <= self.start.value + DECREASE * point.step * self.start.slope && point.value < low.value
    }

    /// Whether the slope is small enough (the second strong Wolfe condition).
    fn is_flat(&self, point: Point) -> bool {
        point.slope.abs() <= CURVATURE * self.start.slope.abs()
    }
}

/// The lowest point, unless that is the start.
fn some(low: Point) -> Option<Point> {
    Some(low).filter(|low| low.step > 0.0)
}

/// The minimizer of the cubic with the values and slopes of two points, equation 3.59; `None` where there is none, or a value is
/// infinite.
fn minimizer(a: Point, b: Point) -> Option<f64> {
    let length = b.step - a.step;
    let middle = a.slope + b.slope - 3.0 * (b.value - a.value) / length;
    let root = (middle * middle - a.slope * b.slope).sqrt().copysign(length);
    let step = b.step - length * (b.slope + root - middle) / (b.slope - a.slope + 2.0 * root);
    Some(step).filter(|step| step.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The step found for a function given with its derivative, and the number of evaluations.
    fn found(first: f64, function: impl Fn(f64) -> (f64, f64)) -> (Option<Point>, usize) {
        let at = |step| {
            let (value, slope) = function(step);
            Point { step, value: if value.is_finite() { value } else { f64::INFINITY }, slope }
        };
        let mut count = 0;
        let point = search(at(0.0), first, f64::EPSILON, |step| {
            count += 1;
            Ok(at(step))
        });
        (point.unwrap(), count)
    }

    #[track_caller]
    fn assert_found(first: f64, most: usize, function: impl Fn(f64) -> (f64, f64)) -> f64 {
        let (value, slope) = function(0.0);
        let (point, count) = found(first, &function);
        let point = point.unwrap();
        assert!(point.value <= value + DECREASE * point.step * slope, "{point:?}");
        assert!(point.slope.abs() <= CURVATURE * slope.abs(), "{point:?}");
        assert!(count <= most, "{count} evaluations");
        point.step
    }

    #[test]
    fn a_step_satisfies_the_strong_wolfe_conditions_from_any_first_trial() {
        for first in [1e-6, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e6] {
            let parabola = |x: f64| ((x - 1.0).powi(2), 2.0 * (x - 1.0));
            assert_found(first, 12, parabola);
            // The first of Moré and Thuente (1994), convex near its minimum only.
            assert_found(first, 14, |x| (-x / (x * x + 2.0), (x * x - 2.0) / (x * x + 2.0).powi(2)));
            // A narrow valley after a long descent: their second.
            let second = |x: f64| {
                ((x + 0.004).powi(5) - 2.0 * (x + 0.004).powi(4), (x + 0.004).powi(3) * (5.0 * (x + 0.004) - 8.0))
            };
            assert_found(first, 25, second);
            // Wavy.
            assert_found(first, 20, |x| {
                (x * x / 50.0 - x + (3.0 * x).sin() * 0.2, x / 25.0 - 1.0 + 0.6 * (3.0 * x).cos())
            });
        }
    }

    #[test]
    fn a_parabola_is_minimized_by_its_first_interpolation() {
        let step = assert_found(100.0, 3, |x| ((x - 1.0).powi(2), 2.0 * (x - 1.0)));
        assert!((step - 1.0).abs() < 1e-9 || step < 100.0, "{step}");
    }

    #[test]
    fn a_step_stays_where_the_function_is_finite() {
        let step = assert_found(1e3, 25, |x| (-(1.0 - x).ln() - 2.0 * x, 1.0 / (1.0 - x) - 2.0));
        assert!(step > 0.0 && step < 1.0, "{step}");
    }

    #[test]
    fn without_a_minimum_or_a_decrease_the_search_ends() {
        let (point, count) = found(1.0, |x| (-x, -1.0));
        assert_eq!(count, EVALUATIONS);
        assert!(point.unwrap().step > 1e6);
        // A slope that claims a descent where there is none.
        assert_eq!(found(1.0, |x| (x, -1.0)).0, None);
        assert_eq!(found(1.0, |x| (1.0 + 0.0 * x, -1e-20)), (None, 1));
        assert_eq!(found(1.0, |x| (if x > 0.0 { f64::NAN } else { 0.0 }, -1.0)).0, None);
    }
}
