//! Settings out of their ranges, which are errors that name them.

use autodiff::{Mode, Tape};
use optim::{
    AdaGrad, Adam, EarlyStopping, ElasticNet, Ema, L1, L2, Lbfgs, Lion, Muon, Optimizer, ParamFilter, ParamGroup,
    Penalty, Plateau, RmsProp, Rule, Sam, Schedule, Sgd, StoppingStatus,
};

use super::refusals::{layer, refused};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;
/// Values that no setting may have.
const NEVER: [f64; 5] = [NAN, INF, -INF, -1.0, -f64::MIN_POSITIVE];

/// Asserts that these values, and those of `NEVER`, are refused with the name of the setting.
fn assert_refused<R: Rule<f32>>(name: &str, values: &[f64], make: impl Fn(f64) -> Optimizer<f32, R>) {
    for &value in NEVER.iter().chain(values) {
        let (mut params, grads, ..) = layer();
        let message = refused(&mut make(value), &mut params, &grads);
        assert!(message.starts_with(&format!("{name} is {value}: must be")), "{name} of {value}: {message}");
        assert_eq!(make(value).check().unwrap_err().to_string(), message);
    }
}

#[test]
fn every_setting_of_every_optimizer_is_refused_by_name_where_it_is_out_of_range() {
    // Infinite and zero in f32.
    let (large, small) = (1e300, 1e-300);
    let all = ParamFilter::all;
    assert_refused("rate", &[large, f64::MAX], Sgd::new);
    assert_refused("momentum", &[1.0, large], |x| Sgd::new(0.1).momentum(x));
    assert_refused("dampening", &[1.0, large], |x| Sgd::new(0.1).momentum(0.9).dampening(x));
    assert_refused("beta1", &[1.0, large], |x| Adam::new(0.1).betas(x, 0.9));
    assert_refused("beta2", &[1.0, large], |x| Adam::new(0.1).betas(0.9, x));
    assert_refused("epsilon", &[0.0, small, large], |x| Adam::new(0.1).epsilon(x));
    assert_refused("epsilon", &[0.0, small, large], |x| RmsProp::new(0.1).epsilon(x));
    assert_refused("epsilon", &[0.0, small, large], |x| AdaGrad::new(0.1).epsilon(x));
    assert_refused("alpha", &[1.0, large], |x| RmsProp::new(0.1).alpha(x));
    assert_refused("momentum", &[1.0, large], |x| RmsProp::new(0.1).momentum(x));
    assert_refused("beta1", &[1.0, large], |x| Lion::new(0.1).betas(x, 0.9));
    assert_refused("beta2", &[1.0, large], |x| Lion::new(0.1).betas(0.9, x));
    assert_refused("momentum", &[1.0, large], |x| Muon::new(0.1).momentum(x));
    assert_refused("epsilon", &[0.0, small, large], |x| Muon::new(0.1).epsilon(x));
    assert_refused("beta1", &[1.0, large], |x| Muon::new(0.1).betas(x, 0.9));
    assert_refused("beta2", &[1.0, large], |x| Muon::new(0.1).betas(0.9, x));
    assert_refused("rate_decay", &[], |x| AdaGrad::new(0.1).rate_decay(x));
    assert_refused("l1", &[large], |x| Sgd::new(0.1).regularize(L1(x)));
    assert_refused("l2", &[large], |x| Sgd::new(0.1).regularize(ElasticNet { l1: 0.0, l2: x }));
    assert_refused("l1", &[large], |x| Sgd::new(0.1).proximal(L1(x), all()));
    assert_refused("l2", &[large], |x| Sgd::new(0.1).proximal(L2(x), all()));
    assert_refused("clip_value", &[0.0, small, large], |x| Sgd::new(0.1).clip_value(x));
    assert_refused("clip_norm", &[0.0], |x| Sgd::new(0.1).clip_norm(x));
    assert_refused("clip_each", &[0.0], |x| Sgd::new(0.1).clip_each(x));
    assert_refused("decay", &[large], |x| Sgd::new(0.1).decay(x, all()));
    assert_refused("max_norm", &[0.0], |x| Sgd::new(0.1).max_norm(x, all()));
    assert_refused("group rate", &[large], |x| Sgd::new(0.1).group("*", ParamGroup::rate_factor(x)));
    for x in [NAN, INF, -INF, large] {
        let message = Muon::<f32>::new(0.1).newton_schulz(5, [1.0, x, 1.0]).check().unwrap_err().to_string();
        assert!(message.starts_with(&format!("newton_schulz coefficient is {x}: must be finite")), "{message}");
    }
    for steps in [0, 100, usize::MAX] {
        let message = Muon::<f32>::new(0.1).newton_schulz(steps, [1.0; 3]).check().unwrap_err().to_string();
        assert_eq!(message, format!("newton_schulz steps is {steps}: must be from 1 to 99"));
    }
    let message = Sgd::<f32>::new(1e30).group("*", ParamGroup::rate_factor(1e30)).check().unwrap_err().to_string();
    assert!(message.starts_with("rate times group rate is 1"), "{message}");
}

