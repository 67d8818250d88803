use proptest::prelude::*;

use super::*;
use crate::notice::{Key, Severity, Status, Urgency};

const WARNING: &str = include_str!("../../tests/cap/trieu-cuong.xml");
const CANCEL: &str = include_str!("../../tests/cap/trieu-cuong-huy.xml");
const HOMELAND: &str = include_str!("../../tests/cap/homeland-security.xml");
const THUNDERSTORM: &str = include_str!("../../tests/cap/severe-thunderstorm.xml");
const EARTHQUAKE: &str = include_str!("../../tests/cap/earthquake-update.xml");
const AMBER: &str = include_str!("../../tests/cap/amber.xml");

fn area(text: &str) -> Area {
    Area::parse(text).expect("an area")
}

fn read_here(bytes: &[u8]) -> Result<Reading, (Partial, Vec<Problem>)> {
    let address = Address::new("86", "28789", "cho", &["ven-song".into()]).expect("an address");
    let classes = [Class::Routine, Class::Emergency];
    let (address, classes, key_area) = (&address, &classes[..], &area("vn/86"));
    read(bytes, &Place { address, key_area, classes, life_hours: 24 })
}

#[track_caller]
fn taken(xml: &str) -> Reading {
    read_here(xml.as_bytes()).unwrap_or_else(|(_, problems)| panic!("{problems:?}\n{xml}"))
}

/// Each problem as `code path`.
#[track_caller]
fn refused(xml: &str, expected: &[&str]) {
    let (_, problems) = read_here(xml.as_bytes()).expect_err(xml);
    let found: Vec<_> = problems.iter().map(|p| format!("{} {}", p.code, p.path)).collect();
    assert_eq!(found, expected, "{xml}");
}

/// Changes to a message: what stands in it and what is to stand there, each found.
#[track_caller]
fn with(xml: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(xml.to_owned(), |xml, (from, to)| {
        assert!(xml.contains(from), "{from} is not in {xml}");
        xml.replacen(from, to, 1)
    })
}

/// A published example, addressed to this board.
fn here(xml: &str) -> String {
    let code = "<geocode><valueName>province</valueName><value>86</value></geocode>";
    xml.replace("</area>", &format!("{code}</area>"))
}

fn info(language: &str, more: &str, commune: &str) -> String {
    format!(
        "<info><language>{language}</language><category>Met</category><event>Lũ</event>\
         <urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>{more}\
         <area><areaDesc>x</areaDesc><geocode><valueName>commune</valueName>\
         <value>{commune}</value></geocode></area></info>"
    )
}

fn message(infos: &[String]) -> String {
    format!(
        "<alert xmlns='{NAMESPACE}'><identifier>a-1</identifier><sender>vn/86</sender>\
         <sent>2026-11-23T08:00:00+07:00</sent><status>Actual</status><msgType>Alert</msgType>\
         <scope>Public</scope>{}</alert>",
        infos.concat()
    )
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}+07:00").parse().expect("a time")
}

#[test]
fn our_example_is_read_whole() {
    let Reading { notice, elsewhere, findings } = taken(WARNING);
    assert_eq!(notice.key, Key { sender: area("vn/86"), id: "86-20261123-004".into() });
    assert_eq!((notice.revision, notice.kind, notice.status), (1, Kind::Alert, Status::Actual));
    assert_eq!(notice.to, [area("vn/86/28789")]);
    assert_eq!((notice.sent, notice.effective), (at("23T08:00:00"), at("23T08:00:00")));
    assert_eq!(notice.expires, at("24T08:00:00"));
    assert_eq!((notice.class, notice.risk_level), (Class::Emergency, Some(3)));
    assert_eq!((notice.severity, notice.urgency), (Severity::Severe, Urgency::Immediate));
    assert_eq!(notice.event.as_deref(), Some("Triều cường"));
    let content = &notice.content[0];
    assert_eq!(content.language, "vi");
    assert_eq!(content.headline, "TRIỀU CƯỜNG TRÊN BÁO ĐỘNG III");
    assert_eq!(content.text, "Đỉnh triều lúc 17 giờ, ngập > 30 cm ở ven sông.");
    assert_eq!(content.instruction, "Không đi qua đoạn ngập.");
    assert_eq!(content.source, "Đài Khí tượng Thủy văn tỉnh Vĩnh Long");
    assert_eq!(content.codes[0].data, "https://vinhlong.gov.vn/trieu");
    assert!(elsewhere.is_empty() && findings.is_empty());
}

