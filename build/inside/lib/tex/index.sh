# The index program always runs: it takes no time. What it read and made is
# noted in the run folder, for passes.sh:
#   idx.read     the entries as TeX wrote them, before a hook changed them
#   ind.made     the index as made, to see whether a hook changes it after
#   index.cmd    how to make it again
#   index.hooked exists when a hook did change either

[ $# -gt 0 ] && run=$(run_folder) && [ -f "$run/n" ] || return 0
for arg; do :; done
job=${arg%.idx}
[ -f "$job.idx" ] && [ -f "$run/idx" ] || return 0

"$real" "$@" >"$run/index.out" 2>"$run/index.err"
rc=$?
if [ "$rc" != 0 ] && [ -f "$run/putoff" ] && [ ! -f "$run/idx.read" ]; then
	# The pass that was put off might have written better entries.
	(
		set --
		while IFS= read -r word; do set -- "$@" "$word"; done <"$run/tex.cmd"
		name=$1
		real=$2
		shift 2
		n=$(cat "$run/n")
		calls=2
		from_nothing "$@"
		printf '%s\n' "$n" >"$run/n"
	) </dev/null >/dev/null 2>&1
	"$real" "$@" >"$run/index.out" 2>"$run/index.err"
	rc=$?
fi
if [ "$rc" = 0 ]; then
	{
		cmp -s "$job.idx" "$run/idx" || : >"$run/index.hooked"
		cp "$run/idx" "$run/idx.read"
		cp "$job.ind" "$run/ind.made"
		words "$real" "$@" >"$run/index.cmd"
	} 2>/dev/null
fi
cat "$run/index.out"
cat "$run/index.err" >&2
exit "$rc"
