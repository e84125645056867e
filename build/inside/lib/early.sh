# A program that is begun before anybody asks for it: an early TeX pass or
# conversion (tex/ahead.sh, tex/convert.sh), or a maker that waits for its command
# line (bin/bookci-ready).
#
# It has a folder of its own, which holds tree (where it works), pid, wrapper (the
# shell that waits for it), out and err, status once it has ended, done (a FIFO
# that wakes whoever waits for the status) and taken. Whoever could make the
# folder taken owns the program: nobody else may end it or remove its folder.

# cores prints how many cores a program may use: the machine's, or fewer where a
# control group (version 2 or 1) sets a quota.
cores() {
	cores_all=$(nproc 2>/dev/null || echo 1)
	cores_quota=max
	if [ -r /sys/fs/cgroup/cpu.max ]; then
		read -r cores_quota cores_period </sys/fs/cgroup/cpu.max
	elif [ -r /sys/fs/cgroup/cpu/cpu.cfs_quota_us ]; then
		read -r cores_quota </sys/fs/cgroup/cpu/cpu.cfs_quota_us
		read -r cores_period </sys/fs/cgroup/cpu/cpu.cfs_period_us
	fi
	case $cores_quota in
	max | -1) ;;
	*) [ $((cores_quota / cores_period)) -ge "$cores_all" ] || cores_all=$((cores_quota / cores_period)) ;;
	esac
	echo "$cores_all"
}

# memory_left prints the bytes that the control groups leave; nothing where they
# set no limit.
memory_left() {
	# shellcheck disable=SC2046 # names without a space, or none
	LC_ALL=C awk '
		FILENAME ~ /stat$/ { if ($1 ~ /^(total_)?inactive_file$/) idle = $2; next } # the total comes last
		FILENAME ~ /(max|limit_in_bytes)$/ { if ($1 ~ /^[0-9]+$/) max = $1; next }
		{ used += $1 }
		END { if (max) printf "%.0f\n", max - used + idle }' $(
			cd /sys/fs/cgroup && ls "$PWD"/memory.max "$PWD"/memory.current "$PWD"/memory.stat ||
				cd memory && ls "$PWD"/memory.limit_in_bytes "$PWD"/memory.usage_in_bytes "$PWD"/memory.stat
		) </dev/null 2>/dev/null
}

# to_spare: whether an early program would have a core of its own, and memory.
to_spare() {
	[ "$(cores)" -ge 2 ] && memory_left | awk '$1 < 600000000 { little = 1 } END { exit little }'
}

# run_early COMMAND... begins COMMAND in the current folder, which is tree.
run_early() {
	mkfifo ../done || return 1
	(
		"$@" >../out 2>../err &
		early=$!
		echo "$early" >../pid.new
		mv ../pid.new ../pid || kill -9 "$early" # the folder has been removed
		wait "$early"
		echo $? >../ended
		[ -z "${feeder:-}" ] || kill "$feeder"
		mv ../ended ../status
		# Wakes whoever waits. Open for reading too: there may be nobody.
		[ ! -p ../done ] || echo 1<>../done
	) </dev/null >/dev/null 2>&1 &
	echo $! >../wrapper
	# Whoever ends the program needs its number.
	until [ -f ../pid ] || ! kill -0 $!; do sleep 0.01; done
	[ -f ../pid ]
}

# waits FOLDER: whether the program in FOLDER has begun and not ended. Its number
# may be another process's by now: that one does not work in FOLDER/tree.
waits() {
	[ -f "$1/pid" ] && [ ! -f "$1/status" ] && [ "/proc/$(cat "$1/pid")/cwd" -ef "$1/tree" ]
}

# end_early FOLDER ends the program in FOLDER, if there is one. False where
# somebody has taken it.
end_early() {
	[ ! -d "$1" ] || { mkdir "$1/taken" && drop_early "$1"; }
} 2>/dev/null

# drop_early FOLDER ends the program in FOLDER, which the caller has taken, and
# removes FOLDER. The name is free at once. A program that was killed may still
# write for a moment: hence the second rm.
drop_early() {
	dropped=$1.dropped.$$
	mv "$1" "$dropped" || return 1
	for dropped_part in "$dropped" "$dropped/pdf"; do
		! waits "$dropped_part" || kill -9 "$(cat "$dropped_part/pid")"
	done
	rm -rf "$dropped" || { sleep 0.1; rm -rf "$dropped"; }
	return 0
} 2>/dev/null

# place_early NEW FOLDER gives the folder NEW the name FOLDER, and ends the
# program that was there. If somebody has taken that one, NEW is dropped.
place_early() {
	end_early "$2" && mv "$1" "$2" || drop_early "$1"
} 2>/dev/null

# wait_early waits for the end of what runs in $ahead and returns its status.
wait_early() {
	# TeX may begin to wait just after the gate was opened: it is opened again. A
	# wrapper may be killed before it writes the status: 137 stands in for it.
	(
		while sleep 0.3 && kill -0 $$ && [ ! -f "$ahead/status" ]; do
			[ ! -p "$ahead/gate" ] || : <>"$ahead/gate"
			kill -0 "$(cat "$ahead/wrapper")" && continue
			sleep 0.3
			[ -f "$ahead/status" ] || echo 137 >"$ahead/status"
			echo 1<>"$ahead/done"
		done
	) </dev/null >/dev/null 2>&1 5>&- 6>&- & # 5 and 6 are the maker's output (bookci-run)
	ahead_watcher=$!
	exec 7<>"$ahead/done"
	[ -f "$ahead/status" ] || read -r _ <&7
	exec 7<&-
	# The watcher must not open the gate of a later pass in a folder of this name.
	kill "$ahead_watcher"
	wait "$ahead_watcher"
	read -r ahead_rc <"$ahead/status"
	return "${ahead_rc:-137}"
}
