//! Pooling: the largest value or the mean of each window.

use autodiff::{Real, Tensor, Var, keep};

use smallvec::SmallVec;

use crate::module::Module;
use crate::refusal::refuse;

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
/// Padding is −∞ for [`Pooling::Max`], without a part in the gradient, and 0 for [`Pooling::Average`], which counts it, as in
/// PyTorch.
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

    /// What stands around axis `axis` of this extent: padding before, padding after, and what the last window reaches past
    /// that. Nothing if no window fits.
    fn around(&self, axis: usize, extent: usize) -> Option<[usize; 3]> {
        let (stride, padding) = (self.stride[axis], self.padding[axis]);
        let reach = self.dilation[axis].checked_mul(self.kernel[axis].checked_sub(1)?)?;
        if stride == 0 || self.dilation[axis] == 0 || padding > self.kernel[axis] / 2 {
            return None;
        }
        let padded = extent.checked_add(padding)?.checked_add(padding)?;
        let spare = padded.checked_sub(reach)?.checked_sub(1)?;
        // One more window if it starts inside the value or the padding before it.
        let next = (spare / stride + 1).checked_mul(stride);
        let more = self.ceil && !spare.is_multiple_of(stride) && next.is_some_and(|next| next < extent + padding);
        let past = next.filter(|_| more).map_or(0, |next| next - spare);
        Some([padding, padding, past])
    }

    /// How many places of each window lie in the value, or in the padding too, along one axis.
    fn counts(&self, axis: usize, extent: usize, [before, after, past]: [usize; 3], padding: bool) -> Vec<usize> {
        let (kernel, stride, dilation) = (self.kernel[axis], self.stride[axis], self.dilation[axis]);
        let windows = (extent + before + after + past - dilation * (kernel - 1) - 1) / stride + 1;
        let counted = if padding { 0..extent + before + after } else { before..before + extent };
        // Places of the window that starts here which lie before this one.
        let before = |start: usize, place: usize| place.saturating_sub(start).div_ceil(dilation).min(kernel);
        let count = |start| before(start, counted.end) - before(start, counted.start);
        (0..windows).map(|window| count(window * stride)).collect()
    }

    /// One number a window: the product over the axes of what `share(axis, count)` makes of [`Pool::counts`].
    #[track_caller]
    fn shares<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        around: &[[usize; 3]; N],
        padding: bool,
        share: impl Fn(usize, usize) -> f64,
    ) -> Option<Var<'t, T>> {
        let shape = x.shape().ok()?;
        let mut shares = None;
        for (axis, &around) in around.iter().enumerate() {
            let counts = self.counts(axis, shape[2 + axis], around, padding);
            let along = Tensor::from_fn([counts.len()], |k| T::from_f64(share(axis, counts[k])));
            let along = x.recording().constant(&along);
            shares = Some(match shares {
                Some(shares) => Var::unsqueeze(shares, axis) * along,
                None => along,
            });
        }
        shares
    }
}

impl<T: Real, const N: usize> Module<T> for Pool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.rank() != N + 2 {
            return refuse("pool", format!("takes [samples, channels, ..] with {N} axes behind"), x);
        }
        let outside = if self.pooling == Pooling::Max { f64::NEG_INFINITY } else { 0.0 };
        let (mut y, mut all_around) = (x, [[0; 3]; N]);
        for axis in 0..N {
            let Some(around) = self.around(axis, shape[2 + axis]) else {
                let reason = "no window fits: kernel, stride and dilation must be at least 1, the padding at most half the \
                              kernel, and the window no larger than the padded value";
                return refuse("pool", reason, x);
            };
            let [before, after, past] = around;
            if before + after + past > 0 {
                y = y.pad(2 + axis, before, after + past, outside);
            }
            y = y.windows(2 + axis, self.kernel[axis], self.stride[axis], self.dilation[axis]);
            all_around[axis] = around;
        }
        let windows: SmallVec<[usize; 4]> = (N + 2..2 * N + 2).collect();
        // Of nothing, or of more than fits, there are no windows to be counted.
        let counted = shape.size() > 0 && y.shape().is_ok();
        match self.pooling {
            Pooling::Average => match counted {
                true => self.averages(x, y.sum(&windows[..]), &all_around),
                false => y.sum(&windows[..]),
            },
            Pooling::Max => match counted && all_around != [[0; 3]; N] {
                true => self.without_padding(x, y.max(&windows[..]), &all_around),
                false => y.max(&windows[..]),
            },
        }
    }
}

