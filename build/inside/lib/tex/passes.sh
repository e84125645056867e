# TeX passes, done once; call.sh decides with these which to run.
#
# A pass is left out when the files that the pass before it found are the files
# that lie here now: it would do the same again. What TeX wrote in the last
# good build is put back before the first pass, so that a small edit needs one.
#
# A maker's second pass in a row is put off when there is an index or another
# pass to come: what it would have found out, the third does just as well.
#
# When the maker's own passes (two, then after the index one or two more) end
# before the files stand still, more follow: so the same sources give the same
# pages whether anything was kept or not, and a book that needs more passes
# than the maker runs gets its page numbers right. When the files never stand
# still, the result is that of the maker's passes from nothing, and nothing is
# kept.
#
# The run folder holds sources (files before the first pass), n (passes so far,
# those left out included), calls (of the maker), before, outside and products
# (of the last pass: files found, files of other folders, what it made), out
# and err (its output), order (in which it opened files), written, restored,
# putoff, unsettled, slot (of ahead.sh), tex.cmd, images and boxes (of
# make_boxes), and what index.sh adds.

max_extra_passes=5

# takes_call ARGS: whether the call is a maker's pass over a job in this folder,
# with no option that makes TeX read or write what is not looked at here. Sets
# job.
takes_call() {
	[ $# -gt 0 ] && [ -z "${BOOKCI_ALL_PASSES:-}" ] || return 1
	case ${shell_escape:-p} in t* | y* | 1) return 1 ;; esac
	for arg; do
		case $arg in
		-no-shell-escape | --no-shell-escape | -disable-write18 | --disable-write18) ;;
		-shell-restricted | --shell-restricted | -synctex=0 | --synctex=0) ;;
		-*shell-escape* | -*write18* | -*synctex* | -*output-dir* | -*jobname* | -*draftmode*) return 1 ;;
		-ini | --ini | -help | --help | -version | --version) return 1 ;;
		esac
	done
	case $arg in -* | *[!A-Za-z0-9._-]*) return 1 ;; esac
	job=${arg%.tex}
	[ -f "$job.tex" ] || return 1
	case $job in
	__REVIEW_BOOK__) ;;
	book) case $(pwd -P) in *-pdf | *-pdf-*) ;; *) return 1 ;; esac ;;
	*) return 1 ;;
	esac
	# latexmk decides about passes itself.
	case $(tr '\0' ' ' <"/proc/$PPID/cmdline" 2>/dev/null) in *latexmk*) return 1 ;; esac
	return 0
}

# pass ARGS runs TeX once and returns its status.
pass() {
	n=$((n + 1))
	event pass "$n" "$name"
	rm -f "$run/before" "$run/marks" "$job.fls"
	make_boxes
	files "$run/found" || rm -f "$run/found"
	if [ -n "${next_too:-}" ]; then
		next_slot=$(($(cat "$run/slot") + 1))
		# In parentheses: a function's redirections keep the descriptors that they
		# replace open, and the maker would wait until they are closed.
		(next_ahead "$next_slot" "$@") </dev/null >/dev/null 2>&1 &
	fi
	end_conversion
	[ "$calls" != 1 ] || [ ! -f "$run/put" ] || [ -n "${BOOKCI_ONE_PASS:-}" ] || watch_too=end_vain_conversion
	# An early pass that failed may have lacked something in its folder.
	if ! take_ahead "$@" || [ "$rc" != 0 ]; then
		rm -f "$job.dvi" && : >"$job.dvi"
		# Pages that another pass is sure to replace are not worth converting.
		[ -n "${next_too:-}" ] || (to_spare && begin_conversion "$BOOKCI_OWN/ahead/conversion" $$ 'cp -RL') </dev/null >/dev/null 2>&1
		with_pages "$run/out" page "$real" -recorder "$@" >"$run/out" 2>"$run/err"
		rc=$?
		[ -s "$job.dvi" ] || rm -f "$job.dvi"
	fi
	watch_too=
	[ "$rc" = 0 ] || end_conversion
	if [ -f "$job.fls" ] && read_record; then
		order "$job.fls" >"$run/order"
		cat "$run/outputs" >>"$run/written"
		if [ "$rc" = 0 ] && [ -f "$run/found" ] && outside "$run/outside" && products "$run/products"; then
			mv "$run/found" "$run/before"
		fi
		rm -f "$job.fls"
	fi
	if [ -f "$job.idx" ]; then cp "$job.idx" "$run/idx"; else rm -f "$run/idx"; fi
	[ -z "${next_too:-}" ] || printf '%s\n' "$next_slot" >"$run/slot"
	next_too=
	return "$rc"
}

