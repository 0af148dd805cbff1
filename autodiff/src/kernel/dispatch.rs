//! Picks the instruction set at run time, once for a whole slice.

/// Runs `work` compiled for AVX2 where the processor has it. Loops in `work` that are inlined are vectorised for it.
///
/// No fused multiply-add is asked for, so results are the same bits on every processor.
#[inline(always)]
pub(crate) fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just found to have AVX2.
        return unsafe { with_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
