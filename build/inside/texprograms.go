package inside

// texPrograms are the programs that a maker may make pages with. In a session
// bin/bookci-shim stands before each of them, so that passes which would change
// nothing are left out and pages are seen as they are made. The ones that an
// image lacks are as missing as before: the shim exits with status 127.
var texPrograms = []string{
	"uplatex", "platex", "lualatex", "luajitlatex", "xelatex", "pdflatex",
	"uplatex-dev", "platex-dev", "lualatex-dev", "xelatex-dev", "pdflatex-dev",
	"dvipdfmx", "xdvipdfmx",
	"mendex", "upmendex", "makeindex",
}

// texShims lists the files that stand before TeX's programs, as paths below
// bookci's own folder; all have the same content.
func texShims() (names []string, content []byte, err error) {
	content, err = files.ReadFile("bin/bookci-shim")
	if err != nil {
		return nil, nil, err
	}
	for _, program := range texPrograms {
		names = append(names, "bin/"+program)
	}
	return names, content, nil
}
