//! Optimizers, their parts, schedules, averages, stopping.

use autodiff::{Alone, Error, Gradients, Mode, Params, Tape};
use optim::*;

use super::given::*;
use super::harness::cases;

/// Two steps of an optimizer.
fn steps<R: Rule<f64>>(mut optimizer: Optimizer<f64, R>) -> Result<(), Error> {
    let (mut params, weight, _) = model();
    let mut tape = Tape::new();
    let mut grads = params.gradients();
    for _ in 0..2 {
        tape.start(&params, Mode::Train).param(weight).square().sum(..).backward(&mut grads)?;
        optimizer.step(&mut params, &grads)?;
    }
    Ok(())
}

fn sgd() -> Sgd<f64> {
    Sgd::new(0.1)
}

fn at_fault() -> Error {
    Error::InvalidInput { what: "loss", reason: "at fault".into() }
}

/// A step with invalid gradients.
fn step_with(change: impl FnOnce(&mut Params<f64>, &mut Gradients<f64>)) -> Result<(), Error> {
    let (mut params, weight, _) = model();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    tape.start(&params, Mode::Train).param(weight).square().sum(..).backward(&mut grads)?;
    change(&mut params, &mut grads);
    sgd().step(&mut params, &grads)
}

/// A rule that is handed the wrong number of buffers, or buffers of another length.
fn update<R: Rule<f64>>(rule: R, buffers: &mut [&mut [f64]]) {
    let _ = rule.update(u64::MAX, &[1.0, 2.0], &mut [0.0, 0.0], buffers);
}


const COSINE: Schedule = Schedule::Cosine { steps: 10, end: 0.1, stretch: 0.5 };

/// The factors of a schedule at extreme steps.
fn factors(schedule: Schedule) -> Vec<f64> {
    [0, 1, 1 << 60, u64::MAX - 1, u64::MAX].map(|step| schedule.factor(step)).to_vec()
}

fn cosine(steps: u64, end: f64, stretch: f64) -> Vec<f64> {
    factors(Schedule::Cosine { steps, end, stretch })
}

fn term(penalty: impl Into<Penalty>) -> Result<f64, Error> {
    let (params, weight, _) = model();
    let penalty: Penalty = penalty.into();
    penalty.term(&Tape::new().start(&params, Mode::Train), &[weight]).item()
}

/// Brings momentum's buffers of this length to an optimizer.
fn resume(steps: u64, length: usize) -> Result<(), Error> {
    let (params, ..) = model();
    let values = vec![0.0; length];
    sgd().momentum(0.9).resume(&params, steps, |_| (length > 0).then_some(&values[..]))
}

/// An early stopping that observes these losses.
fn observe(mut stopping: EarlyStopping<f64>, losses: &[f64]) -> Vec<StoppingStatus> {
    let params = Params::default();
    losses.iter().map(|&loss| stopping.observe(loss, &params)).collect()
}

fn ema(decay: f64) -> Result<(), Error> {
    Ema::new(decay).update(&model().0)
}

/// A part that does nothing, or only fails.
#[derive(Clone, Debug)]
struct Part {
    fails: bool,
}

impl GradientTransform<f64> for Part {
    fn name(&self) -> &'static str {
        "part"
    }
    fn apply(&self, _: u64, gradients: &mut SelectedGradients<'_, f64>) -> Result<(), Error> {
        // Handed out twice, and the second time dropped half-way.
        let twice = gradients.iter_mut().count() + gradients.iter_mut().take(1).count();
        if self.fails || twice == 0 { Err(at_fault()) } else { Ok(()) }
    }
}

impl Projection<f64> for Part {
    fn name(&self) -> &'static str {
        "part"
    }
    fn check(&self) -> Result<(), Error> {
        if self.fails { Err(at_fault()) } else { Ok(()) }
    }
}

impl Rule<f64> for Part {
    fn buffers(&self) -> &'static [&'static str] {
        &[]
    }
    fn update(&self, _: u64, _: &[f64], _: &mut [f64], _: &mut [&mut [f64]]) -> Result<(), Error> {
        if self.fails { Err(at_fault()) } else { Ok(()) }
    }
}

const FINE: Part = Part { fails: false };
const FAILING: Part = Part { fails: true };