impl<const N: usize> Pool<N> {
    #[track_caller]
    fn averages<'t, T: Real>(&self, x: Var<'t, T>, sums: Var<'t, T>, around: &[[usize; 3]; N]) -> Var<'t, T> {
        let shares = self.shares(x, around, self.counts_padding, |_, count| 1.0 / count as f64);
        shares.map_or(sums, |shares| sums * shares)
    }

    /// A maximum of −∞ ties with the padding, which takes its part of the gradient: the rest, for the places that lie in the
    /// value, is scaled up to the whole. The factor is 1 everywhere else, and leaves −∞ as it is.
    #[track_caller]
    fn without_padding<'t, T: Real>(&self, x: Var<'t, T>, y: Var<'t, T>, around: &[[usize; 3]; N]) -> Var<'t, T> {
        let whole = |axis: usize, count: usize| self.kernel[axis] as f64 / count.max(1) as f64;
        let Some(factors) = self.shares(x, around, false, whole) else { return y };
        let recording = x.recording();
        let scalar = |value: f64| recording.constant(&Tensor::scalar(T::from_f64(value)));
        y * y.detach().equal(scalar(f64::NEG_INFINITY)).select(factors, scalar(1.0))
    }
}

/// Pooling over all axes behind the channels: `[samples, channels, ..]` to `[samples, channels]`.
#[derive(Clone, Copy, Debug)]
pub struct GlobalPool(pub Pooling);

impl<T: Real> Module<T> for GlobalPool {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let behind: SmallVec<[usize; 4]> = (2..x.shape().map_or(2, |shape| shape.rank())).collect();
        match self.0 {
            Pooling::Max => x.max(&behind[..]),
            Pooling::Average => x.mean(&behind[..]),
        }
    }
}

/// Pooling to given extents, whatever those of the input are: window `i` of `places` covers `⌊i·extent/places⌋` up to
/// `⌈(i + 1)·extent/places⌉`, as in PyTorch. Windows overlap where the extent is no multiple.
#[derive(Clone, Copy, Debug)]
pub struct AdaptivePool<const N: usize> {
    /// What is taken of a window.
    pub pooling: Pooling,
    /// Extents of the output.
    pub places: [usize; N],
}

impl<T: Real, const N: usize> Module<T> for AdaptivePool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.rank() != N + 2 || self.places.contains(&0) {
            let reason = format!("takes [samples, channels, ..] with {N} axes behind, and gives each at least 1 place");
            return refuse("adaptive_pool", reason, x);
        }
        // A window is a product of ranges, so the axes can be pooled one after the other.
        let mut y = x;
        for (axis, &places) in self.places.iter().enumerate() {
            let (axis, extent) = (2 + axis, shape[2 + axis]);
            let mut windows = Vec::new();
            if windows.try_reserve_exact(places).is_err() {
                return refuse("adaptive_pool", format!("{places} places do not fit into memory"), x);
            }
            let start = |i: u128| i * extent as u128 / places as u128;
            let end = |i: u128| ((i + 1) * extent as u128).div_ceil(places as u128);
            let mut last = (0..0, y);
            for i in 0..places as u128 {
                let range = start(i) as usize..end(i) as usize;
                // Where there are more places than extent, neighbours share a window.
                if i == 0 || last.0 != range {
                    let window = y.narrow(axis, range.clone());
                    last = match self.pooling {
                        Pooling::Max => (range, window.max(keep(axis))),
                        Pooling::Average => (range, window.mean(keep(axis))),
                    };
                }
                windows.push(last.1);
            }
            y = y.recording().concatenate(windows, axis);
        }
        y
    }
}
