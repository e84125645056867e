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
if [ "$calls" -gt 1 ] && settled; then
	still=1
	n=$((n + 1))
	event skip "$n" "$name"
elif puts_off; then
	n=$((n + 1))
	event skip "$n" "$name"
	: >"$run/putoff"
else
	pass "$@"
	rc=$?
	if { [ "$rc" != 0 ] || [ ! -f "$run/before" ]; } && { [ -f "$run/restored" ] || [ -f "$run/putoff" ]; }; then
		# Perhaps what was kept or put off is to blame for a failure: a broken
		# book fails again. And where nothing is known about what a pass read,
		# nobody could tell when the passes are done.
		from_nothing "$@"
		rc=$?
	fi
	[ "$rc" = 0 ] || finish "$rc"
	[ "$calls" = 1 ] && [ -z "${BOOKCI_ONE_PASS:-}" ] && drop_unwritten
fi
# A maker calls three times or four.
if [ "$calls" -ge 3 ]; then
	# Asked a moment ago: nothing to add.
	[ -n "$still" ] && [ ! -e "$run/unsettled" ] && index_settled || settle "$@" || finish $?
	keep 2>/dev/null || { rm -rf "$BOOKCI_STATE/next/$jobkey"; mkdir -p "$BOOKCI_STATE/next"; } 2>/dev/null
fi
finish 0
