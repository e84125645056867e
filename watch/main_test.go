package watch

import (
	"flag"
	"os"
	"testing"
	"time"
)

var (
	soakFor = flag.Duration("soak", 4*time.Second, "how long the soak test edits")
	seeds   = flag.Int("seeds", 4, "how many random sequences of operations are tried in each way")
)

// The tests wait far more than they work, so more of them may run at a time.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("16"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
