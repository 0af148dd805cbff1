//! Selects the instruction set at run time, so that one binary runs everywhere and uses AVX2 where available.

/// Runs `work`, compiled for AVX2 and FMA if the processor has them, otherwise for the target's baseline.
///
/// Both give bit-identical results: Rust fuses a product and a sum only in `mul_add`. Only code that is inlined gets the
/// wider instructions. So put the loop over a whole slice into the closure, mark the functions that it calls
/// `#[inline(always)]`, and keep it below about two hundred instructions: the compiler does not inline a larger closure,
/// which is then correct but slow. Make the closure `move`: numbers that it only refers to may be read anew for every element,
/// which keeps the loop from vectorizing.
///
/// ```
/// use autodiff::op::dispatch;
///
/// let (x, mut y) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
/// let (step, entries) = (0.5, y.iter_mut().zip(&x));
/// dispatch(move || entries.for_each(move |(y, x)| *y += step * x));
/// assert_eq!(y, [4.5, 6.0, 7.5]);
/// ```
#[inline(always)]
pub fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: `with_avx2` may run where AVX2 and FMA are available, and both were just detected.
        return unsafe { with_avx2(work) };
    }
    work()
}

/// The features only change how `work` is compiled; the caller must have detected them.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
