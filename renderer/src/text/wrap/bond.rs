//! How neighbours hold together: what a reader would stumble over where it is parted.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use icu_segmenter::LineSegmenter;
use icu_segmenter::options::LineBreakOptions;

use super::Bond;

/// The bytes at which a word begins, and how it holds to the one before.
pub(super) fn breaks(text: &str) -> Vec<(usize, Bond)> {
    let mut breaks = Vec::new();
    let mut before: Option<Token> = None;
    // How many more syllables may belong to the name of a town.
    let mut of_name = 0;
    let mut next = 0;
    for (index, token) in text.split(' ').enumerate() {
        let start = next;
        next += token.len() + 1;
        if token.is_empty() {
            continue;
        }
        let after = Token::new(token);
        if let Some(before) = before {
            let bond = match &before {
                before if of_name > 0 && before.ends_open() && after.is_name() => Bond::Tight,
                before => bond(before, &after, index == 1),
            };
            of_name = match before.is_town() {
                true => NAME_SYLLABLES_MAX - 1,
                false if bond == Bond::Tight => of_name.saturating_sub(1),
                false => 0,
            };
            breaks.push((start, bond));
        }
        khmer_breaks(text, start..start + token.len(), &mut breaks);
        before = Some(after);
    }
    breaks
}

/// What stands between two blanks, with and without the signs around it.
struct Token<'a> {
    whole: &'a str,
    /// In small letters, without what opens a bracket or quotation.
    opened: String,
    /// In small letters, without what closes a sentence or quotation.
    closed: String,
}

/// Most syllables of a town's name, as in TP. Hồ Chí Minh.
const NAME_SYLLABLES_MAX: u32 = 3;

impl<'a> Token<'a> {
    fn new(whole: &'a str) -> Self {
        let small = whole.to_lowercase();
        let opened = small.trim_start_matches(['(', '“', '"']).to_owned();
        let closed =
            small.trim_end_matches([',', '.', ';', ':', ')', '!', '?', '”', '"']).to_owned();
        Self { whole, opened, closed }
    }
}

impl Token<'_> {
    /// Whether the name of a town follows: `TP.` and its kin.
    fn is_town(&self) -> bool {
        matches!(self.opened.as_str(), "tp." | "tx." | "tt.")
    }

    /// Whether it may be a syllable of a name. Among capitals alone names do not stand out, but
    /// for the one that everybody knows.
    fn is_name(&self) -> bool {
        self.is_title() || matches!(self.closed.as_str(), "hồ" | "chí" | "minh")
    }

    /// Whether it begins with a capital and goes on in small letters.
    fn is_title(&self) -> bool {
        let mut letters = self.whole.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.any(char::is_lowercase)
    }

    /// Whether no sign ends what came before.
    fn ends_open(&self) -> bool {
        !self.whole.ends_with([',', ';', ':', '!', '?', ')'])
            && (self.is_town() || !self.whole.ends_with('.'))
    }
}

fn bond(before: &Token, after: &Token, begins_paragraph: bool) -> Bond {
    if is_glued(before, after.whole, begins_paragraph) {
        Bond::Tight
    } else if is_term(before, after) {
        Bond::Term
    } else {
        Bond::Loose
    }
}

/// Terms of official notices whose syllables a reader takes in together.
const TERMS: &str = "địa chỉ, cấp độ, ban chỉ, chính công, tiếp công, thứ hai, thứ ba, thứ tư, thứ năm, \
    thứ sáu, thứ bảy, chủ nhật, động i, động ii, động iii, khu vực, học sinh, giao thông, \
    bà con, an toàn, bảo hiểm, báo cháy, báo động, biển đông, bờ biển, cao điểm, chính quyền, \
    chủ tịch, chỉ huy, cảnh báo, cảnh giác, cấp cứu, cấp nước, cập nhật, cột điện, \
    cứu hộ, cứu nạn, cửa kính, cửa sông, công an, công dân, công khai, công trình, \
    công điện, di dời, diễn tập, dân phố, dịch bệnh, dịch vụ, dự báo, giáo dục, giúp đỡ, \
    gốc cây, hành chính, hằng tuần, hướng dẫn, hồ sơ, hội nghị, khí tượng, khẩn cấp, khẩn trương, \
    khắc phục, khu phố, kiểm tra, kết thúc, liên hệ, lồng bè, lừa đảo, mã qr, miễn cước, \
    miễn phí, mùa khô, nguy hiểm, nguồn điện, nhân dân, nước ngọt, phát hành, \
    phòng chống, phục vụ, quốc gia, rủi ro, sạt lở, sơ tán, tai nạn, tàu thuyền, \
    thiên tai, thi công, thông báo, thông tin, thảm họa, thủ tục, thủy văn, tiêm chủng, \
    tình huống, tên miền, tạm ngưng, triều cường, trung tâm, trực tiếp, trực tuyến, \
    trợ giúp, vắc xin, xâm nhập, xã hội, y tế, yêu cầu, điện thoại, ứng dụng, ứng phó, \
    ủy ban, ổ dịch";

