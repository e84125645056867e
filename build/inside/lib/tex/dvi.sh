# The conversion to PDF, with its pages reported as they are done. For a
# preview it compresses less, which costs space and no pixel; otherwise the
# book's own options stand.

for arg; do :; done
case ${arg:-} in
-* | '') return 0 ;;
esac
[ -f "$arg" ] || [ -f "$arg.dvi" ] || return 0
out=$(run_folder) && mkdir -p "$out" || return 0
: >"$out/dvi.err" || return 0

if [ -n "${BOOKCI_FAST:-}" ]; then
	# Just before the file, so that it stands after the book's own -z.
	left=$#
	while [ "$left" -gt 0 ]; do
		[ "$left" = 1 ] && set -- "$@" -z 1
		set -- "$@" "$1"
		shift
		left=$((left - 1))
	done
fi
event dvi
with_pages "$out/dvi.err" dvipage "$real" "$@" 2>"$out/dvi.err"
rc=$?
cat "$out/dvi.err" >&2
exit "$rc"
