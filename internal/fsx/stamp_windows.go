package fsx

import (
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// FolderID tells a folder from another one of the same name.
type FolderID struct{ dev, ino uint64 }

// FolderID is that of the folder whose stamp s is.
func (s Stamp) FolderID(string) FolderID { return FolderID{s.Dev, s.Ino} }

// StampAt is the stamp of what lies at path, of a link's target if follow is set.
func StampAt(path string, follow bool) (Stamp, error) {
	flags := uint32(windows.FILE_FLAG_BACKUP_SEMANTICS) // folders too
	if !follow {
		flags |= windows.FILE_FLAG_OPEN_REPARSE_POINT
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return Stamp{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	// This asks for so little that no other program's lock is in the way.
	h, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil,
		windows.OPEN_EXISTING, flags, 0)
	if err != nil {
		return Stamp{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	defer windows.CloseHandle(h)
	s, err := stampOf(h)
	if err != nil {
		return Stamp{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return s, nil
}

// StampOfOpen is the stamp of an open file.
func StampOfOpen(f *os.File) (Stamp, error) {
	s, err := stampOf(windows.Handle(f.Fd()))
	if err != nil {
		return Stamp{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return s, nil
}

func stampOf(h windows.Handle) (Stamp, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return Stamp{}, err
	}
	s := Stamp{
		Mode: 0o666, Size: int64(info.FileSizeHigh)<<32 | int64(info.FileSizeLow), MTime: info.LastWriteTime.Nanoseconds(),
		Dev: uint64(info.VolumeSerialNumber), Ino: uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow),
	}
	if info.FileAttributes&windows.FILE_ATTRIBUTE_READONLY != 0 {
		s.Mode = 0o444
	}
	switch {
	case info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 && isLink(h):
		s.Mode |= fs.ModeSymlink
	case info.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0:
		s.Mode |= fs.ModeDir | 0o111
	}
	var basic struct { // FILE_BASIC_INFO
		created, accessed, written, changed int64
		attributes                          uint32
	}
	// FAT has no such time.
	if windows.GetFileInformationByHandleEx(h, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&basic)), uint32(unsafe.Sizeof(basic))) == nil && basic.changed > 0 {
		changed := windows.Filetime{LowDateTime: uint32(basic.changed), HighDateTime: uint32(basic.changed >> 32)}
		s.CTime = changed.Nanoseconds()
	}
	return s, nil
}

// isLink tells links and junctions from what a cloud's folder has not fetched yet.
func isLink(h windows.Handle) bool {
	var tag struct{ attributes, tag uint32 } // FILE_ATTRIBUTE_TAG_INFO
	err := windows.GetFileInformationByHandleEx(h, windows.FileAttributeTagInfo, (*byte)(unsafe.Pointer(&tag)), uint32(unsafe.Sizeof(tag)))
	return err == nil && (tag.tag == windows.IO_REPARSE_TAG_SYMLINK || tag.tag == windows.IO_REPARSE_TAG_MOUNT_POINT)
}