#[test]
fn the_standards_examples_name_no_place_by_code() {
    for xml in [HOMELAND, THUNDERSTORM, EARTHQUAKE, AMBER] {
        refused(xml, &["area info"]);
    }
}

#[test]
fn the_standards_examples_are_read() {
    let Reading { notice, .. } = taken(&here(HOMELAND));
    assert_eq!(notice.key, Key { sender: area("vn/86"), id: "43b080713727".into() });
    assert_eq!(notice.class, Class::Emergency);
    assert_eq!(notice.expires, "2003-04-03T14:39:01-05:00".parse().expect("a time"));
    assert_eq!(notice.content[0].language, "en");
    assert_eq!(notice.content[0].headline, "Homeland Security Sets Code ORANGE");
    assert_eq!(notice.content[0].codes[0].data, "http://www.dhs.gov/dhspublic/display?theme=29");

    let Reading { notice, .. } = taken(&here(THUNDERSTORM));
    assert_eq!((notice.class, notice.kind), (Class::Emergency, Kind::Alert));
    assert_eq!(notice.expires, "2003-06-17T16:00:00-07:00".parse().expect("a time"));

    let Reading { notice, .. } = taken(&here(EARTHQUAKE));
    assert_eq!((notice.class, notice.kind), (Class::Priority, Kind::Update));
    let replaced = Key { sender: area("vn/86"), id: "TRI13970876.1".into() };
    assert_eq!(notice.references, [replaced]);

    let Reading { notice, .. } = taken(&here(AMBER));
    let said = notice.content.iter().map(|c| (c.language.as_str(), c.headline.as_str()));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            ("en", "Amber Alert in Los Angeles County"),
            ("es", "Alerta Amber en el condado de Los Ángeles")
        ]
    );
}

#[test]
fn each_fault_is_found_at_its_place() {
    for (from, to, expected) in [
        ("emergency:cap:1.2", "emergency:cap:1.1", "namespace "),
        ("86-20261123-004<", "<", "missing identifier"),
        ("86-20261123-004<", "a b<", "name identifier"),
        ("86-20261123-004<", "a,b<", "name identifier"),
        (">vn/86<", "><", "missing sender"),
        ("2026-11-23T08:00:00+07:00", "", "missing sent"),
        ("2026-11-23T08:00:00+07:00", "2026-11-23T08:00:00", "time sent"),
        (">Actual<", ">actual<", "word status"),
        (">Alert<", ">Notice<", "word msgType"),
        (">Alert<", ">Update<", "missing references"),
        (">Alert<", ">Cancel<", "missing references"),
        (">Public<", ">All<", "word scope"),
        (">Public<", "><", "missing scope"),
        (">vi-VN<", ">tiếng Việt<", "language info[0].language"),
        (">Met<", ">Weather<", "word info[0].category[0]"),
        (">Triều cường<", "><", "missing info[0].event"),
        (">Immediate<", ">Now<", "word info[0].urgency"),
        (">Severe<", ">Bad<", "word info[0].severity"),
        (">Severe<", "><", "missing info[0].severity"),
        (">Observed<", ">Seen<", "word info[0].certainty"),
        ("2026-11-24T08:00:00+07:00", "tomorrow", "time info[0].expires"),
        ("2026-11-24T08:00:00+07:00", "2026-11-23T08:00:00+07:00", "times info[0].expires"),
        ("2026-11-24T08:00:00+07:00", "2027-12-29T08:00:00+07:00", "times info[0].expires"),
        (">3<", ">6<", "number info[0].parameter[0].value"),
        (">risk_level<", ">class<", "word info[0].parameter[0].value"),
        (">28789<", ">2878<", "area info[0].area[0].geocode[0].value"),
        (">commune<", ">province<", "area info[0].area[0].geocode[0].value"),
        (">commune<", ">area<", "area info[0].area[0].geocode[0].value"),
        (">commune<", ">SAME<", "area info"),
    ] {
        refused(&with(WARNING, &[(from, to)]), &[expected]);
    }
    let twice = "<cap:headline>X</cap:headline><cap:headline>";
    refused(&with(WARNING, &[("<cap:headline>", twice)]), &["twice info[0].headline"]);
    let long = format!(">{}<", "a".repeat(5001));
    refused(
        &with(WARNING, &[(">Không đi qua đoạn ngập.<", &long)]),
        &["too_long info[0].instruction"],
    );
    refused(&message(&[]), &["missing info"]);
    refused(&format!("<info xmlns='{NAMESPACE}'/>"), &["not_an_alert "]);
}

