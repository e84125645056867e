package build

// File is one entry of the source folder.
type File struct {
	Path  string // slash path below the root
	Mode  uint32 // permission bits and type, as fs.FileMode
	Size  int64
	MTime int64  // nanoseconds since 1970
	Link  string // where a symbolic link points
}
