//! A report that is open in a browser.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use headless_chrome::browser::tab::point::Point;
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Emulation, Network, Page as PageProtocol};
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::Value;

/// How long an effect may take to show.
const PATIENCE: Duration = Duration::from_secs(5);

/// The open report.
pub(crate) struct Page {
    tab: Arc<Tab>,
    complaints: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
    /// Closes the browser when it is dropped.
    _browser: Browser,
}

fn lock(list: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Page {
    /// Opens the file, and keeps what the console and the network say from the start.
    pub(crate) fn open(report: &Path) -> Result<Self> {
        let quiet = ["--disable-quic", "--disable-component-update", "--hide-scrollbars"].map(OsStr::new);
        let options = LaunchOptions::default_builder()
            // The sandbox does not start for root.
            .sandbox(false)
            .window_size(Some((1280, 900)))
            .args(quiet.to_vec())
            .build()?;
        let browser = Browser::new(options).context("no Chromium could be started")?;
        let tab = browser.new_tab()?;
        let (complaints, requests) = (Arc::default(), Arc::default());
        listen(&tab, &complaints, &requests)?;
        let url = format!("file://{}", report.display());
        tab.navigate_to(&url)?.wait_until_navigated()?;
        Ok(Page { tab, complaints, requests, _browser: browser })
    }

    /// Errors and warnings of the console, and exceptions.
    pub(crate) fn complaints(&self) -> Vec<String> {
        lock(&self.complaints).clone()
    }

    /// What was requested but for the report itself.
    pub(crate) fn requests(&self) -> Vec<String> {
        lock(&self.requests)
            .iter()
            .filter(|url| !url.starts_with("file:") && !url.starts_with("data:"))
            .cloned()
            .collect()
    }

    /// The value of an expression.
    pub(crate) fn value(&self, expression: &str) -> Result<Value> {
        let text = self.tab.evaluate(&format!("JSON.stringify({expression})"), false)?.value;
        let text = text.with_context(|| format!("no value: {expression}"))?;
        Ok(serde_json::from_str(text.as_str().context("not a text")?)?)
    }

    /// Runs statements.
    pub(crate) fn run(&self, statements: &str) -> Result<()> {
        self.tab.evaluate(&format!("{{{statements}}}"), false)?;
        Ok(())
    }

    /// Waits until an expression is true.
    pub(crate) fn expect(&self, expression: &str) -> Result<()> {
        let start = Instant::now();
        while self.value(&format!("Boolean({expression})"))? != Value::Bool(true) {
            if start.elapsed() > PATIENCE {
                bail!("not so: {expression}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Moves the mouse to a place of the window, given as an expression of [x, y].
    pub(crate) fn point_at(&self, place: &str) -> Result<()> {
        self.tab.move_mouse_to_point(self.place(place)?)?;
        Ok(())
    }

    /// Clicks there.
    pub(crate) fn click_at(&self, place: &str) -> Result<()> {
        self.tab.click_point(self.place(place)?)?;
        Ok(())
    }

    /// Clicks the middle of an element, given as an expression.
    pub(crate) fn click(&self, element: &str) -> Result<()> {
        self.run(&format!("({element}).scrollIntoView({{ block: 'center' }});"))?;
        self.click_at(&format!("(r => [r.x + r.width / 2, r.y + r.height / 2])(({element}).getBoundingClientRect())"))
    }

    fn place(&self, place: &str) -> Result<Point> {
        let place: [f64; 2] = serde_json::from_value(self.value(place)?)?;
        Ok(Point { x: place[0], y: place[1] })
    }

    pub(crate) fn press(&self, key: &str) -> Result<()> {
        self.tab.press_key(key)?;
        Ok(())
    }

    pub(crate) fn type_text(&self, text: &str) -> Result<()> {
        self.tab.type_str(text)?;
        Ok(())
    }

    /// Makes the window as large as a screen of this size.
    pub(crate) fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.tab.call_method(Emulation::SetDeviceMetricsOverride {
            width,
            height,
            device_scale_factor: 1.0,
            mobile: false,
            ..metrics()
        })?;
        self.expect(&format!("innerHeight === {height}"))
    }

    /// What the window shows, as PNG.
    pub(crate) fn screenshot(&self) -> Result<Vec<u8>> {
        self.tab.capture_screenshot(PageProtocol::CaptureScreenshotFormatOption::Png, None, None, true)
    }

    pub(crate) fn print(&self) -> Result<Vec<u8>> {
        self.tab.print_to_pdf(None)
    }
}

fn metrics() -> Emulation::SetDeviceMetricsOverride {
    Emulation::SetDeviceMetricsOverride {
        width: 0,
        height: 0,
        device_scale_factor: 1.0,
        mobile: false,
        scale: None,
        screen_width: None,
        screen_height: None,
        position_x: None,
        position_y: None,
        dont_set_visible_size: None,
        screen_orientation: None,
        viewport: None,
        display_feature: None,
        device_posture: None,
    }
}

fn listen(tab: &Arc<Tab>, complaints: &Arc<Mutex<Vec<String>>>, requests: &Arc<Mutex<Vec<String>>>) -> Result<()> {
    let (complaints, requests) = (complaints.clone(), requests.clone());
    tab.enable_log()?.enable_runtime()?;
    tab.call_method(Network::Enable {
        max_total_buffer_size: None,
        max_resource_buffer_size: None,
        max_post_data_size: None,
        report_direct_socket_traffic: None,
        enable_durable_messages: None,
    })?;
    tab.add_event_listener(Arc::new(move |event: &Event| match event {
        Event::LogEntryAdded(event) => lock(&complaints).push(format!("{:?}", event.params.entry)),
        Event::RuntimeExceptionThrown(event) => {
            lock(&complaints).push(format!("{:?}", event.params.exception_details));
        }
        Event::RuntimeConsoleAPICalled(event) => lock(&complaints).push(format!("{:?}", event.params.args)),
        Event::NetworkRequestWillBeSent(event) => lock(&requests).push(event.params.request.url.clone()),
        _ => {}
    }))?;
    Ok(())
}
