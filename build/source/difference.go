package source

import "path"

// Difference tells how a copy that holds the files sent becomes one of files. changed
// are those to send, stale the paths to remove before that, now the files by path.
// What changed its kind is stale too: a folder may have become a file.
func Difference(sent map[string]File, files []File) (now map[string]File, changed []File, stale []string) {
	now = make(map[string]File, len(files))
	for _, f := range files {
		now[f.Path] = f
		if sent[f.Path] != f {
			changed = append(changed, f)
		}
	}
	for name, old := range sent {
		if f, still := now[name]; !still || f.Mode.Type() != old.Mode.Type() {
			stale = append(stale, name)
		}
	}
	folders := foldersOf(now)
	for dir := range foldersOf(sent) {
		if !folders[dir] {
			stale = append(stale, dir)
		}
	}
	return now, changed, stale
}

// foldersOf lists the folders that hold files.
func foldersOf(files map[string]File) map[string]bool {
	folders := map[string]bool{}
	for name := range files {
		for dir := path.Dir(name); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	return folders
}
