package chromium

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Tab is a page of a browser.
type Tab struct {
	t        testing.TB
	in       *json.Encoder
	out      *json.Decoder
	patience time.Duration
}

// request and answer are those of bench/chromium.
type request struct {
	Width, Height int
	Open          string
	Evaluate      string
	Picture       bool
}

type answer struct {
	Value   any
	Picture []byte
	Error   string
}

// Open opens a page in a window of width x height. language is the browser's, such as en;
// patience is how long Becomes waits.
func Open(t testing.TB, url, language string, width, height int, patience time.Duration) *Tab {
	t.Helper()
	program := find()
	if program == "" {
		t.Skip("there is no chromium on PATH")
	}
	driver, err := driver()
	if err != nil {
		t.Skipf("the driver of chromium cannot be built: %v", err)
	}
	cmd := exec.Command(driver, program, language)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // it ends with its input
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the driver of chromium ended with %v", err)
		}
	})
	b := &Tab{t, json.NewEncoder(in), json.NewDecoder(out), patience}
	b.do(request{Width: width, Height: height, Open: url})
	return b
}

// find returns Chromium's program, "" when there is none.
func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

// driver is the built bench/chromium. It lies in a folder of the user's cache,
// which Go's own cache of builds keeps up to date at little cost.
var driver = sync.OnceValues(func() (string, error) {
	bench := "bench"
	for ; ; bench = filepath.Join("..", bench) {
		abs, err := filepath.Abs(bench)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(filepath.Join(bench, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(filepath.Dir(abs)) == filepath.Dir(abs) {
			return "", errors.New("there is no folder bench above this one")
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	built := filepath.Join(cache, "bookci-test", "chromium")
	text, err := exec.Command("go", "build", "-C", bench, "-o", built, "./chromium").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	return built, nil
})

func (b *Tab) do(r request) answer {
	b.t.Helper()
	if err := b.in.Encode(r); err != nil {
		b.t.Fatal(err)
	}
	var a answer
	if err := b.out.Decode(&a); err != nil {
		b.t.Fatalf("the driver of chromium does not answer: %v", err)
	}
	if a.Error != "" {
		b.t.Fatalf("%s%s: %s", r.Open, r.Evaluate, a.Error)
	}
	return a
}

// Is evaluates an expression in the page, and returns its value as text.
func (b *Tab) Is(expression string) string {
	b.t.Helper()
	return fmt.Sprint(b.do(request{Evaluate: expression}).Value)
}

// Becomes waits until an expression holds in the page, for as long as Open was told.
// Where it never does the test ends: with what, what the page shows, and what more
// says.
func (b *Tab) Becomes(what, expression string, more ...fmt.Stringer) {
	b.t.Helper()
	for end := time.Now().Add(b.patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if b.Is("Boolean("+expression+")") == "true" {
			return
		}
	}
	b.t.Fatalf("%s: %s never holds; the page says %q %s", what, expression, b.Is("document.body.innerText.slice(0, 600)"), more)
}

// Picture is what the page looks like, as a PNG.
func (b *Tab) Picture() []byte {
	b.t.Helper()
	return b.do(request{Picture: true}).Picture
}
