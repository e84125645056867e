package s3server_test

import (
	"net/http"
	"testing"

	"github.com/bookci/bookci/internal/s3server"
)

// The tests of other packages rest on a server that refuses strangers, and that
// is the same after it was away.
func TestTheServerRefusesStrangersAndComesBack(t *testing.T) {
	server := s3server.Start(t)
	server.Bucket(t, "books")
	for range 2 {
		res, err := http.Get(server.Endpoint + "/books/file")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("a stranger gets status %d", res.StatusCode)
		}
		server.Stop()
		if _, err := http.Get(server.Endpoint); err == nil {
			t.Error("a stopped server answers")
		}
		server.Resume(t)
	}
}
