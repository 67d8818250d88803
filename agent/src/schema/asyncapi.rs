//! The topics between senders, boards and those who watch them, as an AsyncAPI 3.0 document.

use serde_json::{Map, Value, json};

use super::examples;

/// Areas that something can be addressed to, as levels of a topic.
const AREAS: [(&str, &str, &str); 6] = [
    ("Nation", "vn", "the nation"),
    ("Province", "vn/{province}", "a province"),
    ("ProvinceGroup", "vn/{province}/@{group}", "a named group of a province's boards"),
    ("Commune", "vn/{province}/{commune}", "a commune"),
    ("CommuneGroup", "vn/{province}/{commune}/@{group}", "a named group of a commune's boards"),
    ("Board", BOARD, "one board"),
];
/// A board as levels of a topic.
const BOARD: &str = "vn/{province}/{commune}/{board}";

/// Levels of a topic that vary, and what they are.
const PARAMETERS: [(&str, &str); 8] = [
    ("prefix", "What all topics begin with, as boards are configured: `ttcs/v1`."),
    ("province", "Two digits (Quyết định 19/2025/QĐ-TTg)."),
    ("commune", "Five digits."),
    ("group", "The name of a group."),
    ("board", "The name of a board."),
    ("notice", "The id of a notice."),
    ("command", "The id of a command."),
    ("sha256", "64 small hexadecimal digits."),
];

/// The document.
pub(super) fn document() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut add = |name: String, address: String, about: String, way: Way, message: &str| {
        let action = match way {
            Way::ToBoards { .. } => "receive",
            Way::FromBoards { .. } => "send",
        };
        let (Way::ToBoards { retained } | Way::FromBoards { retained }) = way;
        let reference = json!({ "$ref": format!("#/components/messages/{message}") });
        let mut messages = Map::from_iter([(message.to_owned(), reference)]);
        // The broker says it in the board's place.
        if message == "status" {
            let reference = json!({ "$ref": "#/components/messages/lastWill" });
            messages.insert("lastWill".into(), reference);
        }
        let channel = json!({
            "address": format!("{{prefix}}/{address}"),
            "description": about,
            "parameters": parameters(&address),
            "messages": messages,
        });
        let bindings =
            json!({ "mqtt": { "qos": 1, "retain": retained, "bindingVersion": "0.2.0" } });
        let operation = json!({
            "action": action,
            "channel": { "$ref": format!("#/channels/{name}") },
            "bindings": bindings,
        });
        operations.insert(format!("{action}{}{}", name[..1].to_uppercase(), &name[1..]), operation);
        channels.insert(name, channel);
    };
    for (name, area, about) in AREAS {
        let retained = Way::ToBoards { retained: true };
        let about_notice = format!(
            "Notices for {about}. An empty payload clears the broker's copy alone and ends nothing."
        );
        let address = format!("{area}/notice/{{notice}}");
        add(format!("notice{name}"), address, about_notice, retained, "notice");
        let about_command = format!("Commands for {about}. A retained one is never acted on.");
        let once = Way::ToBoards { retained: false };
        let address = format!("{area}/command/{{command}}");
        add(format!("command{name}"), address, about_command, once, "command");
    }
    for (name, address, about, way, message) in [
        (
            "asset",
            "asset/{sha256}",
            "A picture. Boards subscribe to it when a notice names it.",
            Way::ToBoards { retained: true },
            "asset",
        ),
        ("status", "/status", "How a board is.", Way::FromBoards { retained: true }, "status"),
        (
            "receipt",
            "/receipt/{notice}",
            "How far a notice has come: refused, or accepted, shown, ended.",
            Way::FromBoards { retained: false },
            "receipt",
        ),
        (
            "played",
            "/played",
            "Proof of display in batches, numbered and chained by their hashes.",
            Way::FromBoards { retained: false },
            "played",
        ),
        (
            "screen",
            "/screen",
            "The frame on the glass, on command.",
            Way::FromBoards { retained: false },
            "screen",
        ),
        (
            "reply",
            "/reply",
            "Answers to commands that name no response topic.",
            Way::FromBoards { retained: false },
            "reply",
        ),
    ] {
        let address = match address.starts_with('/') {
            true => format!("{BOARD}{address}"),
            false => address.to_owned(),
        };
        add(name.to_owned(), address, about.to_owned(), way, message);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Bảng Tin: public electronic signboards",
            "version": "1",
            "description": "What boards receive and send, over MQTT 5 with QoS 1. Written from the \
                board's side: it receives what others publish, and sends what others subscribe to.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages(), "schemas": schemas() },
    })
}

