package routes

func (c *compiler) cgi(path string, s *CGISpec, r *Route) handler {
	c.report(path, "the handler cgi is not available in this version", "")
	return nil
}
