# dvipdfmx spends most of its time on compressing pictures that it has compressed
# before. A library that is preloaded into it (native/remember.c) knows what came
# out then. BOOKCI_OWN/pictures holds kept (the memory that bookci brought, not
# to be written to), new (what this session adds), used (in new: which entries
# served the current build) and loads (whether the library can be loaded).

# remember gives the program that this shell becomes next the library and its
# memory. A library that cannot be loaded is left out: the loader would complain
# where an author sees it.
remember() {
	memory=$BOOKCI_OWN/pictures
	[ -d "$memory/new" ] || return 0
	library=$BOOKCI_OWN/lib/pictures/remember-$(uname -m).so
	case $library in *[:\ ]*) return 0 ;; esac
	if [ ! -f "$memory/loads" ]; then
		loads=
		[ ! -f "$library" ] || [ -n "$(LD_PRELOAD=$library "$real" --version 2>&1 >/dev/null)" ] || loads=yes
		echo "$loads" >"$memory/loads"
	fi
	[ "$(cat "$memory/loads")" = yes ] || return 0
	BOOKCI_PICTURES=$memory/kept
	BOOKCI_PICTURES_NEW=$memory/new
	BOOKCI_PICTURES_ROOM=$(memory_room)
	# Pictures come and go one by one. The C library keeps their memory: to give
	# it back and have it cleared anew each time took a sixth of the time left.
	MALLOC_MMAP_THRESHOLD_=1000000000
	MALLOC_TRIM_THRESHOLD_=1000000000
	MALLOC_TOP_PAD_=16000000
	LD_PRELOAD=$library${LD_PRELOAD:+:$LD_PRELOAD}
	export BOOKCI_PICTURES BOOKCI_PICTURES_NEW BOOKCI_PICTURES_ROOM MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_ MALLOC_TOP_PAD_ LD_PRELOAD
} 2>/dev/null

# remembering COMMAND... runs COMMAND with that memory.
remembering() (
	remember
	exec "$@"
)

# memory_room prints how many bytes one program may add: an eighth of what is
# free. A container holds the session's folder in memory, which the book needs.
max_memory=500000000
memory_room() {
	{ memory_left; df -Pk "$memory/new" | awk 'NR == 2 { printf "%.0f\n", $4 * 1024 }'; } |
		awk -v room="$max_memory" '$1 / 8 < room { room = $1 / 8 } END { printf "%.0f\n", room }'
}