# settled: whether one more pass would find what the last one found. Where all
# marks are those of the last time that this was true, no file is read.
settled() {
	[ -f "$run/before" ] || return 1
	if [ -f "$run/marks" ] && all_marks "$run/marks.now" && cmp -s "$run/marks.now" "$run/marks"; then
		return 0
	fi
	rm -f "$run/marks"
	all_marks "$run/marks.now"
	files "$run/now" && cmp -s "$run/now" "$run/before" &&
		outside "$run/outside.now" && cmp -s "$run/outside.now" "$run/outside" &&
		products "$run/products.now" && cmp -s "$run/products.now" "$run/products" &&
		mv "$run/marks.now" "$run/marks"
}

# all_marks FILE: the marks of all files here and of what TeX read elsewhere.
all_marks() {
	{ find -L . -type f -exec stat -L -c '%n %s %i %y %z' {} + && marks <"$run/inputs"; } >"$1" 2>/dev/null
	[ -s "$1" ]
}

# index_settled: whether the index was made from the entries that stand now.
index_settled() {
	[ ! -f "$run/idx.read" ] || cmp -s "$run/idx" "$run/idx.read"
}

# remake_index runs the index program again as the maker ran it. What a hook
# changed cannot be made again.
remake_index() {
	[ -f "$run/index.cmd" ] && [ ! -e "$run/index.hooked" ] || return 1
	sh "$run/index.cmd" >/dev/null 2>&1 </dev/null && cp "$job.idx" "$run/idx.read"
}

# from_nothing ARGS does the maker's calls so far again, with nothing kept.
from_nothing() {
	[ -e "$run/index.hooked" ] && cp "$job.ind" "$run/ind.hooked" 2>/dev/null
	forget
	rm -f "$run/putoff"
	done_calls=0
	while [ "$done_calls" -lt "$calls" ]; do
		done_calls=$((done_calls + 1))
		if [ "$done_calls" = 3 ] && [ -f "$run/index.cmd" ]; then
			if [ -e "$run/index.hooked" ]; then
				cp "$run/ind.hooked" "$job.ind" 2>/dev/null
			else
				remake_index
			fi
		fi
		pass "$@" || return
	done
}

# settle ARGS runs what passes are missing until the files stand still.
settle() {
	if [ -e "$run/unsettled" ]; then
		settled && index_settled && rm "$run/unsettled"
		return 0
	fi
	extra=0
	: >"$run/seen"
	while ! { settled && index_settled; }; do
		[ -f "$run/before" ] || return 0
		state=$(cat "$run/now" "$run/idx" 2>/dev/null | digest)
		if [ "$extra" -ge "$max_extra_passes" ] || grep -qxF -e "$state" "$run/seen" ||
			{ ! index_settled && ! remake_index; } || ! pass "$@"; then
			: >"$run/unsettled"
			from_nothing "$@"
			return
		fi
		printf '%s\n' "$state" >>"$run/seen"
		extra=$((extra + 1))
	done
}

# puts_off: whether the maker's second pass may wait for its third. The maker
# asks after the second whether there are entries for an index.
puts_off() {
	[ "$calls" = 2 ] && [ ! -e "$run/unsettled" ] && [ -f "$run/before" ] || return 1
	[ ! -e "$job.idx" ] || [ -s "$job.idx" ] || return 1
	case $(tr '\0' ' ' <"/proc/$PPID/cmdline" 2>/dev/null) in *review-pdfmaker*) return 0 ;; esac
	return 1
}

# first_call ARGS prepares the folder. A false status: leave the build alone.
first_call() {
	drop_boxes
	rm -rf "$run" "$BOOKCI_STATE/next/$jobkey"
	mkdir -p "$run" || return 1
	printf '%s\n' "$jobkey" >"$run/key" && find -L . -type f >"$run/sources" && stamp "$@" >"$run/stamp" || return 1
	: >"$run/written"
	echo 0 >"$run/slot"
	lines "$name" "$real" "$@" >"$run/tex.cmd" || return 1
	if [ -e "$BOOKCI_STATE/tex/$jobkey/unsettled" ]; then
		: >"$run/unsettled"
	elif ! restore 2>/dev/null; then
		take_back
		seed_contents
	fi
	return 0
}
