package inside

// Emptied defines a function of sh: emptied FOLDER [EXCEPT] removes all below FOLDER
// but the path EXCEPT, a pattern, and is false where something is left. What a
// hostile maker left unreadable is made readable first. FOLDER may be a mount point:
// that cannot be removed, and only its owner may change it.
const Emptied = `
below() {
	folder=$1 except=${2-}
	shift 2
	find "$folder" -mindepth 1 -maxdepth 1 ! -path "$except" "$@"
}
empty() { below "$1" "${2-}" -exec rm -rf -- {} + && found=$(below "$1" "${2-}" -print) && [ -z "$found" ]; }
emptied() {
	empty "$@" 2>/dev/null && return
	chmod u+rwX "$1" 2>/dev/null
	below "$1" "${2-}" ! -type l -exec chmod -R u+rwX -- {} +
	empty "$@"
}
`

// EmptyFirst removes all below $1, and ends the script where something is left.
const EmptyFirst = Emptied + `emptied "$1" || exit 1
`
