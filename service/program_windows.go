package service

// checkPlace has nothing to refuse: programs are installed where users may not
// write, or in a user's own folders.
func (o Options) checkPlace() error { return nil }
