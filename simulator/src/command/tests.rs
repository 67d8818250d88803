use bangtin_agent::command::{Brightness, Command};
use clap::Parser;

use super::*;
use crate::reports::tests::message;

const BOARD: &str = "vn/86/28789/cho";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn order(words: &str) -> Order {
    let line = Line::try_parse_from(["x"].into_iter().chain(words.split_whitespace()));
    line.unwrap_or_else(|error| panic!("{words}: {error}")).arguments.order
}

fn area(text: &str) -> Area {
    Area::parse(text).expect("an area")
}

fn sent() -> Timestamp {
    "2026-11-24T01:45:02Z".parse().expect("a time")
}

/// What a board makes of a command line.
fn read(words: &str) -> Result<Command, Vec<Problem>> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let (sender, to) = (area("vn/86/28789"), [area(BOARD)]);
    let command = document(&order(words), (&sender, "28789-cmd-1"), &to, (sent(), 120));
    let signed = checked(&command, &key, &to, sent())?;
    let list = trusted_toml(&key.verifying_key(), &sender, &[], sent());
    let trusted = Trusted::parse(&list).expect("what we write we can read");
    let address = Address::new("86", "28789", "cho", &[]).expect("an address");
    let now = Now { wall: sent(), monotonic_ms: 0, trust: Trust::Trusted };
    let door = CommandDoor { trusted: &trusted, address: &address };
    let read = admit(format!("{signed}\n").as_bytes(), &door, now, false);
    read.map_err(|refusal| refusal.problems)
}

