//! Pooling: the largest value or the mean of each window.

use autodiff::{Error, Real, Tensor, Var, keepdim};

use smallvec::SmallVec;

use crate::module::Module;
use crate::invalid::invalid_input;
use crate::settings::{Check, require};

use super::check_windows;

/// What is taken of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The largest value. Values that tie share the gradient evenly.
    Max,
    /// The mean.
    Average,
}

/// Pooling over `N` axes: `[samples, channels, ..]` to the same with extents
/// `(extent + 2·padding − dilation·(kernel − 1) − 1)/stride + 1`, rounded down, or up by [`Pool::ceil`].
///
/// Padding stands for nothing under [`Pooling::Max`] and for zeros under [`Pooling::Average`], which counts them, as in PyTorch.
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
    /// Windows of these extents, side by side.
    pub fn new(pooling: Pooling, kernel: [usize; N]) -> Self {
        let (padding, dilation) = ([0; N], [1; N]);
        Pool { pooling, kernel, stride: kernel, padding, dilation, ceil: false, counts_padding: true }
    }

    /// The largest value of windows of these extents, side by side.
    pub fn max(kernel: [usize; N]) -> Self {
        Pool::new(Pooling::Max, kernel)
    }

    /// The mean of windows of these extents, side by side.
    pub fn average(kernel: [usize; N]) -> Self {
        Pool::new(Pooling::Average, kernel)
    }

    /// Steps between windows, instead of their extents.
    #[must_use]
    pub fn stride(self, stride: [usize; N]) -> Self {
        Pool { stride, ..self }
    }

    /// Places added before and after: at most half a window.
    #[must_use]
    pub fn padding(self, padding: [usize; N]) -> Self {
        Pool { padding, ..self }
    }

    /// Steps between the places of a window, instead of 1.
    #[must_use]
    pub fn dilation(self, dilation: [usize; N]) -> Self {
        Pool { dilation, ..self }
    }

    /// A last window may reach past the end, if it starts before it.
    #[must_use]
    pub fn ceil(self) -> Self {
        Pool { ceil: true, ..self }
    }

    /// Means are over the places that lie in the value.
    #[must_use]
    pub fn without_padding_in_means(self) -> Self {
        Pool { counts_padding: false, ..self }
    }

    fn check(&self) -> Check {
        check_windows(self.kernel, self.stride, self.dilation)?;
        let half = self.padding.iter().zip(&self.kernel).all(|(padding, kernel)| *padding <= kernel / 2);
        let requirement = format_args!("at most half the kernel, which is {:?}", self.kernel);
        require("padding", format_args!("{:?}", self.padding), half, requirement)
    }

    /// What stands around axis `axis` of this extent: padding before, padding after, and what the last window reaches past
    /// that. Nothing if no window fits.
    fn around(&self, axis: usize, extent: usize) -> Option<[usize; 3]> {
        let (stride, padding) = (self.stride[axis], self.padding[axis]);
        let reach = self.dilation[axis] * (self.kernel[axis] - 1);
        let spare = extent.checked_add(2 * padding)?.checked_sub(reach)?.checked_sub(1)?;
        // One more window if it starts inside the value or the padding before it.
        let next = (spare / stride + 1).checked_mul(stride).filter(|&next| next < extent + padding);
        let past = next.filter(|_| self.ceil && !spare.is_multiple_of(stride)).map_or(0, |next| next - spare);
        Some([padding, padding, past])
    }

    /// For each window along one axis, `share` of the number of its elements that lie in the value, or in the padding if
    /// `padding` counts.
    fn along<T: Real>(
        &self,
        (axis, extent): (usize, usize),
        [before, after, past]: [usize; 3],
        padding: bool,
        share: impl Fn(usize) -> f64,
    ) -> Result<Tensor<T>, Error> {
        let reach = self.dilation[axis] * (self.kernel[axis] - 1);
        let windows = (extent + before + after + past - reach - 1) / self.stride[axis] + 1;
        let counted = if padding { 0..extent + before + after } else { before..before + extent };
        // How many places of the window that starts here lie before this one. Not one by one: the window may be huge.
        let before = |place: usize, start: usize| {
            place.saturating_sub(start).div_ceil(self.dilation[axis]).min(self.kernel[axis])
        };
        let counted = |start: usize| before(counted.end, start) - before(counted.start, start);
        Tensor::try_from_fn([windows], |window| T::from_f64(share(counted(window * self.stride[axis]))))
    }

    /// One number a window: the product over the axes of what `share(axis, count)` makes of the elements counted there.
    #[track_caller]
    fn shares<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        around: &[[usize; 3]; N],
        padding: bool,
        share: impl Fn(usize, usize) -> f64,
    ) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        let mut shares = x.recording().constant(&Tensor::scalar(T::ONE));
        for (axis, &around) in around.iter().enumerate() {
            let along = self.along((axis, shape[2 + axis]), around, padding, |count| share(axis, count));
            let along = match along {
                Ok(along) => x.recording().constant(&along),
                Err(error) => return invalid_input("pool", error.to_string(), x),
            };
            shares = if axis == 0 { along } else { shares.unsqueeze(axis) * along };
        }
        shares
    }

    #[track_caller]
    fn averages<'t, T: Real>(&self, x: Var<'t, T>, sums: Var<'t, T>, around: &[[usize; 3]; N]) -> Var<'t, T> {
        sums * self.shares(x, around, self.counts_padding, |_, count| 1.0 / count as f64)
    }

    /// A maximum of −∞ ties with the padding, which takes its part of the gradient: the rest, for the elements that lie in the
    /// value, is scaled up to the whole. The factor is 1 everywhere else, and leaves −∞ as it is.
    #[track_caller]
    fn without_padding<'t, T: Real>(&self, x: Var<'t, T>, y: Var<'t, T>, around: &[[usize; 3]; N]) -> Var<'t, T> {
        let factors = self.shares(x, around, false, |axis, count| self.kernel[axis] as f64 / count.max(1) as f64);
        let recording = x.recording();
        let lowest = recording.constant(&Tensor::scalar(T::from_f64(f64::NEG_INFINITY)));
        let one = recording.constant(&Tensor::scalar(T::ONE));
        y * y.detach().equal(lowest).select(factors, one)
    }
}

