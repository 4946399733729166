//! The service's mailbox over real IMAP: a letter is marked only after it was stored, and whatever breaks, none is lost and none comes twice.

use crate::harness::imap::PASSWORD;
use crate::harness::letters::by_mail;
use crate::harness::{FakeImap, FakeSmtp, Kit, Letter, Options, World, stories};
use jambyl109::channels::wire::MailboxError;
use jambyl109::workers::mailbox::Stopped;

stories! { letters_are_fetched, a_connection_that_breaks, a_person_who_looks_into_it, moved_when_taken, a_server_that_is_not_there, two_readers,
    a_letter_that_cannot_be_fetched, a_mailbox_that_takes_no_marks
}

fn reading(smtp: &FakeSmtp, imap: &FakeImap) -> Options {
    by_mail(smtp).and("MAIL__INBOUND__MODE", "imap").and("MAIL__INBOUND__URL", &imap.url(PASSWORD))
}

fn no_water(n: usize) -> String {
    Letter::of(&format!("r{n}@mail.test"), "Нет воды", &format!("г. Тараз, ул. Абая {n}: нет воды")).raw()
}

async fn round(w: &World) -> Result<usize, Stopped> {
    let done = w.server.mailbox.as_ref().expect("no mailbox is read").tick().await;
    w.settle().await;
    done
}

async fn requests(w: &World) -> i64 {
    w.count("SELECT COUNT(*) FROM request").await
}

async fn letters_are_fetched(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap)).await;
    // What a person has read before the service came is left alone.
    let old = imap.put(&no_water(1));
    imap.look_at(old);
    let new = imap.put(&no_water(2));
    assert_eq!(round(&w).await.unwrap(), 1);
    assert!(imap.is_seen(new));
    assert_eq!((requests(&w).await, smtp.take().len()), (1, 1));
    let fetched = imap.fetches();
    assert_eq!(round(&w).await.unwrap(), 0);
    assert_eq!(imap.fetches(), fetched, "a letter was fetched again");
    // Seventy at once: fifty in a round.
    for n in 10..80 {
        imap.put(&no_water(n));
    }
    assert_eq!((round(&w).await.unwrap(), round(&w).await.unwrap()), (50, 20));
    assert_eq!(requests(&w).await, 71);
    w.finish().await;
}

async fn a_connection_that_breaks(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap)).await;
    let n = imap.put(&no_water(1));
    for command in ["LOGIN", "SELECT", "SEARCH", "FETCH"] {
        imap.hang_up_at(command);
        assert!(round(&w).await.is_err(), "{command}");
        assert!(!imap.is_seen(n), "{command}: marked without being stored");
        assert_eq!(requests(&w).await, 0, "{command}");
    }
    // Stored, and the mark gets lost: it comes once more and is known.
    imap.hang_up_at("STORE");
    assert!(round(&w).await.is_err());
    assert_eq!((imap.is_seen(n), requests(&w).await), (false, 1));
    assert_eq!(round(&w).await.unwrap(), 1);
    assert_eq!((imap.is_seen(n), requests(&w).await, smtp.take().len()), (true, 1, 1));
    w.finish().await;
}

async fn a_person_who_looks_into_it(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap)).await;
    imap.put(&no_water(1));
    assert_eq!(round(&w).await.unwrap(), 1);
    // Somebody opens the next letter in a mail program before we come.
    let n = imap.put(&no_water(2));
    imap.look_at(n);
    assert_eq!(round(&w).await.unwrap(), 1, "a letter that a colleague looked at is lost");
    assert_eq!(requests(&w).await, 2);
    assert_eq!(round(&w).await.unwrap(), 0);
    w.finish().await;
}

async fn moved_when_taken(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap).and("MAIL__INBOUND__MOVE_TO", "Taken")).await;
    let n = imap.put(&no_water(1));
    imap.hang_up_at("MOVE");
    assert!(round(&w).await.is_err());
    assert_eq!((requests(&w).await, imap.moved("Taken").len()), (1, 0));
    let m = imap.put(&no_water(2));
    round(&w).await.unwrap();
    assert_eq!(requests(&w).await, 2);
    assert!(
        imap.moved("Taken").contains(&m) && !imap.moved("Taken").contains(&n),
        "the one that was marked stays where it is: {:?}",
        imap.moved("Taken")
    );
    w.finish().await;
}

async fn a_server_that_is_not_there(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap).and("MAIL__INBOUND__URL", &imap.url("another password"))).await;
    imap.put(&no_water(1));
    assert!(matches!(round(&w).await, Err(Stopped::Mailbox(MailboxError::Unauthorized))));
    imap.set_down(true);
    let told = round(&w).await.unwrap_err().to_string();
    assert!(told.contains("reached") && !told.contains("password") && !told.contains('@'), "{told}");
    assert_eq!(requests(&w).await, 0);
    w.finish().await;
}

async fn two_readers(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap)).await;
    let other = w.another().await;
    for n in 0..6 {
        imap.put(&no_water(n));
    }
    // Without their lease, side by side.
    let (a, b) = tokio::join!(w.server.mailbox.as_ref().unwrap().tick(), other.mailbox.as_ref().unwrap().tick());
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    w.settle().await;
    assert_eq!((requests(&w).await, smtp.take().len()), (6, 6), "each letter once");
    let mut other = other;
    other.ended().await;
    w.finish().await;
}

/// A letter at which the server falls over stands in nobody's way.
async fn a_letter_that_cannot_be_fetched(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap)).await;
    let sick: Vec<u32> = (0..3).map(|n| imap.put(&no_water(n))).collect();
    sick.iter().for_each(|n| imap.sickens(*n));
    let well = [imap.put(&no_water(7)), imap.put(&no_water(8))];
    for _ in &sick {
        assert!(round(&w).await.is_err());
    }
    assert!(round(&w).await.is_err(), "it is told each time");
    assert_eq!(requests(&w).await, 2, "whoever wrote after them waits for ever");
    assert!(well.iter().all(|n| imap.is_seen(*n)) && sick.iter().all(|n| !imap.is_seen(*n)));
    w.finish().await;
}

/// Letters that stay unread whatever we do are known, and hide nothing.
async fn a_mailbox_that_takes_no_marks(kit: Kit) {
    let (smtp, imap) = (FakeSmtp::start().await, FakeImap::start().await);
    let w = kit.world_with(reading(&smtp, &imap).and("MAIL__INBOUND__MOVE_TO", "Taken")).await;
    imap.set_read_only();
    for n in 0..60 {
        imap.put(&no_water(n));
    }
    assert_eq!((round(&w).await.unwrap(), round(&w).await.unwrap()), (50, 50));
    assert_eq!(requests(&w).await, 60, "what lies behind fifty known letters is never seen");
    imap.put(&no_water(99));
    round(&w).await.unwrap();
    assert_eq!((requests(&w).await, smtp.take().len()), (61, 61));
    w.finish().await;
}
