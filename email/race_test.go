//go:build race

package email

const raceFactor = 20
