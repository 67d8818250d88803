#!/bin/sh
# Makes the faces that are cut down to what boards write from their upstream files: README.md
# says which and why. The folder keeps what is downloaded, a second run needs no network.
#
#   pip install fonttools==4.68.0
#   fonts/subset.sh ~/upstream
set -eu
export LC_ALL=C

fonts=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
upstream=${1:?"usage: subset.sh FOLDER_FOR_DOWNLOADS"}
mkdir -p "$upstream"
upstream=$(CDPATH='' cd -- "$upstream" && pwd)

# ASCII, Latin-1 and Latin Extended-A: Vietnamese in part, Ê Đê, Gia Rai, Ba Na, names from Europe.
letters='20-7E A0-17F'
# ƀ Ơ ơ Ư ư Ș ș Ț ț Ƀ, and the Vietnamese letters with tones.
letters="$letters 180 1A0-1A1 1AF-1B0 218-21B 243 1EA0-1EF9"
# Marks alone, and those that combine: grave to breve, diaeresis, hook, ring, caron, horn, below.
marks='2BC 2C6-2C7 2D8-2DD 300-304 306-30C 31B 323-324 326-328'
# Spaces, dashes, quotes, • … ‰ ′ ″, ² ₂ and their kin, ₫ €, ℃ № ™, ⅓ and its kin.
signs='2000-200D 2010-2027 202F-203A 2044 2070-208E 20AB-20AC 2103 2113 2116 2122 2150-215F'
# Δ Σ Ω μ π, arrows, ∂ ∆ ∏ ∑ − √ ∞ ∫ ≈ ≠ ≤ ≥, □ ● and other plain shapes, �.
signs="$signs 394 3A3 3A9 3BC 3C0 2126 2190-2199 2202 2206 220F 2211-2212 2215 2219-221A 221E"
signs="$signs 222B 2248 2260 2264-2265 25A0-25A1 25B2 25B6 25BC 25C0 25CA-25CC 25CF FFFD"

# cut PACKAGE@VERSION UPSTREAM_FILE ITS_SHA256 FACE
cut() {
    archive="$upstream/$(echo "$1" | sed 's/^@//; s/[/@]/-/g').tgz"
    [ -f "$archive" ] || (cd "$upstream" && npm pack --silent "$1")
    tar -xzOf "$archive" "package/$2" >"$upstream/whole.ttf"
    echo "$3  $upstream/whole.ttf" | sha256sum --check --quiet
    mkdir -p "$fonts/$(dirname "$4")"
    tar -xzOf "$archive" package/LICENSE_FONT >"$fonts/$(dirname "$4")/OFL.txt"
    # Hints go, our rasteriser reads none. Kerning, marks, ligatures and fractions stay, and every
    # name: no face here reserves its own.
    pyftsubset "$upstream/whole.ttf" --output-file="$fonts/$4" \
        --unicodes="$letters $marks $signs" --no-hinting --notdef-outline \
        --name-IDs='*' --name-languages='*' --name-legacy
    rm "$upstream/whole.ttf"
}

cut @expo-google-fonts/noto-sans@0.4.2 400Regular/NotoSans_400Regular.ttf \
    fe8c022f48d8dd29f17b744d16f9346f4357e16f7d4f7be58b000ae7c291b614 \
    noto-sans/NotoSans-Regular.ttf
cut @expo-google-fonts/noto-sans@0.4.2 700Bold/NotoSans_700Bold.ttf \
    13a813c49624ae3ba3c5c6e72c5ebffc4b9e1e6ea32f421c04069b037c6ad431 \
    noto-sans/NotoSans-Bold.ttf
cut @expo-google-fonts/roboto-condensed@0.4.2 400Regular/RobotoCondensed_400Regular.ttf \
    3d77ebb1e496ddf072704e61b6c9f82768a4c60a0f063936eb1964f93237d2b5 \
    roboto-condensed/RobotoCondensed-Regular.ttf
cut @expo-google-fonts/roboto-condensed@0.4.2 700Bold/RobotoCondensed_700Bold.ttf \
    b5144f9355fa2a666404583399b7ccffda4c9491a201e9740cd5b00656281611 \
    roboto-condensed/RobotoCondensed-Bold.ttf

(cd "$fonts" && sha256sum -- */*.ttf bang*/*.txt | grep -v OFL.txt >SHA256SUMS)
