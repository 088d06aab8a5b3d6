// Package routing is the screen of the routes: their list, in whose order they are
// asked, and the editor of one, whose form and YAML always say the same.
//
// The agent's configuration file is the only truth. The editor asks the agent what
// would come of each change, and so knows nothing of YAML itself; keys of a route
// that the form has no field for stay as they are.
package routing
