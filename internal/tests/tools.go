package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/internal/standin"
	"github.com/bookci/bookci/internal/wine"
)

// tool is a program that tests need.
type tool struct {
	name    string
	purpose string
	debian  []string // the packages that have it
	at      []string // where it lies in them, as patterns; usr/bin/NAME where empty
	link    bool     // it finds its libraries by itself
	args    string   // what it is always started with
	env     []string // variables for it; @ is the folder of the packages
	other   []string // names that serve as well
}

var tools = []tool{
	{name: "busybox", purpose: "what the stand-in image is made of", debian: []string{"busybox-static"}, at: []string{"bin/busybox", "usr/bin/busybox"}, link: true},
	{name: "git", purpose: "books in repositories", debian: []string{"git"}, env: []string{"GIT_EXEC_PATH=@/usr/lib/git-core", "GIT_TEMPLATE_DIR=@/usr/share/git-core/templates"}},
	{name: "curl", purpose: "what a task far away fetches its work with", debian: []string{"curl"}},
	{name: "ruby", purpose: "a maker's language", debian: []string{"ruby"},
		env: []string{"RUBYLIB=@/usr/lib/ruby/vendor_ruby:@/usr/lib/ruby/[0-9]*:@/usr/lib/*-linux-gnu*/ruby/[0-9]*"}},
	{name: "chromium", purpose: "the preview as a browser shows it", debian: []string{"chromium", "fonts-dejavu-core"}, at: []string{"usr/lib/chromium/chromium"},
		env: []string{"FONTCONFIG_PATH=@/etc/fonts", "XDG_DATA_HOME=@/usr/share"}, other: []string{"chromium-browser", "google-chrome"}},
	{name: "docker-registry", purpose: "bookci.lock against a registry", debian: []string{"docker-registry"}, link: true},
	{name: "java", purpose: "what Groovy runs on", debian: []string{"default-jre-headless"}, at: []string{"usr/lib/jvm/java-*-openjdk-*/bin/java"}, link: true},
	{name: "groovy", purpose: "the Jenkinsfile", debian: []string{"groovy"}, at: []string{"usr/share/groovy/bin/groovy"}, link: true},
	{name: "pdftotext", purpose: "a draft's text as a reader gets it", debian: []string{"poppler-utils"}},
	{name: "pdftoppm", purpose: "a draft's pages", debian: []string{"poppler-utils"}},
	{name: "pdffonts", purpose: "a draft's fonts", debian: []string{"poppler-utils"}},
	{name: "pdfinfo", purpose: "a draft's title", debian: []string{"poppler-utils"}},
	{name: "qpdf", purpose: "a draft's soundness", debian: []string{"qpdf"}},
	{name: "zstd", purpose: "kept images read by its own program", debian: []string{"zstd"}},
	{name: "gcc", purpose: "the race detector, and the libraries in dvipdfmx", debian: []string{"gcc", "libc6-dev", "zlib1g-dev", "libpng-dev"}, args: "--sysroot=@", env: []string{"PATH=@/usr/bin:$PATH"}},
	{name: "aws", purpose: "a second client for the stand-in of ECS", debian: []string{"awscli"}, at: []string{"usr/bin/python3.[0-9]*"}, args: "@/usr/bin/aws",
		env: []string{"PYTHONHOME=@/usr", "PYTHONPATH=@/usr/lib/python3/dist-packages"}},
	{name: "wine64", purpose: "bookci.exe", debian: []string{"wine64"}, at: []string{wine.InDebian[1:]}, link: true, other: []string{wine.InDebian}},
	{name: "shellcheck", purpose: "what .ci/run reads scripts with", debian: []string{"shellcheck"}},
}

// act runs GitHub's workflows. Its modules are no business of go.mod's.
const act = "github.com/nektos/act@v0.2.89"

// here tells whether the machine has the tool.
func (t tool) here() bool {
	if t.name == "busybox" { // must be a static one
		_, err := standin.Busybox()
		return err == nil
	}
	for _, name := range append([]string{t.name}, t.other...) {
		if _, err := exec.LookPath(name); err == nil {
			return true
		}
	}
	return false
}

// setUp fetches what is missing into dir and returns the variables with which it
// is found.
func setUp(dir string) (env map[string]string) {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		log.Fatal(err)
	}
	// What an earlier run fetched is on PATH from here on.
	path := bin + string(os.PathListSeparator) + os.Getenv("PATH")
	env = map[string]string{"PATH": path}
	if err := os.Setenv("PATH", path); err != nil {
		log.Fatal(err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }()

	var fetched, absent []string
	announced := false
	lacks := func(name, purpose string, err error) {
		absent = append(absent, fmt.Sprintf("%s (%s): %v", name, purpose, err))
	}
	packages, err := openDebian(dir)
	for _, t := range tools {
		if t.here() || t.name == "wine64" && !wine.Possible {
			continue
		}
		if !announced {
			log.Printf("fetching what is missing into %s", dir)
			announced = true
		}
		if err != nil {
			lacks(t.name, t.purpose, err)
			continue
		}
		if err := packages.fetch(t, bin); err != nil {
			lacks(t.name, t.purpose, err)
			continue
		}
		log.Printf("fetched %s from Debian's packages: %s", t.name, t.purpose)
		fetched = append(fetched, t.name)
	}
	if packages != nil {
		env["BOOKCI_TEST_DEBIAN"] = packages.root
	}
	if _, err := exec.LookPath("act"); err != nil {
		log.Print("building act: GitHub's workflows")
		if err := install(bin, act); err != nil {
			lacks("act", "GitHub's workflows", err)
		} else {
			fetched = append(fetched, "act")
		}
	}
	if !s3server.Built() {
		log.Print("building an S3 server: buckets")
	}
	if _, err := s3server.Build(); err != nil {
		lacks("an S3 server", "buckets", err)
	}
	if len(fetched) > 0 {
		log.Printf("fetched %s; they are in %s, which may be removed at any time", strings.Join(fetched, ", "), dir)
	}
	for _, a := range absent {
		log.Printf("not to be had: %s", a)
	}
	return env
}

// install builds a Go program into bin.
func install(bin, program string) error {
	cmd := exec.Command("go", "install", "-trimpath", program)
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(out))
	}
	return nil
}

// lastLine is what a program said last.
func lastLine(out []byte) []byte {
	out = bytes.TrimSpace(out)
	return out[bytes.LastIndexByte(out, '\n')+1:]
}
