//! The words of the window, in Vietnamese and in English.

/// The language of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Tiếng Việt.
    Vietnamese,
    /// English.
    English,
}

/// The words of one language.
pub struct Words {
    pub title: &'static str,
    pub send_emergency: &'static str,
    pub end_emergency: &'static str,
    pub broker: &'static str,
    pub other_language: &'static str,
    pub hint: &'static str,
}

const VIETNAMESE: Words = Words {
    title: "Bảng Tin – các bảng của xã",
    send_emergency: "Gửi tin khẩn cấp",
    end_emergency: "Kết thúc khẩn cấp",
    broker: "Máy chủ tin",
    other_language: "English",
    hint: "Đây là bản chạy thử: các bảng và tin dưới đây chạy trên máy này.",
};

const ENGLISH: Words = Words {
    title: "Bảng Tin – the commune's boards",
    send_emergency: "Send an emergency",
    end_emergency: "End the emergency",
    broker: "Broker",
    other_language: "Tiếng Việt",
    hint: "This is a demo: the boards and notices below run on this machine.",
};

impl Language {
    /// The words of this language.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Vietnamese => &VIETNAMESE,
            Self::English => &ENGLISH,
        }
    }

    /// The language that the window can switch to.
    pub fn other(self) -> Self {
        match self {
            Self::Vietnamese => Self::English,
            Self::English => Self::Vietnamese,
        }
    }
}
