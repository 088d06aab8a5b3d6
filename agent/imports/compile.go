package imports

import (
	"slices"

	"homehook/routes"
)

// anyClaim stands for a claim that is not chosen yet.
const anyClaim = "any"

// compile has each item's routes checked, refuses those that could not be used,
// and switches off those that a person has to approve.
func (r *Report) compile() {
	for i := range r.Items {
		item := &r.Items[i]
		if item.State == Approval {
			for j := range item.Routes {
				item.Routes[j].Off = true
			}
		}
		specs := slices.Clone(item.Routes)
		for j := range specs {
			if specs[j].Claim == "" {
				specs[j].Claim = anyClaim
			}
		}
		table, problems := routes.Compile(specs)
		if len(problems) == 0 {
			table.Close()
			continue
		}
		p := problems[0]
		if p.Remedy != "" {
			p.Message += "; " + p.Remedy
		}
		item.refuse("%s", p.Message)
	}
}
