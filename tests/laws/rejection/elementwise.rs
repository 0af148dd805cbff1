//! Functions of one value, element by element: at extreme numbers, and at shapes that no memory holds.

use super::given::*;
use super::harness::cases;

/// For each function the same cases.
macro_rules! elementwise {
    ($($covers:path: |$x:ident| $code:expr;)+) => {
        cases! {
            $($covers {
                accepts: extreme(|$x| $code);
                accepts: of([0, HUGE], |$x| $code);
                refuses "[35184372088832] does not fit into memory": of([HUGE], |$x| $code);
                refuses "does not fit into memory": of([MAX], |$x| $code);
            })+
        }
    };
}

elementwise! {
    Var::neg: |x| x.neg();
    Var::recip: |x| x.recip();
    Var::sqrt: |x| x.sqrt();
    Var::rsqrt: |x| x.rsqrt();
    Var::square: |x| x.square();
    Var::abs: |x| x.abs();
    Var::sign: |x| x.sign();
    Var::exp: |x| x.exp();
    Var::exp_m1: |x| x.exp_m1();
    Var::ln: |x| x.ln();
    Var::ln_1p: |x| x.ln_1p();
    Var::sin: |x| x.sin();
    Var::cos: |x| x.cos();
    Var::tan: |x| x.tan();
    Var::atan: |x| x.atan();
    Var::asin: |x| x.asin();
    Var::acos: |x| x.acos();
    Var::asinh: |x| x.asinh();
    Var::acosh: |x| x.acosh();
    Var::atanh: |x| x.atanh();
    Var::floor: |x| x.floor();
    Var::ceil: |x| x.ceil();
    Var::round: |x| x.round();
    Var::sinh: |x| x.sinh();
    Var::cosh: |x| x.cosh();
    Var::erf: |x| x.erf();
    Var::tanh: |x| x.tanh();
    Var::sigmoid: |x| x.sigmoid();
    Var::log_sigmoid: |x| x.log_sigmoid();
    Var::softplus: |x| x.softplus();
    Var::relu: |x| x.relu();
    Var::selu: |x| x.selu();
    Var::gelu: |x| x.gelu();
    Var::gelu_tanh: |x| x.gelu_tanh();
    Var::silu: |x| x.silu();
    Var::mish: |x| x.mish();
    Var::hard_tanh: |x| x.hard_tanh();
    Var::hard_sigmoid: |x| x.hard_sigmoid();
    Var::softsign: |x| x.softsign();
    Var::add_scalar: |x| x.add_scalar(NAN);
    Var::mul_scalar: |x| x.mul_scalar(INF);
    Var::div_scalar: |x| x.div_scalar(0.0);
    Var::scalar_div: |x| x.scalar_div(-INF);
    Var::pow_scalar: |x| x.pow_scalar(-0.5);
    Var::pow_scalar: |x| x.pow_scalar(INF);
    Var::pow_scalar: |x| x.pow_scalar(NAN);
    Var::powi: |x| x.powi(i32::MIN);
    Var::powi: |x| x.powi(0);
    Var::leaky_relu: |x| x.leaky_relu(NAN);
    Var::leaky_relu: |x| x.leaky_relu(-INF);
    Var::elu: |x| x.elu(INF);
    Var::clamp: |x| x.clamp(-INF, INF);
    Var::clamp: |x| x.clamp(0.0, 0.0);
}
