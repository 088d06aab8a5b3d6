package detail_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"testing"

	"homehook/agent/control"
	"homehook/gui/stage"
)

// newest is the delivery that came last.
func newest(t testing.TB, s *stage.Stage) control.Delivery {
	t.Helper()
	page, _, err := s.Client().Deliveries(t.Context(), control.Query{Limit: 1})
	if err != nil || len(page) == 0 {
		t.Fatalf("deliveries: %v, %d", err, len(page))
	}
	return page[0]
}

func drawing(t testing.TB, w, h int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w {
		m.Set(i, i%h, color.RGBA{uint8(i), 80, 120, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func form(t testing.TB) (text, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("AaB03x")
	_ = w.WriteField("title", "Front door")
	f, _ := w.CreateFormFile("photo", "door.png")
	_, _ = f.Write([]byte(drawing(t, 20, 20)))
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}
