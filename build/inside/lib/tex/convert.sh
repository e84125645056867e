# The conversion to PDF, begun beside the pass that makes the pages: dvipdfmx
# reads them from a pipe as TeX finishes them, so that little is left to do when
# TeX ends. It works in a folder of its own, on copies of what it may read. Its
# result counts only when the maker's own call finds the same pages and the same
# files. That result has the bytes of the usual one but for the identifier, which
# dvipdfmx makes from the names of its files. So dvipdfmx also converts an empty
# page (the sample) under the usual names, and the sample's identifier is put in.
#
# The folder is one of early.sh. It also holds stamp (command and environment),
# pages (the pipe), dvi (what went through it), sample (a folder), asked (of
# pictures.sh) and made.pdf. Its name is BOOKCI_OWN/ahead/conversion. Beside an early
# pass that nobody has taken yet it is pdf in that pass's folder.

# from_pipe PROGRAM ARGS: whether the conversion can be done from a pipe. Not so
# with options that count pages from the end, encrypt with the identifier, or
# give the output another name.
from_pipe() {
	case ${1##*/} in *dvipdfmx) ;; *) return 1 ;; esac
	for word; do
		case $word in --* | -*[sSoOtKPM]*) return 1 ;; esac
	done
	case $word in "$job" | "$job.dvi") ;; *) return 1 ;; esac
}

# begin_conversion FOLDER WRITER COPY begins, in FOLDER, the conversion that the
# last good build did. It reads $job.dvi, which exists already and which TeX is
# writing; the pages are complete when the process WRITER has ended. COPY is the
# command that copies this folder. This folder may be renamed, with FOLDER in it.
# Called in parentheses, for the reason in pass().
begin_conversion() {
	[ -f "$BOOKCI_STATE/tex/dvi.cmd" ] && tail --pid=$$ -c 0 /dev/null && mkdir "$1" || return 1
	(
		conversion=$1
		writer=$2
		copy=$3
		set --
		while IFS= read -r word; do set -- "$@" "$word"; done <"$BOOKCI_STATE/tex/dvi.cmd"
		from_pipe "$@" && [ "$(find -L . -type f -print0 | bytes)" -le "$max_pictures" ] || exit
		{ cat "$BOOKCI_STATE/tex/dvi.cmd" && tex_world; } >"$conversion/stamp"
		$copy . "$conversion/tree" && mkfifo "$conversion/pages" || exit
		tail --pid="$writer" -s 0.1 -c +1 -f "$job.dvi" | tee "$conversion/dvi" >"$conversion/pages" &
		feeder=$!
		# -P: this folder may have another name by now.
		cd -P "$conversion/tree" && run_early convert "$@" || kill "$feeder"
	) &
}

# convert ARGS... becomes the conversion of what comes by ../pages.
convert() {
	mkdir ../sample && (cd ../sample && empty_page >"$job.dvi" && "$@" >/dev/null 2>&1) || exit
	left=$#
	for word; do
		shift
		left=$((left - 1))
		[ "$left" = 0 ] || set -- "$@" "$word"
	done
	remember "$1" ../asked "$BOOKCI_STATE/tex/asked"
	exec "$@" -o ../made.pdf <../pages
}

# empty_page prints a DVI file of one page with nothing on it: preamble, page,
# postamble, as tex.web tells.
empty_page() {
	empty_units='\001\203\222\300\034\073\000\000\000\000\003\350'
	printf '\367\002'"$empty_units"'\000'
	printf '\213\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
	printf '\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\377\377\377\377\214'
	printf '\370\000\000\000\017'"$empty_units"'\000\000\000\001\000\000\000\001\000\000\000\001'
	printf '\371\000\000\000\075\002\337\337\337\337'
}

# end_conversion ends a conversion whose pages will not be the book's.
end_conversion() { end_early "$BOOKCI_OWN/ahead/conversion"; }

