package cache

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// Timing is how long something took on this machine.
type Timing struct {
	Ref   string        `json:"ref"`
	Kind  TimingKind    `json:"kind"`
	Bytes int64         `json:"bytes"` // tar bytes saved or sent; compressed bytes pulled
	Whole bool          `json:"whole"` // of a restore or a pull: no layer was there already
	Took  time.Duration `json:"took_ns"`
	At    time.Time     `json:"at"`
}

// TimingKind is what was timed.
type TimingKind string

// The kinds of Timing.
const (
	TimedSave    TimingKind = "save"
	TimedRestore TimingKind = "restore"
	TimedPull    TimingKind = "pull"
)

const (
	keptTimings = 100
	maxStats    = 1 << 20 // bytes that are read of the file
)

// Record remembers a timing in the cache folder. What cannot be remembered is
// only logged: the figures are advice. Of two processes that record at the same
// moment one may be forgotten.
func (s *Store) Record(t Timing) {
	if t.At.IsZero() {
		t.At = s.Now().UTC()
	}
	list := append(s.timings(), t)
	list = list[max(0, len(list)-keptTimings):]
	text, err := json.MarshalIndent(list, "", " ")
	if err == nil {
		err = os.MkdirAll(s.Dir, 0o755)
	}
	if err == nil {
		s.sweep(statsKey) // what a process left that was killed here
		err = s.writeFile(statsKey, statsFile, append(text, '\n'))
	}
	if err != nil {
		s.log().Debug("recording a timing", "err", err)
	}
}

// timings returns what was recorded, oldest first; nothing if it is unreadable.
func (s *Store) timings() []Timing {
	f, err := fsx.OpenNamed(s.path(statsFile))
	if err != nil {
		return nil
	}
	defer f.Close() // only read
	var list []Timing
	if err := json.NewDecoder(io.LimitReader(f, maxStats)).Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return list
}

// typical returns the median of what a kind of step took for ref, 0 if it was never
// measured. What left layers out does not count.
func typical(list []Timing, ref string, kind TimingKind) time.Duration {
	var took []time.Duration
	for _, t := range list {
		if t.Ref == ref && t.Kind == kind && (t.Whole || kind == TimedSave) && t.Took > 0 {
			took = append(took, t.Took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}
