package watch

import (
	"strconv"
	"strings"
)

// Transient says that name, a base name, is of a kind that editors, file
// managers and file systems make for their own use beside a file and take
// away again. Such files are never a book's.
func Transient(name string) bool {
	switch name {
	case ".DS_Store", "Thumbs.db", "desktop.ini", ".directory":
		return true
	}
	for _, s := range transientEnds {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	for _, s := range transientStarts {
		if strings.HasPrefix(name, s) {
			return true
		}
	}
	return emacsAutoSave(name) || vimSwap(name) || vimProbe(name) || macSafeSave(name)
}

var transientEnds = []string{
	"~",                                            // backups of vim, Emacs, gedit, Kate; vim's undo files (.un~)
	"___jb_tmp___", "___jb_old___", "___jb_bak___", // JetBrains' safe write
	".kate-swp", // Kate
	".crswap",   // Chromium's file system access, as in editors in the browser
}

var transientStarts = []string{
	".#",                         // Emacs' lock, a dangling symbolic link
	".goutputstream-",            // GNOME's atomic save
	".~lock.",                    // LibreOffice
	"~$",                         // Microsoft Office
	"._",                         // macOS on foreign file systems
	".nfs",                       // NFS: removed while open
	".fuse_hidden",               // FUSE: removed while open
	".syncthing.", "~syncthing~", // Syncthing's partial downloads
}

// emacsAutoSave: #ch01.re#.
func emacsAutoSave(name string) bool {
	return len(name) > 2 && name[0] == '#' && name[len(name)-1] == '#'
}

// vimSwap: .ch01.re.swp, .swo and so on down to .saa; .swx and .swpx are made
// for a moment to find out about the file system. nano's are the same.
func vimSwap(name string) bool {
	if !strings.HasPrefix(name, ".") {
		return false
	}
	if strings.HasSuffix(name, ".swpx") {
		return true
	}
	i := strings.LastIndexByte(name, '.')
	ext := name[i+1:]
	return len(ext) == 3 && ext[0] == 's' && ext[1] >= 'u' && ext[1] <= 'w' && ext[2] >= 'a' && ext[2] <= 'z'
}

// vimProbe: before it saves, vim makes a file 4913 to see whether it may write
// in the folder; if there is one, 5036, and so on in steps of 123.
func vimProbe(name string) bool {
	n, err := strconv.Atoi(name)
	return err == nil && len(name) == 4 && n >= 4913 && (n-4913)%123 == 0
}

// macSafeSave: ch01.re.sb-1a2b3c4d-AbCdEf, made by TextEdit and others.
func macSafeSave(name string) bool {
	i := strings.LastIndex(name, ".sb-")
	if i < 1 {
		return false
	}
	hex, tail, ok := strings.Cut(name[i+len(".sb-"):], "-")
	return ok && len(hex) == 8 && len(tail) == 6 && strings.Trim(hex, "0123456789abcdef") == ""
}

// versionControl says that name is a version control system's own folder, or
// the file that stands for it in a worktree or submodule.
func versionControl(name string) bool {
	switch name {
	case ".git", ".hg", ".svn", ".jj", ".bzr", "CVS":
		return true
	}
	return false
}
