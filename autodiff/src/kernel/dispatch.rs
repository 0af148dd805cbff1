//! Picks the instruction set at run time, so that one binary is fast where it can be and runs everywhere.

/// Runs `work` compiled for AVX2 and FMA where the processor has them, for the target's baseline elsewhere.
///
/// Both give the same bits: Rust fuses a product and a sum only where `mul_add` asks for it. Only what is inlined into
/// `work`, and `work` itself if it is, gets the wider instructions. So put the loop over a whole slice into the closure,
/// mark what it calls `#[inline(always)]`, and keep it below some two hundred instructions: the compiler leaves a larger
/// closure out of line, where it is right but slow.
#[inline(always)]
pub(crate) fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: `with_avx2` may run where AVX2 and FMA are available, and both were just detected.
        return unsafe { with_avx2(work) };
    }
    work()
}

/// The features change how `work` is compiled, not what it does; detection is all that a caller owes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