#[test]
fn a_board_reads_what_was_typed() {
    use bangtin_agent::command::Order as Asked;
    let check = |words: &str, expected: Asked| {
        let command = read(words).unwrap_or_else(|problems| panic!("{words}: {problems:?}"));
        assert_eq!(command.order, expected, "{words}");
        assert_eq!(
            (command.sent, command.not_after.as_second()),
            (sent(), sent().as_second() + 120)
        );
    };
    let key = |sender, id: &str| bangtin_agent::notice::Key { sender: area(sender), id: id.into() };
    check("screen", Asked::Screen);
    check("brightness auto", Asked::Brightness(Brightness::Auto));
    let dim = |until| Asked::Brightness(Brightness::Percent { percent: 40, until });
    check("brightness 40", dim(None));
    let until = "2026-11-24T05:00:00+07:00";
    let late = "2026-11-25T05:00:00+07:00";
    check(&format!("brightness 40 --until {late}"), dim(late.parse().ok()));
    assert!(read(&format!("brightness 40 --until {until}")).is_err(), "that is over");
    assert!(read(&format!("brightness auto --until {late}")).is_err());
    check("identify", Asked::Identify { seconds: 30 });
    check("identify --seconds 60", Asked::Identify { seconds: 60 });
    check("test-pattern --seconds 1", Asked::TestPattern { seconds: 1 });
    let decided = vec![key("vn/86/28789", "phuong-2"), key("vn/86", "86-1")];
    check("decide phuong-2 vn/86,86-1", Asked::Decide { order: decided });
    check("decide", Asked::Decide { order: vec![] });
    check("report-since 120", Asked::ReportSince { n: 120 });
    check("--wait 3 reload --json", Asked::Reload);
    let problems = read("decide a a .b").expect_err("refused");
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn what_no_board_would_take_is_refused_at_the_desk() {
    for words in [
        "",
        "dance",
        "brightness",
        "brightness 0",
        "brightness 101",
        "brightness bright",
        "brightness 40 --until tomorrow",
        "identify --seconds 301",
        "report-since",
        "report-since -- -1",
        "screen now",
        "--life 0 reload",
        "--life 86401 reload",
        "--wait 0 reload",
    ] {
        let words: Vec<_> = ["x"].into_iter().chain(words.split_whitespace()).collect();
        assert!(Line::try_parse_from(&words).is_err(), "{words:?}");
    }
}

#[test]
fn a_command_goes_to_each_area_once_and_no_broker_keeps_it() {
    let id = id(&area("vn/86"), sent(), "3f2a");
    assert_eq!(id, "86-cmd-20261124T014502-3f2a");
    for (sender, code) in [
        ("vn", "vn-"),
        ("vn/86/28789/@ap-4", "28789-"),
        ("vn/86/@ven-song", "86-"),
        (BOARD, "28789-"),
    ] {
        assert!(
            super::id(&area(sender), sent(), "x").starts_with(&format!("{code}cmd")),
            "{sender}"
        );
    }
    let response = response_topic("ttcs/v1", &area("vn/86"), &id);
    let areas = [area("vn/86/@ven-song"), area(BOARD)];
    let sent = publications("ttcs/v1", &areas, &id, "a.b.c", &response);
    let topics: Vec<_> = sent.iter().map(|p| p.topic.as_str()).collect();
    let expected = [
        "ttcs/v1/vn/86/@ven-song/command/86-cmd-20261124T014502-3f2a",
        "ttcs/v1/vn/86/28789/cho/command/86-cmd-20261124T014502-3f2a",
    ];
    assert_eq!(topics, expected);
    for publication in &sent {
        assert_eq!(publication.retained, Retained::No);
        assert_eq!(publication.payload, b"a.b.c");
        assert_eq!(publication.correlation.as_deref(), Some(id.as_bytes()));
        let response = publication.response_topic.as_deref();
        assert_eq!(response, Some("ttcs/v1/vn/86/reply/86-cmd-20261124T014502-3f2a"));
    }
    assert_ne!(sent[0].tag, sent[1].tag);
}

/// A sender's topic for answers is none of a board's, for no board can be called `reply`.
#[test]
fn no_board_can_have_the_word_of_answers_for_a_name() {
    assert!(Area::parse("vn/86/28789/reply").is_err());
}

fn asked(to: &[&str], brings: Option<&'static str>, json: bool) -> Answers {
    let to: Vec<_> = to.iter().map(|to| area(to)).collect();
    Answers::new("p", "86-c", &to, brings, Some("x/f.png".as_ref()), json)
}

fn answer(answers: &mut Answers, board: &str, ok: bool) -> Vec<Said> {
    let problems = if ok { json!([]) } else { json!([{ "path": "to", "message": "is wrong" }]) };
    let report =
        json!({ "id": "86-c", "board": board, "ok": ok, "problems": problems, "result": {} });
    answers.take(&message("p/vn/86/reply/86-c", report.to_string()))
}

fn png(shade: u8) -> Vec<u8> {
    let mut frame = bangtin_renderer::Frame::new(2, 1);
    frame.fill(frame.area(), bangtin_renderer::Rgb::new(shade, 0, 0));
    bangtin_agent::io::output::png::encode(&frame)
}

fn line(text: &str) -> Said {
    Said::Line(text.to_owned())
}

#[test]
fn each_board_is_heard_once_and_the_exit_code_says_how_it_went() {
    let mut answers = asked(&[BOARD, "vn/86/28789/ben-pha"], None, false);
    assert_eq!((answers.code(), answers.is_complete()), (2, false));
    assert_eq!(answer(&mut answers, BOARD, true), [line("vn/86/28789/cho  done")]);
    assert_eq!(answer(&mut answers, BOARD, true), []);
    assert_eq!((answers.code(), answers.is_complete()), (0, false));
    let silent = "vn/86/28789/ben-pha did not answer within 3 s";
    assert_eq!(answers.finish(3), [Said::Complaint(silent.into())]);
    let refused = line("vn/86/28789/ben-pha  refused\n    to: is wrong");
    assert_eq!(answer(&mut answers, "vn/86/28789/ben-pha", false), [refused]);
    assert_eq!((answers.code(), answers.is_complete()), (1, true));
    let mut all = asked(&["vn/86"], None, true);
    assert!(
        matches!(&answer(&mut all, BOARD, true)[..], [Said::Line(line)] if line.contains("\"ok\":true"))
    );
    assert!(!all.is_complete(), "nobody knows how many boards there are");
}

#[test]
fn what_answers_nobody_or_others_is_no_answer() {
    let mut answers = asked(&[BOARD], None, false);
    let good = json!({ "id": "86-c", "board": BOARD, "ok": true });
    let mut kept = message("p/vn/86/28789/cho/reply", good.to_string());
    kept.retained = true;
    assert_eq!(answers.take(&kept), []);
    let mut foreign = message("p/vn/86/28789/cho/reply", good.to_string());
    foreign.correlation = Some(b"86-d".to_vec());
    assert_eq!(answers.take(&foreign), []);
    let other = json!({ "id": "86-d", "board": BOARD, "ok": true });
    assert_eq!(answers.take(&message("p/vn/86/28789/cho/reply", other.to_string())), []);
    for bad in ["", "[]", "{\"id\":\"86-c\",\"ok\":true}", "{\"id\":\"86-c\",\"board\":\"../x\"}"] {
        let said = answers.take(&message("p/vn/86/reply/86-c", bad));
        assert!(matches!(&said[..], [Said::Complaint(_)]), "{bad}: {said:?}");
    }
    assert_eq!(answers.code(), 2);
    let said = answers.take(&message("p/vn/86/28789/cho/reply", good.to_string()));
    assert_eq!(said, [line("vn/86/28789/cho  done")]);
}

#[test]
fn one_picture_has_the_name_that_was_asked_for_and_several_their_boards() {
    let screen = |board: &str, shade| message(&format!("p/{board}/screen"), png(shade));
    let mut one = asked(&[BOARD], Some("screen"), false);
    answer(&mut one, BOARD, true);
    assert_eq!((one.is_complete(), one.code()), (false, 1));
    let late = "vn/86/28789/cho did it, but its picture did not come within 3 s";
    assert_eq!(one.finish(3), [Said::Complaint(late.into())]);
    let file = |name: &str, shade| Said::Picture(format!("x/{name}").into(), png(shade));
    let said = one.take(&screen(BOARD, 1));
    assert_eq!(said, [file("f.png", 1), line("vn/86/28789/cho  picture in x/f.png")]);
    assert_eq!((one.is_complete(), one.code()), (true, 0));
    assert_eq!(one.take(&screen(BOARD, 2)), []);

    let mut all = asked(&["vn/86"], Some("screen"), true);
    assert_eq!(all.take(&screen(BOARD, 1)), []);
    let said = all.finish(3);
    assert_eq!(said[0], file("f.png", 1));
    let mut all = asked(&["vn/86"], Some("screen"), true);
    assert_eq!(all.take(&screen(BOARD, 1)), []);
    let said = all.take(&screen("vn/86/28790/cho", 2));
    assert_eq!(
        (&said[0], &said[2]),
        (&file("f-86-28789-cho.png", 1), &file("f-86-28790-cho.png", 2))
    );
    assert!(matches!(&said[1], Said::Line(line) if line.contains("\"picture\":\"x/f-86-28789")));
    let said = all.take(&screen("vn/86/28790/ben-pha", 3));
    assert_eq!(said[0], file("f-86-28790-ben-pha.png", 3));
    let said = all.take(&message("p/vn/86/28790/dinh/screen", "GIF89a"));
    assert!(matches!(&said[..], [Said::Complaint(_)]), "{said:?}");
}

#[test]
fn proof_of_display_is_shown_as_it_comes() {
    let batch = r#"{"first":1,"last":1,"showings":[{"n":1,"notice":"a","pages":3}]}"#;
    let batch = message("p/vn/86/28789/cho/played", batch);
    let mut answers = asked(&[BOARD], Some("played"), false);
    answer(&mut answers, BOARD, true);
    assert!(!answers.is_complete());
    assert!(matches!(&answers.take(&batch)[..], [Said::Line(line)] if line.contains("pages 3")));
    let mut answers = asked(&[BOARD], Some("played"), true);
    assert!(
        matches!(&answers.take(&batch)[..], [Said::Line(line)] if line.starts_with("{\"board\""))
    );
    answer(&mut answers, BOARD, false);
    assert!(answers.is_complete());
}
