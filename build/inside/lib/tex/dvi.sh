# The conversion to PDF, with its pages reported as they are done.

for arg; do :; done
case ${arg:-} in
-* | '') return 0 ;;
esac
job=${arg%.dvi}
[ -f "$job.dvi" ] || return 0
out=$(run_folder) && mkdir -p "$out" || return 0
: >"$out/dvi.err" || return 0

event dvi
dvi_words=$(fast "$real" "$@")
if ! take_conversion "$dvi_words"; then
	eval "set -- $dvi_words"
	with_pages "$out/dvi.err" dvipage "$@" 2>"$out/dvi.err"
	rc=$?
else
	rc=0
fi
# For the next build, where the output has the name that all expect.
case " $* " in
*' -o'*) ;;
*) [ ! -d "$BOOKCI_STATE/next" ] || printf '%s\n' "$dvi_words" >"$BOOKCI_STATE/next/dvi.cmd" ;;
esac
cat "$out/dvi.err" >&2
exit "$rc"
