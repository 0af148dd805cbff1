//! What must be so of every report.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::page::Page;

type Check = fn(&Page, &Path) -> Result<()>;

/// The checks in the order in which they are made.
pub(crate) const ALL: [(&str, Check); 13] = [
    ("the data can be read", data),
    ("every figure shows something", figures),
    ("a table sorts by mouse and keyboard", sorting),
    ("a table filters", filtering),
    ("a point under the mouse shows its value", hovering),
    ("a point at the keyboard focus shows its value", keyboard),
    ("what is selected is shown", selection),
    ("a configuration shows its layers", layers),
    ("the pages are shown one at a time", navigation),
    ("no page is wider than its screen", narrow),
    ("the color scheme switches", scheme),
    ("the report prints", printing),
    ("the console is silent and nothing is fetched", silence),
];

/// The height of the window.
const HEIGHT: u32 = 900;
/// The page that is shown.
const CURRENT: &str = "document.querySelector('.page.current')";
const TABLE: &str = "document.querySelector('.page.current table.sortable')";
/// The text of the column with this index, row by row.
const COLUMN: &str = "[...document.querySelector('.page.current table.sortable').tBodies[0].rows].filter(r => !r.hidden)\
    .map(r => r.cells[INDEX].textContent)";

fn data(page: &Page, _: &Path) -> Result<()> {
    page.expect(
        "JSON.parse(document.getElementById('data').textContent).length === document.querySelectorAll('.page').length",
    )?;
    page.expect(&format!("{CURRENT}.querySelector('h1').textContent.length > 0"))
}

fn figures(page: &Page, _: &Path) -> Result<()> {
    page.expect("document.querySelectorAll('.page.current figure').length > 0")?;
    let empty = page.value(
        "[...document.querySelectorAll('figure')].filter(f => ![...f.querySelectorAll('svg.plot')].some(s => \
         s.querySelector('.series:not(.off) path[d^=M], rect.cell'))).map(f => f.id)",
    )?;
    ensure!(empty == Value::Array(Vec::new()), "empty: {empty}");
    page.expect("[...document.querySelectorAll('.page.current .panel:not(.off) svg.plot')].every(s => s.getBoundingClientRect().width > 200)")
}

/// The index of the column that is called so, as an expression.
fn column(heading: &str) -> String {
    format!("[...{TABLE}.tHead.rows[0].cells].findIndex(c => c.textContent === '{heading}')")
}

fn sorting(page: &Page, _: &Path) -> Result<()> {
    let index = page.value(&column("bottom/top"))?;
    let heading = format!("{TABLE}.tHead.rows[0].cells[{index}]");
    let numbers = || page.value(&format!("{}.map(Number)", COLUMN.replace("INDEX", &index.to_string())));
    let sorted = |numbers: &Value, sign: f64| {
        let numbers: Vec<f64> = numbers.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        numbers.is_sorted_by(|a, b| sign * a <= sign * b)
    };
    let before = numbers()?;
    page.click(&format!("{heading}.querySelector('button')"))?;
    page.expect(&format!("{heading}.ariaSort === 'ascending'"))?;
    let ascending = numbers()?;
    ensure!(sorted(&ascending, 1.0), "not ascending: {ascending}");
    page.run(&format!("{heading}.querySelector('button').focus();"))?;
    page.press("Enter")?;
    page.expect(&format!("{heading}.ariaSort === 'descending'"))?;
    let descending = numbers()?;
    ensure!(sorted(&descending, -1.0), "not descending: {descending}");
    let rows = before.as_array().map_or(0, Vec::len);
    ensure!(rows < 2 || before != ascending || before != descending, "the order never changed");
    Ok(())
}

fn filtering(page: &Page, _: &Path) -> Result<()> {
    let rows = format!("{}.length", COLUMN.replace("INDEX", "0"));
    let all = page.value(&rows)?;
    let input = format!("{CURRENT}.querySelector('.filter input')");
    page.click(&input)?;
    page.type_text("zzz")?;
    page.expect(&format!("{rows} === 0"))?;
    page.run(&format!("{input}.value = ''; {input}.dispatchEvent(new Event('input', {{ bubbles: true }}));"))?;
    page.expect(&format!("{rows} === {all}"))
}

/// The last series that is drawn in the first plot.
const SERIES: &str = "[...document.querySelector('.page.current .panel:not(.off) svg.plot').querySelectorAll('.series:not(.off)')].at(-1)";

fn hovering(page: &Page, _: &Path) -> Result<()> {
    page.run(&format!("{SERIES}.scrollIntoView({{ block: 'center' }});"))?;
    page.point_at(&format!(
        "(s => {{ const [x, y] = s.querySelector('.line').getAttribute('d').slice(1).split(/[ML]/)[0].split(' ').map(Number); \
         const at = new DOMPoint(x, y).matrixTransform(s.closest('svg.plot').getScreenCTM()); return [at.x, at.y]; }})({SERIES})"
    ))?;
    page.expect("!document.getElementById('tip').hidden")?;
    page.expect(&format!("document.getElementById('tip').textContent.includes({SERIES}.dataset.y.split('|')[0])"))?;
    page.point_at("[2, 2]")?;
    page.expect("document.getElementById('tip').hidden")
}

