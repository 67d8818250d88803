//! A command as it is written in JSON, for its schema. As with notices the reader beside it does
//! not use these types, both use the same limits, and tests hold them together. What a schema
//! cannot say, such as the order of times or who may ask for what, the door still checks.

use schemars::JsonSchema;

use super::read::EXACT_MAX;
use super::{DECIDED_MAX, PAGE_MAX_S};
use crate::notice::read::AREAS_MAX;
use crate::notice::schema::{AreaText, NAME, Reference, Time};

/// The payload of a signed command, version 1. Fields around the arguments that are not known are
/// allowed; arguments that are not known are not. An optional field that is `null` counts as
/// absent.
#[derive(JsonSchema)]
#[schemars(title = "Command")]
#[expect(dead_code, reason = "its schema is all that is wanted")]
pub(crate) struct Document {
    /// The version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// The sender's name for it, unique among its commands.
    #[schemars(regex(pattern = format!("^{NAME}$")))]
    id: String,
    /// Who sends it. It lies in the area of the key that signs.
    sender: AreaText,
    /// Which boards it is for. All lie in the area of the key that signs.
    #[schemars(length(min = 1, max = AREAS_MAX))]
    to: Vec<AreaText>,
    /// When it was issued.
    sent: Time,
    /// The last instant at which it may be carried out; after `sent`, at most 24 hours.
    not_after: Time,
    #[schemars(flatten)]
    order: Order,
}

/// What is asked, and its arguments.
#[derive(JsonSchema)]
#[schemars(tag = "command", rename_all = "kebab-case")]
#[expect(dead_code, reason = "its schema is all that is wanted")]
enum Order {
    /// Send a picture of what is on the glass.
    Screen { arguments: Option<Nothing> },
    /// Set how bright the panel is. An emergency is never dimmed by it.
    Brightness { arguments: Brightness },
    /// Show the board's name, to find it on the spot.
    Identify { arguments: Option<Page> },
    /// Show lines and colours, to find dead diodes.
    TestPattern { arguments: Option<Page> },
    /// The commune's order of priority notices.
    Decide { arguments: Decision },
    /// Send the proof of display again.
    ReportSince { arguments: Since },
    /// Read the configuration and the trusted keys again.
    Reload { arguments: Option<Nothing> },
}

/// No arguments.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Nothing {}

/// How long a page which helps to find or to check a board stays.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Page {
    /// In seconds; 30 where absent.
    #[schemars(range(min = 1, max = PAGE_MAX_S))]
    seconds: Option<u32>,
}

/// As configured, or as asked.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
enum Brightness {
    Auto(Auto),
    Fixed(Fixed),
}

/// As configured: by the time of day, or by the light around.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Auto {
    /// `auto`.
    #[schemars(extend("const" = "auto"))]
    percent: String,
    /// Means nothing here.
    until: Option<()>,
}

/// As asked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Fixed {
    /// Of the full brightness.
    #[schemars(range(min = 1, max = 100))]
    percent: u8,
    /// Up to when, after `sent`; for as long as the program runs where absent.
    until: Option<Time>,
}

/// Notices in their order.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Decision {
    /// First shown first, none twice; none at all takes the last decision back. An id of the
    /// command's own sender, or `sender,id`.
    #[schemars(length(max = DECIDED_MAX), extend("uniqueItems" = true))]
    order: Vec<Reference>,
}

/// From where on.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Since {
    /// The number of the first showing to send again.
    #[schemars(range(min = 0, max = EXACT_MAX))]
    n: u64,
}
