# The conversion to PDF, with its pages reported as they are done.

for arg; do :; done
case ${arg:-} in
-* | '') return 0 ;;
esac
job=${arg%.dvi}
[ -f "$job.dvi" ] || return 0
out=$(run_folder) && mkdir -p "$out" || return 0
: >"$out/dvi.err" && rm -f "$out/asked" || return 0

dvi_words=$(lines "$real" "$@") || return 0
event dvi
if same_pdf "$dvi_words"; then
	end_conversion
	[ ! -f "$BOOKCI_STATE/tex/asked" ] || cp "$BOOKCI_STATE/tex/asked" "$out/asked"
	rc=0
elif ! take_conversion "$dvi_words"; then
	# What was asked for with other words would be of no use.
	before=
	[ "$dvi_words" != "$(cat "$BOOKCI_STATE/tex/dvi.cmd" 2>/dev/null)" ] || before=$BOOKCI_STATE/tex/asked
	with_pages "$out/dvi.err" dvipage remembering "$out/asked" "$before" "$real" "$@" 2>"$out/dvi.err"
	rc=$?
else
	rc=0
fi
# The next build may begin these words early, unless they rename the output.
case " $* " in
*' -o'*) ;;
*)
	if [ -d "$BOOKCI_STATE/next" ]; then
		printf '%s\n' "$dvi_words" >"$BOOKCI_STATE/next/dvi.cmd"
		[ ! -f "$out/asked" ] || mv "$out/asked" "$BOOKCI_STATE/next/asked"
		[ "$rc" != 0 ] || keep_pdf
	fi
	;;
esac
cat "$out/dvi.err" >&2
exit "$rc"
