package paper

import (
	"math"

	"github.com/tetratelabs/wazero/api"
)

// What FPDF_GetLastError says (fpdfview.h).
const (
	saidPassword = 4
	saidSecurity = 5
)

// What FPDF_RenderPageBitmap and FPDF_FFLDraw are told (fpdfview.h): draw annotations.
const withAnnotations = 1

// document is an open file.
type document struct {
	box    *sandbox
	handle uint64
	count  int
}

// open reads a file. The sandbox is closed as a whole afterwards, so nothing in it is tidied up.
func (b *sandbox) open(pdf []byte) (*document, error) {
	b.call("FPDF_InitLibrary")
	at, err := b.put(pdf)
	if err != nil {
		return nil, err
	}
	d := &document{box: b, handle: b.call("FPDF_LoadMemDocument", at, uint64(len(pdf)), 0)}
	if d.handle == 0 {
		if said := b.call("FPDF_GetLastError"); said == saidPassword || said == saidSecurity {
			return nil, b.refused(ErrLocked)
		}
		return nil, b.refused(ErrUnreadable)
	}
	if d.count = int(int32(b.call("FPDF_GetPageCount", d.handle))); d.count <= 0 {
		return nil, b.refused(ErrUnreadable)
	}
	return d, nil
}

// load opens page n, with its size in points.
func (d *document) load(n int) (page uint64, width, height float64, err error) {
	if n < 1 || n > min(d.count, MaxSheets) {
		return 0, 0, 0, ErrNoSheet
	}
	b := d.box
	if page = b.call("FPDF_LoadPage", d.handle, uint64(n-1)); page == 0 {
		return 0, 0, 0, b.refused(ErrUnreadable)
	}
	width = float64(api.DecodeF32(b.call("FPDF_GetPageWidthF", page)))
	height = float64(api.DecodeF32(b.call("FPDF_GetPageHeightF", page)))
	if !(width > 0 && height > 0) || math.IsInf(width+height, 0) {
		return 0, 0, 0, b.refused(ErrUnreadable)
	}
	return page, width, height, nil
}

// sheet reads and draws page n.
func (d *document) sheet(n, across int) (Sheet, error) {
	page, width, height, err := d.load(n)
	if err != nil {
		return Sheet{}, err
	}
	sheet := Sheet{Number: n, Count: min(d.count, MaxSheets), More: d.count > MaxSheets, Width: width, Height: height}
	drawn, err := d.draw(page, width, height, across)
	if err != nil {
		return Sheet{}, err
	}
	if sheet.Text, err = d.text(page); err != nil {
		return Sheet{}, err
	}
	sheet.Type, sheet.Picture, err = encode(drawn)
	return sheet, err
}

// pixels is a drawn page, four octets each: blue, green, red, nothing.
type pixels struct {
	width, height, stride int
	octets                []byte
}

// draw draws a page of w by h points, with what was filled into its form.
func (d *document) draw(page uint64, w, h float64, width int) (p pixels, err error) {
	across, down := fit(w, h, width)
	b := d.box
	sheet := b.call("FPDFBitmap_Create", uint64(across), uint64(down), 0)
	if sheet == 0 {
		return p, b.refused(ErrTooMuch)
	}
	b.call("FPDFBitmap_FillRect", sheet, 0, 0, uint64(across), uint64(down), 0xffffffff)
	b.call("FPDF_RenderPageBitmap", sheet, page, 0, 0, uint64(across), uint64(down), 0, withAnnotations)
	if info := b.call("PDFiumExt_OpenFormFillInfo"); info != 0 {
		if form := b.call("PDFiumExt_InitFormFillEnvironment", d.handle, info); form != 0 {
			b.call("FPDF_FFLDraw", form, sheet, page, 0, 0, uint64(across), uint64(down), 0, withAnnotations)
		}
	}
	p = pixels{width: across, height: down, stride: int(int32(b.call("FPDFBitmap_GetStride", sheet)))}
	at := b.call("FPDFBitmap_GetBuffer", sheet)
	if b.broken != nil {
		return p, b.broken
	}
	if p.stride < 4*across || p.stride > 8*across+64 {
		return p, ErrUnreadable
	}
	p.octets, err = b.read(at, uint64(p.stride)*uint64(down))
	return p, err
}

// fit is how many pixels a page of w by h has when it is about width wide; never more than maxPixels.
func fit(w, h float64, width int) (across, down int) {
	scale := min(float64(width)/w, math.Sqrt(maxPixels/w/h))
	longest := 16_000.0 // pixels of a side: what browsers and JPEG take
	scale = min(scale, longest/w, longest/h)
	return max(1, int(math.Round(w*scale))), max(1, int(math.Round(h*scale)))
}
