# The task's only command: does what the desk says until told to stop.
# It ends processes by signalling all there are, so it must be the first one.
[ $$ = 1 ] || { echo 'bookci: the agent is not the first process of its container'; exit 70; }
umask 022
desk=$BOOKCI_DESK
unset BOOKCI_DESK
mkdir -p /bookci/agent && cd /bookci/agent || exit 70

# get FILE URL, put FILE URL: a whole object or a failure, never a wait for ever.
if command -v curl >/dev/null 2>&1; then
	get() { curl -fsS --connect-timeout 10 --speed-limit 1 --speed-time 30 -o "$1" "$2" 2>/bookci/agent/trouble; }
	put() { curl -fsS --connect-timeout 10 --speed-limit 1 --speed-time 30 -o /dev/null -T "$1" "$2" 2>/bookci/agent/trouble; }
elif command -v ruby >/dev/null 2>&1; then
	by_ruby() {
		ruby -ruri -rnet/http -e '
			kind, file, url = ARGV
			uri = URI(url)
			Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 10, read_timeout: 30, write_timeout: 30) do |http|
				if kind == "get"
					http.request(Net::HTTP::Get.new(uri)) do |res|
						abort "status #{res.code}" unless res.is_a?(Net::HTTPSuccess)
						File.open(file, "wb") { |out| res.read_body { |part| out.write(part) } }
						abort "cut off" unless !res["content-length"] || File.size(file) == res["content-length"].to_i
					end
				else
					File.open(file, "rb") do |body|
						req = Net::HTTP::Put.new(uri)
						req.body_stream = body
						req.content_length = body.size
						req["Content-Type"] = ""
						res = http.request(req)
						abort "status #{res.code}" unless res.is_a?(Net::HTTPSuccess)
					end
				end
			end' "$@" 2>/bookci/agent/trouble
	}
	get() { by_ruby get "$@"; }
	put() { by_ruby put "$@"; }
else
	echo 'bookci: the image has neither curl nor ruby'
	exit 69
fi

# Seconds since this machine started: no clock can be set under it.
now() { IFS=' .' read -r uptime _ </proc/uptime; }

# input FILE URL: what a command needs, before it begins.
input() {
	get "$1" "$2" || get "$1" "$2" || get "$1" "$2" && return
	cat /bookci/agent/trouble >&2
	return 98
}

beat='' seen='' done=0 n=0 cancel=0 stop='' result='' live='' watch='' bound=0
now && alive=$uptime looked=0
trap 'stop=1' TERM

# look reads the desk. A desk that stays the same means that nobody is there.
look() {
	now && looked=$uptime
	if get desk.new "$desk"; then
		# Not one that was cut off on the way.
		[ "$(tail -n 1 desk.new)" != '# end' ] || . ./desk.new
	else
		cat /bookci/agent/trouble
	fi
	now
	[ "$beat" = "$seen" ] || { seen=$beat alive=$uptime; }
	[ $((uptime - alive)) -lt "$LEASE" ] || {
		echo 'bookci: nobody renews the lease any more'
		exit 75
	}
}

# end_all SECONDS: every process but this one is asked to end, then made to.
end_all() {
	kill -TERM -1 2>/dev/null
	ticks=$(($1 * 5))
	while [ $ticks -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		ticks=$((ticks - 1))
	done
	kill -KILL -1 2>/dev/null
	sleep 0.1
	kill -KILL -1 2>/dev/null
}

# show lays down the output so far. Beyond a megabyte the end alone will tell.
shown=0
show() {
	o=$(wc -c <out) e=$(wc -c <err)
	o=$((o)) e=$((e))
	[ $((o + e)) -gt "$shown" ] || return
	if [ "$bound" -gt 0 ] && [ $((o + e)) -gt "$bound" ]; then
		echo "bookci: more than $bound bytes of output" >>err
		end_all 0
		return
	fi
	shown=$((o + e))
	[ $shown -le 1048576 ] || return
	{
		echo "bookci $n $o $e"
		head -c $o out
		head -c $e err
	} >live.new
	put live.new "$live" || :
}

# work does what is on the desk and lays down what came of it.
work() {
	rm -f in-* at
	shown=0
	: >out
	: >err
	# The shell around a command waits for it when both are asked to end.
	(trap : TERM && message) >out 2>err </dev/null &
	pid=$!
	nap=0.02
	now && last=$uptime
	while kill -0 "$pid" 2>/dev/null; do
		sleep $nap
		now
		case $nap in 0.02) nap=0.05 ;; *) [ $((uptime - last)) -lt 1 ] || nap=0.2 ;; esac
		if [ -n "$stop" ]; then
			end_all 10
		elif [ $((uptime - looked)) -ge 2 ]; then
			look
			[ "$cancel" -lt "$n" ] || end_all 2
			[ -z "$watch" ] || show
		fi
	done
	wait "$pid"
	status=$?
	{
		echo "bookci $n $status $(cat at) $(($(wc -c <out))) $(($(wc -c <err))) $((${stop:-0}))"
		cat out err
	} >result.new
	# The place may have become another one, or the bucket be out of reach.
	until put result.new "$result"; do
		cat /bookci/agent/trouble
		[ -z "$stop" ] || break
		sleep 1
		look
	done
	[ -z "$watch" ] || head -c 65536 err
	echo "bookci: command $n ended with status $status"
	rm -f result.new live.new out err in-*
	done=$n
	now && rested=$uptime
}

now && rested=$uptime
while [ -z "$stop" ]; do
	look
	if [ "$n" -gt "$done" ]; then
		work
	elif [ $((uptime - rested)) -lt 20 ]; then
		sleep 0.2
	else
		sleep 1
	fi
done
echo 'bookci: told to stop'
exit 143
