package wizard

import (
	"context"
	"os"

	"homehook/agent/control"
)

// routeMade is what came of writing a route.
type routeMade struct {
	control.ConfigChanged
	name string
}

// makeRoute fills a template in and writes the route that comes of it: in place of
// the one named before, where that is there still.
func makeRoute(ctx context.Context, c *control.Client, answers control.TemplateAnswers, before string) (*routeMade, error) {
	if folder := answers.Answers["folder"]; folder != "" {
		// A folder of ours is made, as whoever saves into one expects.
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	filled, err := c.FillTemplate(ctx, answers)
	if err != nil {
		return nil, err
	}
	got, err := change(ctx, c, func(now *control.Configuration) []control.ConfigEdit {
		var edits []control.ConfigEdit
		for i, text := range filled.Routes {
			if i == 0 && before != "" && named(now.Routes, before) != nil {
				edits = append(edits, control.ConfigEdit{Op: control.EditSet, Part: control.PartRoute, Name: before, YAML: text})
				continue
			}
			edits = append(edits, control.ConfigEdit{Op: control.EditAdd, Part: control.PartRoute, YAML: text})
		}
		return edits
	})
	if err != nil {
		return nil, err
	}
	return &routeMade{ConfigChanged: *got, name: filled.Names[0]}, nil
}
