//! The line between a telephone and the service, in the hands of a story: whole, cut, or of the worst kind, which carries the question and loses the answer.

use tokio::io::{AsyncReadExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    Deaf,
    Cut,
}

/// An address of its own before the service's.
pub struct Line {
    pub base: String,
    state: watch::Sender<State>,
    running: JoinHandle<()>,
}

impl Line {
    /// To the service at this address, whole.
    pub async fn to(base: &str) -> Self {
        let service = base.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (state, seen) = watch::channel(State::Whole);
        let running = tokio::spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                tokio::spawn(carry(phone, service.clone(), seen.clone()));
            }
        });
        Self { base, state, running }
    }

    /// Nothing passes any more, also of what is under way.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// What is asked arrives and is done; that it was done is never heard.
    pub fn loses_answers(&self) {
        self.state.send_replace(State::Deaf);
    }

    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn carry(mut phone: TcpStream, service: String, mut state: watch::Receiver<State>) {
    let now = *state.borrow_and_update();
    if now == State::Cut {
        return;
    }
    let Ok(mut there) = TcpStream::connect(service).await else { return };
    if now == State::Whole {
        tokio::select! {
            _ = copy_bidirectional(&mut phone, &mut there) => {}
            _ = state.changed() => {}
        }
        return;
    }
    let (mut asked, _) = phone.split();
    let (mut answers, mut questions) = there.split();
    let mut first = [0; 1];
    tokio::select! {
        _ = copy(&mut asked, &mut questions) => {}
        // Whoever answers has done what was asked.
        _ = answers.read(&mut first) => {}
        _ = state.changed() => {}
    }
}
