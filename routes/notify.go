package routes

func (c *compiler) notify(path string, s *NotifySpec, r *Route) handler {
	c.report(path, "the handler notify is not available in this version", "")
	return nil
}
