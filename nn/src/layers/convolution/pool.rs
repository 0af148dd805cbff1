//! Pooling: the maximum or the mean of each window.

use autodiff::{Error, Real, Tensor, Var};

use smallvec::SmallVec;

use super::window::{check_window, extents};
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{Check, require};

/// What a window is reduced to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The maximum. Equal maxima share the gradient evenly.
    Max,
    /// The mean.
    Average,
}

/// Pooling over `N` axes.
///
/// Padding is −∞ for [`Pooling::Max`], 0 (counted, as in PyTorch) for [`Pooling::Average`].
///
/// # Shapes
/// Input `[samples, channels, ..]`, output the same with extents
/// `(extent + 2·padding − dilation·(kernel − 1) − 1)/stride + 1`, rounded down, or up with [`Pool::ceil`].
///
/// # Errors
/// Recorded on the tape: another number of axes; a kernel, stride or dilation of 0; padding that is not below the extent of
/// the dilated kernel; a dilated kernel that is larger than the padded input.
#[derive(Clone, Copy, Debug)]
pub struct Pool<const N: usize> {
    pooling: Pooling,
    kernel: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
    ceil: bool,
    counts_padding: bool,
}

impl<const N: usize> Pool<N> {
    /// Pooling with windows of these extents side by side: the stride is the kernel.
    pub fn new(pooling: Pooling, kernel: [usize; N]) -> Self {
        let (padding, dilation) = ([0; N], [1; N]);
        Pool { pooling, kernel, stride: kernel, padding, dilation, ceil: false, counts_padding: true }
    }

    /// The maximum of windows of these extents side by side.
    pub fn max(kernel: [usize; N]) -> Self {
        Pool::new(Pooling::Max, kernel)
    }

    /// The mean of windows of these extents side by side.
    pub fn average(kernel: [usize; N]) -> Self {
        Pool::new(Pooling::Average, kernel)
    }

    /// With this number of steps between neighboring windows, at least 1.
    #[must_use]
    pub fn stride(self, stride: [usize; N]) -> Self {
        Pool { stride, ..self }
    }

    /// With this padding on each side: at most `dilation·(kernel − 1)`, so that every window reaches into the input.
    /// (PyTorch allows half the kernel.)
    #[must_use]
    pub fn padding(self, padding: [usize; N]) -> Self {
        Pool { padding, ..self }
    }

    /// With this number of steps between neighboring elements of a window, at least 1.
    #[must_use]
    pub fn dilation(self, dilation: [usize; N]) -> Self {
        Pool { dilation, ..self }
    }

    /// Rounds the output's extents up: a last window may reach past the padding if it starts before the end of the input.
    #[must_use]
    pub fn ceil(self) -> Self {
        Pool { ceil: true, ..self }
    }

    /// Divides by the number of elements of a window that are in the input, instead of counting the padding.
    #[must_use]
    pub fn without_padding_in_means(self) -> Self {
        Pool { counts_padding: false, ..self }
    }

    fn check<T: Real>(&self, x: Var<'_, T>) -> Check {
        extents::<T, N>("the input", "[samples, channels, ..]", x)?;
        check_window(self.kernel, self.stride, self.dilation)?;
        let within = (0..N).all(|axis| self.padding[axis] <= self.reach(axis));
        let reaches: [usize; N] = std::array::from_fn(|axis| self.reach(axis));
        let requirement = format_args!("at most {reaches:?}, below the dilated kernel");
        require("padding", format_args!("{:?}", self.padding), within, requirement)
    }

