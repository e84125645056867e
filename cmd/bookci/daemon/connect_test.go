package daemon

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bookci/bookci/internal/fault"
)

// A daemon that cannot be used is the environment's fault, and the hint fits
// what is wrong with it.
func TestConnectingSaysWhatToDo(t *testing.T) {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusTeapot) })
	secure := httptest.NewTLSServer(refuse)
	t.Cleanup(secure.Close)
	empty, broken, fine := t.TempDir(), t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(broken, "config.json"), "{")
	writeFile(t, filepath.Join(fine, "config.json"), `{"currentContext":"gone"}`)
	serverCA := t.TempDir()
	writeFile(t, filepath.Join(serverCA, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))

	for _, c := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"nobody there", map[string]string{"DOCKER_HOST": "tcp://127.0.0.1:1"}, "DOCKER_HOST says where"},
		{"no such socket", map[string]string{"DOCKER_HOST": "unix://" + empty + "/none.sock"}, "DOCKER_HOST says where"},
		{"a path", map[string]string{"DOCKER_HOST": "/run/x.sock"}, "write DOCKER_HOST=unix:///run/x.sock"},
		{"a pipe", map[string]string{"DOCKER_HOST": "//./pipe/docker_engine"}, "write DOCKER_HOST=npipe:////./pipe/docker_engine"},
		{"a path behind one slash", map[string]string{"DOCKER_HOST": "unix:/run/x.sock"}, "write DOCKER_HOST=unix:///run/x.sock"},
		{"not an address", map[string]string{"DOCKER_HOST": "nonsense"}, "begins with unix://"},
		{"TLS there, none here", map[string]string{"DOCKER_HOST": "tcp://" + secure.Listener.Addr().String()}, "set DOCKER_TLS_VERIFY=1"},
		{"no certificates", map[string]string{"DOCKER_HOST": "tcp://" + secure.Listener.Addr().String(), "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"}, "check ca.pem"},
		{"certificates without verifying", map[string]string{"DOCKER_HOST": "tcp://" + secure.Listener.Addr().String(), "DOCKER_CERT_PATH": serverCA}, "check ca.pem"},
		{"broken configuration", map[string]string{"DOCKER_CONFIG": broken}, "mend or remove"},
		{"a context that is gone", map[string]string{"DOCKER_CONFIG": fine}, "docker context ls"},
		{"a named context that is gone", map[string]string{"DOCKER_CONFIG": serverCA, "DOCKER_CONTEXT": "nix"}, "docker context ls"},
		{"no ssh that answers", map[string]string{"DOCKER_HOST": "ssh://nobody@127.0.0.1:1"}, "ssh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Connect(context.Background(), func(key string) string { return c.env[key] })
			if err == nil {
				d.Close()
				t.Fatal("connected")
			}
			var environment *fault.Environment
			if !errors.As(err, &environment) {
				t.Fatalf("%v is not the environment's fault", err)
			}
			if !strings.Contains(environment.Hint, c.want) {
				t.Errorf("the hint of %v is %q, want one with %q", err, environment.Hint, c.want)
			}
		})
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
