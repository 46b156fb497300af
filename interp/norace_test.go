//go:build !race

package interp

// raceDetector says that the tests run under the race detector.
const raceDetector = false
