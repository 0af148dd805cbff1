use super::*;

fn update<R: Rule<f32>>(rule: &R, directions: usize, count: usize, len: usize) -> Result<(), String> {
    let (mut direction, mut buffers) = (vec![0.0; directions], vec![vec![0.0; len]; count]);
    let mut given: Vec<&mut [f32]> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
    rule.update(1, &[2.0; 3], &mut direction, &mut given).map_err(|error| error.to_string())
}

fn assert_counted<R: Rule<f32>>(rule: R) {
    let due = rule.buffers().len();
    for count in (0..5).filter(|&count| count != due) {
        let message = update(&rule, 3, count, 3).unwrap_err();
        assert!(message.contains(&format!("keeps {due} buffers of 3 values")), "{rule:?}: {message}");
    }
    if due > 0 {
        let message = update(&rule, 3, due, 2).unwrap_err();
        assert!(message.ends_with("it was given one of 2"), "{rule:?}: {message}");
    }
    let message = update(&rule, 2, due, 3).unwrap_err();
    assert!(message.ends_with("it was given a direction of 2"), "{rule:?}: {message}");
    update(&rule, 3, due, 3).unwrap();
}

#[test]
fn a_rule_refuses_buffers_other_than_its_own() {
    let rmsprop = |momentum, centered| RmsPropRule { alpha: 0.9, epsilon: 1e-8, momentum, centered };
    let adam = |amsgrad| AdamRule { betas: [0.9, 0.99], epsilon: 1e-8, amsgrad };
    assert_counted(SgdRule::default());
    assert_counted(SgdRule { momentum: 0.9, ..SgdRule::default() });
    [adam(false), adam(true)].into_iter().for_each(assert_counted);
    [rmsprop(0.0, false), rmsprop(0.9, false), rmsprop(0.0, true), rmsprop(0.9, true)]
        .into_iter()
        .for_each(assert_counted);
    assert_counted(LionRule { betas: [0.9, 0.99] });
    assert_counted(AdaGradRule { epsilon: 1e-10, rate_decay: 0.0 });
}

/// The variance of a constant gradient is 0, and may round to less.
#[test]
fn a_centered_root_of_rounding_errors_is_no_nan() {
    let rule = RmsPropRule { alpha: 0.9, epsilon: 1e-8, momentum: 0.0, centered: true };
    for size in 1..200 {
        let (mut square, mut mean) = ([0.0_f32], [0.0_f32]);
        for step in 1..300 {
            let mut direction = [0.0];
            rule.update(step, &[0.1 * size as f32], &mut direction, &mut [&mut square, &mut mean]).unwrap();
            assert!(direction[0].is_finite(), "gradient 0.1 · {size}, step {step}");
        }
    }
}
