package detail

import (
	"bytes"
	"errors"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"

	"homehook/gui/look"
)

const (
	// mostPicture is how many bytes a picture may have to be shown, and mostSide and
	// mostPixels how many pixels.
	mostPicture = 8 << 20
	mostSide    = 10_000
	mostPixels  = 40_000_000
)

// pictureOf decodes a picture whose size is bearable, of which it looks at the head
// first. It returns neither for bytes that are none.
func pictureOf(p []byte) (image.Image, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(p))
	if err != nil {
		return nil, nil
	}
	if len(p) > mostPicture || size.Width > mostSide || size.Height > mostSide || size.Width*size.Height > mostPixels {
		return nil, errors.New(look.T("This picture is too large to show: {{.Width}} × {{.Height}} pixels.", look.V{"Width": size.Width, "Height": size.Height}))
	}
	picture, _, err := image.Decode(bytes.NewReader(p))
	if err != nil {
		return nil, errors.New(look.T("This picture is damaged."))
	}
	return picture, nil
}
