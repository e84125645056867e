# The conversion to PDF, begun as soon as a pass has left the files as it found
# them: what the maker still asks of TeX and of the index program is then likely
# to change nothing, and the conversion need not wait for it. It works in a
# folder of its own, BOOKCI_OWN/ahead/conversion, on a copy of the pages; only
# when the maker's own call finds the same pages, pictures and environment does
# its result count.

# fast ARGS prints the words of the conversion's arguments. For a preview it
# compresses less, which costs space and no pixel; otherwise the book's own
# options stand.
fast() {
	if [ -n "${BOOKCI_FAST:-}" ]; then
		# Just before the file, so that it stands after the book's own -z.
		left=$#
		while [ "$left" -gt 0 ]; do
			[ "$left" = 1 ] && set -- "$@" -z 1
			set -- "$@" "$1"
			shift
			left=$((left - 1))
		done
	fi
	words "$@"
}

# converted FILE: the marks of the files that the conversion may read, the pages
# apart; the files of the TeX job itself are none of them.
converted() {
	find -L . -type f ! -path "./$job.*" -exec stat -L -c '%n %s %i %y %z' {} + | LC_ALL=C sort >"$1" && tex_world >>"$1"
}

# begin_conversion does what the last good build's conversion did, unless other
# entries are about to make another index.
begin_conversion() {
	[ ! -f "$run/idx" ] || cmp -s "$run/idx" "$BOOKCI_STATE/tex/$jobkey/idx" || return 0
	IFS= read -r words <"$BOOKCI_STATE/tex/dvi.cmd" && [ -f "$job.dvi" ] && two_cores || return 0
	new=$BOOKCI_OWN/ahead/new.conversion
	mkdir -p "$new" && converted "$new/before" && cp -Rs "$PWD/." "$new/tree" || return 0
	printf '%s\n' "$words" >"$new/words"
	(
		cd "$new/tree" && cp "$job.dvi" pages && rm -f "$job.pdf" "$job.dvi" && mv pages "$job.dvi" || exit
		eval "set -- $words"
		run_ahead "$@"
	)
	place_ahead "$new" "$BOOKCI_OWN/ahead/conversion"
}

# take_conversion WORDS: whether the PDF is there by the conversion that was
# begun; what it printed is in out.
take_conversion() {
	ahead=$BOOKCI_OWN/ahead/conversion
	[ -d "$ahead" ] && mkdir "$ahead/taken" || return 1
	if printf '%s\n' "$1" | cmp -s - "$ahead/words" && cmp -s "$job.dvi" "$ahead/tree/$job.dvi" &&
		converted "$out/converted" && cmp -s "$out/converted" "$ahead/before"; then
		with_pages "$ahead/err" dvipage wait_ahead && mv "$ahead/tree/$job.pdf" "$job.pdf" && cp "$ahead/err" "$out/dvi.err" && drop_ahead "$ahead" && return 0
	fi
	drop_ahead "$ahead"
	return 1
} 2>/dev/null
