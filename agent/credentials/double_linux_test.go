package credentials

import (
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	ss "github.com/zalando/go-keyring/secret_service"
)

const (
	sessionPath  = dbus.ObjectPath("/org/freedesktop/secrets/session/1")
	questionPath = dbus.ObjectPath("/org/freedesktop/secrets/prompt/1")
)

// double stands in for a keyring on the bus: it can be locked, and each of its
// calls can be made to hang or to fail.
type double struct {
	conn *dbus.Conn

	mu       sync.Mutex
	locked   bool
	stuck    map[string]chan struct{} // by call: it answers once this is closed
	broken   map[string]bool          // by call: it answers with an error
	garbled  bool                     // it gives back other values than it was given
	calls    map[string]int
	asker    string // who had a question shown
	items    map[dbus.ObjectPath]map[string]string
	secrets  map[dbus.ObjectPath]string
	answered chan struct{} // closed at the end: nothing hangs any more
}

// startDouble has a double keep the session's keyring.
func startDouble(t *testing.T) *double {
	t.Helper()
	conn, err := dbus.Connect(os.Getenv("DBUS_SESSION_BUS_ADDRESS"))
	if err != nil {
		t.Fatal(err)
	}
	d := &double{
		conn: conn, stuck: map[string]chan struct{}{}, broken: map[string]bool{}, calls: map[string]int{},
		items: map[dbus.ObjectPath]map[string]string{}, secrets: map[dbus.ObjectPath]string{}, answered: make(chan struct{}),
	}
	t.Cleanup(func() {
		close(d.answered)
		conn.Close()
	})
	d.export(t, secretPath, secretInterface, doubleService{d})
	d.export(t, loginCollection, collectionLocked, doubleCollection{d})
	for _, path := range []dbus.ObjectPath{secretPath, loginCollection} {
		d.export(t, path, "org.freedesktop.DBus.Properties", doubleProperties{d})
	}
	d.export(t, sessionPath, "org.freedesktop.Secret.Session", doubleSession{d})
	d.export(t, questionPath, "org.freedesktop.Secret.Prompt", doublePrompt{d})
	if reply, err := conn.RequestName(secretService, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return d
}

func (d *double) export(t *testing.T, path dbus.ObjectPath, name string, object any) {
	t.Helper()
	if err := d.conn.Export(object, path, name); err != nil {
		t.Fatal(err)
	}
}

// hang has calls of a kind hang until the function is called.
func (d *double) hang(call string) (release func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	until := make(chan struct{})
	d.stuck[call] = until
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.stuck, call)
		close(until)
	}
}

// change changes what the double does.
func (d *double) change(how func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	how()
}

func (d *double) count(call string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[call]
}

// called counts a call, and hangs or fails as it is told.
func (d *double) called(call string) *dbus.Error {
	d.mu.Lock()
	d.calls[call]++
	stuck, broken := d.stuck[call], d.broken[call]
	d.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-d.answered:
		}
	}
	if broken {
		return dbus.MakeFailedError(fmt.Errorf("%s is broken", call))
	}
	return nil
}

type (
	doubleService    struct{ d *double }
	doubleCollection struct{ d *double }
	doubleProperties struct{ d *double }
	doubleSession    struct{ d *double }
	doublePrompt     struct{ d *double }
	doubleItem       struct {
		d    *double
		path dbus.ObjectPath
	}
)

func (s doubleService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), sessionPath, s.d.called("OpenSession")
}

func (s doubleService) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) {
	return loginCollection, s.d.called("ReadAlias")
}

func (s doubleService) Unlock(what []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	err := s.d.called("Unlock")
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if s.d.locked {
		return []dbus.ObjectPath{}, questionPath, err
	}
	return what, noObject, err
}

func (p doublePrompt) Prompt(sender dbus.Sender, _ string) *dbus.Error {
	p.d.change(func() { p.d.asker = string(sender) })
	return p.d.called("Prompt")
}

// asks says whether the question still stands: it goes with who has asked it.
func (d *double) asks() bool {
	d.mu.Lock()
	asker := d.asker
	d.mu.Unlock()
	var there bool
	err := d.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, asker).Store(&there)
	return err == nil && there
}

func (s doubleSession) Close() *dbus.Error { return s.d.called("Close") }

func (p doubleProperties) Get(_, property string) (dbus.Variant, *dbus.Error) {
	err := p.d.called(property)
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	if property == "Locked" {
		return dbus.MakeVariant(p.d.locked), err
	}
	return dbus.MakeVariant([]dbus.ObjectPath{loginCollection}), err
}

func (c doubleCollection) SearchItems(wanted map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	err := c.d.called("SearchItems")
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	found := []dbus.ObjectPath{}
	for path, attributes := range c.d.items {
		if maps.Equal(attributes, wanted) {
			found = append(found, path)
		}
	}
	return found, err
}

func (c doubleCollection) CreateItem(properties map[string]dbus.Variant, secret ss.Secret, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	if err := c.d.called("CreateItem"); err != nil {
		return noObject, noObject, err
	}
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	path := dbus.ObjectPath(fmt.Sprintf("%s/%d", loginCollection, c.d.calls["CreateItem"]))
	c.d.items[path], c.d.secrets[path] = attributes, string(secret.Value)
	if err := c.d.conn.Export(doubleItem{c.d, path}, path, "org.freedesktop.Secret.Item"); err != nil {
		return noObject, noObject, dbus.MakeFailedError(err)
	}
	return path, noObject, nil
}

func (i doubleItem) GetSecret(session dbus.ObjectPath) (ss.Secret, *dbus.Error) {
	err := i.d.called("GetSecret")
	i.d.mu.Lock()
	defer i.d.mu.Unlock()
	value := i.d.secrets[i.path]
	if i.d.garbled {
		value = secretText(newSecret())
	}
	return ss.NewSecret(session, value), err
}

func (i doubleItem) Delete() (dbus.ObjectPath, *dbus.Error) {
	err := i.d.called("Delete")
	i.d.mu.Lock()
	defer i.d.mu.Unlock()
	delete(i.d.items, i.path)
	delete(i.d.secrets, i.path)
	return noObject, err
}
