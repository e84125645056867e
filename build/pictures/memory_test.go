package pictures

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// entry is a file of the form of one, with a result of size bytes.
func entry(n, size int) (name string, text []byte) {
	const source = 40000
	text = make([]byte, 48+size)
	copy(text, "bkbimgs1")
	binary.LittleEndian.PutUint64(text[8:], source)
	binary.LittleEndian.PutUint64(text[16:], uint64(size))
	return fmt.Sprintf("%016x-%016x-9", n, source), text
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// leaves is a folder as a session leaves it.
func leaves(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	return dir
}

func memoryOf(t *testing.T, at *time.Time) Memory {
	return Memory{Dir: filepath.Join(t.TempDir(), "pictures"), Bound: strings.Repeat("ab", 32), Now: func() time.Time { return *at }}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	must(t, err)
	var all []string
	for _, f := range files {
		all = append(all, f.Name())
	}
	return strings.Join(all, " ")
}

func TestOnlyEntriesAreTakenIn(t *testing.T) {
	now := time.Unix(1000, 0)
	m := memoryOf(t, &now)
	good, text := entry(1, 100)
	short, whole := entry(2, 100)
	other, _ := entry(3, 100)
	wrong, unmarked := entry(4, 100)
	unmarked[0] = 'x'
	dir := leaves(t, map[string][]byte{
		good: text, short: whole[:147], "tmp.12.0": text, "used": []byte(good + "\n../../x\n"), other + "x": text, wrong: unmarked,
		"0000000000000005-0000000000000001-9": text, // its length is not that of its name
		"0000000000000006-0000000000009c40-9": {},
	})
	must(t, os.Mkdir(filepath.Join(dir, other), 0o755))
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "0000000000000007-0000000000009c40-9")))
	must(t, m.Adopt(dir))
	if got := listing(t, m.Folder()); got != good {
		t.Errorf("taken in: %s", got)
	}
	if n, bytes, err := Use(m.Dir); n != 1 || bytes != 148 || err != nil {
		t.Errorf("%d entries, %d bytes, %v", n, bytes, err)
	}
}

func TestWhatHasNotServedForLongestGoesFirst(t *testing.T) {
	now := time.Unix(1000, 0)
	m := memoryOf(t, &now)
	var all []string
	for n := range 5 {
		name, text := entry(n, 1000)
		all = append(all, name)
		must(t, m.Adopt(leaves(t, map[string][]byte{name: text, "used": []byte(name + "\n")})))
		now = now.Add(time.Hour)
	}
	must(t, m.Adopt(leaves(t, map[string][]byte{"used": []byte(all[0] + "\n")})))
	must(t, m.prune(3*1048))
	if got, want := listing(t, m.Folder()), strings.Join([]string{all[0], all[3], all[4]}, " "); got != want {
		t.Errorf("what is left is\n%s, want\n%s", got, want)
	}
}

func TestAFewMemoriesAreKeptBesideEachOther(t *testing.T) {
	now := time.Unix(1000, 0)
	m := memoryOf(t, &now)
	for n := range maxMemories + 2 {
		m.Bound = fmt.Sprintf("%064d", n) + "x"
		m.Bound = fmt.Sprintf("%016d", n) + m.Bound
		name, text := entry(n, 10)
		must(t, m.Adopt(leaves(t, map[string][]byte{name: text})))
		now = now.Add(time.Hour)
	}
	if got := listing(t, m.Dir); got != "0000000000000002 0000000000000003 0000000000000004" {
		t.Errorf("the memories are %s", got)
	}
}

func TestAMemoryThatIsNotThereHoldsNothing(t *testing.T) {
	if n, bytes, err := Use(filepath.Join(t.TempDir(), "none")); n != 0 || bytes != 0 || err != nil {
		t.Errorf("%d entries, %d bytes, %v", n, bytes, err)
	}
}

// A clone may bring folders and links where entries, or what becomes one, would lie.
func TestWhatAClonePutInAnEntrysPlaceLeadsNowhere(t *testing.T) {
	now := time.Unix(1000, 0)
	m := memoryOf(t, &now)
	folder, text := entry(1, 100)
	link, _ := entry(2, 100)
	used, _ := entry(3, 100)
	after, _ := entry(4, 100)
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.WriteFile(outside, []byte("mine"), 0o644))
	must(t, os.MkdirAll(filepath.Join(m.Folder(), folder, "x"), 0o755))
	for _, name := range []string{folder + ".new", link, link + ".new", used} {
		must(t, os.Symlink(outside, filepath.Join(m.Folder(), name)))
	}
	before, err := os.Stat(outside)
	must(t, err)
	must(t, m.Adopt(leaves(t, map[string][]byte{folder: text, link: text, after: text, "used": []byte(used + "\n")})))
	for _, name := range []string{folder, link, after} {
		if got, err := os.Lstat(filepath.Join(m.Folder(), name)); err != nil || !got.Mode().IsRegular() || got.Size() != int64(len(text)) {
			t.Errorf("%s was not taken in: %v, %v", name, got, err)
		}
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != "mine" {
		t.Errorf("a file outside holds %q, %v", got, err)
	}
	if st, err := os.Stat(outside); err != nil || !st.ModTime().Equal(before.ModTime()) {
		t.Errorf("a file outside has another time: %v", err)
	}
}
