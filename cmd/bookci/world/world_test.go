package world

import "testing"

func TestWindowsFindsVariablesInAnyLetterCase(t *testing.T) {
	env := []string{`=C:=C:\book`, `Path=C:\Windows`, "HOME=/home/a"}
	for _, c := range []struct{ goos, key, want string }{
		{"windows", "PATH", `C:\Windows`}, {"linux", "PATH", ""}, {"windows", "home", "/home/a"}, {"linux", "HOME", "/home/a"},
	} {
		if got := lookUp(env, c.key, c.goos); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.key, c.goos, got, c.want)
		}
	}
}
