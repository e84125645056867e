# A pass begun early. TeX reads a book from front to back, so all that comes
# before the place of an edit can be typeset before the edit is known: while
# Re:VIEW still compiles the chapters, while the pass before is still running,
# or while the author thinks. The early pass works in a folder of its own, on
# what the last one read, and waits at a gate: a FIFO that TeX opens for reading
# just before it would read what may still change. When the maker asks for the
# pass, the files that differ take their new content, the gate opens, and TeX
# goes on. TeX's recorder then tells what it had read before the gate. Unless all
# of that is unchanged, the early pass is thrown away, and the usual one runs.
#
# BOOKCI_OWN/ahead/<hash of the call>-<slot> is a folder of early.sh. It also holds
# stamp (program, arguments and environment), before (hashes of the files as
# they were found), place (the file that the gate stands before), gate (a second
# name of the FIFO) and pdf (convert.sh). Slot 0 is begun before the maker's first
# call (bin/bookci-ahead); a pass that begins its successor takes the next one.

# contents FILE writes a hash and the name of each text and picture here. Left out
# are pictures of which TeX reads only the size, from an .xbb. FILE.pictures gets
# the names of all pictures.
contents() {
	pictures >"$1.pictures" 2>/dev/null
	{
		texts -exec sha256sum {} +
		LC_ALL=C awk -v tex="$name" '
			{ base = $0; sub(/\.[^.\/]*$/, "", base); file[NR] = $0; of[NR] = base }
			/\.xbb$/ { sized[base] = 1; next }
			{ count[base]++ }
			END {
				for (i = 1; i <= NR; i++) {
					if (tex ~ /^u?platex/ && of[i] in sized && count[of[i]] == 1 && tolower(file[i]) ~ /\.(png|jpe?g)$/) continue
					print file[i]
				}
			}' "$1.pictures" |
			tr '\n' '\0' | xargs -0 -r sha256sum
	} >"$1.unsorted" 2>/dev/null
	LC_ALL=C sort "$1.unsorted" >"$1" && [ -s "$1" ]
}

# set_gate PLACE puts the gate into $job.tex before the chapter PLACE, or before
# the document where PLACE is empty. The primitive leaves nothing on the page,
# and lines keep their numbers.
set_gate() {
	if [ -n "$1" ]; then set -- "\\input{$1.tex}" 0; else set -- '\begin{document}' 1; fi
	PLACE=$1 AT_START=$2 LC_ALL=C awk '
		!done && (at = index($0, ENVIRON["PLACE"])) && (at == 1 || ENVIRON["AT_START"] == 0) {
			$0 = substr($0, 1, at - 1) "\\openin15 bookci-gate \\closein15 " substr($0, at)
			done = 1
		}
		{ print }
		END { exit !done }' "$job.tex" >"$job.gated" && mv "$job.gated" "$job.tex"
}

# begin_ahead FOLDER PLACE ARGS starts TeX in FOLDER/tree, which becomes the
# current folder.
begin_ahead() {
	ahead=$1
	place=$2
	shift 2
	cd "$ahead/tree" || return 1
	write_boxes ../boxes
	contents ../before && set_gate "$place" || return 1
	mkfifo bookci-gate && ln bookci-gate ../gate || return 1
	{ stamp "$@"; tex_world; } >../stamp
	: >"$job.dvi"
	run_early "$real" -recorder "$@" || return 1
	(begin_conversion ../pdf "$(cat ../pid)" 'cp -RLl') </dev/null >/dev/null 2>&1
	return 0
}

# lay_out FOLDER BOOK NAMES gives FOLDER/tree copies of the pictures of BOOK that
# the file NAMES lists: a conversion needs them as they are now. Where they would
# take up much memory they are linked to, and begin_conversion does nothing.
max_pictures=100000000
lay_out() {
	mkdir -p "$1/tree" || return 1
	(
		cd "$2" || exit
		while IFS= read -r picture; do
			[ ! -f "$picture" ] || printf '%s\n' "$picture"
		done <"$3" >"$1/there"
		if [ "$(tr '\n' '\0' <"$1/there" | bytes)" -le "$max_pictures" ]; then
			tr '\n' '\0' <"$1/there" | copy_to "$1/tree"
			exit
		fi
		while IFS= read -r picture; do
			mkdir -p "$1/tree/${picture%/*}" && ln -s "$PWD/$picture" "$1/tree/$picture" || exit
		done <"$1/there"
	)
}

# next_ahead SLOT ARGS begins the next pass of this job, up to where it reads what
# the one that now runs writes.
next_ahead() {
	to_spare || return 0
	slot=$1
	shift
	new=$BOOKCI_OWN/ahead/new.$jobkey-$slot
	mkdir -p "$new" && pictures >"$new/pictures" && lay_out "$new" "$PWD" "$new/pictures" || return 0
	texts | grep -xF -f "$run/sources" | tr '\n' '\0' | copy_to "$new/tree" || return 0
	# The running pass may write these. Should TeX open one before the gate, the
	# recorder tells.
	for ext in aux toc lof lot lol loe out ind ent gls acr nls bbl brf thm; do
		[ -e "$new/tree/$job.$ext" ] || : >"$new/tree/$job.$ext"
	done
	printf '%s\n' "./$job.aux" >"$new/place"
	if begin_ahead "$new" '' "$@"; then place_early "$new" "$BOOKCI_OWN/ahead/$jobkey-$slot"; else drop_early "$new"; fi
}

