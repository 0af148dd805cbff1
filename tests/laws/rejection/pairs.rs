//! Functions of two values that broadcast: at extreme numbers, at shapes that do not go together or that no memory holds, and
//! across two tapes.

use super::given::*;
use super::harness::cases;

/// For each function the same cases.
macro_rules! pairs {
    ($($covers:path: |$x:ident, $y:ident| $code:expr;)+) => {
        cases! {
            $($covers {
                accepts: at([EXTREMES.into(), EXTREMES.into()], |$x, $y| $code);
                accepts: at([EXTREMES.into(), NAN.into()], |$x, $y| $code);
                accepts: of_two([&[0, 1], &[HUGE]], |$x, $y| $code);
                refuses "shapes do not broadcast: [2] × [3]": of_two([&[2], &[3]], |$x, $y| $code);
                refuses "shapes do not broadcast: [0] × [35184372088832]": of_two([&[0], &[HUGE]], |$x, $y| $code);
                refuses "does not fit into memory": of_two([&[HUGE, 1], &[HUGE]], |$x, $y| $code);
                refuses "on two tapes": across(|$x, $y| $code);
            })+
        }
    };
}

pairs! {
    Var::pow: |x, y| x.pow(y);
    Var::maximum: |x, y| x.maximum(y);
    Var::minimum: |x, y| x.minimum(y);
    Var::greater: |x, y| x.greater(y);
    Var::greater_equal: |x, y| x.greater_equal(y);
    Var::less: |x, y| x.less(y);
    Var::less_equal: |x, y| x.less_equal(y);
    Var::equal: |x, y| x.equal(y);
    Var::not_equal: |x, y| x.not_equal(y);
}
