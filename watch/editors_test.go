package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// editor saves a file in the manner of one program.
type editor struct {
	name string
	save func(path, content string) error
}

// The system calls are those that strace shows of the programs' defaults.
var theEditors = []editor{
	{"vim", func(path, content string) error {
		dir, base := filepath.Split(path)
		return steps(
			put(dir+"."+base+".swp", "swap"),
			put(dir+"4913", ""),
			func() error { return os.Remove(dir + "4913") },
			move(path, path+"~"),
			putSynced(path, content),
			func() error { return os.Chmod(path, 0o644) },
			func() error { return os.Remove(path + "~") },
			func() error { return os.Remove(dir + "." + base + ".swp") },
		)
	}},
	{"Emacs", func(path, content string) error {
		dir, base := filepath.Split(path)
		lock, auto := dir+".#"+base, dir+"#"+base+"#"
		_ = os.Remove(lock) // of a session that died
		return steps(
			func() error { return os.Symlink("author@host.123:456", lock) },
			put(auto, content),
			move(path, path+"~"),
			putSynced(path, content),
			func() error { return os.Remove(lock) },
			func() error { return os.Remove(auto) },
		)
	}},
	{"VS Code", func(path, content string) error {
		return steps(put(path, ""), put(path, content))
	}},
	{"JetBrains", func(path, content string) error {
		return steps(
			putSynced(path+"___jb_tmp___", content),
			move(path, path+"___jb_old___"),
			move(path+"___jb_tmp___", path),
			func() error { return os.Remove(path + "___jb_old___") },
		)
	}},
	{"sed -i", func(path, content string) error {
		tmp := filepath.Join(filepath.Dir(path), "sedAbC123")
		return steps(put(tmp, content), move(tmp, path))
	}},
}

func steps(fs ...func() error) error {
	for _, f := range fs {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func put(path, content string) func() error {
	return func() error { return os.WriteFile(path, []byte(content), 0o644) }
}

func putSynced(path, content string) func() error {
	return func() error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if _, err = f.WriteString(content); err == nil {
			err = f.Sync()
		}
		if err2 := f.Close(); err == nil {
			err = err2
		}
		return err
	}
}

func move(from, to string) func() error { return func() error { return os.Rename(from, to) } }

func TestEachEditorsSaveIsOneBuild(t *testing.T) {
	for _, ed := range theEditors {
		for _, poll := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, polling %v", ed.name, poll), func(t *testing.T) {
				b := newBench(t)
				b.opts.Poll, b.opts.PollInterval = poll, b.opts.withDefaults().Quiet
				b.write("ch01.re", "= one\n")
				b.start()
				for i := range 3 {
					must(t, ed.save(b.path("ch01.re"), fmt.Sprintf("= version %d\n", i)))
					b.waitBuilds(2 + i)
					b.wantEdits("changed ch01.re")
				}
				must(t, ed.save(b.path("ch01.re"), "= version 2\n"))
				b.waitBuilds(4)
			})
		}
	}
}

func TestTransientNames(t *testing.T) {
	for name, want := range map[string]bool{
		"ch01.re": false, "book~": true, "4913": true, "5036": true, "4914": false, "14753": false, "2024": false,
		".ch01.re.swp": true, ".ch01.re.swo": true, ".ch01.re.swpx": true, "swap.swp": false, ".swift": false,
		"#ch01.re#": true, ".#ch01.re": true, "#1.re": false, "##": false,
		"ch01.re___jb_tmp___": true, "ch01.re___jb_old___": true, ".DS_Store": true, "._ch01.re": true,
		"ch01.re.sb-1a2b3c4d-AbCdEf": true, "notes.sb-x": false, ".~lock.a.odt#": true, "~$a.docx": true,
		"章.re": false, "": false, ".": false, ".goutputstream-X1": true,
	} {
		if got := Transient(name); got != want {
			t.Errorf("Transient(%q) is %v", name, got)
		}
	}
}
