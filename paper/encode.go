package paper

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

const (
	fewColours = 256
	quality    = 80 // of JPEG: letters in a scan stay sharp
)

// encode makes a file of a drawn page: PNG with a palette where few colours do, as on a page of black text, else JPEG.
func encode(p pixels) (kind string, octets []byte, err error) {
	var file bytes.Buffer
	if few := p.paletted(); few != nil {
		best := png.Encoder{CompressionLevel: png.BestSpeed}
		err = best.Encode(&file, few)
		return "image/png", file.Bytes(), err
	}
	err = jpeg.Encode(&file, p.coloured(), &jpeg.Options{Quality: quality})
	return "image/jpeg", file.Bytes(), err
}

// paletted is the page in at most 256 colours; nil: it has more.
func (p pixels) paletted() *image.Paletted {
	sheet := image.NewPaletted(image.Rect(0, 0, p.width, p.height), nil)
	known := map[[3]byte]uint8{}
	var last [3]byte
	var index uint8
	for y := range p.height {
		line := p.octets[y*p.stride:]
		for x := range p.width {
			pixel := [3]byte(line[4*x:])
			if pixel != last || len(known) == 0 {
				at, ok := known[pixel]
				if !ok {
					if len(known) == fewColours {
						return nil
					}
					at = uint8(len(known))
					known[pixel] = at
					sheet.Palette = append(sheet.Palette, color.RGBA{pixel[2], pixel[1], pixel[0], 0xff})
				}
				last, index = pixel, at
			}
			sheet.Pix[y*sheet.Stride+x] = index
		}
	}
	return sheet
}

// coloured is the page in all its colours.
func (p pixels) coloured() *image.RGBA {
	sheet := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	for y := range p.height {
		from, to := p.octets[y*p.stride:], sheet.Pix[y*sheet.Stride:]
		for x := 0; x < 4*p.width; x += 4 {
			to[x], to[x+1], to[x+2], to[x+3] = from[x+2], from[x+1], from[x], 0xff
		}
	}
	return sheet
}
