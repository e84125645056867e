package text

// LFSPointer is how a file begins that Git LFS keeps elsewhere, before it is fetched.
const LFSPointer = "version https://git-lfs.github.com/spec/"

// LFSHint says how such files are fetched.
const LFSHint = "run `git lfs pull`; in GitHub Actions give actions/checkout `lfs: true`"
