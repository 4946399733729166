//! The pages in a real browser: the working day of each role, without a script too, and every page looked at in both languages, three widths, light and dark.
//!
//! Chromium is driven over WebDriver. The stories stand once, on the embedded backend: what the backends do alike is told elsewhere. Pictures of every page
//! lie in `target/screenshots` afterwards.

mod chrome;
mod crew;
mod dispatcher;
mod driver;
pub mod filled;
mod line;
mod looks;
mod office;
mod offline;
mod operator;
mod plain;
mod resident;
mod walk;
mod wire;

/// Makes each story a test on the embedded backend.
macro_rules! browser_stories {
    ($($room:ident :: $name:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            if let Some(kit) = crate::harness::Kit::sqlite().await {
                $room::$name(kit).await;
            }
        })*
    };
}

browser_stories! {
    dispatcher::a_dispatchers_day,
    dispatcher::two_at_one_request,
    dispatcher::a_night_is_not_silent,
    crew::a_crews_day,
    offline::a_crew_without_a_network,
    office::an_administrators_day,
    office::a_managers_day,
    office::a_second_factor_is_set_up,
    operator::a_call_is_answered,
    resident::a_resident_reports_and_follows,
    plain::a_day_without_scripts,
    walk::every_page_is_fit_to_be_seen,
}