    /// How far the last element of a window is from its first.
    fn reach(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1)
    }

    /// What surrounds the axis `2 + axis`, of this extent; an error if no window fits.
    fn around(&self, axis: usize, extent: usize) -> Result<Around, String> {
        let (stride, padding, reach) = (self.stride[axis], self.padding[axis], self.reach(axis));
        let padded = padding.checked_mul(2).and_then(|both| extent.checked_add(both));
        let Some(spare) = padded.and_then(|padded| padded.checked_sub(reach)?.checked_sub(1)) else {
            let (kernel, dilation) = (self.kernel[axis], self.dilation[axis]);
            return Err(format!(
                "no window fits: a kernel of {kernel} with dilation {dilation} is larger than an extent of {extent} with \
                 padding {padding}"
            ));
        };
        // One more window if it starts in the input or in the padding before it.
        let next = (spare / stride + 1).checked_mul(stride).filter(|&next| next < extent + padding);
        let past = next.filter(|_| self.ceil && !spare.is_multiple_of(stride)).map_or(0, |next| next - spare);
        Ok(Around { extent, padding, past })
    }

    /// For each window along one axis, `share` of the number of its elements that are in the input, or in the padding if
    /// that counts.
    fn along<T: Real>(
        &self,
        axis: usize,
        Around { extent, padding, past }: Around,
        counts_padding: bool,
        share: impl Fn(usize) -> f64,
    ) -> Result<Tensor<T>, Error> {
        let windows = (extent + 2 * padding + past - self.reach(axis) - 1) / self.stride[axis] + 1;
        let counted = if counts_padding { 0..extent + 2 * padding } else { padding..padding + extent };
        // The number of elements of the window at `start` that are before `end`. Not one by one: the window may be huge.
        let before =
            |end: usize, start: usize| end.saturating_sub(start).div_ceil(self.dilation[axis]).min(self.kernel[axis]);
        let counted = |start: usize| before(counted.end, start) - before(counted.start, start);
        Tensor::try_from_fn([windows], |window| T::from_f64(share(counted(window * self.stride[axis]))))
    }

    /// One number a window: the product over the axes of `share(axis, count)` of the elements counted there.
    #[track_caller]
    fn shares<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        around: &[Around; N],
        counts_padding: bool,
        share: impl Fn(usize, usize) -> f64,
    ) -> Var<'t, T> {
        let mut shares = x.recording().constant(&Tensor::scalar(T::ONE));
        for (axis, &around) in around.iter().enumerate() {
            let along = match self.along(axis, around, counts_padding, |count| share(axis, count)) {
                Ok(along) => x.recording().constant(&along),
                Err(error) => return invalid_input("pool", error.to_string(), x),
            };
            shares = if axis == 0 { along } else { shares.unsqueeze(axis) * along };
        }
        shares
    }

    #[track_caller]
    fn averages<'t, T: Real>(&self, x: Var<'t, T>, sums: Var<'t, T>, around: &[Around; N]) -> Var<'t, T> {
        sums * self.shares(x, around, self.counts_padding, |_, count| 1.0 / count as f64)
    }

    /// A maximum of −∞ equals the padding, which takes its share of the gradient: the rest, for the elements of the input,
    /// is scaled up to the whole. The factor is 1 everywhere else, and leaves −∞ as it is.
    #[track_caller]
    fn without_padding<'t, T: Real>(&self, x: Var<'t, T>, y: Var<'t, T>, around: &[Around; N]) -> Var<'t, T> {
        let factors = self.shares(x, around, false, |axis, count| self.kernel[axis] as f64 / count.max(1) as f64);
        let recording = x.recording();
        let lowest = recording.constant(&Tensor::scalar(T::from_f64(f64::NEG_INFINITY)));
        let one = recording.constant(&Tensor::scalar(T::ONE));
        y * y.detach().equal(lowest).select(factors, one)
    }
}

/// An axis of the input and what surrounds it.
#[derive(Clone, Copy, Debug)]
struct Around {
    extent: usize,
    /// Padding before and after.
    padding: usize,
    /// Further elements that the last window covers.
    past: usize,
}

impl<T: Real, const N: usize> Module<T> for Pool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if let Err(reason) = self.check(x) {
            return invalid_input("pool", reason, x);
        }
        let outside = if self.pooling == Pooling::Max { f64::NEG_INFINITY } else { 0.0 };
        let mut y = x;
        let mut all_around = [Around { extent: 0, padding: 0, past: 0 }; N];
        for axis in 0..N {
            let around = match self.around(axis, shape[2 + axis]) {
                Ok(around) => around,
                Err(reason) => return invalid_input("pool", reason, x),
            };
            let Around { extent, padding, past } = around;
            if padding > 0 || past > 0 {
                y = y.pad(2 + axis, padding, padding.saturating_add(past), outside);
            }
            // A stride beyond the padded input leaves one window: shortened, no index overflows.
            let step = |step: usize| step.min(extent + 2 * padding);
            y = y.unfold(2 + axis, self.kernel[axis], step(self.stride[axis]), step(self.dilation[axis]));
            all_around[axis] = around;
        }
        let windows: SmallVec<[usize; 4]> = (N + 2..2 * N + 2).collect();
        let y = if self.pooling == Pooling::Average { y.sum(&windows[..]) } else { y.max(&windows[..]) };
        if y.shape().is_err() || shape.size() == 0 {
            return y;
        }
        let padded = all_around.iter().any(|around| around.padding > 0 || around.past > 0);
        match self.pooling {
            Pooling::Average => self.averages(x, y, &all_around),
            Pooling::Max if padded => self.without_padding(x, y, &all_around),
            Pooling::Max => y,
        }
    }
}
