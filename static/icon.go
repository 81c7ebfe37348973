package static

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"
)

// iconSizes are the pictures of the installed app: Android's two, and the one of iOS.
var iconSizes = []int{192, 512, 180}

// IconName is the file of the app's picture in a size of 180, 192 or 512 pixels.
func IconName(size int) string { return fmt.Sprintf("icon-%d.png", size) }

// icon draws the bridge of our pages in white on a colour. It fills the square, with room around the
// bridge for systems that cut a circle out of it (maskable icons keep to the inner 80 %).
func icon(size int, brand string) []byte {
	ground := color.NRGBA{0x1d, 0x6b, 0x45, 0xff}
	if n, err := strconv.ParseUint(brand[min(1, len(brand)):], 16, 32); err == nil && colour.MatchString(brand) {
		ground = color.NRGBA{byte(n >> 16), byte(n >> 8), byte(n), 0xff}
	}
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			img.SetNRGBA(x, y, blend(ground, coverage(x, y, size)))
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // memory does not fail
	}
	return out.Bytes()
}

// coverage is how much of a pixel the bridge covers, by sixteen samples.
func coverage(x, y, size int) float64 {
	hit := 0
	for sy := range 4 {
		for sx := range 4 {
			if onBridge((float64(x)+(float64(sx)+.5)/4)/float64(size), (float64(y)+(float64(sy)+.5)/4)/float64(size)) {
				hit++
			}
		}
	}
	return float64(hit) / 16
}

// onBridge says whether a point of the unit square lies on a stroke: deck, arch, three piers.
func onBridge(x, y float64) bool {
	const half, deck, foot = .022, .36, .70
	if math.Abs(y-deck) < half && x > .2 && x < .8 {
		return true
	}
	if distance := math.Hypot(x-.5, y-foot); y < foot && math.Abs(distance-.25) < half {
		return true
	}
	for _, pier := range []float64{.36, .5, .64} {
		arch := foot - math.Sqrt(.25*.25-(pier-.5)*(pier-.5))
		if math.Abs(x-pier) < half && y > deck && y < arch {
			return true
		}
	}
	return false
}

func blend(ground color.NRGBA, white float64) color.NRGBA {
	mix := func(c byte) byte { return byte(math.Round(float64(c)*(1-white) + 255*white)) }
	return color.NRGBA{mix(ground.R), mix(ground.G), mix(ground.B), 0xff}
}
