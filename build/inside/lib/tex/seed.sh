# The table of contents of a book of which nothing is known yet, guessed from
# the headings, so that the first pass gives it the room that it will need and
# the pages after it their numbers. Only the count and the lengths of its
# entries matter; the pass writes the real one over it. A wrong guess costs the
# pass that it would have spared.

# fails_elsewhere: whether a pass failed to which nothing but the guessed contents
# was given, and TeX blames another file.
fails_elsewhere() {
	[ "$rc" != 0 ] && [ ! -f "$run/put" ] && [ ! -f "$run/putoff" ] &&
		grep -qE '^[^ :]+\.[a-z]+:[0-9]+: ' "$run/out" && ! grep -qF "$job.toc:" "$run/out"
}

# seed_contents writes $job.toc as if it had been put back.
seed_contents() {
	[ ! -e "$job.toc" ] && [ ! -e "$job.aux" ] || return 0
	LC_ALL=C awk '
		# balanced: whether a title can stand in braces.
		function balanced(title,   i, c, depth) {
			depth = 0
			for (i = 1; i <= length(title); i++) {
				c = substr(title, i, 1)
				if (c == "\\") i++
				else if (c == "%" || c == "#") return 0
				else if (c == "{") depth++
				else if (c == "}" && --depth < 0) return 0
			}
			return depth == 0
		}
		function entry(level, number, title) {
			if (balanced(title)) printf "\\contentsline {%s}{%s%s}{1}{}%%\n", level, number, title
		}
		function headings(file,   line, level) {
			while ((getline line < file) > 0) {
				sub(/[ \t]*(\\label[{][^}]*[}])?[ \t]*$/, "", line)
				if (line !~ /[}]$/) continue
				if (match(line, /^\\(part|chapter|section|subsection|subsubsection)[{]/)) {
					level = substr(line, 2, RLENGTH - 2)
					line = substr(line, RLENGTH + 1)
					entry(level, "\\numberline {1.1}", substr(line, 1, length(line) - 1))
				} else if (match(line, /^\\addcontentsline[{]toc[}][{][a-z]+[}][{]/)) {
					level = substr(line, 23, RLENGTH - 24)
					line = substr(line, RLENGTH + 1)
					entry(level, "", substr(line, 1, length(line) - 1))
				}
			}
			close(file)
		}
		# Chapters in the order in which TeX reads them.
		{
			while (match($0, /\\input[{][^{}]*[.]tex[}]/)) {
				file = substr($0, RSTART + 7, RLENGTH - 8)
				$0 = substr($0, RSTART + RLENGTH)
				headings(file)
			}
		}' "$job.tex" >"$run/guessed" 2>/dev/null
	[ -s "$run/guessed" ] || return 0
	cp "$run/guessed" "$job.toc" && printf '%s\n' "$job.toc" >"$run/restored"
}
