//! Cures of over-fitting side by side: a network of 256 hidden units on 300 digits, of whose labels one in five is wrong, with
//! nothing, L1, L2, early stopping, dropout, and as an ensemble. Errors over five seeds, as a table and as a plot
//! (`target/overfitting.svg`).

use autodiff::{Error, Mode, Params, Tape, Tensor};
use nn::data::{Batches, Dataset, Digits};
use nn::ensemble::{Trained, average};
use nn::loss::cross_entropy;
use nn::metrics::zero_one;
use nn::{Dropout, Linear, Module, Relu};
use optim::{L1, L2, Optimizer, Schedule, Sgd, SgdRule};
use plotters::prelude::*;
use rayon::prelude::*;
use train::{Callback, Trainer, TrainingState};

type Net = (Linear, Relu, Dropout, Linear, Relu, Dropout, Linear);

/// Training, validation and test digits of a seed; a fifth of the labels that are trained on is wrong.
struct Split {
    train: Dataset<f32>,
    validation: Dataset<f32>,
    test: Dataset<f32>,
}

impl Split {
    fn new(seed: u64) -> Result<Self, Error> {
        let (pool, test) = Digits::load()?.standardized().split(0.75, seed)?;
        let part = |samples: std::ops::Range<usize>| pool.subset(&samples.collect::<Vec<_>>());
        let (clean, validation) = (part(0..300)?, part(300..400)?);
        let label = |(k, &label): (usize, &f32)| (label as usize + usize::from(k % 5 == 0)) % 10;
        let labels: Vec<usize> = clean.labels().data().iter().enumerate().map(label).collect();
        Ok(Split { train: Dataset::new(clean.features().clone(), &labels)?, validation, test })
    }
}

/// The loss on held-out digits.
struct Validation<'a>(&'a Net, &'a Dataset<f32>);

impl Callback<f32> for Validation<'_> {
    fn evaluate(&mut self, params: &Params<f32>) -> Result<Vec<(String, f64)>, Error> {
        let mut tape = Tape::new();
        let t = tape.start(params, Mode::Eval);
        let loss = cross_entropy(self.0.forward(t.input(self.1.features())), t.input(self.1.labels()));
        Ok(vec![("validation loss".into(), loss.item()?.into())])
    }
}

/// A cure: what is done to the optimizer, the rate of dropout, and whether training ends early.
#[derive(Clone, Copy)]
struct Cure {
    optimizer: fn(Sgd<f32>) -> Optimizer<f32, SgdRule>,
    dropout: f64,
    stops: bool,
}

fn fit(split: &Split, cure: Cure, seed: u64) -> Result<Trained<f32, Net>, Error> {
    let mut params = Params::new(seed);
    let mut layer = |name: &str, from, to| Linear::new(params.scope(name), from, to);
    let [first, second, third] = [layer("fc1", 64, 256), layer("fc2", 256, 256), layer("fc3", 256, 10)];
    let drop = Dropout::new(cure.dropout);
    let model = (first, Relu, drop, second, Relu, drop, third);
    let mut state = TrainingState::new(params, (cure.optimizer)(Sgd::new(0.05).momentum(0.9)));
    let trainer = Trainer::new(100, Batches::new(20).shuffled(seed)).quiet();
    let trainer = trainer.schedule(Schedule::Cosine { steps: 1500, end: 0.0, stretch: 1.0 });
    let trainer = if cure.stops { trainer.early_stopping("validation loss", 5, 0.0) } else { trainer };
    let mut callback = Validation(&model, &split.validation);
    trainer.fit(&mut state, &split.train, |x, y| cross_entropy(model.forward(x), y), &mut callback)?;
    Ok(Trained { params: state.params, model })
}

/// Training and test error in percent of what gives these scores.
fn errors(split: &Split, scores: impl Fn(&Tensor<f32>) -> Result<Tensor<f32>, Error>) -> Result<[f64; 2], Error> {
    let error = |data: &Dataset<f32>| Ok::<_, Error>(100.0 * zero_one(&scores(data.features())?, data.labels())?);
    Ok([error(&split.train)?, error(&split.test)?])
}

