package imports_test

// behaviour is what a command does besides writing down how it was called.
type behaviour struct {
	Stdout string `yaml:"stdout"`
	Stderr string `yaml:"stderr"`
	Exit   int    `yaml:"exit"`
	// Files are the variables whose files the probe reads.
	Files []string `yaml:"-"`
	// Record is false for a command that is not the probe, and writes nothing
	// down.
	Record *bool `yaml:"record"`
}

// record is how a command was called, as the probe writes it down.
type record struct {
	Args  []string
	Env   map[string]string
	Files map[string]string // contents, by variable
	Dir   string
}
