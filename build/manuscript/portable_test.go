package manuscript

import "testing"

func TestNamesThatDoNotWorkEverywhereAreTold(t *testing.T) {
	fine := []string{".", "ch01.re", "book/図 1.png", "book/auxiliary.re", "book/console.re", "book/com10.re", "book/a.b", "book/.review", "other/ch01.re"}
	bad := map[string]string{
		"aux.re":             "aux is a device there",
		"images/CON":         "CON is a device there",
		"nul.tar.gz":         "nul is a device there",
		"Lpt1.txt":           "Lpt1 is a device there",
		"notes.":             "a dot or a space at its end is dropped there",
		"book/last ":         "a dot or a space at its end is dropped there",
		"images/what?.png":   `none of <>:"|?*\ may be in it`,
		"images/a:b.png":     `none of <>:"|?*\ may be in it`,
		"images/bell\a.png":  "it has a control character",
		`images\backward.re`: `none of <>:"|?*\ may be in it`,
	}
	names := fine
	for name, why := range bad {
		names = append(names, name)
		found := onlyHere([]string{name})
		if len(found) != 1 || found[0].File != name || found[0].Message != "Windows cannot have a file of this name: "+why {
			t.Errorf("%q: %+v", name, found)
		}
	}
	if found := onlyHere(append(names, "Book/A.B", "CH01.re")); len(found) != len(bad)+2 {
		t.Errorf("found %+v", found)
	}
}
