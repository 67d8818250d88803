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

# npm_package PACKAGE@VERSION: prints the folder that it was unpacked to.
npm_package() {
    folder="$upstream/$(echo "$1" | sed 's/^@//; s/[/@]/-/g')"
    [ -d "$folder" ] || {
        (cd "$upstream" && npm pack --silent "$1" >&2)
        mkdir "$folder"
        tar -xzf "$folder.tgz" -C "$folder"
    }
    echo "$folder/package"
}

# debian_package PACKAGE: prints the folder that it was unpacked to.
debian_package() {
    folder="$upstream/$1"
    [ -d "$folder" ] || {
        (cd "$upstream" && apt-get download "$1" >&2)
        dpkg -x "$upstream/$1"_*.deb "$folder"
    }
    echo "$folder"
}

# cut UPSTREAM_FILE ITS_SHA256 FACE
cut() {
    echo "$2  $1" | sha256sum --check --quiet
    # Hints go, our rasteriser reads none. Kerning, marks, ligatures and fractions stay, and every
    # name: no face here reserves its own.
    pyftsubset "$1" --output-file="$fonts/$3" \
        --unicodes="$letters $marks $signs" --no-hinting --notdef-outline \
        --name-IDs='*' --name-languages='*' --name-legacy
}

# The files of Debian 12. The package has the licence in Debian's form alone, so
# noto-sans/OFL.txt is kept by hand.
noto="$(debian_package fonts-noto-core)/usr/share/fonts/truetype/noto"
cut "$noto/NotoSans-Regular.ttf" \
    89c3c497f618fdaa0b2d1e98fef93582f28c71debd2c4a8cdf41f190ced2909d \
    noto-sans/NotoSans-Regular.ttf
cut "$noto/NotoSans-Bold.ttf" \
    e83493c945848ecd4a9ad0f6d19164541a0d3e23a9c952304a00a46e00272ac5 \
    noto-sans/NotoSans-Bold.ttf

roboto=$(npm_package @expo-google-fonts/roboto-condensed@0.4.2)
cp "$roboto/LICENSE_FONT" "$fonts/roboto-condensed/OFL.txt"
cut "$roboto/400Regular/RobotoCondensed_400Regular.ttf" \
    3d77ebb1e496ddf072704e61b6c9f82768a4c60a0f063936eb1964f93237d2b5 \
    roboto-condensed/RobotoCondensed-Regular.ttf
cut "$roboto/700Bold/RobotoCondensed_700Bold.ttf" \
    b5144f9355fa2a666404583399b7ccffda4c9491a201e9740cd5b00656281611 \
    roboto-condensed/RobotoCondensed-Bold.ttf

(cd "$fonts" && sha256sum -- */*.ttf bang*/*.txt | grep -v OFL.txt >SHA256SUMS)