# open_gate lets TeX go on. A TeX that has not come to the gate yet will find an
# empty file in its place.
open_gate() {
	: >"$ahead/open" && mv "$ahead/open" "$ahead/tree/bookci-gate" && : <>"$ahead/gate"
}

# late_files PLACE lists in run/late the files that have changed or gone since the
# early pass began. It is false where that pass may have read one of them, or
# where a file is new: the pass may have looked for it in vain.
late_files() {
	LC_ALL=C awk -v late="$run/late" '
		BEGIN { printf "" >late }
		{ hash = substr($0, 1, 64); name = substr($0, 67) }
		FNR == NR { old[name] = hash; next }
		!(name in old) { new = 1; exit }
		{ if (old[name] != hash) print name >late; delete old[name] }
		END {
			if (new) exit 1
			for (name in old) print name >late
		}' "$ahead/before" "$run/contents" || return 1
	# TeX looks for pictures even where it reads only their sizes.
	LC_ALL=C sort "$ahead/before.pictures" >"$run/late.pictures"
	LC_ALL=C sort "$run/contents.pictures" | cmp -s - "$run/late.pictures" || return 1
	none_read "$1" "$BOOKCI_STATE/tex/$jobkey/order"
}

# none_read PLACE FILE: whether no file of run/late comes before PLACE in FILE, an
# order of reading. Where there is no FILE: whether passes write all of them.
none_read() {
	if [ ! -f "$2" ]; then
		! grep -qvF "./$job." "$run/late" && ! grep -qxF "./$job.tex" "$run/late"
		return
	fi
	LC_ALL=C awk -v place="$1" '
		FNR == NR { late[$0] = 1; next }
		$0 == place { exit }
		$0 in late { bad = 1; exit }
		END { exit bad }' "$run/late" "$2"
}

# order FILE prints, from the recorder's FILE, the files of this folder in the
# order in which TeX opened them.
order() {
	sed -n 's/^INPUT //p; s/^OUTPUT //p' "$1" | sed '/^\//d; s/^\.\///; s/^/.\//'
}

# take_ahead ARGS finishes the early pass of this call in place of a pass in this
# folder, and sets rc to its status. It is false when no early pass serves. Of a
# pass that failed, only what it printed is taken.
take_ahead() {
	ahead=$BOOKCI_OWN/ahead/$jobkey-$(cat "$run/slot")
	[ -z "${BOOKCI_ONE_PASS:-}" ] && mkdir "$ahead/taken" || return 1
	taken=
	if ready_ahead "$@"; then
		with_pages "$ahead/out" page wait_early
		rc=$?
		order "$ahead/tree/$job.fls" >"$run/opened"
		# ../ leads elsewhere from the early pass's folder.
		if grep -qxF ./bookci-gate "$run/opened" && ! grep -q '^\./\.\./' "$run/opened" && none_read ./bookci-gate "$run/opened" && outside_as_before; then
			if [ "$rc" = 0 ]; then
				if adopt; then
					taken=1
					[ ! -d "$ahead/pdf" ] || place_early "$ahead/pdf" "$BOOKCI_OWN/ahead/conversion"
				fi
			else
				mv "$ahead/out" "$run/out" && mv "$ahead/err" "$run/err" && taken=1
			fi
		fi
	fi
	drop_early "$ahead"
	[ -n "$taken" ]
} 2>/dev/null

# outside_as_before: whether no file of other folders that the early pass read
# before the gate has changed since the pass began.
outside_as_before() {
	sed -n '/^INPUT bookci-gate$/q; s/^INPUT \(\/.*\)/\1/p' "$ahead/tree/$job.fls" | LC_ALL=C sort -u | without_caches |
		tr '\n' '\0' | xargs -0 -r stat -L -c '%z' >"$run/outside.read" || return 1
	LC_ALL=C awk -v begun="$(stat -c '%z' "$ahead/stamp")" '$0 > begun { exit 1 }' "$run/outside.read"
}

# ready_ahead ARGS copies to the early pass what has changed, and opens the gate.
# It is false where the pass does not serve.
ready_ahead() {
	waits "$ahead" || return 1
	{ stamp "$@"; tex_world; } | cmp -s - "$ahead/stamp" || return 1
	contents "$run/contents" && late_files "$(cat "$ahead/place")" || return 1
	while IFS= read -r file; do
		rm -f "$ahead/tree/$file"
		[ ! -e "$file" ] || cp "$file" "$ahead/tree/$file" || return 1
	done <"$run/late"
	open_gate
}

# adopt copies what the early pass wrote to where the pass would have.
adopt() {
	{ sed -n 's/^OUTPUT //p' "$ahead/tree/$job.fls" | sed 's/^\.\///' && echo "$job.log"; } | LC_ALL=C sort -u >"$run/adopted"
	while IFS= read -r file; do
		case $file in /* | *../*) return 1 ;; esac
		[ -f "$ahead/tree/$file" ] || continue
		case $file in */*) mkdir -p "${file%/*}" ;; esac
		cp "$ahead/tree/$file" "$file" || return 1
	done <"$run/adopted"
	sed "1s|^PWD .*|PWD $(pwd -P)|; /^INPUT bookci-gate$/d" "$ahead/tree/$job.fls" >"$job.fls"
	mv "$ahead/out" "$run/out" && mv "$ahead/err" "$run/err"
}
