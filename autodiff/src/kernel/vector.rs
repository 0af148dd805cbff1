//! Temporary.
use crate::Real;
macro_rules! v {
    ($n:ident,$t:ty,$f:expr) => {
        pub(crate) fn $n(x: &[$t], y: &mut [$t]) {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = $f(x);
            }
        }
    };
}
v!(exp_f32, f32, f32::exp);
v!(exp_f64, f64, f64::exp);
v!(tanh_f32, f32, f32::tanh);
v!(tanh_f64, f64, f64::tanh);
v!(sigmoid_f32, f32, |x: f32| x.sigmoid());
v!(sigmoid_f64, f64, |x: f64| x.sigmoid());
