# What a good build leaves for the next one, in BOOKCI_STATE/tex/<hash of the call>:
#   files/       what TeX and the index program wrote
#   sums         a hash of each
#   stamp        the program and arguments that they belong to
#   sources.tar  what else lay here, without images
#   pictures     the names of images and .xbb
#   order        in which TeX opened all of these
#   idx          the index's entries
#   tex.cmd      program and arguments, a line for each word
#   last/        of same.sh
# From sources.tar on they may be missing. Beside these folders lie dvi.cmd (the
# conversion's words, as tex.cmd), asked (of pictures.sh) and pdf (of same.sh). A build writes to BOOKCI_STATE/next;
# bookci-keep makes that the current one.

# made_by_others: files that programs other than TeX make from TeX's output.
made_by_others() {
	case $1 in
	*.ind | *.bbl | *.gls | *.acr | *.nls) ;;
	*) return 1 ;;
	esac
}

# stamp ARGS prints what kept files belong to: image, program and arguments.
stamp() {
	printf 'bookci 1\n%s\n' "${BOOKCI_IMAGE:-}" "$name" "$@"
	stat -L -c '%n %s %Y' "$real"
}

# restore puts the kept files back if they are whole and belong to this call.
# Their names go to run/restored, which exists only if all of it went well.
restore() {
	from=$BOOKCI_STATE/tex/$jobkey
	[ -f "$from/stamp" ] && [ -s "$from/sums" ] && [ -d "$from/files" ] || return 1
	[ ! -e "$job.aux" ] && cmp -s "$run/stamp" "$from/stamp" || return 1
	(cd "$from/files" && sha256sum -c ../sums) >/dev/null 2>&1 || return 1
	(cd "$from/files" && find . -type f) >"$run/names" 2>/dev/null || return 1
	[ "$(wc -l <"$run/names")" = "$(wc -l <"$from/sums")" ] || return 1
	: >"$run/putting"
	while IFS= read -r file; do
		file=${file#./}
		[ -e "$file" ] && continue
		case $file in */*) mkdir -p "${file%/*}" || return 1 ;; esac
		printf '%s\n' "$file" >>"$run/putting"
		cp "$from/files/$file" "$file" || return 1
		if made_by_others "$file"; then
			stat -c '%n %i %y %z' "$file" >>"$run/marks.put" || return 1
		fi
	done <"$run/names"
	mv "$run/putting" "$run/restored" && : >"$run/put"
}

# take_back undoes a restore that could not be finished.
take_back() {
	[ -f "$run/putting" ] || return 0
	while IFS= read -r file; do rm -f "$file"; done <"$run/putting"
	rm -f "$run/putting"
}

# forget removes every file that was put back or written since.
forget() {
	for list in restored written; do
		[ -f "$run/$list" ] || continue
		while IFS= read -r file; do rm -f "$file"; done <"$run/$list"
	done
	rm -f "$job.dvi" "$job.xdv" "$job.pdf" "$job.log" "$job.ind" "$job.idx" "$run/restored"
}

# drop_unwritten removes files that were put back and that TeX does not write any
# more: a build from nothing would not have them.
drop_unwritten() {
	[ -s "$run/restored" ] || return 0
	while IFS= read -r file; do
		made_by_others "$file" || grep -qxF -e "$file" "$run/written" || rm -f "$file"
	done <"$run/restored"
}

# drop_unmade removes files of other programs that were put back and that those
# programs, whose turn is over, have not made anew.
drop_unmade() {
	[ -s "$run/restored" ] && [ -f "$run/marks.put" ] || return 0
	while IFS= read -r file; do
		made_by_others "$file" && [ -e "$file" ] || continue
		grep -qxF -e "$(stat -c '%n %i %y %z' "$file")" "$run/marks.put" && rm -f "$file"
	done <"$run/restored"
	return 0
}

# keep puts aside what the next build would start from.
keep() {
	to=$BOOKCI_STATE/next/$jobkey
	rm -rf "$to"
	[ -f "$run/before" ] || return 1
	mkdir -p "$to/files" || return 1
	cp "$run/stamp" "$to/stamp" || return 1
	if [ -e "$run/unsettled" ]; then
		: >"$to/unsettled"
		return
	fi
	[ -s "$run/written" ] || return 0
	{
		LC_ALL=C sort -u "$run/written" | grep -v '\.idx$'
		for ext in ind bbl gls acr nls; do
			grep -qxF -e "./$job.$ext" "$run/sources" || printf '%s\n' "$job.$ext"
		done
	} >"$run/names"
	while IFS= read -r file; do
		[ -f "$file" ] || continue
		case $file in */*) mkdir -p "$to/files/${file%/*}" || return 1 ;; esac
		cp "$file" "$to/files/$file" || return 1
	done <"$run/names"
	(cd "$to/files" && find . -type f -print0 | xargs -0 -r sha256sum >../sums) || return 1
	keep_sources
}

# keep_sources keeps what an early pass of the next build may begin with. Above
# max_sources it does not: every build would copy a folder's fonts, say.
max_sources=8000000
keep_sources() {
	pictures | grep -xF -f "$run/sources" >"$to/pictures"
	{ texts | grep -xF -f "$run/sources"; grep '\.xbb$' "$to/pictures"; } |
		tr '\n' '\0' | xargs -0 -r tar -cf "$to/sources.tar" --
	[ "$(wc -c <"$to/sources.tar")" -le "$max_sources" ] || rm -f "$to/sources.tar"
	cp "$run/order" "$to/order" && cp "$run/tex.cmd" "$to/tex.cmd"
	[ ! -f "$run/idx" ] || cp "$run/idx" "$to/idx"
	keep_last
	return 0
}