#[test]
fn all_faults_are_listed_at_once() {
    let empty = format!("<alert xmlns='{NAMESPACE}'/>");
    refused(
        &empty,
        &[
            "missing sender",
            "missing identifier",
            "missing status",
            "missing msgType",
            "missing scope",
            "missing sent",
        ],
    );
    let changes = [(">Met<", ">X<"), (">Severe<", ">Y<"), (">3<", ">9<")];
    refused(
        &with(WARNING, &changes),
        &["word info[0].category[0]", "word info[0].severity", "number info[0].parameter[0].value"],
    );
}

#[test]
fn what_is_not_for_boards_is_ignored_with_one_problem() {
    for (from, to, expected) in [
        (">Alert<", ">Ack<", "cap_ignored msgType"),
        (">Alert<", ">Error<", "cap_ignored msgType"),
        (">Actual<", ">System<", "cap_ignored status"),
        (">Actual<", ">Draft<", "cap_ignored status"),
        (">Public<", ">Private<", "cap_ignored scope"),
        (">Public<", ">Restricted<", "cap_ignored scope"),
    ] {
        refused(&with(WARNING, &[(from, to)]), &[expected]);
    }
    for (word, status) in [("Exercise", Status::Exercise), ("Test", Status::Test)] {
        let word = format!(">{word}<");
        assert_eq!(taken(&with(WARNING, &[(">Actual<", &word)])).notice.status, status);
    }
}

#[test]
fn the_class_is_said_or_follows_from_what_happens() {
    let class = |value: &str| {
        let value = format!("class</cap:valueName><cap:value>{value}<");
        with(WARNING, &[("risk_level</cap:valueName>\n      <cap:value>3<", &value)])
    };
    assert_eq!(taken(&class("routine")).notice.class, Class::Routine);
    assert_eq!(taken(&class("priority")).notice.class, Class::Priority);
    let all_clear = "</cap:event><cap:responseType>AllClear</cap:responseType>";
    for (from, to, class) in [
        (">Severe<", ">Extreme<", Class::Emergency),
        (">Severe<", ">Moderate<", Class::Priority),
        (">Severe<", ">Unknown<", Class::Priority),
        (">Immediate<", ">Expected<", Class::Emergency),
        (">Immediate<", ">Future<", Class::Priority),
        (">Immediate<", ">Past<", Class::Priority),
        (">Observed<", ">Likely<", Class::Emergency),
        (">Observed<", ">Possible<", Class::Priority),
        (">Observed<", ">Unknown<", Class::Priority),
        ("</cap:event>", all_clear, Class::Priority),
    ] {
        assert_eq!(taken(&with(WARNING, &[(from, to)])).notice.class, class, "{to}");
    }
}

