# What the files of this folder share. POSIX sh, for dash and busybox ash.
#
# A run folder, BOOKCI_STATE/run/<hash of the current folder>, holds what one
# maker's run knows: it belongs to this build alone.

# event KIND ARG...: one line to bookci. The FIFO is opened for reading too,
# so that the open cannot wait for a reader that is gone.
event() {
	[ -n "${BOOKCI_EVENTS:-}" ] || return 0
	if [ -p "$BOOKCI_EVENTS" ]; then
		{ printf '\036%s\n' "$*" 1<>"$BOOKCI_EVENTS"; } 2>/dev/null
	elif [ -f "$BOOKCI_EVENTS" ]; then
		{ printf '\036%s\n' "$*" >>"$BOOKCI_EVENTS"; } 2>/dev/null
	fi
	return 0
}

# program NAME prints the real program: the first of that name that is none of
# bookci's own.
program() (
	set -f
	IFS=:
	for dir in $PATH; do
		[ "${dir:-.}" -ef "$BOOKCI_OWN/bin" ] || [ ! -f "$dir/$1" ] || [ ! -x "$dir/$1" ] || { printf '%s\n' "$dir/$1"; break; }
	done
)

# digest prints the hash of stdin.
digest() { sha256sum | { read -r digest_sum _ && printf '%s\n' "$digest_sum"; }; }

# lines WORD... prints one word a line, the form in which words are kept: they are
# read again, never evaluated. It is false where a word has a line break.
lines() {
	for lines_each; do
		case $lines_each in
		*"
"*) return 1 ;;
		esac
		printf '%s\n' "$lines_each"
	done
}

# words WORD... prints the words quoted, for sh to evaluate.
words() {
	for words_each; do
		case $words_each in
		*\'*) words_each=$(printf '%s\n' "$words_each" | sed "s/'/'\\\\''/g") ;;
		esac
		printf "'%s' " "$words_each"
	done
}

# run_folder prints the run folder of the current folder.
run_folder() {
	run_key=$(pwd -P | digest) && [ -n "$run_key" ] && printf '%s\n' "$BOOKCI_STATE/run/$run_key"
}

# count_pages FILE: how many pages the output in FILE says were finished. A
# number in brackets counts when it follows the page before, starts a new
# numbering, or is followed by its own successor: text that TeX quotes in a
# warning looks the same.
count_pages() {
	LC_ALL=C awk '
		BEGIN { RS = "["; last = -1; doubt = -2; n = 0 }
		# TeX in a loop prints for ever.
		(size += length($0)) > 4000000 { exit }
		NR > 1 && /^-?[0-9]+(\.[0-9]+)*[]{<\n ]/ {
			p = $0 + 0
			if (p < 0) p = -p
			if (p == last + 1 || p <= 1) { n++; last = p; doubt = -2 }
			else if (p == doubt + 1) { n += 2; last = p; doubt = -2 }
			else doubt = p
		}
		END { print n }' "$1"
}

# watch_pages FILE KIND: reports pages from FILE while it grows, until this
# process ends or is told to, and runs the command watch_too. TeX flushes its
# output at each page, and dvipdfmx does not buffer.
watch_pages() {
	watch_seen=0
	while kill -0 $$; do
		sleep 0.5
		${watch_too:-}
		watch_now=$(count_pages "$1")
		if [ "${watch_now:-0}" -gt "$watch_seen" ]; then
			watch_seen=$watch_now
			event "$2" "$watch_seen"
		fi
	done
}

# with_pages FILE KIND COMMAND...: runs COMMAND, whose output the caller sends
# to FILE, and reports its pages meanwhile. Its status is COMMAND's.
with_pages() {
	pages_file=$1
	pages_kind=$2
	shift 2
	if [ -z "${BOOKCI_EVENTS:-}" ]; then
		"$@"
		return
	fi
	# The watcher holds no descriptor of the maker's, which reads until the
	# last writer is gone.
	watch_pages "$pages_file" "$pages_kind" </dev/null >/dev/null 2>&1 &
	pages_watcher=$!
	"$@"
	pages_rc=$?
	{
		kill "$pages_watcher"
		wait "$pages_watcher"
	} 2>/dev/null
	event "$pages_kind" "$(count_pages "$pages_file" 2>/dev/null)"
	return "$pages_rc"
}

# tex_world prints what else a pass depends on: the environment as TeX sees it.
tex_world() {
	env | LC_ALL=C grep -E '^(SOURCE_DATE_EPOCH|FORCE_SOURCE_DATE|TEX[A-Za-z_]*|[A-Z]*INPUTS|[A-Z]*FONTS|[a-z][a-z_]*|LANG|LC_[A-Z]*|HOME)=' | LC_ALL=C sort
}
