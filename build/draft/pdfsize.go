package draft

import (
	"regexp"
	"strconv"
)

var boxes = regexp.MustCompile(`/(?:CropBox|MediaBox)\s*\[\s*([-0-9.]+)\s+([-0-9.]+)\s+([-0-9.]+)\s+([-0-9.]+)\s*\]`)

// pdfSize finds the first page's size, in points, at the beginning of a PDF; 0 when it
// is not written openly there.
func pdfSize(data []byte) (width, height float64) {
	m := boxes.FindSubmatch(data)
	if m == nil {
		return 0, 0
	}
	var v [4]float64
	for i := range v {
		var err error
		if v[i], err = strconv.ParseFloat(string(m[i+1]), 64); err != nil {
			return 0, 0
		}
	}
	width, height = v[2]-v[0], v[3]-v[1]
	if width < 1 || height < 1 || width > 20000 || height > 20000 {
		return 0, 0
	}
	return width, height
}
