#!/usr/bin/python3
"""Makes the fonts of the draft engine: subsets of BIZ UD Gothic and BIZ UD Mincho.

    apt-get install fonts-morisawa-bizud-gothic fonts-morisawa-bizud-mincho python3-fonttools zstd
    build/draft/fonts/subset.py build/draft/fonts

The same packages give the same bytes: no date of today goes into a font, and
zstd runs on one thread at a fixed level. OFL.txt, the fonts' licence, lies
beside them and goes where they go.
"""
import io
import subprocess
import sys

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

DEBIAN = "/usr/share/fonts/truetype/bizud-"
JAPANESE = {
    "gothic": "gothic/BIZUDGothic-Regular.ttf",
    "gothic-bold": "gothic/BIZUDGothic-Bold.ttf",
    "mincho": "mincho/BIZUDMincho-Regular.ttf",
}
LATIN = {
    "gothic-latin": "gothic/BIZUDPGothic-Regular.ttf",
    "gothic-bold-latin": "gothic/BIZUDPGothic-Bold.ttf",
    "mincho-latin": "mincho/BIZUDPMincho-Regular.ttf",
}

# Latin, Greek and Cyrillic; the punctuation that is proportional in both worlds.
PROPORTIONAL = set(range(0x20, 0x530)) | set(range(0x1E00, 0x2000)) | {0x2013, 0x20AC, 0x2122}

# Symbols that technical books use and no Japanese standard lists.
SYMBOLS = set(range(0x2000, 0x2C00)) | set(range(0x3000, 0x3400)) | set(range(0xFE30, 0xFE50)) | set(range(0xFF00, 0xFFF0))


def japanese():
    """The first plane of JIS X 0213, which holds JIS X 0208, and the extensions of code page 932."""
    found = set(SYMBOLS) | PROPORTIONAL
    for lead in range(0xA1, 0xFF):
        for trail in range(0xA1, 0xFF):
            try:
                found.update(map(ord, bytes([lead, trail]).decode("euc_jis_2004")))
            except UnicodeDecodeError:
                continue
    for lead in list(range(0x81, 0xA0)) + list(range(0xE0, 0xFD)):
        for trail in range(0x40, 0xFD):
            try:
                found.update(map(ord, bytes([lead, trail]).decode("cp932")))
            except UnicodeDecodeError:
                continue
    return found


def straighten(font, thickness):
    """Draws ' and \" as straight strokes: code is set in these typefaces, and theirs are curly."""
    top, foot, between = 1751, 1161, 150  # of 2048 units; half the distance of the strokes of \"
    for char, middles in {"'": [0], '"': [-between, between]}.items():
        name = font.getBestCmap()[ord(char)]
        width = font["hmtx"][name][0]
        pen = TTGlyphPen(None)
        for middle in middles:
            x, half, narrow = width // 2 + middle, thickness // 2, thickness // 3
            pen.moveTo((x - half, top))
            for point in [(x + half, top), (x + narrow, foot), (x - narrow, foot)]:
                pen.lineTo(point)
            pen.closePath()
        font["glyf"][name] = glyph = pen.glyph()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (width, glyph.xMin)


def make(source, wanted, target, thickness=0):
    font = TTFont(DEBIAN + source, recalcTimestamp=False, lazy=False)
    cmap = font.getBestCmap()
    if thickness:
        straighten(font, thickness)
    # Of two characters with one glyph the first keeps it, so that text can be read back from glyphs.
    taken, chosen = set(), []
    for char in sorted(wanted & set(cmap)):
        if cmap[char] not in taken:
            taken.add(cmap[char])
            chosen.append(char)
    options = subset.Options(
        layout_features=[], hinting=False, glyph_names=False, notdef_outline=True,
        name_IDs=[0, 1, 2, 5, 6, 13, 14], name_languages=[0x409], recalc_timestamp=False,
        drop_tables=["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "VORG", "DSIG", "meta", "gasp", "fpgm", "prep", "cvt "],
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=chosen)
    subsetter.subset(font)
    out = io.BytesIO()
    font.save(out, reorderTables=True)
    packed = subprocess.run(["zstd", "-19", "--single-thread", f"--stream-size={out.getbuffer().nbytes}", "-c"], input=out.getvalue(), stdout=subprocess.PIPE, check=True).stdout
    with open(target, "wb") as f:
        f.write(packed)
    print(f"{target}: {len(chosen)} characters, {out.getbuffer().nbytes} bytes, {len(packed)} packed")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "."
    wanted = japanese()
    for name, source in JAPANESE.items():
        make(source, wanted, f"{folder}/{name}.ttf.zst", {"gothic": 150, "gothic-bold": 220}.get(name, 0))
    for name, source in LATIN.items():
        make(source, PROPORTIONAL, f"{folder}/{name}.ttf.zst")


if __name__ == "__main__":
    main()
