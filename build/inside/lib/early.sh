# A program that is begun before anybody asks for it: an early TeX pass or
# conversion (tex/ahead.sh, tex/convert.sh), or a maker that waits for its command
# line (bin/bookci-ready).
#
# It has a folder of its own, which holds tree (where it works), pid, wrapper (the
# shell that waits for it), out and err, status once it has ended, done (a FIFO
# that wakes who waits for that), and taken, a folder that belongs to whoever
# could make it: nobody else may end the program or remove its folder.

# cores prints how many this machine and the control groups (version 2, version 1)
# leave of it.
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

# run_early COMMAND... begins it in the folder tree, which is the current one.
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
		# Wakes whoever waits; nobody may.
		[ ! -p ../done ] || echo 1<>../done
	) </dev/null >/dev/null 2>&1 &
	echo $! >../wrapper
	# Whoever drops it needs the number.
	until [ -f ../pid ] || ! kill -0 $!; do sleep 0.01; done
	[ -f ../pid ]
}

# waits FOLDER: whether the program in FOLDER has begun and not ended. Its number
# may have gone to another process; the folder in which that works tells.
waits() {
	[ -f "$1/pid" ] && [ ! -f "$1/status" ] && [ "/proc/$(cat "$1/pid")/cwd" -ef "$1/tree" ]
}

# end_early FOLDER ends the program in FOLDER, if there is one. False where
# somebody has taken it.
end_early() {
	[ ! -d "$1" ] || { mkdir "$1/taken" && drop_early "$1"; }
} 2>/dev/null

# drop_early FOLDER does so for the one who has taken it. Its name is free at
# once; what works in it may still write there for a moment.
drop_early() {
	dropped=$1.dropped.$$
	mv "$1" "$dropped" || return 1
	for dropped_part in "$dropped" "$dropped/pdf"; do
		! waits "$dropped_part" || kill -9 "$(cat "$dropped_part/pid")"
	done
	rm -rf "$dropped" || { sleep 0.1; rm -rf "$dropped"; }
	return 0
} 2>/dev/null

# place_early NEW FOLDER: what has begun in NEW is found in FOLDER from now on.
# Nobody sees one that is half made.
place_early() {
	end_early "$2" && mv "$1" "$2" || drop_early "$1"
} 2>/dev/null

# wait_early waits for the end of what runs in $ahead and returns its status.
wait_early() {
	# A TeX that was just about to wait when the gate was opened must be told
	# again, and a shell that was killed before it could tell of an end is
	# stood in for.
	(
		while sleep 0.3 && kill -0 $$ && [ ! -f "$ahead/status" ]; do
			[ ! -p "$ahead/gate" ] || : <>"$ahead/gate"
			kill -0 "$(cat "$ahead/wrapper")" && continue
			sleep 0.3
			[ -f "$ahead/status" ] || echo 137 >"$ahead/status"
			echo 1<>"$ahead/done"
		done
	) </dev/null >/dev/null 2>&1 5>&- 6>&- & # nor what bookci-run holds of the maker's
	ahead_watcher=$!
	exec 7<>"$ahead/done"
	[ -f "$ahead/status" ] || read -r _ <&7
	exec 7<&-
	# It must not open the gate of another pass in a folder of this name.
	kill "$ahead_watcher"
	wait "$ahead_watcher"
	read -r ahead_rc <"$ahead/status"
	return "${ahead_rc:-137}"
}