#[test]
fn senders_and_identifiers_become_areas_and_ids() {
    let Reading { notice, .. } =
        taken(&with(WARNING, &[(">vn/86<", ">kttv@example.vn<"), ("-004<", "-004:1<")]));
    assert_eq!(notice.key.sender, area("vn/86"));
    // printf 86-20261123-004:1 | sha256sum
    let expected = "cap-dd5866e4348c093dc80ac979391d0786";
    assert_eq!(notice.key.id, expected);
    let nameless = with(WARNING, &[(">vn/86<", ">kttv@example.vn<"), ("senderName", "contact")])
        .replace("/cap:senderName", "/cap:contact");
    assert_eq!(taken(&nameless).notice.content[0].source, "kttv@example.vn");
    let unsigned = WARNING.replace("senderName", "contact");
    assert_eq!(taken(&unsigned).notice.content[0].source, "");
    let below = with(WARNING, &[(">vn/86<", ">vn/86/28789<")]);
    assert_eq!(taken(&below).notice.key.sender, area("vn/86/28789"));
}

#[test]
fn references_are_triples() {
    let triples = |triples: &str| {
        let from = "vn/86,86-20261123-004,2026-11-23T08:00:00+07:00";
        with(CANCEL, &[(from, triples)])
    };
    let time = "2026-11-23T08:00:00-00:00";
    let two = triples(&format!("kttv@example.vn,x:1,{time}\n  vn/86/28789,c-1,{time}"));
    let references = taken(&two).notice.references;
    assert_eq!(references.len(), 2);
    assert_eq!(references[0].sender, area("vn/86"));
    assert!(references[0].id.starts_with("cap-"), "{references:?}");
    assert_eq!(references[1], Key { sender: area("vn/86/28789"), id: "c-1".into() });
    for bad in ["86-1", "vn/86,86-1", "vn/86,,2026-11-23T08:00:00+07:00", "vn/86,a,today"] {
        refused(&triples(bad), &["reference references[0]"]);
    }
    let twice = with(CANCEL, &[("<references>", "<references>x</references><references>")]);
    refused(&twice, &["twice references", "reference references[0]"]);
    let above = format!("vn,a,{time} vn/86,b,{time}");
    refused(&triples(&above), &["reference references[0]"]);
}

#[test]
fn a_cancel_goes_to_all_of_its_key_and_lasts_as_long_as_what_it_ends() {
    let broken_info = info("vi", "<severity>Huge</severity>", "28790");
    let full = with(CANCEL, &[("</alert>", &format!("{broken_info}</alert>"))]);
    for xml in [CANCEL.to_owned(), full] {
        let notice = taken(&xml).notice;
        assert_eq!(notice.to, [area("vn/86")]);
        assert_eq!(notice.class, Class::Emergency);
        assert_eq!(notice.expires.duration_since(notice.sent).as_hours(), LIFE_MAX_DAYS * 24);
        assert!(notice.content.is_empty());
    }
}

