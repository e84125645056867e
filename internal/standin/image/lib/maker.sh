# What the stand-ins of Re:VIEW's makers share. POSIX sh with busybox's tools.

prog=${0##*/}
here=${0%/*}

# log LEVEL MESSAGE, in one of the two forms that Re:VIEW has.
log() {
	case ${STANDIN_LOG:-plain}/$1 in
	plain/SUCCESS) ;;
	plain/*) printf '%s %s: %s\n' "$1" "$prog" "$2" ;;
	tty/ERROR) printf '⨯ ERROR   %s\n' "$2" ;;
	tty/WARN) printf '⚠ WARN    %s\n' "$2" ;;
	tty/INFO) printf 'ℹ INFO    %s\n' "$2" ;;
	tty/SUCCESS) printf '✔ SUCCESS %s\n' "$2" ;;
	esac >&2
}

die() {
	log ERROR "$1"
	exit 1
}

# value KEY DEFAULT: of the config, or of what it inherits from.
value() {
	for value_file in "$config" $(sed -n 's/^inherit: *\[\(.*\)\].*/\1/p' "$config" | tr -d '",'); do
		value_found=$(sed -n "s/^$1: *//p" "$value_file" | sed 's/ *#.*//; s/^"\(.*\)"$/\1/' | head -n 1)
		[ -z "$value_found" ] || {
			printf '%s\n' "$value_found"
			return
		}
	done
	printf '%s\n' "$2"
}

# chapters: paths of the chapters' sources, one a line, parts left out.
chapters() {
	chapters_dir=$(value contentdir '')
	chapters_list=$(value catalogfile catalog.yml)
	if [ -f "$chapters_list" ]; then
		sed -n 's/^ *- *\([^:]*\.re\) *$/\1/p' "$chapters_list"
	else
		cat PREDEF CHAPS POSTDEF 2>/dev/null
	fi | while IFS= read -r chapters_one; do
		[ -z "$chapters_one" ] || printf '%s\n' "${chapters_dir:+$chapters_dir/}$chapters_one"
	done
}

# begin ARG...: reads the command line and the config.
begin() {
	only=
	while [ $# -gt 0 ]; do
		case $1 in
		--only=*) only=,${1#--only=}, ;;
		--only | -y) only=,$2, && shift ;;
		-*) ;;
		*) break ;;
		esac
		shift
	done
	# A wrong number of arguments is no failure to Re:VIEW.
	[ $# = 1 ] || {
		echo "Usage: $prog configfile"
		exit 0
	}
	config=$1
	[ -f "$config" ] || die "$config not found."
	bookname=$(value bookname book)
	tmp=$(mktemp -d /tmp/standin.XXXXXX) || exit 1
	trap 'rm -rf "$tmp"' EXIT
	chapters >"$tmp/chapters"
	[ -s "$tmp/chapters" ] || die 'no chapters'
}

# compile EXT: turns the chapters into $tmp/NAME.EXT, as far as a stand-in
# needs it, and leaves the marks in the sources that the makers leave.
compile() {
	compile_failed=
	while IFS= read -r source; do
		last=$source
		name=${source##*/}
		name=${name%.re}
		case $only in '' | *,"$name",*) ;; *)
			log WARN "skip $name.re"
			continue
			;;
		esac
		log INFO "compiling $name.$1"
		[ -f "$source" ] || {
			log ERROR "file not found: $source"
			compile_failed=1
			continue
		}
		sed -n 's/^#@standin //p' "$source" >"$tmp/asked"
		while read -r what; do
			"$here/standin-misbehave" $what || die "standin: $what: exit status $?"
		done <"$tmp/asked"
		awk -v file="${source##*/}" '
			BEGIN { split("b i code idx hidx list img table fn tt ami balloon bib bou br chap chapref column comment del em embed endnote eq hd href icon imgref ins kw m pageref raw ruby sec secref sectitle strong sub sup title tcy ttb tti u uchar w wb", k); for (n in k) known[k[n]] = 1 }
			/^#@/ { print ""; next }
			{
				rest = $0
				while (match(rest, /@<[a-z]+>/)) {
					op = substr(rest, RSTART + 2, RLENGTH - 3)
					if (!(op in known)) {
						print "E " file ":" NR ": no such inline op: " op "" >"/dev/stderr"
						exit 1
					}
					if (op ~ /idx/) { x = substr(rest, RSTART + RLENGTH + 1); sub(/}.*/, "", x); print "\\index{" x "}" }
					rest = substr(rest, RSTART + RLENGTH)
				}
			}
			match($0, /^\/\/raw\[\|latex\|/) { print substr($0, RLENGTH + 1, length($0) - RLENGTH - 1); next }
			match($0, /^\/\/image\[[^]]*/) {
				id = substr($0, 9, RLENGTH - 8)
				if ((getline x <("images/" id ".png")) < 0) print "W " file ":" NR ": image not bound: " id >"/dev/stderr"
				next
			}
			/^= / { print "\\chapter{" substr($0, 3) "}"; next }
			{ print }' "$source" >"$tmp/$name.$1" 2>"$tmp/said" </dev/null || compile_failed=1
		while read -r level text; do
			case $level in E) log ERROR "$text" ;; W) log WARN "$text" ;; *) log ERROR "$level $text" ;; esac
		done <"$tmp/said"
		echo "$name" >>"$tmp/names"
	done <"$tmp/chapters"
	# The side effects that real makers and hooks have on the sources.
	mkdir -p images && echo 1 >"images/_review_math_${prog#review-}"
	touch "$config"
	echo >>"$last"
	[ -z "$compile_failed" ]
}

# leave NAME: what has been made stays in NAME, or what a manuscript asks for
# instead of it.
leave() {
	case $(sed -n 's/^#@standin-artifact //p' $(cat "$tmp/chapters") 2>/dev/null | head -n 1) in
	nothing) rm -f "$1" ;;
	link) rm -f "$1" && ln -s /etc/passwd "$1" ;;
	truncated) head -c 200 "$1" >"$1.part" && mv "$1.part" "$1" ;;
	empty) : >"$1" ;;
	fifo) rm -f "$1" && mkfifo "$1" ;;
	folder) rm -f "$1" && mkdir -p "$1/x" ;;
	hardlink) ln "$1" "$1.other" ;;
	device) rm -f "$1" && mknod "$1" c 1 5 ;;
	garbage) head -c 5000 /dev/urandom >"$1" ;;
	esac
}
