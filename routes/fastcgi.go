package routes

func (c *compiler) fastcgi(path string, s *FastCGISpec, r *Route) handler {
	c.report(path, "the handler fastcgi is not available in this version", "")
	return nil
}
