package queue

import (
	"strings"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// failing stands between SQLite and the file system of the whole test binary.
// It is SQLite's default way to files from TestMain on, and passes everything
// through until a test arms it.
var failing faultyFiles

// faultyFiles makes calls of SQLite to the system fail. What a failed sync was
// to write stays in the kernel's cache, as it does on Linux.
type faultyFiles struct {
	mu      sync.Mutex // guards what follows
	rule    func(op, name string) int32
	seen    func(op, name string, data []byte, offset int64) // of calls that went well
	open    uintptr                                          // the real xOpen
	methods map[uintptr]*sqlite3.Tsqlite3_io_methods         // the real ones, by ours
	ours    map[uintptr]uintptr                              // reverse, by address
	names   map[uintptr]string                               // of open files
}

// failFiles has rule decide about every write, sync and truncation from now to
// the end of the test: 0 lets it pass, anything else is SQLite's error code.
func failFiles(t *testing.T, rule func(op, name string) int32) {
	t.Helper()
	failing.set(rule)
	t.Cleanup(func() { failing.set(nil) })
}

func (f *faultyFiles) set(rule func(op, name string) int32) {
	f.mu.Lock()
	f.rule = rule
	f.mu.Unlock()
}

// install makes f the default of SQLite. What C would call is never freed.
func (f *faultyFiles) install() {
	tls := libc.NewTLS()
	real := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	f.methods, f.ours, f.names = make(map[uintptr]*sqlite3.Tsqlite3_io_methods), make(map[uintptr]uintptr), make(map[uintptr]string)
	f.open = real.FxOpen
	address := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*real)))
	own := at[sqlite3.Tsqlite3_vfs](address)
	*own = *real
	own.FpNext, own.FzName, own.FxOpen = 0, cString(tls, "faulty"), pointer(faultyOpen)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, address, 1); rc != sqlite3.SQLITE_OK {
		panic(rc)
	}
}

func cString(tls *libc.TLS, s string) uintptr {
	address := libc.Xmalloc(tls, libc.Tsize_t(len(s)+1))
	copy(unsafe.Slice(at[byte](address), len(s)+1), s+"\x00")
	return address
}

// at is what lies at an address of memory that is not Go's.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// pointer is a function as translated C code calls it.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// call makes a function of such a pointer.
func call[F any](address uintptr) F { return *(*F)(unsafe.Pointer(&address)) }

func faultyOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	f := &failing
	open := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](f.open)
	rc := open(tls, vfs, name, file, flags, outFlags)
	methods := &at[sqlite3.Tsqlite3_file](file).FpMethods
	if rc != sqlite3.SQLITE_OK || *methods == 0 || name == 0 {
		return rc
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	own, ok := f.ours[*methods]
	if !ok {
		real := at[sqlite3.Tsqlite3_io_methods](*methods)
		own = libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*real)))
		m := at[sqlite3.Tsqlite3_io_methods](own)
		*m = *real
		m.FxSync, m.FxWrite, m.FxTruncate = pointer(faultySync), pointer(faultyWrite), pointer(faultyTruncate)
		f.ours[*methods], f.methods[own] = own, real
	}
	*methods = own
	f.names[file] = libc.GoString(name)
	return rc
}

// decide returns the real methods of a file and the error that a call is to end
// with.
func (f *faultyFiles) decide(op string, file uintptr) (*sqlite3.Tsqlite3_io_methods, int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.methods[at[sqlite3.Tsqlite3_file](file).FpMethods]
	if f.rule == nil {
		return m, 0
	}
	return m, f.rule(op, f.names[file])
}

// tell passes what a call has done on to who watches. It returns rc.
func (f *faultyFiles) tell(rc int32, op string, file uintptr, data []byte, offset int64) int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen != nil && rc == sqlite3.SQLITE_OK {
		f.seen(op, f.names[file], data, offset)
	}
	return rc
}

// watchFiles has seen told about every call that went well, one at a time, to the
// end of the test.
func watchFiles(t *testing.T, seen func(op, name string, data []byte, offset int64)) {
	t.Helper()
	set := func(to func(op, name string, data []byte, offset int64)) {
		failing.mu.Lock()
		failing.seen = to
		failing.mu.Unlock()
	}
	set(seen)
	t.Cleanup(func() { set(nil) })
}

func faultySync(tls *libc.TLS, file uintptr, flags int32) int32 {
	m, rc := failing.decide("sync", file)
	if rc != 0 {
		return rc
	}
	rc = call[func(*libc.TLS, uintptr, int32) int32](m.FxSync)(tls, file, flags)
	return failing.tell(rc, "sync", file, nil, 0)
}

func faultyWrite(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	m, rc := failing.decide("write", file)
	if rc != 0 {
		return rc
	}
	rc = call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](m.FxWrite)(tls, file, data, n, offset)
	return failing.tell(rc, "write", file, unsafe.Slice(at[byte](data), n), offset)
}

func faultyTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	m, rc := failing.decide("truncate", file)
	if rc != 0 {
		return rc
	}
	rc = call[func(*libc.TLS, uintptr, int64) int32](m.FxTruncate)(tls, file, size)
	return failing.tell(rc, "truncate", file, nil, size)
}

// isLog says that a name is that of SQLite's log.
func isLog(name string) bool { return strings.HasSuffix(name, "-wal") }