const SEEDS: u64 = 5;

fn over_seeds(cure: Cure, members: u64) -> Result<Vec<[f64; 2]>, Error> {
    let of_seed = |seed: u64| {
        let split = Split::new(seed)?;
        let members: Vec<Trained<f32, Net>> =
            (0..members).map(|member| fit(&split, cure, 100 * seed + member)).collect::<Result<_, _>>()?;
        errors(&split, |features| {
            average(&members.iter().map(|member| member.predict(features)).collect::<Result<Vec<_>, _>>()?)
        })
    };
    (0..SEEDS).into_par_iter().map(of_seed).collect()
}

/// Mean and standard deviation over the seeds.
fn spread(of: &[f64]) -> (f64, f64) {
    let mean = of.iter().sum::<f64>() / of.len() as f64;
    (mean, (of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (of.len() - 1) as f64).sqrt())
}

type Row = (&'static str, [(f64, f64); 2]);

fn plot(path: &str, rows: &[Row]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, (760, 400)).into_drawing_area();
    area.fill(&WHITE)?;
    let highest = rows.iter().flat_map(|(_, errors)| errors.map(|(mean, deviation)| mean + deviation));
    let mut chart = ChartBuilder::on(&area)
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..rows.len() as f64, 0.0..1.1 * highest.fold(0.0, f64::max))?;
    chart.configure_mesh().disable_x_mesh().disable_x_axis().y_desc("error, %").draw()?;
    for (which, (color, label)) in [(BLUE, "training"), (RED, "test")].into_iter().enumerate() {
        let bars = rows.iter().enumerate().map(|(k, (_, errors))| {
            let left = k as f64 + 0.15 + 0.35 * which as f64;
            Rectangle::new([(left, 0.0), (left + 0.35, errors[which].0)], color.mix(0.5).filled())
        });
        let key = move |(x, y): (i32, i32)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.mix(0.5).filled());
        chart.draw_series(bars)?.label(label).legend(key);
        let whiskers = rows.iter().enumerate().map(|(k, (_, errors))| {
            let (middle, (mean, deviation)) = (k as f64 + 0.325 + 0.35 * which as f64, errors[which]);
            PathElement::new(vec![(middle, (mean - deviation).max(0.0)), (middle, mean + deviation)], BLACK)
        });
        chart.draw_series(whiskers)?;
    }
    for (k, (name, _)) in rows.iter().enumerate() {
        let place = chart.backend_coord(&(k as f64 + 0.2, 0.0));
        area.draw(&Text::new(*name, (place.0, place.1 + 8), ("sans-serif", 14)))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    Ok(area.present()?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let none = Cure { optimizer: |sgd| sgd, dropout: 0.0, stops: false };
    let cures: [(&str, Cure, u64); 6] = [
        ("none", none, 1),
        ("L1", Cure { optimizer: |sgd| sgd.regularize_only(L1(3e-3), "*.weight"), ..none }, 1),
        ("L2", Cure { optimizer: |sgd| sgd.regularize_only(L2(5e-2), "*.weight"), ..none }, 1),
        ("early stopping", Cure { stops: true, ..none }, 1),
        ("dropout", Cure { dropout: 0.5, ..none }, 1),
        ("ensemble of 10", none, 10),
    ];
    println!("cure             training error      test error   (mean ± standard deviation of five seeds)");
    let mut rows: Vec<Row> = Vec::new();
    for (name, cure, members) in cures {
        let found = over_seeds(cure, members)?;
        let [train, test] = [0, 1].map(|which| spread(&found.iter().map(|errors| errors[which]).collect::<Vec<_>>()));
        println!("{name:15}  {:6.1} ± {:4.1} %  {:6.1} ± {:4.1} %", train.0, train.1, test.0, test.1);
        rows.push((name, [train, test]));
    }
    std::fs::create_dir_all("target")?;
    plot("target/overfitting.svg", &rows)?;
    println!("plot: target/overfitting.svg");
    Ok(())
}