/// Who sends what is on a topic, and whether the broker keeps it.
#[derive(Clone, Copy)]
enum Way {
    ToBoards { retained: bool },
    FromBoards { retained: bool },
}

fn parameters(address: &str) -> Value {
    let address = format!("{{prefix}}/{address}");
    let used = PARAMETERS.into_iter().filter(|(name, _)| address.contains(&format!("{{{name}}}")));
    used.map(|(name, about)| (name.to_owned(), json!({ "description": about }))).collect()
}

fn messages() -> Value {
    let file = |name: &str| json!({ "$ref": format!("./{name}") });
    let signed = |title: &str, about: &str, name: &str| {
        let summary = "Signed with the key of RFC 8037, appendix A";
        json!({
            "title": title,
            "summary": about,
            "contentType": "application/jose",
            "payload": { "$ref": "#/components/schemas/jws" },
            "x-signed-payload": file(name),
            "examples": [{ "summary": summary, "payload": examples::signed(name) }],
        })
    };
    let open = |title: &str, name: &str| {
        let examples = examples::of(name).into_iter().map(|payload| json!({ "payload": payload }));
        let examples: Vec<Value> = examples.collect();
        json!({ "title": title, "payload": file(name), "examples": examples })
    };
    let notice = "JWS compact serialisation (RFC 7515), EdDSA with Ed25519 (RFC 8037). Its header is \
        exactly alg, kid and typ `ttcs-notice+jws`; and, where the payload is a CAP 1.2 message \
        instead, cty `application/cap+xml`. kid is the key's RFC 7638 thumbprint.";
    let cap = "Of a CAP message boards take geocodes named `province` (2 digits), `commune` (5 digits) \
        and `area` (such as `vn/86/@ven-song`), and parameters named `class` (routine, priority, \
        emergency) and `risk_level` (1 to 5); polygons and names of places are not read. Without \
        `class`, what is Extreme or Severe, Immediate or Expected, and Observed or Likely is an \
        emergency, all else has priority. A sender that is no area counts as the area of its key.";
    let command = "The same with typ `ttcs-command+jws`.";
    let mut signed_notice = signed("A signed notice", notice, "notice.schema.json");
    signed_notice["description"] = cap.into();
    let mut played = open("What was shown", "played.schema.json");
    played["description"] = "A batch is one compact line, and its hash is that of the very bytes \
        of `showings`: keep the line as it comes. `x-line` is the example's."
        .into();
    played["x-line"] = examples::batch_line().into();
    json!({
        "notice": signed_notice,
        "command": signed("A signed command", command, "command.schema.json"),
        "receipt": open("A receipt", "receipt.schema.json"),
        "status": open("A status", "status.schema.json"),
        "lastWill": {
            "title": "The last will",
            "payload": {
                "type": "object",
                "required": ["online"],
                "properties": { "online": { "const": false } }
            },
            "examples": [{ "payload": { "online": false } }],
        },
        "played": played,
        "reply": open("An answer to a command", "answer.schema.json"),
        "screen": {
            "title": "A picture of the frame",
            "contentType": "image/png",
            "payload": { "$ref": "#/components/schemas/bytes" }
        },
        "asset": {
            "title": "A picture of a notice",
            "summary": "PNG, JPEG, WebP or GIF.",
            "contentType": "application/octet-stream",
            "payload": { "$ref": "#/components/schemas/bytes" }
        },
    })
}

fn schemas() -> Value {
    let part = "[A-Za-z0-9_-]+";
    json!({
        "jws": { "type": "string", "pattern": format!("^\\s*{part}\\.{part}\\.{part}\\s*$") },
        "bytes": { "type": "string", "format": "binary" },
    })
}
