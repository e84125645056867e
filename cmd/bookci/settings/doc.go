// Package settings turns bookci.yml, the BOOKCI_ variables and the flags of a
// command into one value.
//
// The struct Settings is the schema: a key's name, type, default and flag stand
// beside its field, and nothing else lists the keys. A new key is a new field,
// and a rule in check.go if its type alone does not say what is right.
//
// viper holds the layers: the defaults, the user's own file, the book's file, the variables, the flags, each
// over the one before. The file is not handed to viper as it lies there. Its YAML
// nodes are read first (file.go), for what only they know: the line of each
// value, keys that are unknown or given twice, the case of names in env and
// image.args, and what a file that comes with a manuscript may not decide
// (trust.go). The user's own file may say where and how bookci works, and nothing
// of what an artifact will be.
//
// Every mistake of every layer is in the error, each with its place. The package
// reads bookci.yml and the environment, and nothing else of the machine.
package settings
