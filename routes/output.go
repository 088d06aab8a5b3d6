package routes

import "slices"

const (
	// maxErrors is how many bytes of standard error are kept.
	maxErrors = 64 << 10

	// maxAnswer is how many bytes of a program's standard output are kept when
	// that is not its answer.
	maxAnswer = 16 << 10
)

// withOutput completes what an attempt at a program came to with what that wrote:
// said on standard error; on standard output the answer, which is shown only when
// it is none because the program failed.
func (r Result) withOutput(answer, said []byte, cut bool) Result {
	if r.Err != nil && r.Failure != FailedAnswer {
		var more bool
		said, more = together(answer, said)
		cut = cut || more
	}
	r.Output, r.OutputTruncated = said, cut
	return r
}

// together puts what a script that failed wrote to its two outputs into one
// text: scripts say what went wrong on either. Of the first its end counts most.
func together(answer, said []byte) (text []byte, cut bool) {
	if cut = len(answer) > maxAnswer; cut {
		answer = answer[len(answer)-maxAnswer:]
	}
	if len(answer) == 0 {
		return said, cut
	}
	text = slices.Clip(answer)
	if len(said) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return append(text, said...), cut
}
