//go:build !race

package email

const raceFactor = 1
