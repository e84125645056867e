package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// own writes the user's own settings and returns where they lie.
func own(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, ".config"))
	t.Setenv("APPDATA", filepath.Join(dir, ".config")) // Windows
	file := OwnFile()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func bookFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bookci.yml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// The user's own file may say what a manuscript may not, and lies below the book's,
// the variables and the flags.
func TestTheUsersOwnFileIsTheLowestLayer(t *testing.T) {
	file := own(t, "engine: fargate\njobs: 50\nfargate:\n  bucket: mine\n  subnets: [subnet-1, subnet-2]\n  execution_role: arn:aws:iam::1:role/x\ns3: {endpoint: https://s3.example.com}\n")
	s, err := Read("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Engine != "fargate" || s.Jobs != 50 || s.Fargate.Bucket != "mine" || len(s.Fargate.Subnets) != 2 || s.S3.Endpoint != "https://s3.example.com" {
		t.Errorf("%+v", s)
	}
	if at := s.Origin["fargate.bucket"]; at != file+":4" {
		t.Errorf("the bucket comes from %q", at)
	}
	t.Setenv("BOOKCI_FARGATE_BUCKET", "variable")
	s, err = Read(bookFile(t, "jobs: 2\nengine: docker\n"), given(t, "--engine", "draft"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Engine != "draft" || s.Jobs != 2 || s.Fargate.Bucket != "variable" || s.Origin["jobs"] != "bookci.yml:1" {
		t.Errorf("%+v", s)
	}
}

// What an artifact will be is the book's to say, and where it is built the user's.
func TestEachFileHasItsOwnKeys(t *testing.T) {
	file := own(t, "jobs: many\nimage: mine\nenv: {A: b}\nnosuch: 1\n")
	_, err := Read("", nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		file + ":1: jobs: \"many\" is no number", file + ":2: image: is the book's to say", file + ":3: env: is the book's", file + `:4: unknown key "nosuch"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	own(t, "fargate: {bucket: mine}\n")
	_, err = Read(bookFile(t, "fargate: {bucket: theirs}\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "bookci.yml:1: fargate.bucket: a book does not decide") {
		t.Errorf("%v", err)
	}
}