cases! {
    Optimizer::from_rule { refuses "rate is NaN": steps(Optimizer::from_rule(NAN, SgdRule::default())); refuses "rate is -inf": steps(Optimizer::from_rule(-INF, SgdRule::default())); accepts: steps(Optimizer::from_rule(0.1, FINE)); }
    Optimizer::set_rate {
        refuses "rate is inf": steps({ let mut o = sgd(); o.set_rate(INF); o });
        refuses "rate is -1": steps({ let mut o = sgd(); o.set_rate(-1.0); o });
        accepts: steps({ let mut o = sgd(); o.set_rate(0.0); o });
    }
    Optimizer::transform {
        refuses "nowhere": steps(sgd().transform(FINE, "nowhere"));
        refuses "at fault": steps(sgd().transform(FAILING, "*"));
        refuses "clip_norm is NaN": steps(sgd().transform(ClipNorm(NAN), "fc*"));
        accepts: steps(sgd().transform(FINE, "*"));
    }
    Optimizer::project {
        refuses "nowhere": steps(sgd().project(FINE, "nowhere"));
        refuses "at fault": steps(sgd().project(FAILING, "*"));
        refuses "decay is inf": steps(sgd().project(Decay(INF), "fc*"));
        accepts: steps(sgd().project(FINE, "*"));
    }
    GradientTransform::check { accepts: GradientTransform::<f64>::check(&FINE); }
    Projection::check { accepts: Projection::<f64>::check(&FINE); }
    Projection::check_shape { returns: Projection::<f64>::check_shape(&FINE, &[MAX, HUGE].into()); }
    Projection::project_entries { returns: FINE.project_entries(NAN, &mut []); }
    Projection::project_parameter { returns: FINE.project_parameter(NAN, &[HUGE].into(), &mut []); }
    Proximal::new { refuses "l1 is NaN": steps(sgd().project(Proximal::new(L1(NAN)), "*")); }
    Optimizer::regularize {
        refuses "NaN": steps(sgd().regularize(L2(NAN)));
        refuses "-1": steps(sgd().regularize(L1(-1.0)));
        refuses "inf": steps(sgd().regularize(ElasticNet { l1: 0.0, l2: INF }));
    }
    Optimizer::regularize_only {
        refuses "nowhere": steps(sgd().regularize_only(L2(0.1), "nowhere*"));
        refuses "NaN": steps(sgd().regularize_only(L2(NAN), "fc*"));
    }
    Optimizer::clip_value {
        refuses "clip_value is NaN": steps(sgd().clip_value(NAN));
        refuses "clip_value is -1": steps(sgd().clip_value(-1.0));
        refuses "clip_value is 0": steps(sgd().clip_value(0.0));
    }
    Optimizer::clip_norm { refuses "clip_norm is NaN": steps(sgd().clip_norm(NAN)); refuses "clip_norm is 0": steps(sgd().clip_norm(0.0)); }
    Optimizer::clip_each { refuses "clip_each is NaN": steps(sgd().clip_each(NAN)); refuses "clip_each is -inf": steps(sgd().clip_each(-INF)); }
    Optimizer::decay {
        refuses "decay is NaN": steps(sgd().decay(NAN, ParamFilter::all()));
        refuses "decay is -1": steps(sgd().decay(-1.0, ParamFilter::all()));
        refuses "nowhere": steps(sgd().decay(0.1, "nowhere"));
    }
    Optimizer::proximal { refuses "NaN": steps(sgd().proximal(L1(NAN), ParamFilter::all())); refuses "nowhere": steps(sgd().proximal(L1(0.1), "nowhere")); }
    Optimizer::max_norm {
        refuses "max_norm is NaN": steps(sgd().max_norm(NAN, ParamFilter::all()));
        refuses "max_norm is 0": steps(sgd().max_norm(0.0, ParamFilter::all()));
        refuses "nowhere": steps(sgd().max_norm(1.0, "nowhere"));
    }
    Optimizer::group { refuses "nowhere": steps(sgd().group("nowhere", ParamGroup::frozen())); }
    ParamGroup::rate_factor {
        refuses "NaN": steps(sgd().group("fc*", ParamGroup::rate_factor(NAN)));
        refuses "-1": steps(sgd().group("fc*", ParamGroup::rate_factor(-1.0)));
        refuses "inf": steps(sgd().group("fc*", ParamGroup::rate_factor(INF)));
        accepts: steps(sgd().group("fc*", ParamGroup::rate_factor(0.0)));
    }
    ParamGroup::entrywise { accepts: steps(sgd().group("*", ParamGroup::default().entrywise())); refuses "nowhere": steps(sgd().group("nowhere", ParamGroup::default().entrywise())); }
    ParamGroup::frozen { accepts: steps(sgd().group("*", ParamGroup::frozen())); }
    Optimizer::strict_dropout { accepts: steps(sgd().strict_dropout()); }
    Optimizer::step {
        refuses "other Params": step_with(|params, _| *params = other().0);
        returns: step_with(|_, grads| grads.flat_mut()[0] = NAN);
        refuses "backward": { let mut p = model().0; let grads = p.gradients(); sgd().step(&mut p, &grads) };
        refuses "18446744073709551615": step_with(|params, _| params.set_step(u64::MAX));
    }
    Optimizer::step_among {
        refuses "backward": { let mut p = model().0; let grads = p.gradients(); sgd().step_among(&Alone, &mut p, &grads) };
    }
    Optimizer::gather_buffers { returns: sgd().gather_buffers(&Alone, &other().0); }
    Optimizer::resume {
        refuses "there is no buffer": resume(1, 0);
        refuses "has 7 values": resume(1, 7);
        accepts: resume(0, 0);
        returns: resume(u64::MAX, 8);
    }
    Sgd::new { refuses "rate is NaN": steps(Sgd::new(NAN)); refuses "rate is -0.1": steps(Sgd::new(-0.1)); }
    Sgd::momentum { refuses "momentum is NaN": steps(sgd().momentum(NAN)); refuses "momentum is 1": steps(sgd().momentum(1.0)); refuses "momentum is -0.5": steps(sgd().momentum(-0.5)); }
    Sgd::dampening { refuses "dampening is NaN": steps(sgd().momentum(0.9).dampening(NAN)); refuses "dampening is 2": steps(sgd().momentum(0.9).dampening(2.0)); }
    Sgd::nesterov { refuses "Nesterov": steps(sgd().nesterov()); accepts: steps(sgd().momentum(0.5).nesterov()); }
    Adam::new { refuses "rate is inf": steps(Adam::new(INF)); }
    Adam::betas { refuses "NaN": steps(Adam::new(0.1).betas(NAN, 0.9)); refuses "is 1": steps(Adam::new(0.1).betas(0.9, 1.0)); refuses "-0.1": steps(Adam::new(0.1).betas(-0.1, 0.9)); }
    Adam::epsilon { refuses "epsilon is NaN": steps(Adam::new(0.1).epsilon(NAN)); refuses "epsilon is -1": steps(Adam::new(0.1).epsilon(-1.0)); }
    Adam::amsgrad { accepts: steps(Adam::new(0.1).amsgrad()); }
    RmsProp::new { refuses "rate is NaN": steps(RmsProp::new(NAN)); }
    RmsProp::alpha { refuses "alpha is NaN": steps(RmsProp::new(0.1).alpha(NAN)); refuses "alpha is 1.5": steps(RmsProp::new(0.1).alpha(1.5)); }
    RmsProp::epsilon { refuses "epsilon is -1": steps(RmsProp::new(0.1).epsilon(-1.0)); refuses "epsilon is inf": steps(RmsProp::new(0.1).epsilon(INF)); }
    RmsProp::momentum { refuses "momentum is 1": steps(RmsProp::new(0.1).momentum(1.0)); }
    RmsProp::centered { accepts: steps(RmsProp::new(0.1).centered()); }
    AdaGrad::new { refuses "rate is -inf": steps(AdaGrad::new(-INF)); }
    AdaGrad::epsilon { refuses "epsilon is NaN": steps(AdaGrad::new(0.1).epsilon(NAN)); }
    AdaGrad::rate_decay { refuses "rate_decay is NaN": steps(AdaGrad::new(0.1).rate_decay(NAN)); refuses "rate_decay is -1": steps(AdaGrad::new(0.1).rate_decay(-1.0)); }
    Rule::check { accepts: Rule::<f64>::check(&FINE); }
    Rule::is_whole { returns: Rule::<f64>::is_whole(&FINE, &[MAX, HUGE].into()); }
    Rule::scratch { returns: Rule::<f64>::scratch(&FINE, &[MAX, HUGE].into()); }
    Rule::update_whole { accepts: FINE.update_whole(u64::MAX, &[HUGE, 0].into(), &[], &mut [], &mut [], &mut []); }
    SgdRule::check { returns: Rule::<f64>::check(&SgdRule::default()); }
    SgdRule::update { returns: update(SgdRule::default(), &mut []); returns: update(SgdRule::default(), &mut [&mut [], &mut []]); }

    ParamFilter::all { returns: ParamFilter::all().matches(""); }
    ParamFilter::except { returns: ParamFilter::except([]).matches("fc"); returns: steps(sgd().regularize_only(L2(0.1), ParamFilter::except(["nowhere"]))); }
    ParamFilter::matches { returns: ParamFilter::from(&*"*".repeat(1000)).matches(&"a".repeat(1000)); }
    Penalty::term {
        refuses "other Params": { let (p, ..) = model(); Penalty::from(L2(1.0)).term(&Tape::new().start(&p, Mode::Train), &[other().1]).item() };
        refuses "NaN": term(L2(NAN));
        refuses "-1": term(L1(-1.0));
        refuses "inf": term(ElasticNet { l1: INF, l2: 0.0 });
    }
    Ema::new { refuses "decay is NaN": ema(NAN); refuses "decay is 1": ema(1.0); refuses "decay is -0.5": ema(-0.5); }
    Ema::update { refuses "other Params": { let mut a = Ema::new(0.5); a.update(&model().0).and_then(|()| a.update(&other().0)) }; }
    Ema::averaged { refuses "other Params": averaged_of_others(); }
    EarlyStopping::new { returns: observe(EarlyStopping::new(0), &[NAN, INF, 0.0]); returns: observe(EarlyStopping::new(MAX), &[0.0, 1.0]); }
    EarlyStopping::min_change { returns: observe(EarlyStopping::new(1).min_change(NAN), &[0.0, 1.0]); returns: observe(EarlyStopping::new(1).min_change(-INF), &[0.0, 1.0]); }
    EarlyStopping::observe { returns: observe(EarlyStopping::new(1), &[INF, -INF, NAN, f64::MAX]); }
    EarlyStopping::resume { returns: { let mut s = EarlyStopping::new(MAX); s.resume(MAX, None); observe(s, &[NAN, NAN, 1.0]) }; }
    Plateau::new { returns: { let mut p = Plateau::new(NAN, MAX); [NAN, INF, 0.0].map(|loss| p.observe(loss)) }; returns: Plateau::new(INF, 0).observe(NAN); }
    Plateau::observe { returns: { let mut p = Plateau::new(0.0, 0); [1.0; 100].map(|loss| p.observe(loss)) }; }
    Schedule::factor {
        returns: factors(Schedule::Constant);
        returns: factors(Schedule::Step { every: 0, factor: NAN });
        returns: factors(Schedule::Exponential { factor: INF });
        returns: factors(COSINE);
        returns: cosine(0, NAN, 0.0);
        returns: cosine(1, 0.0, 1.0);
        returns: cosine(1, 0.0, 1.000_000_001);
        returns: cosine(u64::MAX, 0.0, 0.999);
        returns: cosine(10, 0.0, NAN);
        returns: cosine(10, 0.0, -1.0);
        returns: cosine(10, INF, INF);
        returns: factors(Schedule::WarmUp { steps: 0, start: NAN });
        returns: factors(Schedule::WarmUp { steps: u64::MAX, start: -INF });
        returns: factors(Schedule::OneCycle { steps: 0, rise: NAN, start: 0.0, end: INF });
        returns: factors(Schedule::OneCycle { steps: u64::MAX, rise: -1.0, start: 0.0, end: 0.0 });
        returns: factors(Schedule::Sequential(vec![]));
        returns: factors(Schedule::Sequential(vec![(u64::MAX, Schedule::Constant), (0, COSINE), (1, Schedule::Sequential(vec![]))]));
    }
    find_rate::find_rate {
        returns: find_rate(NAN, INF, 3, Ok::<f64, Error>);
        refuses "steps is 18446744073709551615": find_rate(1e-3, 1.0, MAX, |_| Err(at_fault()));
        refuses "steps is 35184372088832": find_rate(1e-3, 1.0, HUGE, |_| Err(at_fault()));
        returns: find_rate(0.0, -1.0, 3, |_| Ok::<f64, Error>(1.0));
        returns: find_rate(1.0, 2.0, 0, |_| Ok::<f64, Error>(NAN));
    }
    gradient_table::gradient_table {
        refuses "other Params": gradient_table(&model().0, &model().0, &other().0.gradients());
        returns: { let (p, ..) = model(); gradient_table(&p, &p, &p.gradients()).unwrap().to_string() };
    }
}

fn averaged_of_others() -> Result<Params<f64>, Error> {
    let mut ema = Ema::new(0.5);
    ema.update(&model().0)?;
    ema.averaged(&other().0)
}
