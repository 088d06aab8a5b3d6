package gui

import (
	"strings"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/assets"
)

// marks are what the tray's icon has in its corner, by the state of the agent: each
// is of another shape, since colours alone do not tell, least of all so small. The
// one of an agent that is away has no state to go by.
var marks = map[string]string{
	control.StateConnected: `<circle cx="184" cy="184" r="68" fill="#ffffff"/><circle cx="184" cy="184" r="58" fill="#1a7037"/>
<path d="M150 186L164 172L178 186L206 156L220 170L178 214Z" fill="#ffffff"/>`,
	control.StateConnecting: `<path d="M184 112L256 184L184 256L112 184Z" fill="#ffffff"/><path d="M184 128L240 184L184 240L128 184Z" fill="#b86e00"/>
<circle cx="160" cy="184" r="10" fill="#ffffff"/><circle cx="184" cy="184" r="10" fill="#ffffff"/><circle cx="208" cy="184" r="10" fill="#ffffff"/>`,
	control.StatePaused: `<path d="M116 116H252V252H116Z" fill="#ffffff"/><path d="M126 126H242V242H126Z" fill="#4a4f55"/>
<path d="M152 150H176V218H152Z" fill="#ffffff"/><path d="M192 150H216V218H192Z" fill="#ffffff"/>`,
	control.StateProblem: `<path d="M184 98L264 252H104Z" fill="#ffffff"/><path d="M184 118L248 242H120Z" fill="#b3261e"/>
<path d="M174 158H194L190 206H178Z" fill="#ffffff"/><circle cx="184" cy="224" r="11" fill="#ffffff"/>`,
	control.StateIdle: `<circle cx="184" cy="184" r="68" fill="#ffffff"/><circle cx="184" cy="184" r="58" fill="#5b6169"/>
<circle cx="184" cy="184" r="34" fill="#ffffff"/>`,
	away: `<circle cx="184" cy="184" r="68" fill="#ffffff"/><circle cx="184" cy="184" r="58" fill="#b3261e"/>
<path d="M156 142L184 170L212 142L226 156L198 184L226 212L212 226L184 198L156 226L142 212L170 184L142 156Z" fill="#ffffff"/>`,
}

// away is the state of the tray while there is no agent.
const away = "away"

// trayIcon is the icon of the app with the mark of a state.
func trayIcon(state string) fyne.Resource {
	text := strings.Replace(string(assets.Icon), "</svg>", marks[state]+"</svg>", 1)
	return fyne.NewStaticResource("homehook-"+state+".svg", []byte(text))
}