fn keyboard(page: &Page, _: &Path) -> Result<()> {
    page.run("document.querySelector('.page.current .panel:not(.off) svg.plot').focus();")?;
    page.press("ArrowRight")?;
    page.expect("!document.getElementById('tip').hidden")?;
    let first = page.value("document.getElementById('tip').textContent")?;
    page.press("ArrowRight")?;
    page.expect(&format!("document.getElementById('tip').textContent !== {first}"))?;
    page.press("Escape")?;
    page.expect("document.getElementById('tip').hidden")
}

fn selection(page: &Page, _: &Path) -> Result<()> {
    let drawn = format!("{CURRENT}.querySelectorAll('.figures .series:not(.off)').length");
    let before = page.value(&drawn)?;
    page.run(&format!("{CURRENT}.querySelector('.selection').open = true;"))?;
    let key = if page
        .value(&format!("{CURRENT}.querySelectorAll('[data-key=label] input[type=checkbox]').length > 1"))?
        == true
    {
        "label"
    } else {
        "depth"
    };
    let buttons = format!("{CURRENT}.querySelector('.selection [data-key={key}]')");
    page.click(&format!("{buttons}.querySelector('[data-all=\"\"]')"))?;
    page.expect(&format!("{drawn} < {before} && {CURRENT}.querySelectorAll('.multiples svg').length === 0"))?;
    page.click(&format!("{buttons}.querySelector('input[type=checkbox]')"))?;
    page.expect(&format!("{drawn} > 0 && {CURRENT}.querySelectorAll('.multiples svg').length > 2"))?;
    page.click(&format!("{buttons}.querySelector('[data-all=\"1\"]')"))?;
    page.expect(&format!("{drawn} > 0"))
}

fn layers(page: &Page, _: &Path) -> Result<()> {
    page.click(&format!("{CURRENT}.querySelector('.layer-table summary')"))?;
    let table = format!("{CURRENT}.querySelector('.layer-table table')");
    page.expect(&format!("{table}.tBodies[0].rows.length > 0"))?;
    page.expect(&format!("{table}.tHead.rows[0].cells.length > 3"))
}

fn navigation(page: &Page, _: &Path) -> Result<()> {
    let links = page.value("document.querySelectorAll('.pages a').length")?;
    for index in 0..links.as_u64().unwrap_or(0) {
        page.click(&format!("document.querySelectorAll('.pages a')[{index}]"))?;
        page.expect(&format!("document.querySelectorAll('.page')[{index}].classList.contains('current')"))?;
        page.expect("[...document.querySelectorAll('.page')].filter(p => p.offsetHeight).length === 1")?;
        page.expect(&format!("{CURRENT}.querySelectorAll('.multiples svg').length > 2"))?;
    }
    Ok(())
}

/// The pages of the report.
fn ids(page: &Page) -> Result<Vec<String>> {
    Ok(serde_json::from_value(page.value("[...document.querySelectorAll('.page')].map(p => p.id)")?)?)
}

fn narrow(page: &Page, folder: &Path) -> Result<()> {
    for width in [1280, 390] {
        page.resize(width, HEIGHT)?;
        for id in ids(page)? {
            page.run(&format!("location.hash = '{id}';"))?;
            page.expect(&format!("{CURRENT}.id === '{id}'"))?;
            let found = page.value("document.documentElement.scrollWidth")?;
            ensure!(found == width, "{id} is {found} pixels wide on a screen of {width}");
            screenshot(page, width, &folder.join(format!("{id}-{width}.png")))?;
        }
    }
    page.resize(1280, HEIGHT)
}

/// Writes a screenshot of the whole page.
fn screenshot(page: &Page, width: u32, file: &Path) -> Result<()> {
    let height = page.value("document.documentElement.scrollHeight")?;
    page.resize(width, height.as_u64().and_then(|height| u32::try_from(height).ok()).unwrap_or(HEIGHT))?;
    std::fs::write(file, page.screenshot()?)?;
    page.resize(width, HEIGHT)
}

fn scheme(page: &Page, folder: &Path) -> Result<()> {
    let background = "getComputedStyle(document.body).backgroundColor";
    let mut seen = Vec::new();
    page.run("location.hash = document.querySelector('.page').id;")?;
    for _ in 0..2 {
        let name = page.value("isDark() ? 'dark' : 'light'")?;
        let name = name.as_str().unwrap_or_default();
        for width in [1280, 390] {
            page.resize(width, HEIGHT)?;
            screenshot(page, width, &folder.join(format!("{width}-{name}.png")))?;
        }
        page.resize(1280, HEIGHT)?;
        seen.push(page.value(background)?);
        page.run("scrollTo(0, 0);")?;
        page.click("document.getElementById('scheme')")?;
    }
    ensure!(seen[0] != seen[1], "the background stayed {}", seen[0]);
    page.expect(&format!("{background} === {}", seen[0]))
}

fn printing(page: &Page, folder: &Path) -> Result<()> {
    let pdf = page.print()?;
    ensure!(pdf.starts_with(b"%PDF") && pdf.len() > 10_000, "{} bytes", pdf.len());
    Ok(std::fs::write(folder.join("report.pdf"), pdf)?)
}

fn silence(page: &Page, _: &Path) -> Result<()> {
    let (complaints, requests) = (page.complaints(), page.requests());
    ensure!(complaints.is_empty(), "the console: {complaints:?}");
    ensure!(requests.is_empty(), "requested: {requests:?}");
    Ok(())
}
