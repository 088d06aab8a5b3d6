package detail

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

func encoded(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := e.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictureOf(t *testing.T) {
	small := encoded(t, image.NewGray(image.Rect(0, 0, 40, 20)))
	for _, tt := range []struct {
		name  string
		bytes []byte
		cut   bool
		want  string // of the error
		shown image.Point
	}{
		{"small", small, false, "", image.Pt(40, 20)},
		{"long", encoded(t, image.NewGray(image.Rect(0, 0, 3200, 10))), false, "", image.Pt(1600, 5)},
		{"thin", encoded(t, image.NewGray(image.Rect(0, 0, 1, 3200))), false, "", image.Pt(1, 1600)},
		{"deep", encoded(t, image.NewGray(image.Rect(0, 0, 4200, 4200))), false, "too large to show: 4200 × 4200", image.Point{}},
		{"deeper", encoded(t, image.NewNRGBA64(image.Rect(0, 0, 3000, 3000))), false, "too large to show: 3000 × 3000", image.Point{}},
		{"cut off", small[:40], true, "not kept whole", image.Point{}},
		{"damaged", small[:40], false, "damaged", image.Point{}},
		{"none", []byte("\x00\x01"), false, "", image.Point{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := pictureOf(tt.bytes, tt.cut)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			switch {
			case p == nil && tt.shown != (image.Point{}):
				t.Error("no picture")
			case p != nil && p.image.Bounds().Size() != tt.shown:
				t.Errorf("%v, want %v", p.image.Bounds().Size(), tt.shown)
			}
		})
	}
}

func TestShrunkKeepsColours(t *testing.T) {
	whole := image.NewNRGBA(image.Rect(0, 0, 2*shownSide, 2))
	want := color.NRGBA{R: 200, G: 100, B: 50, A: 255}
	for i := range 2 * shownSide * 2 {
		whole.Set(i%(2*shownSide), i/(2*shownSide), want)
	}
	if got := color.NRGBAModel.Convert(shrunk(whole).At(7, 0)); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// A picture of a delivery that was left is not decoded.
func TestPictureOfAVisitThatIsOver(t *testing.T) {
	c := content{bytes: encoded(t, image.NewGray(image.Rect(0, 0, 4, 4)))}
	v := &visit{pictures: &pictures{}}
	if p, err := v.picture(c); p == nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
	v.end()
	if p, err := v.picture(c); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
}
