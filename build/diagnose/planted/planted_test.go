package planted

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPlantFaults writes every faulty book to a folder named by -faults, for
// those who record what the makers say about them.
func TestPlantFaults(t *testing.T) {
	out := os.Getenv("BOOKCI_PLANT_FAULTS")
	if out == "" {
		out = t.TempDir()
	}
	for _, f := range Faults {
		folder := filepath.Join(out, f.Name)
		if err := f.Plant(folder); err != nil {
			t.Error(err)
			continue
		}
		if _, _, err := f.Place(folder); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(folder, ".target"), []byte(f.Target), 0o644); err != nil {
			t.Error(err)
		}
	}
}
