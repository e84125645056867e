# One call of a TeX program by a maker, with name, real and its arguments. A
# call that is not taken returns to bookci-shim.

finish() {
	printf '%s\n' "$n" >"$run/n"
	printf '%s\n' "$calls" >"$run/calls"
	cat "$run/out"
	cat "$run/err" >&2
	exit "$1"
}

takes_call "$@" || return 0
run=$(run_folder) && jobkey=$(printf '%s\n' "$name" "$@" | digest) && [ -n "$jobkey" ] || return 0

n=0
calls=1
if [ -f "$run/calls" ] && [ -f "$run/n" ] && [ -f "$job.log" ]; then
	if [ "$(cat "$run/key")" != "$jobkey" ]; then
		# Another command for the same job: nothing can be said about either.
		: >"$BOOKCI_STATE/run/unkept"
		drop_boxes
		return 0
	fi
	n=$(cat "$run/n")
	calls=$(($(cat "$run/calls") + 1))
else
	first_call "$@" 2>/dev/null || return 0
fi

if [ "$calls" -ge 3 ]; then
	drop_unmade
	[ -f "$run/ind.made" ] && ! cmp -s "$job.ind" "$run/ind.made" && : >"$run/index.hooked"
fi
if [ -n "${BOOKCI_ONE_PASS:-}" ] && [ "$calls" -gt 1 ]; then
	# A first look, with the numbers of what was kept. It leaves nothing.
	n=$((n + 1))
	event skip "$n" "$name"
	finish 0
fi
still=
if puts_off; then
	n=$((n + 1))
	event skip "$n" "$name"
	: >"$run/putoff"
elif [ "$calls" -gt 1 ] && settled; then
	still=1
	n=$((n + 1))
	event skip "$n" "$name"
elif [ "$calls" = 1 ] && same_pages; then
	end_early "$BOOKCI_OWN/ahead/$jobkey-0"
	end_conversion
	n=$((n + 1))
	event skip "$n" "$name"
else
	# From nothing another pass is sure to follow, and one more when the index
	# has come in between.
	if [ ! -f "$run/put" ] && [ -z "${BOOKCI_ONE_PASS:-}" ] && { [ "$calls" = 1 ] || { [ "$calls" = 3 ] && [ -s "$job.ind" ]; }; }; then
		next_too=1
	fi
	pass "$@"
	rc=$?
	# Perhaps what was kept or put off is to blame for a failure: a broken book
	# fails again. And where nothing is known about what a pass read, nobody
	# could tell when the passes are done.
	if { [ "$rc" != 0 ] || [ ! -f "$run/before" ]; } && { [ -f "$run/restored" ] || [ -f "$run/putoff" ]; } && ! fails_elsewhere; then
		from_nothing "$@"
		rc=$?
	fi
	[ "$rc" = 0 ] || finish "$rc"
	if [ "$calls" = 1 ] && [ -z "${BOOKCI_ONE_PASS:-}" ]; then
		drop_unwritten
		# These pages are the book's only where no other pass is to come.
		if [ -d "$BOOKCI_OWN/ahead/conversion" ]; then
			settled && { [ ! -f "$run/idx" ] || cmp -s "$run/idx" "$BOOKCI_STATE/tex/$jobkey/idx"; } || end_conversion
		fi
	fi
fi
# A maker calls three times or four.
if [ "$calls" -ge 3 ]; then
	# Where settled was true a moment ago, it need not be asked again.
	[ -n "$still" ] && [ ! -e "$run/unsettled" ] && index_settled || settle "$@" || finish $?
	if [ ! -f "$run/marks" ] || ! cmp -s "$run/marks" "$run/kept"; then
		keep || { rm -rf "$BOOKCI_STATE/next/$jobkey"; mkdir -p "$BOOKCI_STATE/next"; }
		cp "$run/marks" "$run/kept"
	fi 2>/dev/null
fi
finish 0
