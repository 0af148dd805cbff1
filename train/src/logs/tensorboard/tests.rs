use super::*;

fn epochs(losses: &[f64]) -> Vec<EpochReport> {
    let report = |(epoch, &loss): (u64, &f64)| EpochReport { epoch, loss, metrics: vec![("error".into(), 1.0 / loss)] };
    (0..).zip(losses).map(report).collect()
}

/// Writes these histories, as a new process does.
fn write(folder: &Path, histories: &[&[f64]]) {
    let mut events = EventFiles::new(folder);
    histories.iter().for_each(|losses| events.write(&epochs(losses)).unwrap());
}

/// Step of every record but the versions, in the order they were written, and whether it discards earlier ones.
fn all(folder: &Path) -> Vec<(i64, bool)> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let events = paths.into_iter().flat_map(|path| {
        let events: Vec<Event> = records::read(File::open(&path).unwrap()).collect();
        assert!(events.len() > 1 && events[0].file_version.as_deref() == Some("brain.Event:2"), "{path:?}");
        events.into_iter().skip(1)
    });
    events.map(|event| (event.step, event.session_log.is_some())).collect()
}

#[test]
fn a_folder_gets_each_row_once_whatever_process_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[&[3.0], &[3.0, 2.0]]);
    // Killed after the row, before a checkpoint: the second epoch comes again, and one more.
    write(folder.path(), &[&[3.0, 2.0], &[3.0, 2.0, 1.0]]);
    // With nothing to say, no file.
    write(folder.path(), &[&[3.0, 2.0, 1.0]]);
    assert_eq!(all(folder.path()), [(0, false), (1, false), (2, false)]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_row_that_a_kill_cut_off_is_written_again_and_rows_that_are_missing_too() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[&[3.0, f64::NAN]]);
    let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    write(folder.path(), &[&[3.0, f64::NAN, 1.0]]);
    assert_eq!(all(folder.path()), [(0, false), (1, false), (2, false)]);
}

#[test]
fn another_run_in_the_folder_makes_tensorboard_discard_the_first() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[&[3.0, 2.0, 1.0]]);
    write(folder.path(), &[&[3.0], &[3.0, 9.0]]);
    assert_eq!(all(folder.path()), [(0, false), (1, false), (2, false), (1, true), (1, false)]);
    let steps: Vec<i64> = read_rows(folder.path()).unwrap().into_keys().collect();
    assert_eq!(steps, [0, 1]);
    // And each of its rows is known to be there.
    write(folder.path(), &[&[3.0, 9.0]]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_other_programs_wrote_is_neither_counted_nor_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let value = vec![Value { tag: "lr".into(), simple_value: 0.1 }];
    records::append(&mut bytes, &Event { step: 0, summary: Some(Summary { value }), ..Event::default() });
    fs::write(folder.path().join("events.out.tfevents.1.other"), &bytes).unwrap();
    // A length of 2⁶⁴ − 1 with a right checksum, and no content.
    let mut endless = u64::MAX.to_le_bytes().to_vec();
    let sum = crc32c::crc32c(&endless).rotate_right(15).wrapping_add(0xa282_ead8);
    endless.extend_from_slice(&sum.to_le_bytes());
    fs::write(folder.path().join("events.out.tfevents.2.other"), &endless).unwrap();
    let mut events = EventFiles::new(folder.path());
    events.write(&epochs(&[3.0])).unwrap();
    assert_eq!(read_rows(folder.path()).unwrap().len(), 1);
    assert_eq!(fs::read(events.file.unwrap().0).unwrap().windows(4).filter(|at| at == b"loss").count(), 1);
}
