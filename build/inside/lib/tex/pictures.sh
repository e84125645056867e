# dvipdfmx spends most of its time on compressing pictures that it has compressed
# before. A library that is preloaded into it (native/remember.c) knows what came
# out then. BOOKCI_OWN/pictures holds kept (the memory that bookci brought, not
# to be written to), new (what this session adds), used (in new: which entries
# served the current build) and loads (which libraries can be loaded). A second
# library (native/ahead.c) prepares what the last conversion asked for.

# remember PROGRAM ASKED BEFORE gives PROGRAM, which this shell becomes next, the
# libraries and their memory. What it asks for is written to ASKED; BEFORE is
# such a list of the last conversion with this command, from which the second
# library prepares. Without ASKED it is left out.
remember() {
	memory=$BOOKCI_OWN/pictures
	[ -d "$memory/new" ] || return 0
	libraries=$BOOKCI_OWN/lib/pictures
	case $libraries in *[:\ ]*) return 0 ;; esac
	[ -f "$memory/loads" ] || { loadable "$1" >"$memory/loads.$$" && mv "$memory/loads.$$" "$memory/loads"; }
	grep -qx remember "$memory/loads" || return 0
	LD_PRELOAD=$(library remember)${LD_PRELOAD:+:$LD_PRELOAD}
	if [ -n "${2-}" ] && grep -qx ahead "$memory/loads"; then
		LD_PRELOAD=$(library ahead):$LD_PRELOAD
		BOOKCI_ASKED=$2
		BOOKCI_ASKED_BEFORE=
		[ "$(cores)" -lt 2 ] || BOOKCI_ASKED_BEFORE=${3-}
		export BOOKCI_ASKED BOOKCI_ASKED_BEFORE
	fi
	BOOKCI_PICTURES=$memory/kept
	BOOKCI_PICTURES_NEW=$memory/new
	BOOKCI_PICTURES_ROOM=$(memory_room)
	# Pictures come and go one by one. The C library keeps their memory: to give
	# it back and have it cleared anew each time took a sixth of the time left.
	MALLOC_MMAP_THRESHOLD_=1000000000
	MALLOC_TRIM_THRESHOLD_=1000000000
	MALLOC_TOP_PAD_=16000000
	export BOOKCI_PICTURES BOOKCI_PICTURES_NEW BOOKCI_PICTURES_ROOM MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_ MALLOC_TOP_PAD_ LD_PRELOAD
} 2>/dev/null

library() { echo "$libraries/$1-$(uname -m).so"; }

# loadable PROGRAM prints the names of the libraries that can be loaded into it. The
# loader would complain about another one where an author sees it.
loadable() {
	for loadable in remember ahead; do
		[ ! -f "$(library "$loadable")" ] ||
			[ -n "$(LD_PRELOAD=$(library "$loadable") "$1" --version 2>&1 >/dev/null)" ] || echo "$loadable"
	done
}

# remembering ASKED BEFORE COMMAND... runs COMMAND with that memory.
remembering() (
	remember "$3" "$1" "$2"
	shift 2
	exec "$@"
)

# memory_room prints how many bytes one program may add: an eighth of what is
# free. A container holds the session's folder in memory, which the book needs.
max_memory=500000000
memory_room() {
	{ memory_left; df -Pk "$memory/new" | awk 'NR == 2 { printf "%.0f\n", $4 * 1024 }'; } |
		awk -v room="$max_memory" '$1 / 8 < room { room = $1 / 8 } END { printf "%.0f\n", room }'
}
