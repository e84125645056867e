#!/bin/sh
# Draws every SVG of this folder into ../images (grey, for the print edition) and
# ../images-ebook (colour). Needs rsvg-convert, Ghostscript, pngquant and the Noto
# CJK fonts; the results are committed, so that building the book needs none of them.
set -eu
cd "$(dirname "$0")"
export SOURCE_DATE_EPOCH=0
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT

# outline IN OUT [OPTION...]: text becomes outlines, which are smaller than subsets of a CJK font
outline() {
	in=$1 out=$2
	shift 2
	gs -q -dBATCH -dNOPAUSE -dSAFER -sDEVICE=pdfwrite -dCompatibilityLevel=1.5 \
		-dNoOutputFonts "$@" -sOutputFile="$out" "$in"
}

for svg in *.svg; do
	name=${svg%.svg}
	rsvg-convert -s style.css -f pdf -o "$tmp" "$svg"
	outline "$tmp" "../images-ebook/$name.pdf"
	if [ "$name" = cover ]; then
		rsvg-convert -s style.css -w 1000 -o "../images-ebook/$name.png" "$svg"
	else
		outline "$tmp" "../images/$name.pdf" -sColorConversionStrategy=Gray -dProcessColorModel=/DeviceGray
		rsvg-convert -s style.css -w 1440 -b white -o "../images-ebook/$name.png" "$svg"
	fi
	pngquant --force --strip --ext .png 64 "../images-ebook/$name.png"
	[ "$name" = cover ] || cp "../images-ebook/$name.png" "../images/$name.png"
done
