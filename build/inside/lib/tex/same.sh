# The last good build's pages serve again after an edit that TeX does not see, such
# as a comment's. Its PDF serves again where pages and pictures are the same.
#
# The pages lie in the folder last of kept.sh's: the DVI and the log of the last
# pass, what it printed, and a hash of each file that it found. For the PDF there
# is BOOKCI_STATE/tex/pdf: key (of all that the conversion depends on), sum (of the
# PDF) and err (what dvipdfmx said). The PDF itself is where it was published, or
# in BOOKCI_OWN/last.pdf; it must have that sum.

# looks_elsewhere: whether the environment makes TeX look for files in folders that
# are not checked here.
looks_elsewhere() {
	env | LC_ALL=C grep -E '^(TEX|OSFONTDIR|[A-Z0-9]*(INPUTS|FONTS|MAPS|PICTS)=)' | grep -qvE '^(TEXMFVAR|TEXMFCACHE|VARTEXFONTS)='
}

# marks_elsewhere prints marks, which outlive a container, of the files named on
# stdin.
marks_elsewhere() { tr '\n' '\0' | xargs -0 -r stat -L -c '%n %s %Y'; }

max_last=20000000

# keep_last keeps the last pass below $to. It may be missing.
keep_last() {
	[ -f "$job.dvi" ] && [ "$(cat "$job.dvi" "$job.log" "$run/out" "$run/err" | wc -c)" -le "$max_last" ] && ! looks_elsewhere || return 0
	last=$to/last
	mkdir "$last" && contents "$last/contents" && rm -f "$last"/contents.* &&
		cp "$job.dvi" "$last/dvi" && cp "$job.log" "$last/log" &&
		cp "$run/inputs" "$run/out" "$run/err" "$run/order" "$last" && LC_ALL=C sort -u "$run/written" >"$last/written" &&
		tex_world >"$last/world" && marks_elsewhere <"$run/inputs" >"$last/outside" &&
		{ [ ! -f "$run/idx" ] || cp "$run/idx" "$last/idx"; } &&
		(cd "$last" && sha256sum -- * >../last.sums && mv ../last.sums sums) || rm -rf "$last"
}

# same_pages: whether a first pass would find what the last pass of the last good
# build found. What that pass left is then put here.
same_pages() {
	last=$BOOKCI_STATE/tex/$jobkey/last
	[ -f "$run/put" ] && [ -f "$last/sums" ] && [ ! -e "$run/unsettled" ] && [ -z "${BOOKCI_ONE_PASS:-}" ] && ! looks_elsewhere || return 1
	make_boxes
	tex_world | cmp -s - "$last/world" && contents "$run/contents" && cmp -s "$run/contents" "$last/contents" &&
		marks_elsewhere <"$last/inputs" | cmp -s - "$last/outside" && (cd "$last" && sha256sum -c sums) >/dev/null || return 1
	if cp "$last/dvi" "$job.dvi" && cp "$last/log" "$job.log" && { [ ! -f "$last/idx" ] || cp "$last/idx" "$job.idx"; } &&
		cp "$last/inputs" "$last/out" "$last/err" "$last/order" "$last/written" "$run" && { [ ! -f "$last/idx" ] || cp "$last/idx" "$run/idx"; } &&
		files "$run/found" && outside "$run/outside" && products "$run/products"; then
		mv "$run/found" "$run/before"
		return
	fi
	rm -f "$job.dvi" "$job.log" "$job.idx" "$run/inputs" "$run/out" "$run/err" "$run/order" "$run/idx" "$run/found"
	: >"$run/written"
	return 1
} 2>/dev/null

# reads_elsewhere: whether pages ask for a picture or a map of another folder.
reads_elsewhere() {
	LC_ALL=C tr -c ' -~' '\n' <"$job.dvi" |
		LC_ALL=C grep -E 'pdf: *(b?image|epdf|fstream|(load)?map)|[Pp][Ss]: *plotfile|[Pp][Ss]file *=|header *=' |
		grep -qE '[ ("=]/|\.\./|[ ("=]~'
}

# pdf_key WORDS prints a hash of all that the conversion with these words depends
# on. What else dvipdfmx reads is the image's.
pdf_key() {
	! looks_elsewhere && ! reads_elsewhere && may_read >"$out/key.read" || return 1
	{
		printf 'bookci 1\n%s\n%s\n' "${BOOKCI_IMAGE:-}" "$1"
		stat -L -c '%n %s %Y' "$real" && tex_world && cat "$out/key.read" && digest <"$job.dvi" && contents_of "$out/key.read" | digest
	} >"$out/key" && digest <"$out/key"
}

# same_pdf WORDS: whether the conversion would give the last good build's PDF. That
# is then put here, and what dvipdfmx said is in dvi.err.
same_pdf() {
	key=
	[ -z "${BOOKCI_ONE_PASS:-}" ] && key=$(pdf_key "$1") && [ -n "$key" ] || return 1
	kept_pdf=$BOOKCI_STATE/tex/pdf
	[ -f "$kept_pdf/err" ] && [ "$(cat "$kept_pdf/key")" = "$key" ] || return 1
	for last_pdf in "$BOOKCI_OWN/last.pdf" "${BOOKCI_LAST_PDF:-}"; do
		[ -f "$last_pdf" ] && rm -f "$job.pdf" && cp "$last_pdf" "$job.pdf" || continue
		[ "$(digest <"$job.pdf")" != "$(cat "$kept_pdf/sum")" ] || { cp "$kept_pdf/err" "$out/dvi.err" && return 0; }
	done
	rm -f "$job.pdf"
	return 1
} 2>/dev/null

# keep_pdf keeps what same_pdf of the next build needs.
keep_pdf() {
	# Where the session cannot see what is published, it keeps the PDF for itself.
	rm -f "$BOOKCI_OWN/last.pdf"
	if [ -n "${BOOKCI_WARM-}" ] && [ ! -d "$BOOKCI_OWN/artifacts" ] && [ "$(wc -c <"$job.pdf")" -le 100000000 ]; then
		cp "$job.pdf" "$BOOKCI_OWN/last.pdf"
	fi
	[ -n "$key" ] && [ "$(wc -c <"$out/dvi.err")" -le 1000000 ] && mkdir -p "$BOOKCI_STATE/next/pdf" || return 0
	digest <"$job.pdf" >"$BOOKCI_STATE/next/pdf/sum" && printf '%s\n' "$key" >"$BOOKCI_STATE/next/pdf/key" && cp "$out/dvi.err" "$BOOKCI_STATE/next/pdf/err" || rm -rf "$BOOKCI_STATE/next/pdf"
} 2>/dev/null
