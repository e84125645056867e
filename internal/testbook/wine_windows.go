//go:build wine

package testbook

import _ "github.com/bookci/bookci/internal/fsx" // what it does for Wine
