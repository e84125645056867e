// Package s3server runs a real S3 server for tests: versitygw, built from its Go
// module at the first use and kept in the user's cache folder. It checks
// signatures and expiry dates, which in-process imitations do not.
package s3server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// version of the server, pinned: what tests rest on should change by intent.
const version = "v1.8.0"

// The server's only account.
const (
	AccessKey = "bookci-test"
	SecretKey = "bookci-test-secret"
	Region    = "us-east-1"
)

// Server is one process on a port of this machine, with a folder of its own.
type Server struct {
	Endpoint string // its URL
	Dir      string // what it holds: a folder is a bucket, a file an object
	program  string
	address  string // host and port
	sidecar  string // a folder for what extended attributes would hold, and its home
	cmd      *exec.Cmd
	ended    chan struct{}
	log      bytes.Buffer
}

// Start runs a server until the test ends. It sets the AWS SDK's variables, for the
// whole process, to the server's account. The test is skipped where the server
// cannot be built.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := Build()
	if err != nil {
		t.Skipf("no S3 server: %v", err)
	}
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Endpoint: "http://" + address, Dir: t.TempDir(), program: program, address: address, sidecar: t.TempDir()}
	account()
	t.Cleanup(s.Stop)
	s.Resume(t)
	return s
}

// freeAddress is one that nobody else will be given while the server is stopped:
// systems hand out ports from 32768 on.
func freeAddress() (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if listen, err := net.Listen("tcp", address); err == nil {
			return address, listen.Close()
		}
	}
	return "", errors.New("no free port")
}

// account has the AWS SDK use the server's account in this process, whatever
// the machine's user has. Tests that run at once share it, so it stays.
var account = sync.OnceFunc(func() {
	for key, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": SecretKey, "AWS_SESSION_TOKEN": "",
		"AWS_REGION": Region, "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		_ = os.Setenv(key, value) // fails for malformed names only
	}
})

// Bucket makes a bucket.
func (s *Server) Bucket(t testing.TB, name string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(s.Dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
}

// List lists the objects of a bucket, looking at the server's files.
func (s *Server) List(bucket string) []string {
	var names []string
	dir := filepath.Join(s.Dir, bucket)
	// What vanishes meanwhile is not there.
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if rel, err := filepath.Rel(dir, name); err == nil {
				names = append(names, filepath.ToSlash(rel))
			}
		}
		return nil
	})
	return names
}

// Resume starts the server again after Stop, at the same address and on the same
// folder.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	args := []string{"--port", s.address, "--quiet", "posix"}
	if !attributes(s.Dir) {
		args = append(args, "--sidecar", s.sidecar) // not quite atomic: a reader may find one writer's checksum beside another's bytes
	}
	s.cmd = exec.Command(s.program, append(args, s.Dir)...)
	s.cmd.Env = []string{"ROOT_ACCESS_KEY=" + AccessKey, "ROOT_SECRET_KEY=" + SecretKey, "PATH=" + os.Getenv("PATH"), "HOME=" + s.sidecar}
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	s.ended = ended
	go func() { _ = s.cmd.Wait(); close(ended) }()
	for range 200 {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("the S3 server ended: %s", s.log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("the S3 server does not answer: %s", s.log.String())
}

// attributes reports a file system with extended attributes for users.
func attributes(dir string) bool {
	file, err := os.CreateTemp(dir, "")
	if err != nil {
		return false
	}
	defer os.Remove(file.Name())
	file.Close()
	return setAttribute(file.Name()) == nil
}

// Stop ends the server, in the middle of whatever it does.
func (s *Server) Stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.cmd = nil
	}
}

// programPath is where the program lies once it is built.
func programPath() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "bookci-test", "versitygw-"+version, "versitygw"), err
}

// Built reports whether Build has nothing to do.
func Built() bool {
	program, err := programPath()
	if err == nil {
		_, err = os.Stat(program)
	}
	return err == nil
}

// Build builds the server, unless that was done before, and returns its program.
var Build = sync.OnceValues(func() (string, error) {
	program, err := programPath()
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(program)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Several packages' tests run at once; one of them builds.
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return "", err
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	// Under two minutes from an empty build cache on two cores that are free.
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", "-trimpath", "github.com/versity/versitygw/cmd/versitygw@"+version)
	install.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := install.CombinedOutput(); err != nil {
		last := bytes.TrimSpace(out)
		if i := bytes.LastIndexByte(last, '\n'); i >= 0 {
			last = last[i+1:]
		}
		return "", fmt.Errorf("building versitygw %s: %w: %s", version, err, last)
	}
	return program, nil
})
