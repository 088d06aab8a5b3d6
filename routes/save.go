package routes

func (c *compiler) save(path string, s *SaveSpec, r *Route) handler {
	c.report(path, "the handler save is not available in this version", "")
	return nil
}
