package book

import (
	"strconv"
	"strings"
)

// reviewMajor returns the major version, 0 when there is none.
func reviewMajor(version string) int {
	major, _, _ := strings.Cut(strings.TrimSpace(version), ".")
	n, err := strconv.Atoi(major)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// strictVersion tells whether a config is for a Re:VIEW that loads no objects
// of Ruby and wants every file of the catalog to be there.
func strictVersion(version string) bool {
	major := reviewMajor(version)
	return major == 0 || major >= 5
}

// reviewVersion returns review_version as it is written: to YAML 5.10 is the
// number 5.1.
func (c *config) reviewVersion() string {
	v := c.values.Get("review_version")
	if v == nil || v.Val == nil {
		return ""
	}
	return v.Text
}
