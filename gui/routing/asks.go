package routing

import "homehook/gui/look"

// How a field of the form is asked for.
const (
	askLine       = iota
	askNumber     // a line with a number
	askText       // several lines
	askFile       // a line with a button that chooses a file
	askFolder     // the same with a folder
	askProgram    // the first of a list, a file
	askArguments  // the rest of that list, a line of each
	askPairs      // names with a value each, a line of each
	askFlag       // a box to tick
	askCredential // one of those stored
	askChoice     // one of values
)

// ask is a field of a handler in the form. path is the keys to it, from the route.
type ask struct {
	path           string
	of             int
	name, hint     string
	shown          string   // in the empty field
	between        string   // of name and value
	values, labels []string // to choose from
}

// asksOf are the common fields of a handler. What else it has stays in the YAML.
func asksOf(kind string) []ask {
	switch kind {
	case "forward":
		return forwardAsks()
	case "script":
		return scriptAsks()
	case "cgi":
		return cgiAsks()
	case "fastcgi":
		return fastcgiAsks()
	case "save":
		return saveAsks()
	case "notify":
		return notifyAsks()
	case "respond":
		return respondAsks()
	}
	return nil
}

func forwardAsks() []ask {
	return []ask{
		{path: "forward.to", name: look.T("To"), shown: "http://127.0.0.1:3000", hint: look.T("A path in it is put before the delivery's own.")},
		{path: "forward.strip", name: look.T("Strip from the path"), shown: "/ha"},
		{path: "forward.host", name: look.T("Host field"), shown: "keep", hint: look.T("keep is what the sender asked for, target the host above, anything else is sent as it is.")},
		{path: "forward.timeout", name: look.T("Time limit"), shown: "5m"},
		{path: "forward.headers", of: askPairs, between: ": ", name: look.T("Header fields"), shown: "X-From: homehook"},
	}
}

func scriptAsks() []ask {
	return []ask{
		{path: "script.command", of: askProgram, name: look.T("Program"), shown: "/home/me/bin/deploy", hint: look.T("Started as it is: no shell reads the command.")},
		{path: "script.command", of: askArguments, name: look.T("Arguments, one a line"), shown: "{json.ref}"},
		{path: "script.dir", of: askFolder, name: look.T("Runs in the folder"), shown: look.T("home folder")},
		{path: "script.timeout", name: look.T("Time limit"), shown: "60s"},
		{path: "script.env", of: askPairs, between: "=", name: look.T("Variables"), shown: "BRANCH={json.ref}"},
	}
}

func cgiAsks() []ask {
	return []ask{
		{path: "cgi.program", of: askFile, name: look.T("Program"), shown: "/home/me/cgi/guestbook.pl"},
		{path: "cgi.dir", of: askFolder, name: look.T("Runs in the folder"), shown: look.T("the program's folder")},
		{path: "cgi.timeout", name: look.T("Time limit"), shown: "60s"},
		{path: "cgi.env", of: askPairs, between: "=", name: look.T("Variables"), shown: "UNIT=celsius"},
	}
}

func fastcgiAsks() []ask {
	return []ask{
		{path: "fastcgi.to", name: look.T("To"), shown: "unix:/run/php/php-fpm.sock", hint: look.T("host:port or unix: with the path of a socket.")},
		{path: "fastcgi.root", of: askFolder, name: look.T("Folder of the scripts"), shown: "/srv/www"},
		{path: "fastcgi.script", name: look.T("The one script for all paths"), shown: "blog/index.php"},
		{path: "fastcgi.timeout", name: look.T("Time limit"), shown: "60s"},
	}
}

func saveAsks() []ask {
	return []ask{
		{path: "save.folder", of: askFolder, name: look.T("Folder"), shown: "/home/me/inbox"},
		{path: "save.name", name: look.T("File name"), shown: "{id}", hint: look.T("Expressions in braces are filled in, slashes make folders.")},
		{
			path: "save.what", of: askChoice, name: look.T("What is saved"),
			values: []string{"", "files"}, labels: []string{look.T("The body as it came"), look.T("The files uploaded in a form")},
		},
		{path: "save.overwrite", of: askFlag, name: look.T("Replace a file of the same name")},
	}
}

func notifyAsks() []ask {
	return []ask{
		{path: "notify.title", name: look.T("Title"), shown: look.T("name of the route")},
		{path: "notify.text", of: askText, name: look.T("Text"), shown: "{json.message}"},
		{path: "notify.link", name: look.T("A click opens"), shown: "https://example.com/"},
		{path: "notify.urgent", of: askFlag, name: look.T("Urgent")},
		{path: "notify.ntfy.url", name: look.T("Topic of an ntfy server"), shown: "https://ntfy.sh/mytopic", hint: look.T("Empty tells the desktop. Mail is set up in the YAML.")},
		{path: "notify.ntfy.token", of: askCredential, name: look.T("Token for ntfy")},
	}
}

func respondAsks() []ask {
	return []ask{
		{path: "respond.status", of: askNumber, name: look.T("Status"), shown: "200"},
		{path: "respond.headers", of: askPairs, between: ": ", name: look.T("Header fields"), shown: "X-Heard: yes"},
		{path: "respond.body", of: askText, name: look.T("Body"), shown: "ok"},
	}
}
