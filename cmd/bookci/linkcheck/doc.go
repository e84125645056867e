// Package linkcheck looks at the links of a project's books: it takes what they cite
// from the tree of the book, has package links ask and judge, and says what became
// of it, in words, in JSON and in reports.
//
// Variants of one folder are one Run, as they cite the same. What was learnt stays
// in bookci's own folder and, where one is named, in an archive, which can be judged
// again without a request. The room is told a project and what the command line
// says; of politeness and verdicts it knows what package links tells it.
package linkcheck