#[test]
fn every_setting_of_lbfgs_and_of_sharpness_aware_steps_is_refused_by_name() {
    let lbfgs = Lbfgs::<f32>::new;
    for x in NEVER {
        let refused = [
            ("gradient_tolerance", lbfgs().gradient_tolerance(x).check()),
            ("value_tolerance", lbfgs().value_tolerance(x).check()),
            ("rho", Sam::<f32>::new(x).check()),
        ];
        for (name, refused) in refused {
            let message = refused.unwrap_err().to_string();
            assert!(message.starts_with(&format!("{name} is {x}: must be")), "{name} of {x}: {message}");
        }
    }
    assert!(Sam::<f32>::new(1e300).check().is_err());
    for (name, refused) in [("history", lbfgs().history(0)), ("max_iterations", lbfgs().max_iterations(0))] {
        assert_eq!(refused.check().unwrap_err().to_string(), format!("{name} is 0: must be at least 1"));
    }
}

#[test]
fn every_setting_of_averages_schedules_and_stopping_is_refused_by_name() {
    let params = layer::<f32>().0;
    let of = |result: Result<(), autodiff::Error>| result.unwrap_err().to_string();
    let cosine = |steps, end, stretch| Schedule::Cosine { steps, end, stretch };
    let cycle = |steps, rise, start, end| Schedule::OneCycle { steps, rise, start, end };
    for x in NEVER.into_iter().chain([1.5]) {
        let stopping = EarlyStopping::<f32>::new(1);
        let mut refused = vec![
            ("decay", of(Ema::new(x).update(&params))),
            ("plateau factor", of(Plateau::new(x, 1).check())),
            ("rise", of(cycle(5, x, 0.0, 0.0).check())),
        ];
        if x != 1.5 {
            refused.extend([
                ("factor", of(Schedule::Step { every: 1, factor: x }.check())),
                ("factor", of(Schedule::Exponential { factor: x }.check())),
                ("end", of(cosine(5, x, 1.0).check())),
                ("stretch", of(cosine(5, 0.0, x).check())),
                ("start", of(Schedule::WarmUp { steps: 5, start: x }.check())),
                ("start", of(cycle(5, 0.5, x, 0.0).check())),
                ("end", of(cycle(5, 0.5, 0.0, x).check())),
                ("end", of(Schedule::Sequential(vec![(5, Schedule::Constant), (5, cosine(5, x, 1.0))]).check())),
                ("minimum change", of(stopping.min_change(x).check())),
            ]);
        }
        for (name, message) in refused {
            assert!(message.starts_with(&format!("{name} is {x}: must be")), "{name} of {x}: {message}");
        }
    }
    let counts = [
        ("every", of(Schedule::Step { every: 0, factor: 0.5 }.check())),
        ("steps", of(cosine(0, 0.0, 1.0).check())),
        ("steps", of(Schedule::WarmUp { steps: 0, start: 0.0 }.check())),
        ("steps", of(cycle(0, 0.5, 0.0, 0.0).check())),
        ("schedules", of(Schedule::Sequential(vec![]).check())),
        ("patience", of(EarlyStopping::<f32>::new(0).check())),
    ];
    for (name, message) in counts {
        assert_eq!(message, format!("{name} is 0: must be at least 1"));
    }
    assert!(of(cosine(5, 0.0, 0.0).check()).starts_with("stretch is 0"));
    for fine in [cosine(u64::MAX, 0.0, 0.5), cycle(u64::MAX, 1.0, 0.0, 1.0), Schedule::Exponential { factor: 0.0 }] {
        fine.check().unwrap();
    }
}

#[test]
fn a_penalty_on_the_tape_is_refused_by_name() {
    let (params, _, [weight, _], _) = layer::<f32>();
    let mut tape = Tape::new();
    for x in NEVER {
        let t = tape.start(&params, Mode::Train);
        let message = Penalty::from(L2(x)).term(&t, &[weight]).value().unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("penalty: l2 is {x}: must be")) && message.contains("settings.rs"),
            "{message}"
        );
    }
}

#[test]
fn the_largest_patience_does_not_overflow() {
    let params = layer::<f32>().0;
    let mut stopping = EarlyStopping::new(usize::MAX);
    stopping.resume(usize::MAX, None);
    assert_eq!(stopping.observe(NAN, &params), StoppingStatus::Stop);
    let mut plateau = Plateau::new(0.5, usize::MAX);
    assert_eq!((0..9).map(|_| plateau.observe(INF)).last(), Some(1.0));
}
