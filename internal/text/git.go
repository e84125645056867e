package text

import "regexp"

// ConflictMark finds a line with which git begins or ends two versions that it could not
// merge, and ConflictHint says what to do about them.
var ConflictMark = regexp.MustCompile(`(?m)^(?:<{7}|>{7})(?: |$)`)

const ConflictHint = "keep one of the two versions, and take out the lines that begin with <<<<<<<, ======= and >>>>>>>"

// LFSPointer is how a file begins that Git LFS keeps elsewhere, before it is fetched.
const LFSPointer = "version https://git-lfs.github.com/spec/"

// LFSHint says how such files are fetched.
const LFSHint = "run `git lfs pull`; in GitHub Actions give actions/checkout `lfs: true`"
