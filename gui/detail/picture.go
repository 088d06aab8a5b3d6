package detail

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"homehook/gui/look"
)

const (
	// mostPicture is how many bytes a picture may have to be shown, mostSide how many
	// pixels a side of it, and mostDecoded how many bytes it may become.
	mostPicture = 8 << 20
	mostSide    = 10_000
	mostDecoded = 64 << 20
	// shownSide is the longer side of what is kept of a picture to be shown.
	shownSide = 1600
	// muchDecoded is given back to the system at once.
	muchDecoded = 8 << 20
)

// pictures has the pictures of a pane decoded one at a time: each may take much
// memory, and a person can go from one to the next faster than they are decoded.
type pictures struct{ turn sync.Mutex }

// visit is a look at one delivery. When it has ended, no more of its pictures are
// decoded.
type visit struct {
	pictures *pictures
	over     atomic.Bool
}

// end says that another delivery is looked at. Without a visit there is nothing to
// end.
func (v *visit) end() {
	if v != nil {
		v.over.Store(true)
	}
}

// picture decodes one in its turn; neither is returned for one that nobody looks at
// any more.
func (v *visit) picture(c content) (*picture, error) {
	if v == nil {
		return pictureOf(c.bytes, c.cut)
	}
	v.pictures.turn.Lock()
	defer v.pictures.turn.Unlock()
	if v.over.Load() {
		return nil, nil
	}
	return pictureOf(c.bytes, c.cut)
}

// picture is one to be shown, and how many pixels it has as it came.
type picture struct {
	image image.Image
	size  image.Point
}

// pictureOf decodes a picture that is there whole and whose size is bearable, of
// which it looks at the head first. It returns neither for bytes that are none.
func pictureOf(p []byte, cut bool) (*picture, error) {
	head, kind, err := image.DecodeConfig(bytes.NewReader(p))
	if err != nil {
		return nil, nil
	}
	need := int64(head.Width) * int64(head.Height) * pixelBytes(head.ColorModel, kind, p)
	switch {
	case cut:
		return nil, errors.New(look.T("This picture is not kept whole, so it is not shown."))
	case len(p) > mostPicture || head.Width > mostSide || head.Height > mostSide || need > mostDecoded:
		return nil, errors.New(look.T("This picture is too large to show: {{.Width}} × {{.Height}} pixels.", look.V{"Width": head.Width, "Height": head.Height}))
	}
	if need > muchDecoded {
		defer debug.FreeOSMemory()
	}
	whole, _, err := image.Decode(bytes.NewReader(p))
	if err != nil {
		return nil, errors.New(look.T("This picture is damaged."))
	}
	return &picture{shrunk(whole), whole.Bounds().Size()}, nil
}

// pixelBytes is how much memory decoding takes for a pixel.
func pixelBytes(model color.Model, kind string, p []byte) int64 {
	const progressive = "\xff\xc2" // of a JPEG, which is kept as coefficients until its end
	switch {
	case kind == "jpeg" && bytes.Contains(p, []byte(progressive)):
		return 16
	case model == color.RGBA64Model || model == color.NRGBA64Model:
		return 8
	}
	return 4
}

// shrunk makes a picture as small as it is needed at most; one that is that small is
// left as it is. Each pixel is the mean of some of those that it stands for.
func shrunk(whole image.Image) image.Image {
	const samples = 3 // in each direction
	b := whole.Bounds()
	longer := max(b.Dx(), b.Dy())
	if longer <= shownSide {
		return whole
	}
	out := image.NewNRGBA(image.Rect(0, 0, max(b.Dx()*shownSide/longer, 1), max(b.Dy()*shownSide/longer, 1)))
	wide, high := out.Rect.Dx()*samples, out.Rect.Dy()*samples
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [4]uint32
			for i := range samples * samples {
				at := whole.At(b.Min.X+(x*samples+i%samples)*b.Dx()/wide, b.Min.Y+(y*samples+i/samples)*b.Dy()/high)
				r, g, b, a := at.RGBA()
				sum[0], sum[1], sum[2], sum[3] = sum[0]+r, sum[1]+g, sum[2]+b, sum[3]+a
			}
			const n = samples * samples
			out.Set(x, y, color.RGBA64{R: uint16(sum[0] / n), G: uint16(sum[1] / n), B: uint16(sum[2] / n), A: uint16(sum[3] / n)})
		}
	}
	return out
}