fn is_term(before: &Token, after: &Token) -> bool {
    // Names are written with capitals, and a value or a number to call belongs to what is before.
    let is_number = after.whole.starts_with(|c: char| c.is_ascii_digit());
    if before.ends_open() && (is_number || before.is_title() && after.is_title()) {
        return true;
    }
    static SECONDS: OnceLock<HashMap<&str, Vec<&str>>> = OnceLock::new();
    let seconds = SECONDS.get_or_init(|| {
        let mut seconds: HashMap<&str, Vec<&str>> = HashMap::new();
        for (first, second) in TERMS.split(", ").filter_map(|term| term.split_once(' ')) {
            seconds.entry(first).or_default().push(second);
        }
        seconds
    });
    let seconds = seconds.get(before.opened.as_str());
    seconds.is_some_and(|seconds| seconds.contains(&after.closed.as_str()))
}

/// Whether two neighbours belong on one line: `103-117 km/h`, `cấp 13`, `TP. Hồ`, `0909 645`.
fn is_glued(before: &Token, after: &str, begins_paragraph: bool) -> bool {
    const UNITS: [&str; 22] = [
        "km/h", "km", "m", "cm", "mm", "m/s", "m²", "m³", "ha", "kg", "g", "tấn", "lít", "‰", "%",
        "°C", "₫", "đồng", "giờ", "phút", "ngày", "tuổi",
    ];
    // What comes right before its number.
    const TITLES: [&str; 17] = [
        "cấp",
        "số",
        "điều",
        "khoản",
        "đợt",
        "khu",
        "ngày",
        "tháng",
        "năm",
        "quý",
        "lần",
        "tổ",
        "ấp",
        "phường",
        "quận",
        "mức",
        "kỳ",
    ];
    let (before, title) = (before.whole, before.opened.as_str());
    let plain = after.trim_end_matches([',', '.', ';', ':', ')', '!', '?']);
    let before_is_number = before.ends_with(|c: char| c.is_ascii_digit());
    let after_is_number = after.starts_with(|c: char| c.is_ascii_digit());
    let digits = |word: &str| {
        let word = word.trim_start_matches(['(', '+']).trim_end_matches(')');
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
    };
    let abbreviation = matches!(title, "tp." | "tx." | "tt.");
    (before_is_number && UNITS.contains(&plain))
        || abbreviation
        || (TITLES.contains(&title) && after_is_number)
        // A telephone number in groups of three digits or more, its first perhaps in brackets.
        || (digits(before) && digits(plain) && before.len() >= 3 && plain.len() >= 3)
        || (matches!(before, "–" | "-") && (after_is_number || begins_paragraph))
        || before == "•"
        || matches!(after, "–" | "-")
}

fn khmer_breaks(text: &str, range: Range<usize>, breaks: &mut Vec<(usize, Bond)>) {
    let token = &text[range.clone()];
    if !token.chars().any(|letter| matches!(letter, '\u{1780}'..='\u{17ff}')) {
        return;
    }
    static SEGMENTER: OnceLock<icu_segmenter::LineSegmenterBorrowed<'static>> = OnceLock::new();
    let segmenter =
        SEGMENTER.get_or_init(|| LineSegmenter::new_dictionary(LineBreakOptions::default()));
    let inner = segmenter.segment_str(token).filter(|at| *at > 0 && *at < token.len());
    breaks.extend(inner.map(|at| (range.start + at, Bond::Loose)));
}
