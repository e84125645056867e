package fsx

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Tools set a file's time back: `touch -d`, tar, rsync, an editor's undo.
func TestAFileOfTheSameSizeAndTimeIsKnownForAnother(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ch01.re")
	long := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	put := func(write func() error) Stamp {
		t.Helper()
		if err := write(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, long, long); err != nil {
			t.Fatal(err)
		}
		s, err := StampAt(name, false)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := put(func() error { return os.WriteFile(name, []byte("one"), 0o644) })
	if again, err := StampAt(name, false); err != nil || again != first {
		t.Errorf("the same file: %+v, %v; was %+v", again, err, first)
	}
	time.Sleep(2 * fineTick)
	if now := put(func() error { return os.WriteFile(name, []byte("two"), 0o644) }); now == first || now.Size != first.Size || now.MTime != first.MTime {
		t.Errorf("written in place: %+v, was %+v", now, first)
	}
	second := put(func() error {
		if err := os.WriteFile(name+".new", []byte("six"), 0o644); err != nil {
			return err
		}
		return os.Rename(name+".new", name)
	})
	if second == first || second.Ino == first.Ino {
		t.Errorf("another file in its place: %+v, was %+v", second, first)
	}
}

func TestAStampSettlesWhenItsFileWasReadLongAfterTheWrite(t *testing.T) {
	wrote := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	// tar sets the mtime back; the time of the change of the file's own tells.
	s := Stamp{MTime: wrote.Add(-time.Hour).UnixNano(), CTime: wrote.UnixNano()}
	for after, want := range map[time.Duration]bool{
		0: false, 3 * time.Second: false, 2 * freshFor: true,
		-3 * time.Second: false, -2 * freshFor: true, // a file server's clock is ahead
	} {
		if got := s.SettledAt(wrote.Add(after)); got != want {
			t.Errorf("read %v after the write: settled %t", after, got)
		}
	}
	// Nor does an mtime in the future say that the write was long ago.
	s.MTime = wrote.Add(time.Hour).UnixNano()
	if s.SettledAt(wrote.Add(time.Millisecond)) {
		t.Error("a file that was dated ahead counts as settled when it is written")
	}
	if s.CTime = 0; !s.SettledAt(wrote.Add(2 * time.Hour)) {
		t.Error("without a ctime the mtime does not count")
	}
	// Nor an old ctime, which a network file system may leave as it was.
	s = Stamp{MTime: wrote.UnixNano(), CTime: wrote.Add(-time.Hour).UnixNano()}
	if s.SettledAt(wrote.Add(time.Millisecond)) {
		t.Error("a file with an old ctime counts as settled when it is written")
	}
	s.MTime, s.CTime = wrote.Add(time.Hour).UnixNano(), wrote.UnixNano()
	if s.Tick() != coarseTick {
		t.Errorf("whole seconds tick every %v", s.Tick())
	}
	if s.CTime++; s.Tick() != fineTick {
		t.Errorf("nanoseconds tick every %v", s.Tick())
	}
}