# end_vain_conversion ends the conversion as soon as the .aux that TeX writes
# differs from the one that TeX read: another pass will make the pages.
end_vain_conversion() {
	for vain in "$ahead/tree/$job.aux" "$job.aux"; do
		[ ! -f "$vain" ] || break
	done
	[ -z "$(cmp "$BOOKCI_STATE/tex/$jobkey/files/$job.aux" "$vain" 2>/dev/null)" ] || { end_conversion; end_early "$ahead/pdf"; }
}

# take_conversion WORDS takes the PDF of the conversion that was begun. It is
# false where that does not count. What dvipdfmx printed is in dvi.err.
take_conversion() {
	ahead=$BOOKCI_OWN/ahead/conversion
	mkdir "$ahead/taken" || return 1
	taken=
	if { printf '%s\n' "$1" && tex_world; } | cmp -s - "$ahead/stamp" && [ -p "$ahead/done" ] &&
		! grep -q '^\./\.\./' "$out/order" && ! grep -qE 'pdf: *(trailerid|encrypt)' "$job.dvi" && same_files "$ahead/tree"; then
		with_pages "$ahead/err" dvipage wait_early && cmp -s "$job.dvi" "$ahead/dvi" &&
			[ ! -s "$ahead/out" ] && ! grep -qiE 'warning:.*(locat|find|found|open|inclu|missing)' "$ahead/err" &&
			set_identifier "$ahead/made.pdf" "$ahead/sample/$job.pdf" && mv "$ahead/made.pdf" "$job.pdf" &&
			sed "s|^stdin -> \.\./made\.pdf\$|$job.dvi -> $job.pdf|" "$ahead/err" >"$out/dvi.err" && taken=1
		[ -z "$taken" ] || [ ! -f "$ahead/asked" ] || mv "$ahead/asked" "$out/asked"
	fi
	drop_early "$ahead"
	[ -n "$taken" ]
} 2>/dev/null

# same_files FOLDER: whether dvipdfmx finds the same there as here.
same_files() {
	may_read >"$out/may.read" && (cd "$1" && may_read) | cmp -s - "$out/may.read" || return 1
	rm -f "$out/theirs" && mkfifo "$out/theirs" || return 1
	(cd "$1" && contents_of "$out/may.read" >"$out/theirs") &
	contents_of "$out/may.read" | cmp -s - "$out/theirs"
}

# may_read prints names and sizes of the files that a conversion may read.
may_read() {
	find -L . -type f ! -path "./$job.*" ! -path ./bookci-gate ! -name '*.tex' ! -name '*.aux' ! -name '*.fls' ! -name '*.xbb' \
		-exec stat -L -c '%s %n' {} + | LC_ALL=C sort -k 2
}
contents_of() { sed 's/^[0-9]* //' "$1" | tr '\n' '\0' | xargs -0 -r cat; }

# identifier FILE prints the offset of a PDF's identifier, and the identifier. It
# stands in the trailer, behind the table to which "startxref" points.
identifier() {
	table=$(tail -c 64 "$1" | tr -c '0-9a-z' '\n' | sed -n '/^startxref$/,$s/^[0-9][0-9]*$/&/p')
	tail -c +$((table + 1)) "$1" | tr -c ' -~' ' ' | LC_ALL=C awk -v table="$table" '
		match($0, /\/ID ?\[<[0-9a-f]+><[0-9a-f]+>\]/) { print table + RSTART - 1, substr($0, RSTART, RLENGTH); found = 1 }
		END { exit !found }'
}

# set_identifier FILE SAMPLE gives a PDF the identifier of another one.
set_identifier() {
	own_identifier=$(identifier "$1") && new_identifier=$(identifier "$2") || return 1
	new_identifier=${new_identifier#* }
	own_place=${own_identifier%% *}
	own_identifier=${own_identifier#* }
	[ "${#own_identifier}" = "${#new_identifier}" ] &&
		printf '%s' "$new_identifier" | dd of="$1" bs=1 seek="$own_place" conv=notrunc
}
