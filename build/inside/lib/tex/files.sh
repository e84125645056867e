# What lies in the folder of a TeX job, and whether it has changed.

# marks prints, for each file named on stdin, what changes whenever the file does.
marks() { tr '\n' '\0' | xargs -0 -r stat -L -c '%n %s %i %y %z'; }

# pictures ACTION... and texts ACTION...: what TeX may find here. Pure outputs,
# which it does not read, are neither.
#
# Two searches: busybox runs a -exec + only outside of brackets.
pictures() {
	find -L . -type f ! -path "./$job.pdf" \
		\( -iname '*.png' -o -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.pdf' -o -iname '*.ai' \
		-o -iname '*.eps' -o -iname '*.svg' -o -iname '*.gif' -o -iname '*.tif' -o -iname '*.tiff' \
		-o -iname '*.bmp' -o -iname '*.jp2' -o -iname '*.jpf' -o -iname '*.psd' -o -name '*.xbb' \) "$@"
}
texts() {
	find -L . -type f ! -path "./$job.log" ! -path "./$job.dvi" ! -path "./$job.xdv" \
		! -path "./$job.fls" ! -name '*.idx' ! -name '*.ilg' \
		! -iname '*.png' ! -iname '*.jpg' ! -iname '*.jpeg' ! -iname '*.pdf' ! -iname '*.ai' \
		! -iname '*.eps' ! -iname '*.svg' ! -iname '*.gif' ! -iname '*.tif' ! -iname '*.tiff' \
		! -iname '*.bmp' ! -iname '*.jp2' ! -iname '*.jpf' ! -iname '*.psd' ! -name '*.xbb' "$@"
}

# files FILE writes a line for each file: of a text its hash, of a picture its
# marks, which need no reading and tell enough within one build.
files() {
	pictures -exec stat -L -c '%n %s %i %y %z' {} + >"$run/unsorted" 2>/dev/null &&
		texts -exec sha256sum {} + >>"$run/unsorted" 2>/dev/null &&
		LC_ALL=C sort "$run/unsorted" >"$1" && [ -s "$1" ]
}

# products FILE: the marks of what the last pass made.
products() {
	stat -c '%n %s %i %y %z' "$job.log" "$job.dvi" "$job.xdv" "$job.pdf" >"$1" 2>/dev/null
	[ -s "$1" ]
}

# outside FILE: the marks of the files in other folders that the last pass read.
outside() {
	[ -s "$run/inputs" ] || return 1
	marks <"$run/inputs" >"$1" 2>/dev/null
	return 0
}

# without_caches leaves out of the names that it reads those below TeX's own
# caches, which change without changing a page.
without_caches() {
	LC_ALL=C awk -v c1="${TEXMFVAR:-/dev/null}/" -v c2="${TEXMFCACHE:-/dev/null}/" -v c3="${VARTEXFONTS:-/dev/null}/" \
		'index($0, c1) != 1 && index($0, c2) != 1 && index($0, c3) != 1'
}

# bytes prints the size of all files whose names it reads, each with a NUL behind
# it.
bytes() { xargs -0 -r stat -L -c %s | awk '{ n += $1 } END { printf "%.0f\n", n }'; }

# copy_to FOLDER copies files whose names it reads, each with a NUL behind it.
copy_to() { xargs -0 -r sh -c 'tar -chf - -- "$@" | tar -xf - -C "$0"' "$1"; }

# read_record learns from TeX's recorder what the last pass read in other
# folders and which files it wrote here, its results apart.
read_record() {
	LC_ALL=C awk -v here="$(pwd -P)/" -v outputs="$run/outputs" '
		BEGIN { printf "" >outputs }
		sub(/^INPUT /, "") {
			if (/^\// && !read[$0]++ && index($0, here) != 1) print
			next
		}
		sub(/^OUTPUT /, "") {
			if (index($0, here) == 1) $0 = substr($0, length(here) + 1)
			sub(/^\.\//, "")
			if (!/^\// && !/(^|\/)\.\.(\/|$)/ && !/\.(log|dvi|xdv|pdf|fls)$/ && !wrote[$0]++) print >outputs
		}' "$job.fls" | without_caches >"$run/inputs"
}

# make_boxes: write_boxes, unless no image has changed since the last time.
make_boxes() {
	# For a chapter alone bookci_first.rb has written the few that it needs.
	[ -z "${BOOKCI_CHAPTER_FIRST:-}" ] || return
	pictures ! -name '*.xbb' -exec stat -L -c '%n %s %i %y %z' {} + >"$run/images.now" 2>/dev/null
	! cmp -s "$run/images.now" "$run/images" || return
	drop_boxes
	write_boxes "$run/boxes"
	mv "$run/images.now" "$run/images"
}

# drop_boxes takes away what make_boxes wrote.
drop_boxes() {
	[ ! -f "$run/boxes" ] || tr '\n' '\0' <"$run/boxes" | xargs -0 -r rm -f
}

# write_boxes FILE writes the size of each image to an .xbb beside it, all in one
# process, and their names to FILE; without them uplatex starts extractbb for
# every image in every pass. An image that has an .xbb keeps it. Images that
# would share one are left to TeX, and so are PDFs, of which a book may ask for
# another page, and what lies in linked folders, which are not this job's.
write_boxes() {
	case $name in uplatex* | platex*) ;; *) return ;; esac
	find . \( -type f -o -type l \) | LC_ALL=C awk '
		tolower($0) ~ /\.(png|jpe?g|pdf|ai|bmp|jp2|jpf|xbb)$/ {
			base = $0
			sub(/\.[^.\/]*$/, "", base)
			count[base]++
			file[NR] = $0
			of[NR] = base
		}
		END {
			for (i = 1; i <= NR; i++)
				if (count[of[i]] == 1 && tolower(file[i]) ~ /\.(png|jpe?g)$/) print file[i]
		}' >"$1.of"
	sed 's/\.[^.]*$/.xbb/' "$1.of" >"$1"
	# extractbb ends at the first image that it cannot read.
	tr '\n' '\0' <"$1.of" | xargs -0 -r sh -c '
		extractbb "$@" || for image; do
			[ -f "${image%.*}.xbb" ] || extractbb "$image"
		done' sh >/dev/null 2>&1
}