#[test]
fn places_are_codes() {
    let to = |name: &str, value: &str| {
        let (name, value) = (format!(">{name}<"), format!(">{value}<"));
        let reading = taken(&with(WARNING, &[(">commune<", &name), (">28789<", &value)]));
        let areas = reading.notice.to.iter().map(ToString::to_string);
        areas.chain(reading.elsewhere).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(to("province", "86"), "vn/86");
    assert_eq!(to("province", "01"), "vn/01");
    assert_eq!(to("commune", "28789"), "vn/86/28789");
    assert_eq!(to("commune", "00004"), "commune 00004");
    assert_eq!(to("area", "vn/86/@ven-song"), "vn/86/@ven-song");
    assert_eq!(to("area", "vn"), "vn");
}

#[test]
fn what_is_for_other_places_counts_for_nothing() {
    let there = info("vi", "<headline>There</headline>", "28790").replace("Severe", "Extreme");
    let here = info("vi", "<headline>Here</headline>", "28789");
    let Reading { notice, findings, .. } = taken(&message(&[there, here]));
    assert_eq!(notice.content.len(), 1);
    assert_eq!(notice.content[0].headline, "Here");
    assert_eq!((notice.severity, notice.content[0].text.as_str()), (Severity::Severe, ""));
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn what_names_no_place_beside_what_does_is_left_out_in_sight() {
    let nowhere = info("en", "", "28789").replace("commune", "SAME");
    let reading = taken(&message(&[nowhere, info("vi", "", "28789")]));
    assert_eq!(reading.notice.content.len(), 1);
    assert_eq!(reading.findings[0].code, "cap_info_left_out");
}

#[test]
fn one_language_has_one_content_the_worst_first() {
    let part = |headline: &str, severity: &str, hours: &str| {
        let more = format!(
            "<effective>2026-11-23T{}:00:00+07:00</effective>\
             <expires>2026-11-23T{}:00:00+07:00</expires><headline>{headline}</headline>\
             <description>{headline} text.</description><instruction>Go.</instruction>\
             <web>https://a.gov.vn</web>",
            &hours[..2],
            &hours[3..]
        );
        info("vi", &more, "28789").replace("Severe", severity)
    };
    let Reading { notice, findings, .. } =
        taken(&message(&[part("Rain", "Minor", "10-20"), part("Flood", "Severe", "09-18")]));
    let content = &notice.content[0];
    assert_eq!(notice.content.len(), 1);
    assert_eq!(content.headline, "Flood");
    assert_eq!(content.text, "Flood text.\nRain\nRain text.");
    assert_eq!((content.instruction.as_str(), content.codes.len()), ("Go.", 1));
    assert_eq!(notice.class, Class::Emergency);
    assert_eq!((notice.effective, notice.expires), (at("23T09:00:00"), at("23T18:00:00")));
    assert_eq!(findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["cap_cut_short"]);
}

#[test]
fn times_that_are_not_said_follow_from_sent() {
    let notice = taken(&message(&[info("vi", "", "28789")])).notice;
    assert_eq!((notice.effective, notice.expires), (at("23T08:00:00"), at("24T08:00:00")));
    let before = "<effective>2026-11-23T07:00:00+07:00</effective>";
    let notice = taken(&message(&[info("vi", before, "28789")])).notice;
    assert_eq!(notice.effective, at("23T08:00:00"));
    let zulu = "<expires>2026-11-23T02:00:00-00:00</expires>";
    let notice = taken(&message(&[info("vi", zulu, "28789")])).notice;
    assert_eq!(notice.expires, at("23T09:00:00"));
}

#[test]
fn a_web_address_becomes_a_code_or_a_finding() {
    let codes = |web: &str| {
        let reading = taken(&message(&[info("vi", &format!("<web>{web}</web>"), "28789")]));
        (reading.notice.content[0].codes.len(), reading.findings.len())
    };
    assert_eq!(codes("HTTPS://A.GOV.VN"), (1, 0));
    assert_eq!(codes("tel:113"), (0, 1));
    assert_eq!(codes("javascript://x"), (0, 1));
    assert_eq!(codes(" "), (0, 0));
}

#[test]
fn languages_lose_their_region() {
    for (tag, language) in
        [("vi-VN", "vi"), ("VI", "vi"), ("km", "km"), ("zh-Hant-TW", "zh-Hant"), ("es-419", "es")]
    {
        let reading = taken(&message(&[info(tag, "", "28789")]));
        assert_eq!(reading.notice.content[0].language, language);
    }
}

#[test]
fn no_truncation_makes_a_notice_or_a_panic() {
    for xml in [WARNING, CANCEL, AMBER] {
        let end = xml.trim_end().len();
        for length in 0..end {
            assert!(read_here(&xml.as_bytes()[..length]).is_err(), "{length} bytes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_makes_a_panic_or_a_cancel_that_draws(
        which in 0..6usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let xml = [WARNING, CANCEL, HOMELAND, THUNDERSTORM, EARTHQUAKE, AMBER][which];
        let mut bytes = if which < 2 { xml.to_owned() } else { here(xml) }.into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(Reading { notice, .. }) = read_here(&bytes) {
            let is_cancel = notice.kind == Kind::Cancel;
            prop_assert!(which != 1 || is_cancel);
            prop_assert_eq!(is_cancel, notice.content.is_empty());
        }
    }
}
