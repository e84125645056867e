package text

// Head is a writer that keeps the first Max bytes, and lets the rest go.
type Head struct {
	Max int
	buf []byte
}

func (h *Head) Write(p []byte) (int, error) {
	if room := h.Max - len(h.buf); room > 0 {
		h.buf = append(h.buf, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (h *Head) String() string { return string(h.buf) }
