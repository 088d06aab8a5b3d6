package part

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"github.com/boombuler/barcode/qr"
)

// QR returns the QR code of a text as a picture, black on white with the quiet zone
// that readers need in either theme. It fails for text of more than 2,953 bytes.
func QR(text string) (fyne.CanvasObject, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	const quiet = 4
	of := code.Bounds().Dx()
	picture := image.NewGray(image.Rect(0, 0, of+2*quiet, of+2*quiet))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	for y := range of {
		for x := range of {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				picture.Pix[picture.PixOffset(x+quiet, y+quiet)] = 0
			}
		}
	}
	shown := canvas.NewImageFromImage(picture)
	shown.ScaleMode = canvas.ImageScalePixels
	shown.FillMode = canvas.ImageFillContain
	shown.SetMinSize(fyne.NewSquareSize(200))
	return shown, nil
}
