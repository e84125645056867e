package build

import "io"

type Log struct{ w io.Writer }
type Positions struct{}

func NewLog(*Book, Target, func(Event)) *Log                                          { return &Log{} }
func (l *Log) Tee(w io.Writer)                                                        { l.w = w }
func (l *Log) Write(p []byte) (int, error)                                            { return l.w.Write(p) }
func (l *Log) WantsPositions(int) bool                                                { return false }
func (l *Log) Diagnostics(int, *Positions, func(string) ([]byte, error)) []Diagnostic { return nil }
func ReadPositions(io.Reader) (*Positions, error)                                     { return nil, nil }

func (d Diagnostic) String() string { return d.File + ": " + d.Message }
