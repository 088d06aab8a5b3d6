package control

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// exportTypes are the media types of the formats.
var exportTypes = map[string]string{
	FormatHAR:   "application/json",
	FormatCurl:  "text/x-shellscript; charset=utf-8",
	FormatJSONL: "application/jsonl",
	FormatCSV:   "text/csv; charset=utf-8; header=present",
}

// Formats are the names of all formats, in alphabetical order.
func Formats() []string { return slices.Sorted(maps.Keys(exportTypes)) }

// export answers with one delivery or with many, in a format for other
// programs. It writes as it reads: a history does not fit into memory.
func (s *Server) export(w http.ResponseWriter, r *http.Request) error {
	e, err := parseExport(r.PathValue("id"), r.URL.RawQuery)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", exportTypes[e.Format])
	if r.Method == http.MethodHead {
		return nil
	}
	out := &slowWriter{w: w, rc: http.NewResponseController(w), wait: s.writeWait}
	// The limit for reading a request would end a long answer with it.
	if err := out.rc.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("prepare export: %w", err)
	}
	buffered := bufio.NewWriterSize(out, maxBatch)
	if err = s.backend.Export(r.Context(), buffered, e); err == nil {
		err = buffered.Flush()
	}
	if err != nil && out.begun {
		s.log.Warn("export broken off", keyError, err)
		panic(http.ErrAbortHandler) // so that the answer is seen to be cut off
	}
	return err
}

// parseExport reads the parameters of the two exports: what the format is, and
// for many deliveries which.
func parseExport(id, raw string) (Export, error) {
	values, err := parseParameters(raw)
	if err != nil {
		return Export{}, err
	}
	e := Export{ID: id, Format: values["format"], Redact: true}
	if redact, ok := values["redact"]; ok {
		if e.Redact, err = parseFlag("redact", redact); err != nil {
			return Export{}, err
		}
	}
	if _, ok := exportTypes[e.Format]; !ok {
		return Export{}, fmt.Errorf("query parameter \"format\" is %w: it is one of %s", ErrInvalid, strings.Join(Formats(), ", "))
	}
	known := []string{"format", "redact"}
	if id == "" {
		known = append(slices.DeleteFunc(slices.Clone(queryParameters[:]), func(name string) bool {
			return name == "cursor" // it is no page
		}), known...)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			return Export{}, unknownParameter(name, known)
		}
	}
	// Other than of a page there is no largest number of an export.
	if err := parseNumber(values["limit"], 1, math.MaxInt, &e.Query.Limit); err != nil {
		return Export{}, fmt.Errorf("query parameter \"limit\" is %w: it is a number of at least 1", ErrInvalid)
	}
	delete(values, "format")
	delete(values, "redact")
	delete(values, "limit")
	return e, e.Query.setAll(values)
}

// slowWriter is an answer of any length to a reader who reads on.
type slowWriter struct {
	w     io.Writer
	rc    *http.ResponseController
	wait  time.Duration // for one write
	begun bool
}

// Write passes p on. The limit for a whole answer is moved with each write.
func (o *slowWriter) Write(p []byte) (int, error) {
	if err := o.rc.SetWriteDeadline(time.Now().Add(o.wait)); err != nil {
		return 0, err
	}
	o.begun = true
	return o.w.Write(p)
}

// Export writes deliveries to w as the agent sends them. What is there when an
// error comes is not whole.
func (c *Client) Export(ctx context.Context, w io.Writer, e Export) error {
	path := "/v1/deliveries/export"
	query := url.Values{}
	if e.ID != "" {
		path = "/v1/deliveries/" + url.PathEscape(e.ID) + "/export"
	} else {
		query = e.Query.Values()
	}
	query.Set("format", e.Format)
	query.Set("redact", strconv.FormatBool(e.Redact))
	resp, err := c.send(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("read export of agent: %w", err)
	}
	return nil
}