impl<T: Real, const N: usize> Module<T> for Pool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.rank() != N + 2 {
            return invalid_input("pool", format!("takes [samples, channels, ..] with {N} axes behind"), x);
        }
        if let Err(reason) = self.check() {
            return invalid_input("pool", reason, x);
        }
        let outside = if self.pooling == Pooling::Max { f64::NEG_INFINITY } else { 0.0 };
        let (mut y, mut all_around) = (x, [[0; 3]; N]);
        for axis in 0..N {
            let extent = shape[2 + axis];
            let Some(around) = self.around(axis, extent) else {
                let (kernel, dilation) = (self.kernel[axis], self.dilation[axis]);
                let reason = format!(
                    "no window fits: a kernel of {kernel} with dilation {dilation} is larger than an extent of {extent} with \
                     padding {}",
                    self.padding[axis]
                );
                return invalid_input("pool", reason, x);
            };
            let [before, after, past] = around;
            if before + after + past > 0 {
                y = y.pad(2 + axis, before, after + past, outside);
            }
            // A longer step than the padded value makes no other windows, and none whose places overflow.
            let step = |step: usize| step.min(extent + before + after);
            y = y.unfold(2 + axis, self.kernel[axis], step(self.stride[axis]), step(self.dilation[axis]));
            all_around[axis] = around;
        }
        let windows: SmallVec<[usize; 4]> = (N + 2..2 * N + 2).collect();
        let y = if self.pooling == Pooling::Average { y.sum(&windows[..]) } else { y.max(&windows[..]) };
        // Of nothing there are no windows to count.
        match self.pooling {
            Pooling::Average if shape.size() > 0 => self.averages(x, y, &all_around),
            Pooling::Max if shape.size() > 0 && all_around != [[0; 3]; N] => self.without_padding(x, y, &all_around),
            _ => y,
        }
    }
}

/// Pooling over all axes behind the channels: `[samples, channels, ..]` to `[samples, channels]`.
#[derive(Clone, Copy, Debug)]
pub struct GlobalPool(pub Pooling);

impl<T: Real> Module<T> for GlobalPool {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if x.shape().is_ok_and(|shape| shape.rank() < 2) {
            return invalid_input("global_pool", "takes [samples, channels, ..]", x);
        }
        let behind: SmallVec<[usize; 4]> = (2..x.shape().map_or(2, |shape| shape.rank())).collect();
        match self.0 {
            Pooling::Max => x.max(&behind[..]),
            Pooling::Average => x.mean(&behind[..]),
        }
    }
}

/// The most windows of an [`AdaptivePool`] along an axis: each is recorded by itself.
const MOST_WINDOWS: usize = 1 << 16;

/// Pooling to given extents, whatever those of the input are: window `i` of `places` covers `⌊i·extent/places⌋` up to
/// `⌈(i + 1)·extent/places⌉`, as in PyTorch. Windows overlap where the extent is no multiple.
///
/// # Errors
/// Kept on the tape: another number of axes; 0 places, or more than 65,536.
#[derive(Clone, Copy, Debug)]
pub struct AdaptivePool<const N: usize> {
    /// What is taken of a window.
    pub pooling: Pooling,
    /// Extents of the output.
    pub places: [usize; N],
}

/// `⌊i·extent/places⌋`, for extents whose product with `i` overflows too.
fn share(extent: usize, i: usize, places: usize) -> usize {
    extent / places * i + extent % places * i / places
}

impl<T: Real, const N: usize> Module<T> for AdaptivePool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.rank() != N + 2 || self.places.contains(&0) {
            let reason = format!("takes [samples, channels, ..] with {N} axes behind, and gives each at least 1 place");
            return invalid_input("adaptive_pool", reason, x);
        }
        if let Some(places) = self.places.iter().find(|&&places| places > MOST_WINDOWS) {
            return invalid_input("adaptive_pool", format!("places is {places}: must be at most {MOST_WINDOWS}"), x);
        }
        // A window is a product of ranges, so the axes can be pooled one after the other.
        let mut y = x;
        for (axis, places) in self.places.into_iter().enumerate() {
            let (axis, extent) = (2 + axis, shape[2 + axis]);
            let mut windows = Vec::new();
            for i in 0..places {
                let window = y.narrow(axis, share(extent, i, places)..extent - share(extent, places - i - 1, places));
                windows.push(match self.pooling {
                    Pooling::Max => window.max(keepdim(axis)),
                    Pooling::Average => window.mean(keepdim(axis)),
                });
            }
            y = y.recording().concatenate(windows, axis);
        }
        y
    }
}
